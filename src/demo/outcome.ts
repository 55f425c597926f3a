import type { MarginEvent, WorkerCounters } from '../domain/index.ts'
import type { DemoBook } from './accounts/synthetic-accounts.ts'
import { namesOf } from './exchange/instruments.ts'
import type { SubscriberResult } from './protocol.ts'
import type { DemoSummary, SummaryContext, VenueSummary } from './screen/summary.ts'
import type { VenueCounts } from './venue-counts.ts'

/** How much of the book the naive replay judges. */
export interface Sample {
  readonly sampleAccounts: number
  readonly samplePositions: number
}

/** What the demo knows beside the worker's counters: the sample, the market, and the mark prices that its venues sent. */
interface Known extends Sample {
  readonly sentTicks: number
  /** How long the market ran: less than was planned after Ctrl-C. */
  readonly marketMs: number
  readonly book: DemoBook
  readonly counts: VenueCounts
}

/** Connections that the feeds opened again. Frames that were sent to the broken connection did not arrive. */
export function reconnectsOf(feeds: WorkerCounters['feeds']): number {
  return Object.values(feeds)
    .flat()
    .reduce((sum, { reconnects }) => sum + reconnects, 0)
}

/** What is between the venues and the subscriber: prices without a verdict, and events that are not in a queue. */
export function leftOf(
  counters: Pick<WorkerCounters, BehindCounter | 'ticks' | 'feeds'>,
  sentTicks: number,
): number {
  const unheard = reconnectsOf(counters.feeds) > 0 ? 0 : Math.max(0, sentTicks - counters.ticks)
  return unheard + behindOf(counters)
}

/** The same of what the worker has heard. */
export function behindOf({ waiting, unpublished, log }: Pick<WorkerCounters, BehindCounter>): number {
  return waiting + unpublished + log.outbox
}

type BehindCounter = 'waiting' | 'unpublished' | 'log'

/** Events of every kind that a worker published. */
export function madeOf(events: Readonly<Record<string, number>>): number {
  return Object.values(events).reduce((sum, count) => sum + count, 0)
}

export interface DemoOutcome {
  readonly book: DemoBook
  /** The worst liquidations, worst first. */
  readonly worst: readonly MarginEvent[]
  readonly summary: DemoSummary
  readonly context: SummaryContext
}

/** Combines the worker's counters with the results of subscriber and replay. */
export function outcomeOf(
  run: {
    readonly streams: readonly string[]
    readonly seconds: number
    readonly seed: number
    readonly signal: AbortSignal
  },
  stats: WorkerCounters,
  result: SubscriberResult,
  known: Known,
): DemoOutcome {
  const { ticks, frames, accounts, positions, suspects, exactChecks } = stats
  const { warning, liquidation, recovered, revision } = stats.events
  return {
    book: known.book,
    worst: result.worst,
    summary: {
      ticks,
      frames,
      accounts,
      positions,
      suspects,
      exactChecks,
      events: { warning, liquidation, recovered, revision },
      delivered: result.delivered,
      lost: result.judgement?.lost ?? null,
      duplicated: result.duplicated,
      disagreements: result.judgement?.disagreements ?? null,
      latencyMs: {
        detectP50: stats.detectP50Ms,
        detectP99: stats.detectP99Ms,
        queueP50: stats.log.queueP50Ms,
        queueP99: stats.log.queueP99Ms,
      },
      replayedAccounts: known.sampleAccounts,
      seed: run.seed,
      venues: namesOf(run.streams),
      ofVenues: ofVenues(known, result),
    },
    context: {
      seconds: run.seconds,
      marketMs: known.marketMs,
      samplePositions: known.samplePositions,
      sentTicks: known.sentTicks,
      reconnects: reconnectsOf(stats.feeds),
      made: madeOf(stats.events),
      replayedTicks: result.replayedTicks,
      replayChecks: result.replayChecks,
      heardTicks: known.counts.prices,
      replayEvents: result.judgement?.expected ?? null,
      examples: result.judgement?.examples ?? [],
      interrupted: run.signal.aborted,
    },
  }
}

const NOT_JUDGED = { lost: null, disagreements: null }
const NOTHING_WRONG = { lost: 0, disagreements: 0 }

function ofVenues(
  { book, counts }: Pick<Known, 'book' | 'counts'>,
  { arrivals, judgement }: Pick<SubscriberResult, 'arrivals' | 'judgement'>,
): Record<string, VenueSummary> {
  const venues = [...new Set(book.instruments.map(({ venue }) => venue))]
  return Object.fromEntries(
    venues.map((venue) => {
      const { delivered = 0, duplicated = 0 } = arrivals[venue] ?? {}
      const judged = judgement === null ? NOT_JUDGED : (judgement.ofVenues[venue] ?? NOTHING_WRONG)
      const { lost, disagreements } = judged
      return [venue, { ...counts.of(venue), delivered, lost, duplicated, disagreements }]
    }),
  )
}
