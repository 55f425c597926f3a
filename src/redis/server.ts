import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { sleep } from '../clock.ts'
import type { Clock } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { commandOf, type RedisBinary } from './binary.ts'
import { claimDirectory, type DirectoryClaim } from './claim.ts'
import { runCommand } from './command.ts'
import { inDataFolder } from './data-folder.ts'
import { freePort, isFree, processIdAt } from './port.ts'

/** A large append-only file is read before the first answer. */
const START_TIMEOUT_MS = 60_000
const START_POLL_MS = 20
const PROBE_TIMEOUT_MS = 1_000
/** After SIGTERM, before SIGKILL. */
const STOP_TIMEOUT_MS = 5_000
/** Another program can take a free port between its choice and the server's start. */
const PORT_ATTEMPTS_MAX = 5
/** Kept of what the server prints, for the message when it does not start. */
const OUTPUT_LENGTH_MAX = 4_096

export interface StartOptions {
  readonly binary: RedisBinary
  /** Data lives in its subfolder `redis`; one server at a time may use it. */
  readonly dataDir: string
  readonly clock: Clock
  /** Default: a free port. */
  readonly port?: number
  /** `everysec` (default) loses up to two seconds at a power loss, `always` nothing. */
  readonly appendfsync?: 'always' | 'everysec'
  /** Further settings, appended to the command line and overriding ours. */
  readonly settings?: Readonly<Record<string, string>>
  /** Gives up the start. */
  readonly signal?: AbortSignal | undefined
}

export interface RedisServer {
  readonly url: string
  readonly port: number
  readonly pid: number
  /** Resolves when the process has ended, for whatever reason. */
  readonly ended: Promise<void>
  /** Orderly end (SIGTERM: the append-only file is flushed), SIGKILL after STOP_TIMEOUT_MS. Repeatable. */
  stop(): Promise<void>
}

/**
 * Starts a private server on 127.0.0.1 with an append-only file and `noeviction`, and waits until it answers.
 * It runs in its own process group, so Ctrl-C reaches us and not it: we stop it when our own work is done.
 * It ends with us: on our exit it gets SIGTERM; when we are killed, Linux sends it (`setpriv --pdeathsig`).
 * Elsewhere it then stays, and `runningRedisUrl` finds it.
 * @throws PlimsollError PORT_OCCUPIED, CONFIGURATION where the folder cannot be used, or REDIS_UNAVAILABLE with the
 * server's own last words; the signal's reason where it gives up the start.
 */
export async function startRedisServer(options: StartOptions): Promise<RedisServer> {
  const directory = resolve(options.dataDir, 'redis')
  const claim = await inDataFolder(directory, async () => {
    // Other users of the machine must not read accounts.
    await mkdir(directory, { recursive: true, mode: 0o700 })
    return await claimDirectory(directory)
  })
  try {
    const server = await startOnSomePort(directory, options)
    await claim.record({ pid: server.pid, url: server.url })
    return withClaim(server, claim)
  } catch (error) {
    await claim.release()
    throw error
  }
}

function withClaim(server: RedisServer, claim: DirectoryClaim): RedisServer {
  const stop = async () => {
    await server.stop()
    await claim.release()
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

async function startOnSomePort(directory: string, options: StartOptions): Promise<RedisServer> {
  if (options.port !== undefined) {
    if (!(await isFree(options.port))) throw portOccupied(options.port)
    return await startOnPort(options.port, directory, options)
  }
  for (let attempt = 1; ; attempt++) {
    const port = await freePort()
    try {
      return await startOnPort(port, directory, options)
    } catch (error) {
      const taken = error instanceof PlimsollError && error.code === 'PORT_OCCUPIED'
      if (!taken || attempt === PORT_ATTEMPTS_MAX) throw error
    }
  }
}

async function startOnPort(port: number, directory: string, options: StartOptions): Promise<RedisServer> {
  const { binary, clock } = options
  const command = [
    ...(await endWithParent(clock)),
    ...commandOf(binary),
    ...serverArguments(port, directory, options),
  ]
  const child = spawn(command[0] ?? '', command.slice(1), {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const running = new RunningServer(child, port, clock)
  await running.untilAnswering(options.signal)
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    pid: child.pid ?? 0,
    ended: running.ended,
    stop: running.stop,
  }
}

function serverArguments(port: number, directory: string, options: StartOptions): string[] {
  const settings = {
    port: String(port),
    bind: '127.0.0.1',
    dir: directory,
    appendonly: 'yes',
    appendfsync: options.appendfsync ?? 'everysec',
    'maxmemory-policy': 'noeviction',
    save: '',
    ...options.settings,
  }
  return Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])
}

/** Linux: the kernel ends the server when our process dies without a word. Nothing where setpriv is absent. */
async function endWithParent(clock: Clock): Promise<string[]> {
  if (process.platform !== 'linux') return []
  const prefix = ['setpriv', '--pdeathsig', 'TERM']
  const { exitCode } = await runCommand('setpriv', [...prefix.slice(1), 'true'], {
    clock,
    timeoutMs: PROBE_TIMEOUT_MS,
  })
  return exitCode === 0 ? prefix : []
}

class RunningServer {
  readonly ended: Promise<void>
  readonly #child: ChildProcess
  readonly #port: number
  readonly #clock: Clock
  #output = ''
  #hasEnded = false

  constructor(child: ChildProcess, port: number, clock: Clock) {
    this.#child = child
    this.#port = port
    this.#clock = clock
    const endWithUs = () => void child.kill('SIGTERM')
    process.once('exit', endWithUs)
    this.ended = new Promise((resolveEnded) => {
      const end = () => {
        this.#hasEnded = true
        process.removeListener('exit', endWithUs)
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
      if ((await processIdAt(this.#port)) === this.#child.pid) return this.#releaseEventLoop()
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
    if (/Address already in use/i.test(this.#output)) throw portOccupied(this.#port)
    throw this.#unavailable('ended at once')
  }

  /** A bound function: it becomes part of a plain object. */
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
