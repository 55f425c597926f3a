import { type AccountSourceOptions, createAccountSource } from './book/index.ts'
import { atMost } from './clock.ts'
import type { AccountSource, EventKind, EventRecord, VenueId } from './domain/index.ts'
import { PlimsollError } from './errors.ts'
import { EVENTS_QUEUE_NAME, openEventLog, type RedisEventLog } from './events/index.ts'
import { guardedClock } from './guarded-clock.ts'
import { LatencyHistogram } from './histogram.ts'
import { openKernel } from './kernel/index.ts'
import { type LevelRule, levelRule } from './margin/index.ts'
import { MarketData } from './market-data.ts'
import { Monitor, type NearAccount, nearest } from './monitor/index.ts'
import {
  asRedisFault,
  checkRedis,
  closeRedis,
  connectRedis,
  keysOf,
  type RedisConnection,
  type RedisRole,
  redactUrl,
  watchRedis,
} from './redis/index.ts'
import { type BookOf, logRules, ruleBooks } from './rule-books.ts'
import type { Worker, WorkerOptions, WorkerStats } from './worker-types.ts'

export type { Worker, WorkerOptions, WorkerStats } from './worker-types.ts'

/** The orderly stop: events that wait get this long to reach the queue. What is left is found again at the next start. */
export const STOP_FLUSH_MS = 2_000
/** Then the log of events gets this long to close; the sockets to Redis are closed after it in any case. */
const STOP_CLOSE_MS = 500
/** Refused accounts that the load of the book names in the log; more are counted. */
const REFUSED_LOGGED_MAX = 20
const AUDIT_EVERY_MS = 100
const AUDIT_ACCOUNTS = 20

/**
 * Composes a worker: rules read, Redis checked, earlier progress restored, book loaded, feeds opened, changes followed.
 * @throws PlimsollError CONFIGURATION or RULES_INVALID before anything is opened; REDIS_UNAVAILABLE, REDIS_REFUSED,
 * REDIS_POLICY, REDIS_NO_AOF.
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const connections: RedisConnection[] = []
  const worker = new MonitorWorker(options, connections)
  const connect = async (role: RedisRole): Promise<RedisConnection> => {
    const { clock, random, redisUrl, log } = options
    let isOpen = false
    const report = (error: Error) => {
      // What happens before is told by the rejection.
      if (isOpen) log.warn({ error: error.message }, 'redis connection lost')
    }
    const connection = await connectRedis({ url: redisUrl, role, clock, random, report })
    isOpen = true
    connections.push(connection)
    return connection
  }
  try {
    const command = await connect('command')
    const { allowUnsafeRedis: allowUnsafe } = options.config
    const warn = (message: string) => options.log.error({}, message)
    const { appendfsync, isSafe, sentence } = await checkRedis(command, { allowUnsafe, warn })
    options.log[isSafe ? 'info' : 'warn']({ appendfsync }, sentence)
    const source = { redis: command, followerRedis: await connect('blocking') }
    await worker.start(await connect('command'), await connect('queue'), source)
    return worker
  } catch (error) {
    await Promise.all(connections.map((connection) => closeRedis(connection, options.clock)))
    throw asRedisFault(`Redis at ${redactUrl(options.redisUrl)} failed while the worker was starting`, error)
  }
}

class MonitorWorker implements Worker {
  readonly #options: WorkerOptions
  readonly #connections: readonly RedisConnection[]
  readonly #rule: LevelRule
  readonly #ruleBookOf: BookOf
  readonly #monitor: Monitor
  readonly #marketData: MarketData
  readonly #events: Record<EventKind, number> = {
    warning: 0,
    liquidation: 0,
    recovered: 0,
    unknown: 0,
    closed: 0,
  }
  readonly #detection = new LatencyHistogram()
  #kernelBytes: () => number
  #eventLog!: RedisEventLog
  #source!: AccountSource
  #cancelAudit: () => void = () => undefined
  #cancelWatch: () => void = () => undefined
  #stopping: Promise<void> | undefined
  /** Counts until the book is loaded; after that every refused change is told. */
  #refusedAtLoad = 0
  #failed = false

  constructor(options: WorkerOptions, connections: readonly RedisConnection[]) {
    const { config, clock, log } = options
    this.#options = options
    this.#connections = connections
    this.#rule = levelRule(config.levels, config.hysteresis)
    this.#ruleBookOf = ruleBooks(config, options.rules)
    const kernel = openKernel(config.kernel)
    this.#kernelBytes = () => kernel.byteLength
    this.#monitor = new Monitor({
      kernel,
      clock: guardedClock(clock, (action) => this.#guard(action)),
      rule: this.#rule,
      ruleBookOf: this.#ruleBookOf,
      publish: (records) => this.#publish(records),
      marketAdded: (venue, symbol) => this.#marketData.add(venue as VenueId, symbol),
      refused: (account, error) => this.#refused(account.id, error),
      observer: options.observer,
    })
    this.#marketData = new MarketData({
      monitor: this.#monitor,
      streamUrls: config.streamUrls,
      clock,
      random: options.random,
      log,
      failed: (error) => this.#fatal(error),
    })
  }

  async start(
    command: RedisConnection,
    queueConnection: RedisConnection,
    source: Pick<AccountSourceOptions, 'redis' | 'followerRedis'>,
  ): Promise<void> {
    const { config, clock, log } = this.#options
    const keys = keysOf(config.shard)
    this.#eventLog = await openEventLog({
      redis: command,
      queueConnection,
      keys,
      queueName: EVENTS_QUEUE_NAME,
      clock,
      fault: (error) =>
        error.code === 'STREAM_FENCED' ? this.#fatal(error) : log.error({ code: error.code }, error.message),
    })
    this.#source = createAccountSource({ ...source, keys, clock })
    try {
      await this.#load()
    } catch (error) {
      await this.#closeEventLog()
      throw error
    }
    const { accounts, positions } = this.#monitor.book
    log.info({ accounts, positions, markets: this.#monitor.markets.all.length }, 'book loaded')
    logRules(log, this.#ruleBookOf, this.#monitor.markets.all, clock.nowMs(), config.rulesMaxAgeDays)
    this.#marketData.open()
    this.#source.follow(
      (change) => this.#guard(() => this.#monitor.apply(change)),
      (error) => {
        const isLoss = error instanceof PlimsollError && error.code === 'BOOK_LOST'
        log[isLoss ? 'error' : 'warn']({ error: error.message }, 'following the book')
      },
    )
    this.#audit()
    this.#cancelWatch = watchRedis({
      connection: command,
      clock,
      failed: (fault) => log.error({ code: fault.code }, fault.message),
      mended: (message) => log.info({ was: message }, 'a setting of Redis is right again'),
    })
  }

  async #load(): Promise<void> {
    const { log, signal } = this.#options
    const refused = (id: string, error: Error) => {
      this.#refused(id, error)
      this.#monitor.refuse(id)
    }
    await this.#eventLog.restore((account, progress) => this.#monitor.restore(account, progress))
    await this.#source.load((account) => {
      signal?.throwIfAborted()
      this.#monitor.apply({ kind: 'put', account })
    }, refused)
    signal?.throwIfAborted()
    this.#monitor.loaded()
    const accounts = this.#refusedAtLoad
    if (accounts > 0) log.error({ accounts }, 'accounts refused; they are not watched')
    this.#refusedAtLoad = Number.NEGATIVE_INFINITY
  }

  #refused(account: string, error: Error): void {
    if (++this.#refusedAtLoad > REFUSED_LOGGED_MAX) return
    this.#options.log.error({ account, error: error.message }, 'account refused')
  }

  stats(): WorkerStats {
    const { counters, book, levels, waiting } = this.#monitor
    const { names } = this.#rule
    const above = names.slice(1).map((level, index) => ({ level, marginAccounts: levels.at(index + 1).size }))
    const safe = book.marginAccounts - above.reduce((sum, { marginAccounts }) => sum + marginAccounts, 0)
    return {
      ...counters,
      frames: this.#marketData.frames,
      accounts: book.accounts,
      marginAccounts: book.marginAccounts,
      positions: book.positions,
      events: { ...this.#events },
      standing: [{ level: '0', marginAccounts: safe }, ...above],
      detectP50Ms: this.#detection.quantileMs(0.5),
      detectP99Ms: this.#detection.quantileMs(0.99),
      log: this.#eventLog.stats(),
      feeds: this.#marketData.counters(),
      kernelBytes: this.#kernelBytes(),
      waiting,
    }
  }

  nearest(count: number): readonly NearAccount[] {
    return nearest(this.#monitor, count, this.#rule.levels.length)
  }

  markOf(venue: string, symbol: string): string | undefined {
    return this.#monitor.markets.find(venue, symbol)?.markText || undefined
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    const { clock, log } = this.#options
    this.#cancelAudit()
    this.#cancelWatch()
    // From here on no change is applied; what it waits for may take as long as all the rest.
    const sourceStopped = this.#source.stop()
    await this.#marketData.close()
    this.#guard(() => this.#monitor.drain())
    const flushed = await this.#eventLog.flush(STOP_FLUSH_MS)
    const { pending } = this.#eventLog
    await sourceStopped
    await this.#closeEventLog()
    await Promise.all(this.#connections.map((connection) => closeRedis(connection, clock)))
    log.info({ events: this.#eventLog.stats().enqueued }, 'stopped')
    if (flushed || this.#failed) return
    throw new PlimsollError(
      'STOP_TIMEOUT',
      `${pending} events have not reached the queue within ${STOP_FLUSH_MS} ms (STOP_FLUSH_MS); the next start finds them`,
    )
  }

  async #closeEventLog(): Promise<void> {
    const { clock, log } = this.#options
    const failed = (error: Error) => log.error({ error: error.message }, 'closing the log of events')
    await atMost(clock, this.#eventLog.close(), STOP_CLOSE_MS).catch(failed)
  }

  #publish(records: readonly EventRecord[]): void {
    this.#eventLog.publish(records)
    for (const { event } of records) {
      this.#events[event.kind]++
      this.#detection.record(event.detectionLatencyMs)
    }
  }

  #audit(): void {
    this.#cancelAudit = this.#options.clock.after(AUDIT_EVERY_MS, () => {
      const before = this.#monitor.counters.auditDisagreements
      this.#guard(() => this.#monitor.audit(AUDIT_ACCOUNTS))
      const found = this.#monitor.counters.auditDisagreements - before
      if (found > 0) this.#options.log.error({ disagreements: found }, 'audit disagrees with the kernel')
      this.#audit()
    })
  }

  #guard(action: () => void): void {
    if (this.#failed) return
    try {
      action()
    } catch (error) {
      this.#fatal(error as Error)
    }
  }

  /** A broken invariant or a limit reached: nothing is evaluated any more, and whoever runs the worker is told once. */
  #fatal(error: Error): void {
    if (this.#failed) return
    this.#failed = true
    // Whoever stops the worker no longer waits to be told.
    if (this.#stopping !== undefined)
      this.#options.log.error({ error: error.message }, 'fault while stopping')
    this.#options.fatal(error)
  }
}
