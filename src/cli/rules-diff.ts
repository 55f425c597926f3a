import { isDeepStrictEqual } from 'node:util'
import type { Decimal, InstrumentRules, Maintenance, RiskTier, WholeTier } from '../domain/index.ts'
import {
  compare,
  div,
  exactTiers,
  formatDecimal,
  mul,
  ONE,
  parseCap,
  parseDecimal,
  parseRate,
  type Rational,
  tieredMaintenanceAt,
} from '../margin/index.ts'
import { shortened } from './figures.ts'
import type { Palette } from './terminal.ts'
import { visible } from './visible.ts'

/** What the rules after ask for as a multiple of what those before did, at the notional where it is highest or lowest. */
export interface Asked {
  readonly notional: Decimal
  readonly times: Decimal
}

export interface Difference {
  readonly venue: string
  readonly symbol: string
  readonly change: 'added' | 'removed' | 'changed'
  /** null where the rules are not two tables of tiers of one kind and in one unit. */
  readonly most: Asked | null
  readonly least: Asked | null
  readonly before: InstrumentRules | null
  readonly after: InstrumentRules | null
}

/** undefined where both ask for the same; the day on which they were seen, ticks and words beside them do not count. */
export function differenceOf(
  venue: string,
  symbol: string,
  before: InstrumentRules | undefined,
  after: InstrumentRules | undefined,
): Difference | undefined {
  if (before === undefined && after === undefined) return undefined
  const stated = { venue, symbol, before: before ?? null, after: after ?? null }
  if (before === undefined) return { ...stated, change: 'added', most: null, least: null }
  if (after === undefined) return { ...stated, change: 'removed', most: null, least: null }
  if (isDeepStrictEqual(comparedPartsOf(before, after), comparedPartsOf(after, before))) return undefined
  return { ...stated, change: 'changed', ...extremesOf(symbol, before, after) }
}

/** Whether the rules state the greatest leverage of a tier. */
function statesLeverage({ maintenance }: InstrumentRules): boolean {
  if (maintenance.kind !== 'marginal-tiers' && maintenance.kind !== 'whole-tiers') return false
  return maintenance.tiers.some(({ maxLeverage }) => maxLeverage !== undefined)
}

/** Without the day, the coin, the tick and the words beside the rules, and without leverages if the other rules state none. */
function comparedPartsOf(rules: InstrumentRules, other: InstrumentRules) {
  const { asOf: _, assumptions: __, baseAsset: ___, tickSize: ____, maintenance, ...parts } = rules
  const isCompared = statesLeverage(other)
  if (isCompared || (maintenance.kind !== 'marginal-tiers' && maintenance.kind !== 'whole-tiers')) {
    return { ...parts, maintenance }
  }
  const tiers = maintenance.tiers.map(({ maxLeverage: _, ...tier }) => tier)
  return { ...parts, maintenance: { ...maintenance, tiers } }
}

/**
 * Between two caps both sums are straight lines, or one rate holds for the whole position, so their ratio is highest and
 * lowest at a cap of either table.
 */
function extremesOf(symbol: string, before: InstrumentRules, after: InstrumentRules) {
  const tables = tablesOf(symbol, before.maintenance, after.maintenance)
  if (tables === undefined) return { most: null, least: null }
  const [old, young] = tables
  let most: [Decimal, Rational] | undefined
  let least: [Decimal, Rational] | undefined
  for (const notional of commonCaps(old.caps, young.caps)) {
    const at = parseCap(notional)
    const asked = old.askedAt(at)
    if (asked.n === 0n) continue
    const times = div(young.askedAt(at), asked)
    if (most === undefined || compare(times, most[1]) > 0) most = [notional, times]
    if (least === undefined || compare(times, least[1]) < 0) least = [notional, times]
  }
  return { most: askedOf(most), least: askedOf(least) }
}

interface Table {
  readonly caps: readonly Decimal[]
  readonly askedAt: (notional: Rational) => Rational
}

/** undefined where the two are not tables of one kind in one unit. */
function tablesOf(symbol: string, old: Maintenance, young: Maintenance): [Table, Table] | undefined {
  if (old.kind === 'marginal-tiers' && young.kind === 'marginal-tiers' && old.basis === young.basis) {
    return [marginalTable(symbol, old.tiers), marginalTable(symbol, young.tiers)]
  }
  if (old.kind === 'whole-tiers' && young.kind === 'whole-tiers' && old.basis === young.basis) {
    return [wholeTable(old.tiers), wholeTable(young.tiers)]
  }
  return undefined
}

function marginalTable(symbol: string, tiers: readonly RiskTier[]): Table {
  const exact = exactTiers(symbol, tiers)
  return { caps: capsOf(tiers), askedAt: (notional) => tieredMaintenanceAt(exact, notional) }
}

function wholeTable(tiers: readonly WholeTier[]): Table {
  const rateAt = (notional: Rational) =>
    tiers.find(({ cap }) => compare(notional, parseCap(cap)) <= 0) ?? tiers.at(-1)!
  return {
    caps: capsOf(tiers),
    askedAt: (notional) => mul(notional, parseRate(rateAt(notional).maintenanceMarginRate)),
  }
}

function capsOf(tiers: readonly { readonly cap: Decimal }[]): Decimal[] {
  return tiers.map(({ cap }) => cap)
}

/** Caps of both tables up to the lower of their last ones, beyond which one of them says nothing. */
function commonCaps(old: readonly Decimal[], young: readonly Decimal[]): Set<Decimal> {
  const [one, other] = [old.at(-1)!, young.at(-1)!]
  const end = compare(parseCap(one), parseCap(other)) < 0 ? one : other
  return new Set([...old, ...young].filter((cap) => compare(parseCap(cap), parseCap(end)) <= 0))
}

function askedOf(found: [Decimal, Rational] | undefined): Asked | null {
  return found === undefined ? null : { notional: found[0], times: formatDecimal(found[1]) }
}

/** One line for people. */
export function diffLine({ venue, symbol, change, most, least }: Difference, palette: Palette): string {
  const name = palette.strong(`${venue} ${visible(symbol)}`)
  if (change !== 'changed') return `${name}  ${change}`
  if (most === null || least === null) return `${name}  changed`
  const text = ({ times, notional }: Asked) => `${shortened(times, 3, 'up')}× at a notional of ${notional}`
  const figures = isMore(most) && isMore(least) ? [most] : isMore(most) ? [most, least] : [least]
  const paint = isMore(most) ? palette.yellow : palette.green
  return `${name}  ${paint(`asks for ${figures.map(text).join(', ')}`)}`
}

function isMore({ times }: Asked): boolean {
  return compare(parseDecimal(times), ONE) > 0
}
