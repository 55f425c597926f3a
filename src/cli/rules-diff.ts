import { isDeepStrictEqual } from 'node:util'
import type { Decimal, InstrumentRules, RiskTier } from '../domain/index.ts'
import {
  compare,
  div,
  exactTiers,
  formatDecimal,
  ONE,
  parseCap,
  parseDecimal,
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
  /** null where the rules are no two tables of marginal tiers in one unit. */
  readonly most: Asked | null
  readonly least: Asked | null
  readonly before: InstrumentRules | null
  readonly after: InstrumentRules | null
}

/** undefined where both are the same but for the day on which they were seen. */
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
  const undated = (rules: InstrumentRules) => ({ ...rules, asOf: undefined })
  if (isDeepStrictEqual(undated(before), undated(after))) return undefined
  return { ...stated, change: 'changed', ...extremesOf(symbol, before, after) }
}

/** Between two caps both sums are straight lines, so their ratio is highest and lowest at a cap of either table. */
function extremesOf(symbol: string, before: InstrumentRules, after: InstrumentRules) {
  const [old, young] = [before.maintenance, after.maintenance]
  const isComparable =
    old.kind === 'marginal-tiers' && young.kind === 'marginal-tiers' && old.basis === young.basis
  if (!isComparable) return { most: null, least: null }
  const [oldTiers, youngTiers] = [exactTiers(symbol, old.tiers), exactTiers(symbol, young.tiers)]
  let most: [Decimal, Rational] | undefined
  let least: [Decimal, Rational] | undefined
  for (const notional of commonCaps(old.tiers, young.tiers)) {
    const at = parseCap(notional)
    const asked = tieredMaintenanceAt(oldTiers, at)
    if (asked.n === 0n) continue
    const times = div(tieredMaintenanceAt(youngTiers, at), asked)
    if (most === undefined || compare(times, most[1]) > 0) most = [notional, times]
    if (least === undefined || compare(times, least[1]) < 0) least = [notional, times]
  }
  return { most: askedOf(most), least: askedOf(least) }
}

/** Caps of both tables up to the lower of their last ones, beyond which one of them says nothing. */
function commonCaps(old: readonly RiskTier[], young: readonly RiskTier[]): Set<Decimal> {
  const [one, other] = [old.at(-1)!.cap, young.at(-1)!.cap]
  const end = compare(parseCap(one), parseCap(other)) < 0 ? one : other
  const caps = [...old, ...young].map(({ cap }) => cap)
  return new Set(caps.filter((cap) => compare(parseCap(cap), parseCap(end)) <= 0))
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
