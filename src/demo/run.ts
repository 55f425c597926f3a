import type { Config } from '../config.ts'
import { type Account, type Clock, counted } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import type { Log } from '../log.ts'
import { levelRule } from '../margin/index.ts'
import { keysOf } from '../redis/index.ts'
import { seededRandom, sleep, waitAtMost } from '../system/index.ts'
import { startWorker, type Worker } from '../worker/index.ts'
import { createBook, type DemoBook, loadBook } from './accounts/synthetic-accounts.ts'
import { catchUp, drain } from './closing.ts'
import { demoRules, instrumentsOf } from './exchange/instruments.ts'
import { createInstantFeed, type InstantFeed } from './instant-feed.ts'
import { type DemoOutcome, outcomeOf, type Sample } from './outcome.ts'
import { waitWith } from './patience.ts'
import {
  CHILD_TIMEOUT_MS,
  type ExchangeProcess,
  type SubscriberProcess,
  startExchange,
  startSubscriber,
} from './processes.ts'
import { createReporter, type DemoState, type Reporter } from './screen/reporter.ts'
import { type Stop, stopAll } from './stops.ts'
import { type DemoStore, openDemoStore } from './store.ts'
import { createVenueCounts } from './venue-counts.ts'

/** Accounts that the naive replay judges; all accounts of a smaller book. */
export const SAMPLE_ACCOUNTS = 2_000
/** Longest wait from the start of the worker until every market has a mark. */
const MARKETS_TIMEOUT_MS = 20_000
/** Wait after the end of the market: Binance sends its last marks within a second. */
const LAST_MARKS_MS = 1_200
const MS_PER_SECOND = 1_000
const POLL_MS = 20
const ISO_DAY_CHARACTERS = 10
/** Stream number of the worker's randomness (back-off). */
const WORKER_RANDOM_STREAM = 0x574f524b

export interface DemoOptions {
  /** Ids of the streams that are simulated. */
  readonly streams: readonly string[]
  readonly accounts: number
  readonly seconds: number
  readonly seed: number
  /** The user's settings. The demo replaces shard and streams. */
  readonly config: Config
  readonly runId: string
  readonly clock: Clock
  readonly log: (note: (text: string) => void) => Log
  /** Chooses where lines about the set-up go. `note` puts them below the live view, which they would tear otherwise. */
  readonly notify: (note: (text: string) => void) => (line: string) => void
  /** Called when there is something to show. The returned function ends the display. */
  readonly display: (reporter: Reporter) => () => Promise<void> | void
  /** Ctrl-C: ends the market early, in order. */
  readonly signal: AbortSignal
}

/**
 * Runs the demo: a private Redis, simulated venues in one process, subscriber and referee in another, and the worker of
 * production in this one. It stops all that it started, in reverse order, even after a failure. Undefined when it was
 * interrupted before the market moved.
 */
export async function runDemo(options: DemoOptions): Promise<DemoOutcome | undefined> {
  const stops: Stop[] = []
  try {
    return await new DemoRun(options, stops).run()
  } catch (error) {
    if (options.signal.aborted && error === options.signal.reason) return undefined
    throw error
  } finally {
    await stopAll(stops)
  }
}

class DemoRun {
  readonly #options: DemoOptions
  readonly #stops: Stop[]
  readonly #book: DemoBook
  readonly #state: DemoState = {
    stage: 'starting Redis and the simulated exchange',
    stored: 0,
    counts: createVenueCounts(),
    progress: { delivered: 0, arrivals: {}, replayedTicks: 0 },
    headlines: [],
    exchange: undefined,
    worker: undefined,
    isReplaying: false,
    notes: [],
  }
  readonly #reporter: Reporter
  #failure: Error | undefined

  constructor(options: DemoOptions, stops: Stop[]) {
    this.#options = options
    this.#stops = stops
    const { config, clock } = options
    this.#book = createBook(options.seed, options.accounts, instrumentsOf(options.streams))
    this.#reporter = createReporter({
      state: this.#state,
      book: this.#book,
      durationMs: options.seconds * MS_PER_SECOND,
      rule: levelRule(config.levels, config.hysteresis),
      clock,
    })
  }

  async run(): Promise<DemoOutcome> {
    this.#stops.push(this.#options.display(this.#reporter))
    const store = await this.#openStore()
    const exchange = startExchange(this.#options.clock)
    this.#stops.push(() => exchange.stop())
    exchange.on('status', ({ status }) => {
      this.#state.exchange = status
    })
    const subscriber = startSubscriber(this.#options.clock)
    this.#stops.push(() => subscriber.stop())
    subscriber.on('progress', (progress) => {
      this.#state.progress = progress
    })
    subscriber.on('headlines', ({ headlines }) => {
      this.#state.headlines = headlines
    })
    subscriber.on('note', ({ text }) => this.#reporter.note(text))
    const { streams, seed, seconds } = this.#options
    exchange.send({ kind: 'open', streams, seed, seconds })
    const { urls } = await exchange.next('opened', CHILD_TIMEOUT_MS)
    const sample = await this.#openSubscriber(subscriber, store)
    await this.#load(store)
    exchange.send({ kind: 'count', markets: this.#state.counts.markets })
    const referee = createInstantFeed(this.#options.clock, (instants) =>
      subscriber.send({ kind: 'instants', instants }),
    )
    this.#stops.push(() => referee.stop())
    const worker = await this.#startWorker(store, urls, referee)
    await this.#untilMarked()
    const marketMs = await this.#playMarket(exchange)
    this.#state.stage = 'delivering the last events'
    const closing = {
      worker,
      clock: this.#options.clock,
      signal: this.#options.signal,
      progress: () => this.#state.progress.delivered + this.#state.progress.replayedTicks,
    }
    await catchUp(closing)
    exchange.send({ kind: 'hold' })
    const { status } = await exchange.next('held', CHILD_TIMEOUT_MS)
    const sentTicks = Object.values(status.counts).reduce((sum, { ticks }) => sum + ticks, 0)
    const result = await drain(closing, sentTicks, subscriber, referee, () => {
      this.#state.isReplaying = true
    })
    this.#state.progress = result
    return outcomeOf(this.#options, worker.read.counters(), result, {
      ...sample,
      sentTicks,
      marketMs,
      book: this.#book,
      counts: this.#state.counts,
    })
  }

  async #openStore(): Promise<DemoStore> {
    const { config, clock, seed, runId, notify, signal } = this.#options
    const { redisUrl, dataDir } = config
    const random = seededRandom(seed, WORKER_RANDOM_STREAM)
    const store = await openDemoStore({
      redisUrl,
      dataDir,
      runId,
      clock,
      random,
      signal,
      notify: notify((text) => this.#reporter.note(text)),
    })
    this.#stops.push(() => store.close())
    return store
  }

  #openSubscriber(subscriber: SubscriberProcess, store: DemoStore): Promise<Sample> {
    const { accounts, streams, seed, config } = this.#options
    subscriber.send({
      kind: 'open',
      redisUrl: store.redisUrl,
      queuePrefix: keysOf(store.shard).queuePrefix,
      streams,
      seed,
      accounts,
      sampleAccounts: SAMPLE_ACCOUNTS,
      levels: config.levels,
      hysteresis: config.hysteresis,
    })
    return subscriber.next('opened', CHILD_TIMEOUT_MS)
  }

  async #load(store: DemoStore): Promise<void> {
    this.#state.stage = `storing the accounts in ${store.where}`
    const putMany = async (accounts: readonly Account[]): Promise<void> => {
      this.#check()
      this.#state.counts.store(accounts)
      await store.putMany(accounts)
    }
    await loadBook(this.#book, putMany, (stored) => {
      this.#state.stored = stored
    })
  }

  async #startWorker(
    store: DemoStore,
    streamUrls: Readonly<Record<string, string>>,
    referee: InstantFeed,
  ): Promise<Worker> {
    const { config, clock, log, seed } = this.#options
    this.#state.stage = 'the worker loads the accounts and connects'
    // The simulated exchange states its rules as the worker starts.
    const today = new Date(clock.nowMs()).toISOString().slice(0, ISO_DAY_CHARACTERS)
    const worker = await startWorker({
      config: { ...config, redisUrl: store.redisUrl, shard: store.shard, streamUrls },
      redisUrl: store.redisUrl,
      clock,
      random: seededRandom(seed, WORKER_RANDOM_STREAM),
      log: log((text) => this.#reporter.note(text)),
      rules: demoRules(this.#book.instruments, today),
      // The contracts of the simulated exchanges do not end with the days in their names.
      expiryMsOf: () => undefined,
      fatal: (error) => {
        this.#failure = error
      },
      observer: {
        instant: (marks) => {
          referee.add(marks)
          this.#state.counts.hear(marks)
        },
      },
    })
    this.#stops.push(() => worker.stop())
    this.#state.worker = worker
    return worker
  }

  async #untilMarked(): Promise<void> {
    const { counts } = this.#state
    const complete = await this.#until(() => counts.unheard().length === 0, MARKETS_TIMEOUT_MS)
    if (complete) return
    const missing = counts.unheard()
    throw new PlimsollError(
      'FEED_REJECTED',
      `no mark price of ${missing.length} of ${counted(counts.markets.length, 'market')} after ${MARKETS_TIMEOUT_MS} ms, for example ${missing[0]}`,
    )
  }

  /** Waits for the end of the market or Ctrl-C. Gives the milliseconds that the market ran. */
  async #playMarket(exchange: ExchangeProcess): Promise<number> {
    const { seconds, signal, clock } = this.#options
    const startMs = clock.monotonicMs()
    this.#state.stage = undefined
    exchange.send({ kind: 'start' })
    const over = exchange.next('over', seconds * MS_PER_SECOND + CHILD_TIMEOUT_MS)
    let ended = false
    const settled = over.then(
      () => {
        ended = true
      },
      (error: Error) => {
        this.#failure ??= error
      },
    )
    while (!ended && !signal.aborted) {
      if (this.#failure !== undefined) throw this.#failure
      await waitAtMost(clock, settled, POLL_MS)
    }
    const marketMs = clock.monotonicMs() - startMs
    if (!signal.aborted) await sleep(clock, LAST_MARKS_MS)
    return marketMs
  }

  #until(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    const isDone = () => {
      if (condition()) return true
      this.#check()
      return false
    }
    return waitWith({ idleMs: timeoutMs, totalMs: timeoutMs }, this.#options.clock, isDone, () => 0)
  }

  /** Throws to end the preparation after Ctrl-C or a failure of the worker. */
  #check(): void {
    this.#options.signal.throwIfAborted()
    if (this.#failure !== undefined) throw this.#failure
  }
}
