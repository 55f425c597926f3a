import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Clock } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { jsonOf } from '../input/index.ts'
import type { RedisBinary } from './binary.ts'
import { type CommandResult, runCommand } from './command.ts'

const APT_TIMEOUT_MS = 180_000
const NETWORK_TIMEOUT_S = 20
const NETWORK_RETRIES = 2
/** Most levels of library dependencies that are unpacked beside the server; Debian 12 needs one. */
const DEPENDENCY_LEVELS_MAX = 3
/** One attempt for our rename, one after a server of another system was moved away. */
const PUBLISH_ATTEMPTS_MAX = 2
/** Most lines of apt that an error quotes. */
const QUOTED_LINES_MAX = 3

/** Packages of a server, best first. Debian's redis-server is a link into redis-tools, and Ubuntu's valkey is made alike. */
const SERVERS = [
  { program: 'redis-server', packages: ['redis-server', 'redis-tools'] },
  { program: 'valkey-server', packages: ['valkey-server', 'valkey-tools'] },
] as const

/** Packages that are always the system's: only the C library of the system's loader loads. */
const NEVER_UNPACKED = new Set(['libc6', 'libgcc-s1', 'libstdc++6'])

const MARKER = 'plimsoll.json'

type Candidate = Pick<RedisBinary, 'path' | 'libraryPath'>

export interface FetchOptions {
  /** Folder of the finished installation; it is absent or complete. */
  readonly directory: string
  readonly clock: Clock
  readonly notify: (line: string) => void
  readonly probe: (candidate: Candidate) => Promise<RedisBinary | undefined>
  readonly signal?: AbortSignal | undefined
}

/**
 * Fetches Debian's or Ubuntu's own server and unpacks it into `directory` without installing it. An earlier fetch is used
 * again. The work is done in a temporary folder beside it, which is renamed at the end: when several processes fetch, the
 * first to finish wins.
 * @throws PlimsollError REDIS_NOT_FOUND with apt's message when no package could be fetched.
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
  // A power loss may have torn the marker: the folder is filled again.
  const marked = jsonOf(marker) as { program: string; libraries: string[] } | undefined
  if (marked === undefined) return undefined
  return await options.probe({
    path: join(directory, marked.program),
    libraryPath: marked.libraries.map((library) => join(directory, library)),
  })
}

async function publish(work: string, options: FetchOptions): Promise<RedisBinary> {
  const { directory } = options
  for (let attempt = 1; attempt <= PUBLISH_ATTEMPTS_MAX; attempt++) {
    await renameUnlessTaken(work, directory)
    const finished = await installedAt(options)
    if (finished !== undefined) return finished
    // The unpacked server does not start, for example because it was fetched on another system.
    const broken = `${work}-broken-${attempt}`
    await renameUnlessTaken(directory, broken)
    await rm(broken, { recursive: true, force: true })
  }
  throw new PlimsollError(
    'REDIS_NOT_FOUND',
    `the server fetched into ${directory} does not start; install redis-server by hand or set REDIS_URL`,
  )
}

/** Another process may have put its result there first, or have moved ours; either result will do. */
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
      // apt's download user may lack access to our folder. Signatures are checked anyway.
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

  /** Downloads and unpacks. Refreshes stale or empty package lists once, in the private folder. */
  async #download(packages: readonly string[]): Promise<CommandResult> {
    let result = await this.#apt('apt-get', ['download', ...packages])
    if (result.exitCode !== 0 && !this.#refreshed) {
      const before = result.output + (await this.#refreshLists())
      result = await this.#apt('apt-get', ['download', ...packages])
      // Keep the messages of the refresh: only they show that the network is down.
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

  /** Returns apt's output. */
  async #refreshLists(): Promise<string> {
    this.#refreshed = true
    const lists = join(this.#work, 'apt', 'lists')
    const cache = join(this.#work, 'apt', 'cache')
    await mkdir(join(lists, 'partial'), { recursive: true })
    await mkdir(join(cache, 'archives', 'partial'), { recursive: true })
    this.#aptOptions = [...this.#aptOptions, `Dir::State::lists=${lists}`, `Dir::Cache=${cache}`]
    // The exit code is ignored: one unreachable third-party source makes it fail although Debian's lists arrived.
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

/** Folders with shared libraries below `usr/lib` and `lib`, relative to `root`. */
async function libraryFolders(root: string): Promise<string[]> {
  const folders = new Set<string>()
  for (const base of ['lib', join('usr', 'lib')]) {
    if (!existsSync(join(root, base))) continue
    for (const entry of await readdir(join(root, base), { recursive: true }))
      if (/\.so(\.|$)/.test(entry)) folders.add(dirname(join(base, entry)))
  }
  return [...folders].sort()
}

/** The first errors and warnings of apt, each once. */
function quoted(output: string): string {
  const lines = output.split('\n').filter((line) => /^[EW]: /.test(line))
  return [...new Set(lines)].slice(0, QUOTED_LINES_MAX).join(' / ')
}
