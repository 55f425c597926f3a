import {
  type Cure,
  type Decimal,
  EVENT_SCHEMA_VERSION,
  type EventRecord,
  indexName,
  isIndexName,
  type MarginEvent,
  type MarginState,
  type Position,
  type PositionState,
  type RuleBook,
} from '../domain/index.ts'
import { assert } from '../errors.ts'
import {
  areKnownLater,
  assumptionsUnder,
  distanceTextSteps,
  evaluationsOf,
  type FurtherPrices,
  formatDecimal,
  fundingSymbolsOf,
  heldLevel,
  type MarginAccount,
  type MarkOf,
  marginAccountOf,
  marginStateSteps,
  ruleAgeDays,
  type Steps,
} from '../margin/index.ts'
import type { WatchedTerms } from './applied-funding.ts'
import { fundingFields, interestFields, rolloverFields } from './event-charges.ts'
import { contradictionFields } from './event-contradictions.ts'
import { eventId } from './event-id.ts'
import { doubtsOf, integrityFields, priceReasons } from './event-integrity.ts'
import { ageMsOf, poolOf, rulesBySymbol } from './event-terms.ts'
import type { SeenMark } from './market.ts'
import type { MonitorOptions } from './options.ts'
import { FUNDING_UNKNOWN, type PendingEvent } from './pending-event.ts'
import { progressAfter } from './standing.ts'
import type { Watchlist } from './watchlist.ts'

type EventOptions = Pick<MonitorOptions, 'log' | 'rulesMaxAgeDays' | 'integrity'>

/**
 * The event of a transition, with exact figures by the terms, rules and marks of its instant; and the progress to store with it.
 * In steps: it takes the terms with the first, so that they may change before the last.
 */
export function* recordSteps(
  pending: PendingEvent,
  rank: number,
  watchlist: Watchlist,
  options: EventOptions,
): Steps<EventRecord> {
  const { subject, ruleBook, transition } = pending
  const terms = pending.terms ?? watchlist.termsOf(pending.marginAccount)
  const exact = marginAccountOf(terms, subject.id, ruleBook)
  return {
    event: yield* eventSteps(pending, rank, terms, exact, options),
    subject: subject.id,
    progress: progressAfter(
      { ...transition, saysFundingUnknown: pending.reasons.includes(FUNDING_UNKNOWN) },
      subject,
      pending.rule,
    ),
  }
}

function* eventSteps(
  pending: PendingEvent,
  rank: number,
  terms: WatchedTerms,
  exact: MarginAccount | undefined,
  { log, rulesMaxAgeDays, integrity }: EventOptions,
): Steps<MarginEvent> {
  const { subject, rule, ruleBook, transition, cause, decidedMonotonicMs } = pending
  const level = rule.names[transition.level]!
  const markOf = markOfSeen(pending.marks)
  const further = furtherOfSeen(pending.marks, markOf)
  confirm(pending, exact, markOf, further)
  yield
  const state = exact === undefined ? undefined : yield* marginStateSteps(exact, markOf, rule, further)
  const figures = state === undefined || transition.kind === 'unknown' ? NO_FIGURES : state
  const distance = figures === state ? yield* distanceIn(state, exact!, markOf, further) : null
  const funded = exact === undefined ? [] : fundingSymbolsOf(exact.formula)
  const assumptions = exact === undefined ? [] : assumptionsUnder(exact, rule, terms.funding)
  const pool = exact && poolOf(exact, terms, pending.marks, decidedMonotonicMs, assumptions)
  const ruled = exact?.formula.positions ?? []
  const { kind, episode, sequence } = transition
  const { logId, shard } = log
  const { receivedTimeMs } = cause
  const doubts = doubtsOf(kind, pending.marks)
  const isLater = exact !== undefined && hasLaterRules(exact.formula, ruleBook, receivedTimeMs)
  const ageDays = exact === undefined || isLater ? null : ruleAgeDays(exact.rulesAsOfMs, receivedTimeMs)
  return {
    schemaVersion: EVENT_SCHEMA_VERSION,
    id: eventId({ logId, shard, subject: subject.id, episode, kind, level }),
    logId,
    shard,
    kind,
    venue: subject.venue,
    account: subject.account,
    accountVersion: terms.version,
    marginAccount: subject.id,
    marginMode: subject.marginMode,
    settle: subject.currency,
    episode,
    sequence,
    level,
    previousLevel: rule.names[transition.previousLevel]!,
    rank,
    marks: pending.marks
      .filter(({ symbol }) => !isIndexName(symbol))
      .map((mark) => ({
        ...markFields(mark, decidedMonotonicMs),
        ...(funded.includes(mark.symbol) ? { fundingRate: mark.fundingRate ?? null } : {}),
      })),
    ...(pool === undefined ? {} : { pool }),
    walletBalance: state?.walletBalance ?? null,
    unrealizedPnl: figures.unrealizedPnl,
    marginBalance: figures.marginBalance,
    maintenanceMargin: figures.maintenanceMargin,
    marginRatio: figures.marginRatio,
    distance,
    shortfall: figures.shortfall,
    positions: (state?.positions ?? []).map((position, index) =>
      positionFields(position, ruled[index]!.position),
    ),
    ...(terms.funding === undefined ? {} : { funding: fundingFields(terms.funding) }),
    ...(terms.interest === undefined ? {} : { interest: interestFields(terms.interest) }),
    ...(terms.rollover === undefined ? {} : { rollover: rolloverFields(terms.rollover) }),
    cure: figures.cure === null || kind === 'closed' ? null : cureFields(figures.cure),
    confidence:
      (pending.reasons.length === 0 && doubts.length === 0) || kind === 'unknown' ? 'confirmed' : 'suspect',
    ...contradictionFields(kind, pending.marks),
    ...(doubts.length === 0 ? {} : { integrity: integrityFields(doubts, integrity!.rules) }),
    reasons: [
      ...pending.reasons,
      ...priceReasons(doubts),
      ...(cause.reason === undefined ? [] : [cause.reason]),
      ...(isLater ? ['rules-later'] : []),
      ...(figures === NO_FIGURES || isLater ? [] : ageReasons(exact?.formula, ageDays, rulesMaxAgeDays)),
    ],
    ruleBook: ruleBook.version,
    levels: rule.names.slice(1, -1),
    hysteresis: formatDecimal(rule.hysteresis),
    rules: rulesBySymbol(ruled, subject.currency, assumptions),
    assumptions: [...assumptions],
    ruleAgeDays: ageDays,
    eventTimeMs: cause.eventTimeMs,
    receivedTimeMs,
    detectionLatencyMs: Math.max(0, decidedMonotonicMs - cause.receivedMonotonicMs),
  }
}

/** Whether a table behind the figures was first seen after the event. */
function hasLaterRules(
  { positions, pool }: MarginAccount['formula'],
  book: RuleBook,
  timeMs: number,
): boolean {
  return (
    positions.some(({ position: { symbol }, rules }) =>
      areKnownLater(rules.asOf, timeMs, { symbol, book }),
    ) || pool?.assets.some(({ rules }) => areKnownLater(rules?.asOf, timeMs)) === true
  )
}

/** Rules without a day may be older than any limit. What holds the currency of its pool alone has no rules that could bear one. */
function ageReasons(
  formula: MarginAccount['formula'] | undefined,
  ageDays: number | null,
  maxAgeDays: number | undefined,
): string[] {
  const isRuled =
    formula !== undefined &&
    (formula.positions.length > 0 || formula.pool?.assets.some(({ rules }) => rules !== undefined) === true)
  if (maxAgeDays === undefined || !isRuled) return []
  if (ageDays === null) return ['rules-undated']
  return ageDays > maxAgeDays ? ['rules-old'] : []
}

function cureFields({ topUp, topUps, reductions }: Cure): NonNullable<MarginEvent['cure']> {
  return {
    topUp,
    reductions: [...reductions],
    ...(topUps === undefined ? {} : { topUps: [...topUps] }),
  }
}

/** A breach is on its line or beyond, which takes no computation: most events of a cascade are one. */
function* distanceIn(
  { verdict }: MarginState,
  exact: MarginAccount,
  markOf: MarkOf,
  further: FurtherPrices,
): Steps<Decimal | null> {
  return verdict === 'breach' ? '0' : yield* distanceTextSteps(exact, markOf, further)
}

/** Figures of a position, and its terms as the account states them. */
function positionFields(state: PositionState, position: Position): MarginEvent['positions'][number] {
  const { entryPrice, leverage, isolatedMargin, maintenanceMarginRate, maxLeverage } = position
  const { fourHourlyRolloverRate, rolloverTimeMs } = position
  return {
    symbol: state.symbol,
    size: state.size,
    notional: state.notional,
    unrealizedPnl: state.unrealizedPnl,
    maintenanceMargin: state.maintenanceMargin,
    liquidationPrice: state.liquidationPrice,
    bankruptcyPrice: state.bankruptcyPrice,
    entryPrice,
    ...(leverage === undefined ? {} : { leverage }),
    ...(isolatedMargin === undefined ? {} : { isolatedMargin }),
    ...(maintenanceMarginRate === undefined ? {} : { maintenanceMarginRate }),
    ...(maxLeverage === undefined ? {} : { maxLeverage }),
    ...(fourHourlyRolloverRate === undefined ? {} : { fourHourlyRolloverRate, rolloverTimeMs }),
  }
}

/** Asserts that exact arithmetic finds the level that was decided. */
function confirm(
  pending: PendingEvent,
  exact: MarginAccount | undefined,
  markOf: MarkOf,
  further: FurtherPrices,
): void {
  const { rule } = pending
  const { kind, level, previousLevel } = pending.transition
  if (kind === 'closed' || kind === 'unknown') return
  assert(exact !== undefined, `${pending.subject.id} has a verdict and no terms`)
  const evaluationAt = evaluationsOf(exact, markOf, further)
  assert(
    evaluationAt !== undefined,
    `${pending.subject.id} has a verdict and lacks a mark, an index price or a funding rate`,
  )
  const held = heldLevel(evaluationAt, exact, rule, previousLevel)
  assert(
    held === level,
    `the kernel puts ${pending.subject.id} at level ${level}, exact arithmetic at ${held}`,
  )
}

const NO_FIGURES = {
  unrealizedPnl: null,
  marginBalance: null,
  maintenanceMargin: null,
  marginRatio: null,
  shortfall: null,
  cure: null,
} as const

function markOfSeen(marks: readonly SeenMark[]): MarkOf {
  if (marks.length === 1) {
    const [only] = marks
    return (symbol) => (symbol === only!.symbol ? only!.markPrice : undefined)
  }
  const bySymbol = new Map(marks.map(({ symbol, markPrice }) => [symbol, markPrice]))
  return (symbol) => bySymbol.get(symbol)
}

function furtherOfSeen(marks: readonly SeenMark[], markOf: MarkOf): FurtherPrices {
  return {
    fundingRateOf: (symbol) => marks.find((mark) => mark.symbol === symbol)?.fundingRate,
    indexPriceOf: (asset, currency) => markOf(indexName(asset, currency)),
  }
}

function markFields(mark: SeenMark, nowMonotonicMs: number): MarginEvent['marks'][number] {
  const { symbol, markPrice, eventTimeMs } = mark
  if (markPrice === undefined) return { symbol, markPrice: null, eventTimeMs: null, ageMs: null }
  const { markSource } = mark
  const stated = { symbol, markPrice, eventTimeMs, ageMs: ageMsOf(mark, nowMonotonicMs) }
  return markSource === undefined ? stated : { ...stated, markSource }
}
