import { resolve } from 'node:path'
import type { Clock } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { probe, type RedisBinary, VERSION_TIMEOUT_MS } from './binary.ts'
import { runCommand } from './command.ts'
import { inDataFolder } from './data-folder.ts'
import { fetchDebianRedis } from './debian.ts'

const BREW_TIMEOUT_MS = 600_000

/** Names tried on the PATH, in this order. */
const SERVER_NAMES = ['redis-server', 'valkey-server'] as const

export interface LocateOptions {
  /** A fetched server is kept below this folder, in `redis-dist`, and used again. */
  readonly dataDir: string
  readonly clock: Clock
  /** Receives one line before anything is downloaded. */
  readonly notify: (line: string) => void
  /** Where to search, in order. Default: the PATH, then the system's package manager. */
  readonly sources?: readonly ('path' | 'packages')[]
  /** Cancels a download or an installation. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Finds a Redis server: `redis-server` or `valkey-server` on the PATH, otherwise from the system's package manager
 * (Debian and Ubuntu: into a private folder, without root; macOS: through Homebrew).
 * @throws PlimsollError
 * REDIS_NOT_FOUND with what to do when there is none; CONFIGURATION when the data folder cannot be used; the signal's
 * reason when it gives up.
 */
export async function locateRedisServer(options: LocateOptions): Promise<RedisBinary> {
  for (const source of options.sources ?? ['path', 'packages']) {
    const found = source === 'path' ? await onPath(options.clock) : await fromPackages(options)
    if (found !== undefined) return found
  }
  throw new PlimsollError(
    'REDIS_NOT_FOUND',
    'no redis-server or valkey-server on the PATH and no package manager that provides one: ' +
      'install Redis (apt-get install redis-server, brew install valkey) or set REDIS_URL to a running server',
  )
}

async function onPath(clock: Clock): Promise<RedisBinary | undefined> {
  for (const path of SERVER_NAMES) {
    const found = await probe({ path, libraryPath: [] }, clock)
    if (found !== undefined) return found
  }
  return undefined
}

async function fromPackages(options: LocateOptions): Promise<RedisBinary | undefined> {
  const { clock, notify, signal } = options
  const available = async (program: string) =>
    (await runCommand(program, ['--version'], { clock, timeoutMs: VERSION_TIMEOUT_MS })).exitCode === 0
  if ((await available('apt-get')) && (await available('dpkg'))) {
    const directory = resolve(options.dataDir, 'redis-dist')
    const probeHere = (candidate: Pick<RedisBinary, 'path' | 'libraryPath'>) => probe(candidate, clock)
    return await inDataFolder(directory, () =>
      fetchDebianRedis({ directory, clock, notify, probe: probeHere, signal }),
    )
  }
  if (process.platform === 'darwin' && (await available('brew')))
    return await fromHomebrew(clock, notify, signal)
  return undefined
}

async function fromHomebrew(
  clock: Clock,
  notify: (line: string) => void,
  signal: AbortSignal | undefined,
): Promise<RedisBinary | undefined> {
  for (const formula of ['redis', 'valkey']) {
    const installed = await homebrewServer(formula, clock)
    if (installed !== undefined) return installed
  }
  notify('plimsoll: no redis-server on the PATH; installing Homebrew formula valkey (brew install valkey)')
  const { exitCode, output } = await runCommand('brew', ['install', 'valkey'], {
    clock,
    timeoutMs: BREW_TIMEOUT_MS,
    signal,
  })
  signal?.throwIfAborted()
  if (exitCode === 0) return await homebrewServer('valkey', clock)
  throw new PlimsollError(
    'REDIS_NOT_FOUND',
    `brew install valkey failed: ${output.trim().split('\n').at(-1) ?? ''}; install Redis by hand or set REDIS_URL`,
  )
}

async function homebrewServer(formula: string, clock: Clock): Promise<RedisBinary | undefined> {
  const { exitCode, output } = await runCommand('brew', ['--prefix', formula], {
    clock,
    timeoutMs: VERSION_TIMEOUT_MS,
  })
  if (exitCode !== 0) return undefined
  return await probe({ path: `${output.trim()}/bin/${formula}-server`, libraryPath: [] }, clock)
}
