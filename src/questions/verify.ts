import {
  type Cure,
  isVenueEvent,
  type MarginEvent,
  type MarketEvent,
  marketSubject,
  type PlimsollEvent,
  type RevisionEvent,
  type VenueEvent,
  venueSubject,
} from '../domain/index.ts'
import {
  assumptionsUnder,
  distanceTextOf,
  type EvaluationAt,
  evaluationsOf,
  type FurtherPrices,
  heldLevel,
  type LevelRule,
  type MarginAccount,
  type MarkOf,
  marginStateOf,
  ruleAgeDays,
  symbolsOf,
} from '../margin/index.ts'
import { eventId, marketEventId } from '../monitor/index.ts'
import { type Difference, Differences } from './differences.ts'
import { termsOfEvent } from './event-terms.ts'
import { compareInterest, compareRollover } from './verify-charges.ts'
import { compareFunding } from './verify-funding.ts'
import { compareIntegrity } from './verify-integrity.ts'
import { compareRevision } from './verify-revision.ts'
import { compareVenue } from './verify-venue.ts'

export interface Verification {
  readonly id: string
  readonly kind: PlimsollEvent['kind']
  /** The margin account, venue and symbol of the market, or the venue. */
  readonly subject: string
  /** No difference, and everything was recomputed. */
  readonly isOk: boolean
  /** Why figures cannot be recomputed: fields that the event lacks or that cannot be read. */
  readonly faults: readonly string[]
  readonly differences: readonly Difference[]
}

/**
 * Recomputes an event from the event alone: id, kind and level, every figure, the cure, the confidence and the age of the
 * rules. Taken as stated are the terms (sizes, entry prices, wallet of a cross pool, assets and debts of a pool over several
 * currencies), marks, index prices, rules, levels and names; of
 * what nothing in the event depends on: sequence, rank, versions, previous level, times, ages of marks, reasons.
 */
export function verifyEvent(event: PlimsollEvent): Verification {
  if (event.kind === 'revision') return verifyRevision(event)
  if (isVenueEvent(event)) return verifyVenueEvent(event)
  return 'marginAccount' in event ? verifyMarginEvent(event) : verifyMarketEvent(event)
}

function verifyRevision(event: RevisionEvent): Verification {
  const { id, kind, logId, shard, marginAccount: subject, episode, revisedKind, level } = event
  const differences = new Differences()
  differences.compare('id', id, eventId({ logId, shard, subject, episode, kind: revisedKind, level }))
  compareRevision(event, differences)
  return { id, kind, subject, ...resultOf(differences.found, []) }
}

function verifyVenueEvent(event: VenueEvent): Verification {
  const { id, kind, logId, shard, venue, episode } = event
  const differences = new Differences()
  const subject = venueSubject(venue)
  differences.compare('id', id, eventId({ logId, shard, subject, episode, kind, level: '' }))
  compareVenue(event, differences)
  return { id, kind, subject: venue, ...resultOf(differences.found, []) }
}

function verifyMarketEvent(event: MarketEvent): Verification {
  const { id, logId, shard, venue, symbol, episode, kind, markPrice, sinceMs } = event
  const subject = marketSubject(venue, symbol)
  const differences = new Differences()
  differences.compare('id', id, marketEventId({ logId, shard, subject, episode, kind, sinceMs }))
  if (kind !== 'market-fresh') differences.compare('markPrice', markPrice, null)
  else if (markPrice === null) differences.add('markPrice', null, 'the mark that ended the silence')
  return { id, kind, subject: `${venue} ${symbol}`, ...resultOf(differences.found, []) }
}

function verifyMarginEvent(event: MarginEvent): Verification {
  const { id, logId, shard, marginAccount: subject, episode, kind, level } = event
  const differences = new Differences()
  differences.compare('id', id, eventId({ logId, shard, subject, episode, kind, level }))
  differences.compare('confidence', event.confidence, confidenceOf(event))
  compareIntegrity(event, differences)
  const terms = termsOfEvent(event)
  const faults = 'faults' in terms ? terms.faults : []
  if (!('faults' in terms)) {
    const { exact, rule } = terms
    if (exact === undefined) compareWithoutTerms(event, differences)
    else compareFigures(event, exact, rule, differences)
  }
  return { id, kind, subject, ...resultOf(differences.found, faults) }
}

function resultOf(differences: readonly Difference[], faults: readonly string[]) {
  return { isOk: differences.length === 0 && faults.length === 0, faults, differences }
}

/** Reasons that doubt neither a price nor a balance. */
const CERTAIN_REASONS: readonly string[] = [
  'rules-changed',
  'rules-later',
  'rules-old',
  'rules-undated',
  'funding',
  'interest',
  'rollover',
  'backfill',
]

function confidenceOf({ kind, reasons }: MarginEvent): MarginEvent['confidence'] {
  const isConfirmed = kind === 'unknown' || reasons.every((reason) => CERTAIN_REASONS.includes(reason))
  return isConfirmed ? 'confirmed' : 'suspect'
}

const FIGURES = ['unrealizedPnl', 'marginBalance', 'maintenanceMargin', 'marginRatio', 'shortfall'] as const
const POSITION_FIGURES = [
  'notional',
  'unrealizedPnl',
  'maintenanceMargin',
  'liquidationPrice',
  'bankruptcyPrice',
] as const

/** The event of an account whose terms the worker did not have: it states no figure. */
function compareWithoutTerms(event: MarginEvent, differences: Differences): void {
  for (const figure of ['walletBalance', ...FIGURES, 'ruleAgeDays', 'cure'] as const) {
    differences.compare(figure, event[figure], null)
  }
  differences.compare('distance', event.distance ?? null, null)
  if (event.assumptions !== undefined) differences.compare('assumptions', event.assumptions, [])
  compareEnd(event, differences)
}

function compareFigures(
  event: MarginEvent,
  exact: MarginAccount,
  rule: LevelRule,
  differences: Differences,
): void {
  compareMarks(event, symbolsOf(exact.formula), differences)
  const marks = new Map(event.marks.map(({ symbol, markPrice }) => [symbol, markPrice ?? undefined]))
  const markOf: MarkOf = (symbol) => marks.get(symbol)
  const further = furtherOf(event)
  const state = marginStateOf(exact, markOf, rule, further)
  const isUnknown = event.kind === 'unknown'
  differences.compare('marginAccount', event.marginAccount, exact.id)
  differences.compare('walletBalance', event.walletBalance, state.walletBalance)
  for (const figure of FIGURES) differences.compare(figure, event[figure], isUnknown ? null : state[figure])
  if (event.distance !== undefined) {
    const distance = isUnknown ? null : distanceTextOf(exact, markOf, further)
    differences.compare('distance', event.distance, distance)
  }
  event.positions.forEach((position, index) => {
    const own = state.positions[index]!
    for (const figure of POSITION_FIGURES) {
      differences.compare(`positions[${index}].${figure}`, position[figure], own[figure])
    }
  })
  if (event.assumptions !== undefined) {
    differences.compare('assumptions', event.assumptions, assumptionsUnder(exact, rule, event.funding))
  }
  compareFunding(event, exact, differences)
  compareInterest(event, differences)
  compareRollover(event, exact, differences)
  const asks = isUnknown || event.kind === 'closed' ? null : state.cure
  compareCure(event.cure, asks, differences)
  const isLater = event.reasons.includes('rules-later')
  const ageDays = isLater ? null : ruleAgeDays(exact.rulesAsOfMs, event.receivedTimeMs)
  differences.compare('ruleAgeDays', event.ruleAgeDays, ageDays)
  if (isUnknown || event.kind === 'closed') compareEnd(event, differences)
  else compareVerdict(event, exact, rule, evaluationsOf(exact, markOf, further), differences)
}

/** Each symbol on which the account depends has one mark. One that is missing leaves figures without a value. */
function compareMarks({ marks }: MarginEvent, needed: readonly string[], differences: Differences): void {
  marks.forEach(({ symbol }, index) => {
    const first = marks.findIndex((mark) => mark.symbol === symbol)
    const reason = first < index ? `marks[${first}] is of it` : 'no position depends on it'
    if (first < index || !needed.includes(symbol)) {
      differences.add(`marks[${index}].symbol`, symbol, `nothing, since ${reason}`)
    }
  })
}

function furtherOf({ marks, pool }: MarginEvent): FurtherPrices {
  const rates = new Map(marks.map(({ symbol, fundingRate }) => [symbol, fundingRate ?? undefined]))
  const indexes = new Map(pool?.assets.map(({ asset, indexPrice }) => [asset, indexPrice ?? undefined]))
  return { fundingRateOf: (symbol) => rates.get(symbol), indexPriceOf: (asset) => indexes.get(asset) }
}

function compareCure(stated: MarginEvent['cure'], recomputed: Cure | null, differences: Differences): void {
  if (stated === null || recomputed === null) {
    differences.compare('cure', stated, recomputed)
    return
  }
  differences.compare('cure.topUp', stated.topUp, recomputed.topUp)
  differences.compare('cure.reductions.length', stated.reductions.length, recomputed.reductions.length)
  stated.reductions.forEach(({ symbol, size }, index) => {
    const own = recomputed.reductions[index]
    differences.compare(`cure.reductions[${index}].symbol`, symbol, own?.symbol)
    differences.compare(`cure.reductions[${index}].size`, size, own?.size)
  })
  differences.compare('cure.topUps', stated.topUps ?? [], recomputed.topUps ?? [])
}

/** The verdict: level by hysteresis from the previous one, and the kind that follows. */
function compareVerdict(
  event: MarginEvent,
  exact: MarginAccount,
  rule: LevelRule,
  evaluationAt: EvaluationAt | undefined,
  differences: Differences,
): void {
  const { kind, level, previousLevel } = event
  const previous = rule.names.indexOf(previousLevel)
  if (previous < 0) {
    differences.add('previousLevel', previousLevel, `one of ${rule.names.join(', ')}`)
    return
  }
  if (evaluationAt === undefined) {
    differences.add('kind', kind, 'unknown, because a mark, an index price or a funding rate is missing')
    return
  }
  const held = heldLevel(evaluationAt, exact, rule, previous)
  differences.compare('level', level, rule.names[held])
  const kinds = kindsOf(held, previous, rule.levels.length)
  if (!kinds.includes(kind)) differences.add('kind', kind, kinds.join(' or '))
}

/** After `unknown` a verdict is published again, so a level that is not above the previous one may be a warning too. */
function kindsOf(level: number, previous: number, breach: number): readonly MarginEvent['kind'][] {
  if (level === 0) return ['recovered']
  const rise = level === breach ? 'liquidation' : 'warning'
  return level < previous ? ['recovered', rise] : [rise]
}

/** `unknown` keeps the level that was published, `closed` ends at 0. */
function compareEnd({ kind, level, previousLevel }: MarginEvent, differences: Differences): void {
  if (kind === 'closed') differences.compare('level', level, '0')
  else if (kind === 'unknown') differences.compare('level', level, previousLevel)
  else differences.add('kind', kind, 'closed or unknown, because the event has no position')
}
