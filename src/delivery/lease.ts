import { readlinkSync } from 'node:fs'
import { hostname } from 'node:os'
import type { Clock } from '../domain/index.ts'
import { parseStreamId } from '../domain/index.ts'
import { Waiter } from '../system/index.ts'
import { withDeadline } from './connection.ts'
import { isBug } from './loop.ts'
import type { EventStream, TakeOver } from './stream.ts'

/** Time to live of a lease after its last renewal. */
export const LEASE_MS = 5_000
const LEASE_RENEW_MS = 1_000
/** Pause between two checks of a standby whether the lease has ended. */
const STANDBY_POLL_MS = 500
const RELEASE_LIMIT_MS = 300

/** The process that owns a log of events, as others see it. */
export interface OwnerProcess {
  /** Process ids can be compared within one host. Has no spaces. */
  readonly host: string
  readonly pid: number
  /** Whether a process with that id runs on this host. */
  isRunning(pid: number): boolean
}

export const THIS_PROCESS: OwnerProcess = {
  host: hostname().replace(/\s/g, '-') + processNamespace(),
  pid: process.pid,
  isRunning(pid) {
    try {
      process.kill(pid, 0)
      return true
    } catch (error) {
      // EPERM: it runs, as another user.
      return (error as NodeJS.ErrnoException).code === 'EPERM'
    }
  },
}

/** Names of leases that this process holds. Its process id is not enough: an earlier process may have had the same. */
const HELD = new Set<string>()

export interface AcquireOptions {
  readonly stream: EventStream
  readonly clock: Clock
  readonly owner: OwnerProcess
  /** Differs between owners of the same process. */
  readonly token: string
  /** Id of the log if a new one begins. */
  readonly newLogId: string
  /** Take the lease at once, even from another holder. */
  readonly takeOver: boolean
  readonly signal?: AbortSignal | undefined
  /** Receives a line when the wait for another owner begins, and when Redis fails during the wait. */
  readonly notice: (line: string) => void
}

export interface Acquired {
  readonly taken: TakeOver
  /** Name of the new lease. */
  readonly name: string
}

/**
 * Becomes the owner of the stream: at once when the lease is free or its holder died on this host, otherwise when the
 * lease ends. The lease keeps workers from stopping one another; the fence of the stream protects the data. Rejects with
 * the signal's reason, and when Redis fails before another owner is found.
 */
export async function acquire(options: AcquireOptions): Promise<Acquired> {
  const { stream, owner, token, newLogId, clock, signal, notice } = options
  const name = `${owner.host} ${owner.pid} ${token}`
  let replaceable = options.takeOver ? '*' : ''
  let isStandby = false
  let isRedisAway = false
  for (;;) {
    signal?.throwIfAborted()
    try {
      const taken = await stream.takeOver(name, LEASE_MS, replaceable, newLogId)
      isRedisAway = false
      if (typeof taken !== 'string') return { taken, name }
      if (taken !== replaceable && isDead(taken, owner)) {
        replaceable = taken
        continue
      }
      if (!isStandby) notice(standbyLine(taken))
      isStandby = true
    } catch (error) {
      if (!isStandby || isBug(error)) throw error
      if (!isRedisAway) notice(`standby: Redis is asked again until it answers: ${(error as Error).message}`)
      isRedisAway = true
    }
    await pause(clock, signal)
  }
}

/** Keeps a lease that `acquire` got until it is closed. */
export class Lease {
  readonly #stream: EventStream
  readonly #clock: Clock
  readonly #fence: number
  readonly #name: string
  readonly #lost: () => void
  #cancel: () => void = () => undefined
  #renewing: Promise<void> = Promise.resolve()
  #isClosed = false
  #failures = 0

  constructor(stream: EventStream, clock: Clock, entry: string, name: string, lost: () => void) {
    this.#stream = stream
    this.#clock = clock
    this.#fence = parseStreamId(entry).fence
    this.#name = name
    this.#lost = lost
    HELD.add(name)
    this.#schedule()
  }

  /** Renewals that Redis did not answer. The outage itself is reported by the connection. */
  get failures(): number {
    return this.#failures
  }

  /** Gives the lease back, so that the next owner need not wait. */
  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancel()
    HELD.delete(this.#name)
    const release = async () => {
      await this.#renewing
      await this.#stream.release(this.#text)
    }
    // When Redis does not answer, the lease expires.
    await withDeadline(this.#clock, release(), RELEASE_LIMIT_MS, 'releasing the lease').catch(() => undefined)
  }

  get #text(): string {
    return `${this.#fence} ${this.#name}`
  }

  #schedule(): void {
    this.#cancel = this.#clock.after(LEASE_RENEW_MS, () => {
      this.#renewing = this.#renew()
    })
  }

  async #renew(): Promise<void> {
    try {
      const holder = await this.#stream.renew(this.#fence, this.#name, LEASE_MS)
      if (holder !== this.#text) this.#lost()
    } catch {
      this.#failures++
    }
    if (!this.#isClosed) this.#schedule()
  }
}

interface Holder {
  readonly host: string
  readonly pid: number
  readonly name: string
}

/** Undefined when the text is not a lease: then it ends when it expires. */
function readHolder(lease: string): Holder | undefined {
  const match = /^\d+ ((\S+) (\d+) \S+)$/.exec(lease)
  return match === null ? undefined : { name: match[1]!, host: match[2]!, pid: Number(match[3]) }
}

function isDead(lease: string, owner: OwnerProcess): boolean {
  const holder = readHolder(lease)
  if (holder?.host !== owner.host) return false
  return holder.pid === owner.pid ? !HELD.has(holder.name) : !owner.isRunning(holder.pid)
}

function standbyLine(lease: string): string {
  const holder = readHolder(lease)
  const who = holder === undefined ? lease : `process ${holder.pid} on ${holder.host}`
  return `standby: ${who} owns this shard; this worker waits until that one stops or does not renew its lease for ${LEASE_MS} ms`
}

async function pause(clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  const waiter = new Waiter()
  const abort = () => waiter.notify()
  signal?.addEventListener('abort', abort, { once: true })
  await waiter.wait(clock, STANDBY_POLL_MS)
  signal?.removeEventListener('abort', abort)
}

/** Containers on one machine may share its name but not its process ids. Empty when the system does not say. */
function processNamespace(): string {
  try {
    return `/${readlinkSync('/proc/self/ns/pid').replace(/\D/g, '')}`
  } catch {
    return ''
  }
}
