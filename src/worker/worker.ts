import { type AccountSourceOptions, createAccountSource } from '../book/index.ts'
import { openEventLog, type RedisEventLog } from '../delivery/index.ts'
import type { AccountChange, AccountSource, EventRecord, ReadModel } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { MarketData } from '../feed/index.ts'
import { integrityRules } from '../integrity/index.ts'
import { type Kernel, openKernel } from '../kernel/index.ts'
import { type LevelRule, levelRule } from '../margin/index.ts'
import { Monitor } from '../monitor/index.ts'
import { asRedisFault, checkRedis, keysOf, type RedisConnection, redactUrl } from '../redis/index.ts'
import { connectSocket, httpGet, openFollowed, sleep, waitAtMost } from '../system/index.ts'
import { sourceCarrying, underlyingOf, VENUE_NAMES } from '../venues/index.ts'
import { WorkerBackfill } from './backfill.ts'
import { WorkerConnections, watchSettings } from './connections.ts'
import { WorkerContracts } from './contracts.ts'
import { unfinished } from './end.ts'
import { noEvents } from './event-counts.ts'
import { every } from './every.ts'
import { WorkerFunding } from './funding.ts'
import { guardedClock } from './guarded-clock.ts'
import { WorkerReader } from './reader.ts'
import { versionsOf } from './rule-books.ts'
import { WorkerRules } from './rules.ts'
import type { Worker, WorkerOptions } from './types.ts'

export type { Worker, WorkerOptions } from './types.ts'

/** Time in an orderly stop for ticks and events that wait, until they are evaluated, published and in the queue. */
export const STOP_FLUSH_MS = 2_500
const STOP_POLL_MS = 5
/** Then the time for the event log to close. After it the sockets to Redis are closed in any case. */
const STOP_CLOSE_MS = 500
/** Refused accounts that the log names while the book is loaded; more are counted. */
const REFUSED_LOGGED_MAX = 20
const AUDIT_EVERY_MS = 100
const AUDIT_ACCOUNTS = 20
/** A suspect event that no frame decides is revised at most so late after its limit. */
const REVISE_EVERY_MS = 250

/**
 * Composes a worker: rules read, Redis checked, earlier progress restored, book loaded, feeds opened, changes followed.
 * @throws PlimsollError CONFIGURATION or RULES_INVALID before anything is opened; REDIS_UNAVAILABLE, REDIS_REFUSED,
 * REDIS_POLICY, REDIS_NO_AOF.
 */
export async function startWorker(options: WorkerOptions): Promise<Worker> {
  const connections = new WorkerConnections(options)
  try {
    const worker = new MonitorWorker(options, connections)
    const command = await connections.open('command')
    const { allowUnsafeRedis: allowUnsafe } = options.config
    const warn = (message: string) => options.log.error({}, message)
    const { appendfsync, isSafe, sentence } = await checkRedis(command, { allowUnsafe, warn })
    options.log[isSafe ? 'info' : 'warn']({ appendfsync }, sentence)
    const source = { redis: command, followerRedis: await connections.open('blocking') }
    await worker.start(await connections.open('command'), await connections.open('queue'), source)
    return worker
  } catch (error) {
    await connections.close()
    const url = redactUrl(options.redisUrl)
    throw asRedisFault(`the worker ends before it watches anything, because Redis at ${url} failed`, error)
  }
}

class MonitorWorker implements Worker {
  readonly #options: WorkerOptions
  readonly #connections: WorkerConnections
  readonly #rule: LevelRule
  readonly #rules: WorkerRules
  readonly #kernel: Kernel
  readonly #events = noEvents()
  #eventLog!: RedisEventLog
  #source!: AccountSource
  #monitor!: Monitor
  #funding!: WorkerFunding
  #backfill!: WorkerBackfill
  #marketData!: MarketData
  #contracts!: WorkerContracts
  #read!: ReadModel
  /** Ends what is done again and again. */
  readonly #cancels: (() => void)[] = []
  #stopping: Promise<void> | undefined
  /** Refused accounts while the book is loaded; −Infinity afterwards, so that every refused change is logged. */
  #refusedAtLoad = 0
  #failure: Error | undefined

  constructor(options: WorkerOptions, connections: WorkerConnections) {
    const { config, clock, log, rules: given, loadedRules: loaded } = options
    this.#options = options
    this.#connections = connections
    this.#rule = levelRule(config.levels, config.hysteresis)
    const guard = (action: () => void) => this.#guard(action)
    this.#rules = new WorkerRules({ config, given, loaded, clock, log, guard })
    this.#kernel = openKernel(config.kernel)
  }

  async start(
    command: RedisConnection,
    queueConnection: RedisConnection,
    source: Pick<AccountSourceOptions, 'redis' | 'followerRedis'>,
  ): Promise<void> {
    const { config, clock, random, log, signal } = this.#options
    const keys = keysOf(config.shard)
    this.#eventLog = await openEventLog({
      redis: command,
      queueConnection,
      keys,
      clock,
      random,
      signal,
      consumers: config.consumers,
      takeOver: config.takeOver,
      fault: (error) =>
        error.code === 'STREAM_FENCED' ? this.#fatal(error) : log.error({ code: error.code }, error.message),
      notice: (line) => log.info({}, line),
    })
    const guard = (action: () => void) => this.#guard(action)
    this.#funding = new WorkerFunding({ config, redis: command, key: keys.funding, clock, log, guard })
    const counters = () => this.#eventLog.counters()
    this.#backfill = new WorkerBackfill({ ...this.#options, redis: command, keys, guard, counters })
    const stored = createAccountSource({ ...source, keys, venues: VENUE_NAMES, clock })
    this.#source = this.#options.recorder?.source(stored) ?? stored
    try {
      const { levels, hysteresis } = config
      this.#options.recorder?.start({ levels, hysteresis, ruleBooks: versionsOf(this.#rules.bookOf) })
      this.#monitor = await this.#openMonitor()
      this.#marketData = this.#openMarketData()
      const parts = { monitor: this.#monitor, marketData: this.#marketData }
      this.#contracts = new WorkerContracts({
        ...this.#options,
        ...parts,
        requests: this.#backfill.requests,
        bookOf: this.#rules.bookOf,
        guard,
      })
      this.#read = new WorkerReader({
        ...parts,
        contracts: this.#contracts,
        eventLog: this.#eventLog,
        kernel: this.#kernel,
        events: this.#events,
      })
      await this.#load()
    } catch (error) {
      await this.#closeEventLog()
      throw error
    }
    const { accounts, positions } = this.#monitor.watchlist
    log.info({ accounts, positions, markets: this.#monitor.markets.all.length }, 'book loaded')
    this.#rules.open(this.#monitor, this.#contracts)
    // Before the feeds are opened, so that nothing is asked for that expired before the start.
    this.#cancels.push(this.#contracts.open())
    this.#backfill.open()
    this.#marketData.open()
    this.#source.follow(
      (change) => this.#guard(() => this.#apply(change)),
      (error) => {
        const isLoss = error instanceof PlimsollError && error.code === 'BOOK_LOST'
        log[isLoss ? 'error' : 'warn']({ error: error.message }, 'cannot follow account changes')
      },
    )
    this.#cancels.push(
      every(clock, AUDIT_EVERY_MS, () => this.#guard(() => this.#audit())),
      every(clock, REVISE_EVERY_MS, () => this.#guard(() => this.#monitor.expireRevisions(clock.nowMs()))),
      () => this.#rules.close(),
      watchSettings(command, clock, log),
    )
  }

  /** Opens the monitor and restores what earlier runs published. */
  async #openMonitor(): Promise<Monitor> {
    const { config, clock, observer } = this.#options
    const { logId, sequenceFloor } = this.#eventLog
    const monitor = new Monitor({
      kernel: this.#kernel,
      clock: guardedClock(clock, (action) => this.#guard(action)),
      rule: this.#rule,
      ruleBookOf: (venue) => this.#rules.bookOf(venue),
      log: { logId, shard: config.shard },
      rulesMaxAgeDays: config.rulesMaxAgeDays,
      integrity: { rules: integrityRules(), underlyingOf },
      fundingLog: this.#funding.log,
      sequenceFloor,
      hasRoom: () => this.#eventLog.hasRoom,
      publish: (records) => this.#publish(records),
      marketAdded: (venue, symbol) => {
        if (this.#contracts.marketAdded(venue, symbol)) this.#marketData.add(venue, symbol)
        this.#rules.marketAdded(venue, symbol)
      },
      gapFound: (gap) => this.#backfill.found(gap),
      refused: (account, error) => this.#refused(account.id, error),
      observer,
    })
    await this.#eventLog.restore({
      marginAccount: (id, progress) => monitor.restoreMarginAccount(id, progress),
      market: (progress) => monitor.restoreMarket(progress),
      venue: (progress) => monitor.restoreVenue(progress),
      revision: (open) => monitor.restoreRevision(open),
    })
    await this.#funding.restore(monitor)
    await this.#backfill.restore(monitor)
    return monitor
  }

  #openMarketData(): MarketData {
    const { config, clock, random, log, recorder } = this.#options
    return new MarketData({
      monitor: recorder?.sink(this.#monitor) ?? this.#monitor,
      sourceCarrying: (venue, symbol) => sourceCarrying(venue, symbol, config.streamUrls),
      judgedUntilMs: (venue, symbol) => this.#backfill.judgedUntilMs(venue, symbol),
      streamUrls: config.streamUrls,
      clock,
      random,
      machine: { connect: connectSocket, httpGet, openFollowed },
      log,
      failed: (error) => this.#fatal(error),
    })
  }

  async #load(): Promise<void> {
    const { log, signal } = this.#options
    const refused = (id: string, error: Error) => {
      this.#refused(id, error)
      this.#monitor.refuse(id)
    }
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

  #apply(change: AccountChange): void {
    if (change.kind === 'unreadable') this.#refused(change.id, change.error)
    this.#monitor.apply(change)
  }

  #refused(account: string, error: Error): void {
    if (++this.#refusedAtLoad > REFUSED_LOGGED_MAX) return
    this.#options.log.error({ account, error: error.message }, 'account refused')
  }

  get read(): ReadModel {
    return this.#read
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  async #stop(): Promise<void> {
    const { clock, log } = this.#options
    for (const cancel of this.#cancels) cancel()
    const failedBefore = this.#failure
    // Stop taking changes now, but await it last: it may take as long as the steps between.
    const sourceStopped = this.#source.stop()
    await this.#marketData.close()
    const deadlineMs = clock.monotonicMs() + STOP_FLUSH_MS
    const leftMs = () => Math.max(0, deadlineMs - clock.monotonicMs())
    while (!this.#monitor.isIdle && this.#failure === undefined && leftMs() > 0)
      await sleep(clock, STOP_POLL_MS)
    this.#backfill.end()
    this.#funding.end()
    this.#monitor.stop()
    await this.#eventLog.flush(leftMs())
    await this.#backfill.close()
    await sourceStopped
    await this.#closeEventLog()
    const { waiting: ticks, waitingChanges: changes, unpublished } = this.#monitor
    const fault = unfinished({ ticks, changes, unpublished, ...this.#eventLog.leftBehind() }, STOP_FLUSH_MS)
    await this.#connections.close()
    log.info({ events: this.#eventLog.counters().enqueued }, 'stopped')
    if (fault !== undefined && this.#failure !== undefined) log.error({ code: fault.code }, fault.message)
    // A failure before the stop has been reported through `fatal` already.
    if (this.#failure !== failedBefore) throw this.#failure
    if (fault !== undefined && failedBefore === undefined) throw fault
  }

  async #closeEventLog(): Promise<void> {
    const { clock, log } = this.#options
    const failed = (error: Error) => log.error({ error: error.message }, 'closing the event log failed')
    const closed = Promise.all([this.#funding.close(), this.#eventLog.close()])
    await waitAtMost(clock, closed, STOP_CLOSE_MS).catch(failed)
  }

  #publish(records: readonly EventRecord[]): void {
    this.#eventLog.publish(records)
    for (const { event } of records) this.#events[event.kind]++
  }

  #audit(): void {
    const before = this.#monitor.counters.auditDisagreements
    this.#monitor.audit(AUDIT_ACCOUNTS)
    const disagreements = this.#monitor.counters.auditDisagreements - before
    if (disagreements > 0) this.#options.log.error({ disagreements }, 'audit disagrees with the kernel')
  }

  #guard(action: () => void): void {
    if (this.#failure !== undefined) return
    try {
      action()
    } catch (error) {
      this.#fatal(error as Error)
    }
  }

  /** Call when an invariant is broken or a limit is reached. Nothing is evaluated any more; `fatal` is called once. */
  #fatal(error: Error): void {
    if (this.#failure !== undefined) return
    this.#failure = error
    // While the worker stops, `stop` rejects with it.
    if (this.#stopping === undefined) this.#options.fatal(error)
  }
}
