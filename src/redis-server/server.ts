import { type ChildProcess, spawn } from 'node:child_process'
import { chmod, mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Clock } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { sleep } from '../system/index.ts'
import { type Address, forgetAddress, loopbackAddress, privateAddress, shellCommandOf } from './address.ts'
import { clientCommandOf, commandOf, type RedisBinary } from './binary.ts'
import { abandonedServer, claimDirectory, type DirectoryClaim } from './claim.ts'
import { inDataFolder } from './data-folder.ts'
import { endWithUs } from './end-with-us.ts'
import { freePort, isFree, isListening, processIdAt } from './port.ts'

/** Longest start: the server reads a large append-only file before its first answer. */
export const START_TIMEOUT_MS = 60_000
export const START_POLL_MS = 20
/** Wait between SIGTERM and SIGKILL. */
const STOP_TIMEOUT_MS = 5_000
/** Most ports tried: another program may take a free port before the server does. */
const PORT_ATTEMPTS_MAX = 5
/**
 * The append-only file is rewritten from this size on. At Redis' own 64 MB a cascade of 100,000 liquidations (0.5 GB)
 * starts four rewrites, each a second or two on one core beside the worker. The file may be this much longer when Redis
 * reads it at its start.
 */
const REWRITE_MIN_SIZE = '512mb'
/** Other users of the machine must not read accounts. */
const FOLDER_MODE = 0o700
/** Most characters of the server's output that are kept for the error when it does not start. */
const OUTPUT_LENGTH_MAX = 4_096

export type AppendFsync = 'always' | 'everysec'

export interface StartOptions {
  readonly binary: RedisBinary
  /** The data is in its subfolder `redis`, which one server at a time may use. */
  readonly dataDir: string
  readonly clock: Clock
  /** A port of 127.0.0.1 without a password; 0 takes a free one. Default: an address that only this user reaches. */
  readonly port?: number
  /** `always` (default) loses nothing at a power loss, `everysec` up to two seconds. */
  readonly appendfsync?: AppendFsync
  /** Further settings; they override ours. */
  readonly settings?: Readonly<Record<string, string>>
  /** Cancels the start. */
  readonly signal?: AbortSignal | undefined
}

export interface RedisServer {
  /** The path of a Unix socket or a `redis://` URL; ioredis and BullMQ take either as `url`. It may hold a password. */
  readonly url: string
  /** The command for a shell that looks into the server. */
  readonly shellCommand: string
  readonly pid: number
  /** Resolves when the process has ended, for any reason. */
  readonly ended: Promise<void>
  /**
   * Stops the server with SIGTERM, so that it writes its append-only file, and with SIGKILL after STOP_TIMEOUT_MS. May be
   * called again.
   */
  stop(): Promise<void>
}

/**
 * Starts a private server with an append-only file and `noeviction`, and waits until it answers. It listens where only
 * this user reaches it (see `privateAddress`), unless a port is given. It has its own process group, so Ctrl-C reaches
 * only us, and we stop it when our work is done. It gets SIGTERM when our process ends in any way (see `endWithUs`).
 *
 * @throws PlimsollError PORT_OCCUPIED, CONFIGURATION when the folder cannot be used, or REDIS_UNAVAILABLE with the
 * server's last output; the signal's reason when the start is cancelled.
 */
export async function startRedisServer(options: StartOptions): Promise<RedisServer> {
  const directory = resolve(options.dataDir, 'redis')
  await endAbandoned(directory, options.clock)
  const claim = await inDataFolder(directory, async () => {
    await mkdir(directory, { recursive: true, mode: FOLDER_MODE })
    // `mkdir` leaves the mode of an existing folder as it is.
    await chmod(directory, FOLDER_MODE)
    return await claimDirectory(directory)
  })
  try {
    const { server, address } = await startSomewhere(directory, options)
    claim.record({ pid: server.pid, url: server.url, keeper: process.pid })
    return withClaim(server, address, claim)
  } catch (error) {
    claim.release()
    throw error
  }
}

/** Ends a server that an earlier process left running: that process has ended, so no other would stop the server. */
async function endAbandoned(directory: string, clock: Clock): Promise<void> {
  const startedMs = clock.monotonicMs()
  let asked: number | undefined
  for (;;) {
    const pid = await abandonedServer(directory)
    if (pid === undefined) return
    if (clock.monotonicMs() - startedMs > STOP_TIMEOUT_MS) {
      throw new PlimsollError(
        'REDIS_UNAVAILABLE',
        `process ${pid} serves the data folder ${directory} although the process that started it is gone, and has ` +
          `not ended within ${STOP_TIMEOUT_MS} ms of SIGTERM (STOP_TIMEOUT_MS): stop it`,
      )
    }
    // Its watcher may be ending it now; then it does not answer.
    if (asked !== pid) ask(pid)
    asked = pid
    await sleep(clock, START_POLL_MS)
  }
}

function ask(pid: number): void {
  try {
    process.kill(pid, 'SIGTERM')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function withClaim(server: RedisServer, address: Address, claim: DirectoryClaim): RedisServer {
  const stop = async () => {
    await server.stop()
    await forgetAddress(address)
    claim.release()
  }
  let stopping: Promise<void> | undefined
  return {
    ...server,
    stop() {
      stopping ??= stop()
      return stopping
    },
  }
}

interface Started {
  readonly server: RedisServer
  readonly address: Address
}

async function startSomewhere(directory: string, options: StartOptions): Promise<Started> {
  const { port } = options
  if (port !== undefined && port !== 0) {
    if (!(await isFree(port))) throw portOccupied(port)
    return await startAt(await loopbackAddress(directory, port), directory, options)
  }
  for (let attempt = 1; ; attempt++) {
    const address =
      port === undefined
        ? await privateAddress(directory)
        : await loopbackAddress(directory, await freePort())
    try {
      return await startAt(address, directory, options)
    } catch (error) {
      await forgetAddress(address)
      const taken = error instanceof PlimsollError && error.code === 'PORT_OCCUPIED'
      if (!taken || attempt === PORT_ATTEMPTS_MAX) throw error
    }
  }
}

async function startAt(address: Address, directory: string, options: StartOptions): Promise<Started> {
  const { binary, clock } = options
  const { url } = address
  // Without this check our server would silently take the socket from another one.
  if (url.startsWith('/') && (await isListening(url))) {
    throw new PlimsollError('REDIS_UNAVAILABLE', `a server that is not ours listens on ${url}: stop it`)
  }
  const command = [...commandOf(binary), ...serverArguments(address, directory, options)]
  const child = spawn(command[0] ?? '', command.slice(1), {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const running = new RunningServer(child, url, clock)
  await running.untilAnswering(options.signal)
  const shellCommand = shellCommandOf(address, clientCommandOf(binary))
  const server = { url, shellCommand, pid: child.pid ?? 0, ended: running.ended, stop: running.stop }
  return { server, address }
}

function serverArguments(address: Address, directory: string, options: StartOptions): string[] {
  const settings = {
    ...address.settings,
    dir: directory,
    appendonly: 'yes',
    appendfsync: options.appendfsync ?? 'always',
    'auto-aof-rewrite-min-size': REWRITE_MIN_SIZE,
    'maxmemory-policy': 'noeviction',
    save: '',
    ...options.settings,
  }
  const named = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
  return address.configFile === undefined ? named : [address.configFile, ...named]
}

class RunningServer {
  readonly ended: Promise<void>
  readonly #child: ChildProcess
  readonly #url: string
  readonly #clock: Clock
  #output = ''
  #hasEnded = false

  constructor(child: ChildProcess, url: string, clock: Clock) {
    this.#child = child
    this.#url = url
    this.#clock = clock
    const forget =
      child.pid === undefined ? () => undefined : endWithUs(child.pid, (text) => this.#keep(text))
    this.ended = new Promise((resolveEnded) => {
      const end = () => {
        this.#hasEnded = true
        forget()
        resolveEnded()
      }
      child.once('exit', end)
      child.once('error', (error) => {
        this.#keep(error.message)
        end()
      })
    })
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => this.#keep(chunk.toString()))
    }
    child.unref()
  }

  async untilAnswering(signal: AbortSignal | undefined): Promise<void> {
    const startedMs = this.#clock.monotonicMs()
    while (!this.#hasEnded) {
      if ((await processIdAt(this.#url)) === this.#child.pid) return this.#releaseEventLoop()
      if (signal?.aborted === true) {
        await this.stop()
        throw signal.reason
      }
      if (this.#clock.monotonicMs() - startedMs > START_TIMEOUT_MS) {
        await this.stop()
        throw this.#unavailable(`did not answer within ${START_TIMEOUT_MS} ms (START_TIMEOUT_MS)`)
      }
      await sleep(this.#clock, START_POLL_MS)
    }
    const port = this.#url.startsWith('/') ? undefined : Number(new URL(this.#url).port)
    if (port !== undefined && /Address already in use/i.test(this.#output)) throw portOccupied(port)
    throw this.#unavailable('ended at once')
  }

  /** A bound function, because it becomes a property of a plain object. */
  readonly stop = async (): Promise<void> => {
    if (this.#hasEnded) return
    this.#child.ref()
    this.#child.kill('SIGTERM')
    const cancel = this.#clock.after(STOP_TIMEOUT_MS, () => void this.#child.kill('SIGKILL'))
    await this.ended
    cancel()
  }

  /** The pipes of a running server must not keep our process alive. */
  #releaseEventLoop(): void {
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream !== null && 'unref' in stream) (stream as unknown as { unref(): void }).unref()
    }
  }

  #keep(text: string): void {
    this.#output = (this.#output + text).slice(-OUTPUT_LENGTH_MAX)
  }

  #unavailable(what: string): PlimsollError {
    const lastLine = this.#output.trim().split('\n').at(-1) ?? ''
    return new PlimsollError('REDIS_UNAVAILABLE', `redis-server ${what}: ${lastLine}`)
  }
}

function portOccupied(port: number): PlimsollError {
  return new PlimsollError(
    'PORT_OCCUPIED',
    `port ${port} of 127.0.0.1 is in use by another program; the Redis server needs a free port`,
  )
}
