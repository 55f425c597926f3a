import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import type { RedisBinary } from './binary.ts'
import { type CommandResult, runCommand } from './command.ts'

const APT_TIMEOUT_MS = 180_000
const NETWORK_TIMEOUT_S = 20
const NETWORK_RETRIES = 2
/** Levels of library dependencies unpacked beside the server before giving up; Debian 12 needs one. */
const DEPENDENCY_LEVELS_MAX = 3
/** One for our own rename, one after moving away what another system left. */
const PUBLISH_ATTEMPTS_MAX = 2
/** Output of apt quoted in an error. */
const QUOTED_LINES_MAX = 3

/** Packages of a server, best first. Debian's redis-server links into redis-tools, Ubuntu's valkey likewise. */
const SERVERS = [
  { program: 'redis-server', packages: ['redis-server', 'redis-tools'] },
  { program: 'valkey-server', packages: ['valkey-server', 'valkey-tools'] },
] as const

/** Always of the system: another C library than its loader's does not load. */
const NEVER_UNPACKED = new Set(['libc6', 'libgcc-s1', 'libstdc++6'])

const MARKER = 'plimsoll.json'

type Candidate = Pick<RedisBinary, 'path' | 'libraryPath'>

export interface FetchOptions {
  /** The finished installation; absent or complete, never half made. */
  readonly directory: string
  readonly clock: Clock
  readonly notify: (line: string) => void
  readonly probe: (candidate: Candidate) => Promise<RedisBinary | undefined>
  readonly signal?: AbortSignal | undefined
}

/**
 * Debian's or Ubuntu's own server, unpacked into `directory` without installing anything. An earlier fetch
 * is used again. Everything happens in a temporary folder beside it that is renamed at the end, so processes
 * that fetch at once do not disturb each other: the first to finish wins.
 * @throws PlimsollError REDIS_NOT_FOUND with the words of apt, when no package could be fetched.
 */
export async function fetchDebianRedis(options: FetchOptions): Promise<RedisBinary> {
  const earlier = await installedAt(options)
  if (earlier !== undefined) return earlier
  options.notify(
    `plimsoll: no redis-server on the PATH; downloading the system's own package with apt-get into ${options.directory} (nothing is installed)`,
  )
  await mkdir(dirname(options.directory), { recursive: true })
  const work = await mkdtemp(`${options.directory}-`)
  try {
    await new Unpacking(work, options).run()
    return await publish(work, options)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function installedAt(options: FetchOptions): Promise<RedisBinary | undefined> {
  const { directory } = options
  let marker: string
  try {
    marker = await readFile(join(directory, MARKER), 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  const { program, libraries } = JSON.parse(marker) as { program: string; libraries: string[] }
  return await options.probe({
    path: join(directory, program),
    libraryPath: libraries.map((library) => join(directory, library)),
  })
}

async function publish(work: string, options: FetchOptions): Promise<RedisBinary> {
  const { directory } = options
  for (let attempt = 1; attempt <= PUBLISH_ATTEMPTS_MAX; attempt++) {
    await renameUnlessTaken(work, directory)
    const finished = await installedAt(options)
    if (finished !== undefined) return finished
    // The installed server does not start, for example because it was fetched on another system.
    const broken = `${work}-broken-${attempt}`
    await renameUnlessTaken(directory, broken)
    await rm(broken, { recursive: true, force: true })
  }
  throw new PlimsollError(
    'REDIS_NOT_FOUND',
    `the server fetched into ${directory} does not start; install redis-server by hand or set REDIS_URL`,
  )
}

/** Another process may have put its own result there first, or have moved ours: both are fine. */
async function renameUnlessTaken(from: string, to: string): Promise<void> {
  try {
    await rename(from, to)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOENT') throw error
  }
}

class Unpacking {
  readonly #work: string
  readonly #clock: Clock
  readonly #probe: FetchOptions['probe']
  readonly #signal: AbortSignal | undefined
  #aptOptions: string[]
  #refreshed = false

  constructor(work: string, options: FetchOptions) {
    this.#work = work
    this.#clock = options.clock
    this.#probe = options.probe
    this.#signal = options.signal
    this.#aptOptions = [
      `Acquire::http::Timeout=${NETWORK_TIMEOUT_S}`,
      `Acquire::https::Timeout=${NETWORK_TIMEOUT_S}`,
      `Acquire::Retries=${NETWORK_RETRIES}`,
      // apt's own download user may not reach our folder; signatures are checked all the same.
      'APT::Sandbox::User=root',
    ]
  }

  async run(): Promise<void> {
    let failure = ''
    for (const server of SERVERS) {
      const downloaded = await this.#download(server.packages)
      if (downloaded.exitCode === 0) return await this.#finish(server)
      failure ||= downloaded.output
    }
    throw new PlimsollError(
      'REDIS_NOT_FOUND',
      `apt-get could not download redis-server (${quoted(failure)}); install it by hand or set REDIS_URL`,
    )
  }

  async #finish(server: (typeof SERVERS)[number]): Promise<void> {
    const program = join('usr', 'bin', server.program)
    let level: readonly string[] = server.packages
    for (let depth = 0; depth <= DEPENDENCY_LEVELS_MAX; depth++) {
      const libraries = await libraryFolders(this.#work)
      const found = await this.#probe({
        path: join(this.#work, program),
        libraryPath: libraries.map((library) => join(this.#work, library)),
      })
      if (found !== undefined) {
        await rm(join(this.#work, 'apt'), { recursive: true, force: true })
        await writeFile(join(this.#work, MARKER), JSON.stringify({ program, libraries }))
        return
      }
      level = await this.#libraryDependencies(level)
      if (level.length === 0) break
      await this.#download(level)
    }
    throw new PlimsollError(
      'REDIS_NOT_FOUND',
      `the downloaded ${server.program} does not start with the libraries of its package; install it by hand or set REDIS_URL`,
    )
  }

  /** Downloads and unpacks. Stale or empty package lists are refreshed once, into the private folder. */
  async #download(packages: readonly string[]): Promise<CommandResult> {
    let result = await this.#apt('apt-get', ['download', ...packages])
    if (result.exitCode !== 0 && !this.#refreshed) {
      const before = result.output + (await this.#refreshLists())
      result = await this.#apt('apt-get', ['download', ...packages])
      // A network that is down shows in these; afterwards apt only misses the package.
      if (result.exitCode !== 0) result = { ...result, output: before + result.output }
    }
    if (result.exitCode !== 0) return result
    for (const file of await readdir(this.#work)) {
      if (!file.endsWith('.deb')) continue
      const archive = join(this.#work, file)
      const unpacked = await this.#run('dpkg', ['-x', archive, this.#work])
      await rm(archive)
      if (unpacked.exitCode !== 0) return unpacked
    }
    return result
  }

  /** What apt said. */
  async #refreshLists(): Promise<string> {
    this.#refreshed = true
    const lists = join(this.#work, 'apt', 'lists')
    const cache = join(this.#work, 'apt', 'cache')
    await mkdir(join(lists, 'partial'), { recursive: true })
    await mkdir(join(cache, 'archives', 'partial'), { recursive: true })
    this.#aptOptions = [...this.#aptOptions, `Dir::State::lists=${lists}`, `Dir::Cache=${cache}`]
    // Its exit code is not used: one unreachable third-party source fails it although Debian's lists arrived.
    return (await this.#apt('apt-get', ['update', '-qq'])).output
  }

  async #libraryDependencies(packages: readonly string[]): Promise<string[]> {
    const { output } = await this.#apt('apt-cache', ['depends', '--important', ...packages])
    const names = [...output.matchAll(/^ *\|?(?:Pre)?Depends: (l(?:ib|ua)[a-z0-9.+-]+)$/gm)].map(
      (match) => match[1] ?? '',
    )
    return [...new Set(names)].filter((name) => !NEVER_UNPACKED.has(name))
  }

  #apt(program: string, args: readonly string[]): Promise<CommandResult> {
    return this.#run(program, [...this.#aptOptions.flatMap((option) => ['-o', option]), ...args])
  }

  async #run(program: string, args: readonly string[]): Promise<CommandResult> {
    const result = await runCommand(program, args, {
      clock: this.#clock,
      timeoutMs: APT_TIMEOUT_MS,
      directory: this.#work,
      signal: this.#signal,
    })
    this.#signal?.throwIfAborted()
    return result
  }
}

/** Folders below `usr/lib` or `lib` that hold shared libraries, relative to `root`. */
async function libraryFolders(root: string): Promise<string[]> {
  const folders = new Set<string>()
  for (const base of ['lib', join('usr', 'lib')]) {
    if (!existsSync(join(root, base))) continue
    for (const entry of await readdir(join(root, base), { recursive: true }))
      if (/\.so(\.|$)/.test(entry)) folders.add(dirname(join(base, entry)))
  }
  return [...folders].sort()
}

/** The first faults and warnings of apt, without repeats. */
function quoted(output: string): string {
  const lines = output.split('\n').filter((line) => /^[EW]: /.test(line))
  return [...new Set(lines)].slice(0, QUOTED_LINES_MAX).join(' / ')
}
