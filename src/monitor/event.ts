import {
  EVENT_SCHEMA_VERSION,
  type EventRecord,
  type MarginEvent,
  type MarketEvent,
  marketSubject,
} from '../domain/index.ts'
import { assert } from '../errors.ts'
import {
  evaluate,
  heldLevel,
  type MarginAccount,
  type MarkOf,
  marginStateOf,
  ruleAgeDays,
} from '../margin/index.ts'
import { eventId } from './event-id.ts'
import type { Cause, Found } from './found.ts'
import type { MarketTransition, SeenMark } from './markets.ts'
import type { LogIdentity, MonitorOptions } from './options.ts'
import { progressAfter } from './standing.ts'
import type { WatchedBook } from './watchlist.ts'

type EventOptions = Pick<MonitorOptions, 'rule' | 'log'>

/** The event of a transition, with exact figures on the terms and at the marks of its instant, and what is kept after it. */
export function recordOf(found: Found, rank: number, book: WatchedBook, options: EventOptions): EventRecord {
  const { watched, account, transition } = found
  const { id, marginMode, settle } = watched
  const exact = book.exactOf(account, id)
  const of = { account: account.id, venue: account.venue, marginMode, settle }
  return {
    event: eventOf(found, rank, exact, book.ruleBookVersionOf(account.venue), options),
    subject: id,
    progress: progressAfter(transition, of, options.rule.names),
  }
}

function eventOf(
  found: Found,
  rank: number,
  exact: MarginAccount | undefined,
  ruleBook: string,
  { rule, log }: EventOptions,
): MarginEvent {
  const { watched, account, transition, cause, decidedMonotonicMs } = found
  const level = rule.names[transition.level]!
  const markOf = markOfSeen(found.marks)
  confirm(found, exact, markOf, rule)
  const state = exact === undefined ? undefined : marginStateOf(exact, markOf, rule)
  const figures = state === undefined || transition.kind === 'unknown' ? NO_FIGURES : state
  const { kind, episode, sequence } = transition
  const { logId, shard } = log
  return {
    schemaVersion: EVENT_SCHEMA_VERSION,
    id: eventId({ logId, shard, subject: watched.id, episode, kind, level }),
    logId,
    shard,
    kind,
    venue: account.venue,
    account: account.id,
    accountVersion: account.version,
    marginAccount: watched.id,
    marginMode: watched.marginMode,
    settle: watched.settle,
    episode,
    sequence,
    level,
    previousLevel: rule.names[transition.previousLevel]!,
    rank,
    marks: found.marks.map((mark) => markFields(mark, decidedMonotonicMs)),
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
      figures.cure === null || kind === 'closed'
        ? null
        : { ...figures.cure, reductions: [...figures.cure.reductions] },
    confidence: found.reasons.length === 0 || kind === 'unknown' ? 'confirmed' : 'suspect',
    reasons: [...found.reasons],
    ruleBook,
    ruleAgeDays: exact === undefined ? null : ruleAgeDays(exact.rulesAsOfMs, cause.receivedTimeMs),
    eventTimeMs: cause.eventTimeMs,
    receivedTimeMs: cause.receivedTimeMs,
    detectionLatencyMs: Math.max(0, decidedMonotonicMs - cause.receivedMonotonicMs),
  }
}

/** The level that the kernel proved in f64 must be the one that exact arithmetic finds; anything else is a bug. */
function confirm(
  found: Found,
  exact: MarginAccount | undefined,
  markOf: MarkOf,
  rule: MonitorOptions['rule'],
): void {
  const { kind, level, previousLevel } = found.transition
  if (kind === 'closed' || kind === 'unknown') return
  assert(exact !== undefined, `${found.watched.id} has a verdict and no position`)
  const evaluation = evaluate(exact, markOf)
  assert(evaluation !== undefined, `${found.watched.id} has a verdict and no mark`)
  const held = heldLevel(evaluation, exact, rule, previousLevel)
  assert(held === level, `the kernel puts ${found.watched.id} at level ${level}, exact arithmetic at ${held}`)
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

function markOfSeen(marks: readonly SeenMark[]): MarkOf {
  if (marks.length === 1) {
    const [only] = marks
    return (symbol) => (symbol === only!.symbol ? only!.markPrice : undefined)
  }
  const bySymbol = new Map(marks.map(({ symbol, markPrice }) => [symbol, markPrice]))
  return (symbol) => bySymbol.get(symbol)
}

function markFields(mark: SeenMark, nowMonotonicMs: number): MarginEvent['marks'][number] {
  const { symbol, markPrice, eventTimeMs, receivedMonotonicMs } = mark
  if (markPrice === undefined) return { symbol, markPrice: null, eventTimeMs: null, ageMs: null }
  const ageMs = Math.max(0, Math.round(nowMonotonicMs - receivedMonotonicMs))
  return { symbol, markPrice, eventTimeMs, ageMs }
}

/** The event of a market; what is kept after it is that the market is stale, or nothing. */
export function marketRecordOf(transition: MarketTransition, cause: Cause, log: LogIdentity): EventRecord {
  const { market, kind, episode, sequence, sinceMs, marginAccounts, markPrice } = transition
  const { venue, symbol } = market
  const subject = marketSubject(venue, symbol)
  const event: MarketEvent = {
    schemaVersion: EVENT_SCHEMA_VERSION,
    id: eventId({ ...log, subject, episode, kind, level: '' }),
    ...log,
    ...{ kind, venue, symbol, episode, sequence, sinceMs, marginAccounts, markPrice },
    receivedTimeMs: cause.receivedTimeMs,
  }
  const stale = { episode, sequence, venue, symbol, stale: true }
  return { event, subject, progress: kind === 'market-stale' ? stale : null }
}
