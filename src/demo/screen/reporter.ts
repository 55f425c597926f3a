import type { Clock, LevelCount, WorkerCounters } from '../../domain/index.ts'
import type { LevelRule } from '../../margin/index.ts'
import type { Worker } from '../../worker/index.ts'
import type { DemoBook } from '../accounts/synthetic-accounts.ts'
import type { ExchangeStatus } from '../exchange/exchange.ts'
import type { DemoInstrument } from '../exchange/instrument.ts'
import { shownOf } from '../exchange/instruments.ts'
import { createMeter } from '../exchange/meter.ts'
import { madeOf } from '../outcome.ts'
import type { SubscriberProgress } from '../protocol.ts'
import type { VenueCounts } from '../venue-counts.ts'
import type { Headline } from './headlines.ts'
import { nearestLines } from './nearest.ts'
import type { DemoSnapshot, MarkLine, NearestLine, VenueLine } from './snapshot.ts'
import { NEAREST_SHOWN } from './view.ts'

/**
 * Pause between two searches for the nearest accounts. A search costs the worker's thread some milliseconds and is left
 * out while prices wait, so it delays less than one price in a hundred.
 */
const NEAREST_EVERY_MS = 2_000
/** Pause between two counts of the accounts by level, which look at every account of the book. */
const LEVELS_EVERY_MS = 2_000
const NOTES_MAX = 20

/** The state of the run; the run changes it in place. */
export interface DemoState {
  /** A stage of the run; undefined while the market is open and its phase is shown. */
  stage: string | undefined
  stored: number
  readonly counts: VenueCounts
  /** What the subscriber and its replay have done. */
  progress: SubscriberProgress
  headlines: readonly Headline[]
  exchange: ExchangeStatus | undefined
  worker: Worker | undefined
  /** Whether the worker has stopped, and the replay goes on alone. */
  isReplaying: boolean
  readonly notes: string[]
}

export interface Reporter {
  note(text: string): void
  /** For the live view. It asks the worker for the accounts by level and the nearest ones, which later snapshots show. */
  snapshot(): DemoSnapshot
  /** For a line, which shows no accounts: it asks the worker for its counters alone. */
  snapshotOfCounters(): DemoSnapshot
}

/** Makes snapshots for the view from the state of the run. */
export function createReporter(options: {
  readonly state: DemoState
  readonly book: DemoBook
  readonly durationMs: number
  readonly rule: LevelRule
  readonly clock: Clock
}): Reporter {
  const { state, book, clock } = options
  const meter = createMeter(['ticks', 'events'], clock)
  const shown = shownOf(book.instruments)
  const pricesMeter = createMeter(
    shown.map(({ venue }) => venue),
    clock,
  )
  const warningLevels = options.rule.names.slice(1, -1)
  const levels = createAnswer<readonly LevelCount[]>([], LEVELS_EVERY_MS, clock)
  const nearest = createAnswer<readonly NearestLine[]>([], NEAREST_EVERY_MS, clock)

  /** Asks the worker for its accounts. */
  const look = ({ read }: Worker, isBusy: boolean): void => {
    levels.ask(() => read.levels())
    if (!isBusy) nearest.ask(() => nearestLines(read, warningLevels, NEAREST_SHOWN))
  }
  const venueLines = (worker: Worker | undefined): VenueLine[] => {
    const counts = shown.map((instrument) => ({ instrument, count: state.counts.of(instrument.venue) }))
    const rates = pricesMeter.rates(
      Object.fromEntries(counts.map(({ instrument, count }) => [instrument.venue, count.prices])),
    )
    return counts.map(({ instrument, count: { accounts, markets } }) => ({
      venue: instrument.venue,
      accounts,
      markets,
      pricesPerSecond: rates[instrument.venue]!,
      events: state.progress.arrivals[instrument.venue]?.delivered ?? 0,
      mark: worker === undefined ? null : markOf(worker, instrument),
    }))
  }

  const snapshotOf = (stats: WorkerCounters | undefined): DemoSnapshot => {
    const { worker, exchange } = state
    const events = { ...NO_EVENTS, ...stats?.events }
    const made = madeOf(events)
    const rates = meter.rates({ ticks: stats?.ticks ?? 0, events: made })
    return {
      phase: state.stage ?? exchange?.phase ?? 'starting',
      isMarketOpen: (stats?.ticks ?? 0) > 0,
      nowMs: clock.nowMs(),
      elapsedMs: exchange?.elapsedMs ?? 0,
      durationMs: options.durationMs,
      accounts: stats?.accounts ?? state.stored,
      accountsWanted: book.accounts,
      positions: stats?.positions ?? 0,
      venues: venueLines(worker),
      ticks: stats?.ticks ?? 0,
      frames: stats?.frames ?? 0,
      ticksPerSecond: rates.ticks,
      suspects: stats?.suspects ?? 0,
      exactChecks: stats?.exactChecks ?? 0,
      standing: levels.last,
      unknownMarginAccounts: stats?.unknownMarginAccounts ?? 0,
      warningLevel: warningLevels[0],
      events,
      eventsPerSecond: rates.events,
      latencyMs: {
        detectP50: stats === undefined || stats.ticks === 0 ? null : stats.detectP50Ms,
        detectP99: stats === undefined || stats.ticks === 0 ? null : stats.detectP99Ms,
        queueP50: stats === undefined || stats.log.enqueued === 0 ? null : stats.log.queueP50Ms,
        queueP99: stats === undefined || stats.log.enqueued === 0 ? null : stats.log.queueP99Ms,
      },
      nearest: nearest.last,
      headlines: state.headlines,
      delivery: { made, queued: stats?.log.enqueued ?? 0, delivered: state.progress.delivered },
      replay: state.isReplaying
        ? { ticks: state.progress.replayedTicks, ticksInAll: state.counts.prices }
        : null,
      notes: state.notes,
    }
  }

  return {
    note(text) {
      state.notes.push(text)
      if (state.notes.length > NOTES_MAX) state.notes.shift()
    },
    snapshot() {
      const { worker, isReplaying } = state
      const stats = worker?.read.counters()
      if (worker !== undefined && !isReplaying) look(worker, stats!.waiting > 0)
      return snapshotOf(stats)
    },
    snapshotOfCounters: () => snapshotOf(state.worker?.read.counters()),
  }
}

/** The last answer to a question that takes the worker some time: it is asked at most so often, and not before the last answer. */
interface Answer<Value> {
  readonly last: Value
  ask(question: () => Promise<Value>): void
}

function createAnswer<Value>(first: Value, everyMs: number, clock: Clock): Answer<Value> {
  let last = first
  let askedMs = Number.NEGATIVE_INFINITY
  let isAsking = false
  return {
    get last() {
      return last
    },
    ask(question) {
      const nowMs = clock.monotonicMs()
      if (isAsking || nowMs - askedMs < everyMs) return
      askedMs = nowMs
      isAsking = true
      void question().then((value) => {
        last = value
        isAsking = false
      })
    },
  }
}

const NO_EVENTS = { warning: 0, liquidation: 0, recovered: 0, unknown: 0, closed: 0 }

function markOf(worker: Worker, { venue, symbol, startPrice }: DemoInstrument): MarkLine | null {
  const markPrice = worker.read.market(venue, symbol)?.markPrice ?? null
  if (markPrice === null) return null
  return { symbol, markPrice, changePercent: (Number(markPrice) / startPrice - 1) * 100 }
}
