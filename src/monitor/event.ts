import { EVENT_SCHEMA_VERSION, type EventRecord, type MarginEvent } from '../domain/index.ts'
import {
  type Evaluation,
  type LevelRule,
  type MarginAccount,
  marginStateOf,
  sub,
  toFloat,
} from '../margin/index.ts'
import type { Watched } from './book.ts'
import { progressAfter, type Transition } from './episode.ts'
import { eventId } from './event-id.ts'
import type { Market, Markets } from './markets.ts'

/** A transition with what is needed to rank it and to tell it. */
export interface Found {
  readonly watched: Watched
  readonly transition: Transition
  readonly exact: MarginAccount
  /** Undefined when a mark is missing, and for a margin account that is closed. */
  readonly evaluation: Evaluation | undefined
  readonly detectionLatencyMs: number
  readonly reasons: readonly string[]
}

/** When and by what an event was caused. `eventTimeMs` is null for a change of the account itself. */
export interface Cause {
  readonly eventTimeMs: number | null
  readonly receivedTimeMs: number
  readonly nowMonotonicMs: number
}

/** Worst first: by shortfall at the mark, then by margin ratio, then by id, so that the order is total. */
export function rankByShortfall(found: Found[], markets: Markets): Found[] {
  const keyed = found.map((entry) => ({
    entry,
    shortfall: shortfallValue(entry, markets),
    ratio: ratioOf(entry),
  }))
  keyed.sort(
    (a, b) =>
      b.shortfall - a.shortfall || b.ratio - a.ratio || (a.entry.watched.id < b.entry.watched.id ? -1 : 1),
  )
  return keyed.map(({ entry }) => entry)
}

/** The shortfall in quote currency: coin is valued at the first mark of the account. For ranking only. */
function shortfallValue({ evaluation, exact }: Found, markets: Markets): number {
  if (evaluation === undefined) return 0
  const shortfall = toFloat(sub(evaluation.maintenanceMargin, evaluation.marginBalance))
  if (shortfall <= 0) return 0
  const row = exact.rows[0]
  if (row === undefined || row.coordinate === 'price') return shortfall
  return shortfall * Number(markets.markOf(exact.venue)(row.symbol) ?? 1)
}

function ratioOf({ evaluation }: Found): number {
  if (evaluation === undefined) return 0
  const marginBalance = toFloat(evaluation.marginBalance)
  return marginBalance > 0 ? toFloat(evaluation.maintenanceMargin) / marginBalance : Number.MAX_VALUE
}

/** Numbers the event of a transition, and notes in the account's progress that it is told. */
export function recordOf(
  found: Found,
  rank: number,
  cause: Cause,
  rule: LevelRule,
  markets: Markets,
): EventRecord {
  const { told } = found.watched.owner
  told.sequence++
  told.marginAccounts[found.watched.id] = progressAfter(found.transition, found.exact, rule.names)
  const event = eventOf(found, told.sequence, rank, cause, rule, markets)
  return { event, progress: { sequence: told.sequence, marginAccounts: { ...told.marginAccounts } } }
}

/** The event of a transition: exact figures at the marks of its instant. */
function eventOf(
  found: Found,
  sequence: number,
  rank: number,
  cause: Cause,
  rule: LevelRule,
  markets: Markets,
): MarginEvent {
  const { watched, transition, exact } = found
  const level = rule.names[transition.level]!
  // A margin account that was closed while nobody watched has no positions any more.
  const state = exact.rows.length === 0 ? undefined : marginStateOf(exact, markets.markOf(exact.venue), rule)
  const figures = state === undefined || transition.kind === 'unknown' ? NO_FIGURES : state
  return {
    schemaVersion: EVENT_SCHEMA_VERSION,
    id: eventId({ marginAccount: watched.id, episode: transition.episode, kind: transition.kind, level }),
    kind: transition.kind,
    venue: exact.venue,
    account: exact.account,
    accountVersion: exact.accountVersion,
    marginAccount: watched.id,
    marginMode: exact.marginMode,
    settle: exact.settle,
    episode: transition.episode,
    sequence,
    level,
    previousLevel: rule.names[transition.previousLevel]!,
    rank,
    marks: marksOf(exact, markets, cause.nowMonotonicMs),
    walletBalance: figures.walletBalance,
    unrealizedPnl: figures.unrealizedPnl,
    marginBalance: figures.marginBalance,
    maintenanceMargin: figures.maintenanceMargin,
    marginRatio: figures.marginRatio,
    shortfall: figures.shortfall,
    positions: (state?.positions ?? []).map((position) => ({
      symbol: position.symbol,
      size: position.size,
      notional: position.notional,
      unrealizedPnl: position.unrealizedPnl,
      maintenanceMargin: position.maintenanceMargin,
      liquidationPrice: position.liquidationPrice,
      bankruptcyPrice: position.bankruptcyPrice,
    })),
    cure:
      figures.cure === null || transition.kind === 'closed'
        ? null
        : { ...figures.cure, reductions: [...figures.cure.reductions] },
    confidence: 'confirmed',
    reasons: [...found.reasons],
    ruleBook: exact.ruleBook,
    eventTimeMs: cause.eventTimeMs,
    receivedTimeMs: cause.receivedTimeMs,
    detectionLatencyMs: found.detectionLatencyMs,
  }
}

const NO_FIGURES = {
  walletBalance: null,
  unrealizedPnl: null,
  marginBalance: null,
  maintenanceMargin: null,
  marginRatio: null,
  shortfall: null,
  cure: null,
} as const

function marksOf(exact: MarginAccount, markets: Markets, nowMonotonicMs: number): MarginEvent['marks'] {
  const symbols = new Set(exact.rows.map((row) => row.symbol))
  return [...symbols].map((symbol) => {
    const market: Market | undefined = markets.find(exact.venue, symbol)
    if (market === undefined || market.markText === '') {
      return { symbol, markPrice: null, eventTimeMs: null, ageMs: null }
    }
    const ageMs = Math.max(0, Math.round(nowMonotonicMs - market.receivedMonotonicMs))
    return { symbol, markPrice: market.markText, eventTimeMs: market.eventTimeMs, ageMs }
  })
}
