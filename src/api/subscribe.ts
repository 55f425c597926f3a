import type { Clock, QueueConnection } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { printFault } from '../log.ts'
import { keysOf } from '../redis/index.ts'
import { runningRedisUrl } from '../redis-server/index.ts'
import {
  noCounts,
  openSubscription,
  type Subscription,
  type SubscriptionOptions,
  type SubscriptionStats,
} from '../subscriber/index.ts'
import { systemClock } from '../system/index.ts'

/** Time between two looks for the private Redis of a data folder, while none runs. */
const SEARCH_EVERY_MS = 1_000
/**
 * Time between two checks whether the private Redis moved: without a Unix socket every start has another port and
 * password.
 */
const FOLLOW_EVERY_MS = 5_000
const DEFAULT_SHARD = '0'

type Common = Omit<SubscriptionOptions, 'connection' | 'queuePrefix' | 'clock' | 'fault'>

/** Where the queue is: `connection` or `dataDir` says it. */
export interface SubscribeOptions extends Common {
  /** Options of ioredis, such as `{ url }`, or an instance (see `SubscriptionOptions`). */
  readonly connection?: QueueConnection
  /** Instead of `connection`: the data folder of a worker on this machine that runs a private Redis (`plimsoll run`), before or after the worker starts. */
  readonly dataDir?: string
  /** Shard of the worker (PLIMSOLL_SHARD). Default `0`. */
  readonly shard?: string
  /** BullMQ prefix. Default: that of the shard. */
  readonly queuePrefix?: string
  readonly clock?: Clock
  /** Gets each fault with its `code` (see `HandlerOptions`). Default: one line on standard error. */
  readonly fault?: (error: PlimsollError) => void
}

/**
 * Calls `handler` for the events of a shard; `openSubscription` says in which order and how often.
 *
 * ```ts
 * subscribe({ dataDir: '.data', inbox: fileInbox('handled.log'), handler: (event) => console.log(event.kind) })
 * ```
 * @throws PlimsollError USAGE when neither `connection` nor `dataDir` is given, or both are.
 */
export function subscribe(options: SubscribeOptions): Subscription {
  const { connection, dataDir, shard = DEFAULT_SHARD, clock = systemClock, ...others } = options
  const { queuePrefix = keysOf(shard).queuePrefix, fault = printFault() } = options
  const open = (at: QueueConnection) =>
    openSubscription({ ...others, connection: at, queuePrefix, clock, fault })
  if (connection !== undefined && dataDir === undefined) return open(connection)
  if (connection === undefined && dataDir !== undefined) {
    return new FolderSubscription(dataDir, clock, fault, (url) => open({ url } as QueueConnection))
  }
  const message =
    "subscribe needs to know where Redis is: give either connection, such as { url: 'redis://127.0.0.1:6379' }, or dataDir, the data folder of `plimsoll run`"
  throw new PlimsollError('USAGE', message, { path: 'connection' })
}

/** A subscription to the private Redis of a data folder. It follows that Redis when it moves. */
class FolderSubscription implements Subscription {
  readonly #dataDir: string
  readonly #clock: Clock
  readonly #fault: (error: PlimsollError) => void
  readonly #open: (url: string) => Subscription
  readonly #searching: Promise<void>
  #current: { readonly url: string; readonly subscription: Subscription } | undefined
  #past = noCounts()
  #wake = () => {}
  #closing = false

  constructor(
    dataDir: string,
    clock: Clock,
    fault: (error: PlimsollError) => void,
    open: (url: string) => Subscription,
  ) {
    this.#dataDir = dataDir
    this.#clock = clock
    this.#fault = fault
    this.#open = open
    this.#searching = this.#search()
  }

  stats(): SubscriptionStats {
    return sumOf(this.#past, this.#current?.subscription.stats() ?? noCounts())
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#wake()
    await this.#searching
    await this.#current?.subscription.close()
  }

  async #search(): Promise<void> {
    let isMissing = false
    while (!this.#closing) {
      try {
        const url = await runningRedisUrl(this.#dataDir)
        if (url !== undefined && url !== this.#current?.url && !this.#closing) await this.#moveTo(url)
        if (this.#current === undefined && !isMissing) this.#reportMissing()
        isMissing = this.#current === undefined
      } catch (error) {
        if (!(error instanceof PlimsollError)) throw error
        if (!isMissing) this.#fault(error)
        isMissing = true
      }
      await this.#pause()
    }
  }

  async #moveTo(url: string): Promise<void> {
    if (this.#current !== undefined) {
      const { subscription } = this.#current
      await subscription.close()
      this.#past = sumOf(this.#past, subscription.stats())
    }
    this.#current = { url, subscription: this.#open(url) }
  }

  async #pause(): Promise<void> {
    if (this.#closing) return
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(
        this.#current === undefined ? SEARCH_EVERY_MS : FOLLOW_EVERY_MS,
        resolve,
      )
      this.#wake = () => {
        cancel()
        resolve()
      }
    })
  }

  #reportMissing(): void {
    const message = `no private Redis runs on the data folder ${this.#dataDir}; events come when \`plimsoll run\` has started it there`
    this.#fault(new PlimsollError('REDIS_UNAVAILABLE', message, { path: 'dataDir' }))
  }
}

function sumOf(a: SubscriptionStats, b: SubscriptionStats): SubscriptionStats {
  return {
    jobs: a.jobs + b.jobs,
    events: a.events + b.events,
    effects: a.effects + b.effects,
    duplicates: a.duplicates + b.duplicates,
    late: a.late + b.late,
    malformed: a.malformed + b.malformed,
    failures: a.failures + b.failures,
  }
}
