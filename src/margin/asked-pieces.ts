// The maintenance margin of one position as pieces of its mark, of the mark of its underlying, and of the share of it that is
// kept: what maintenance-formulas.ts asks for, without what the venue rounds.
import type { Maintenance } from '../domain/index.ts'
import { assert } from '../errors.ts'
import { unroundedNumbers } from './algebra.ts'
import { exactRulesOf } from './exact-rules.ts'
import { maintenanceOf, maintenanceValueOf, ownRateOf, tierOf } from './maintenance-formulas.ts'
import type { Tiered } from './pieces.ts'
import type { Market, SizedPosition } from './position-value.ts'
import { abs, add, div, mul, ONE, parseDecimal, parseRate, type Rational, sub, ZERO } from './rational.ts'
import { type ExactTier, parseCap } from './tiers.ts'

/** The part that moves: slope·w + square·w² and tiers. */
export interface Moving {
  readonly slope: Rational
  readonly square: Rational
  readonly tiered?: Tiered
}

export const STILL: Moving = { slope: ZERO, square: ZERO }

function straight(slope: Rational): Moving {
  return slope.n === 0n ? STILL : { slope, square: ZERO }
}

/** In w = mark, of an inverse contract 1/mark; without the fee of closing. */
export function movingWithMark(sized: SizedPosition<Rational>, market: Market<Rational>): Moving {
  const { ruled, amount, entryValue, isLong, size } = sized
  const { position, rules } = ruled
  const { maintenance } = rules
  const isAtEntry = rules.maintenancePrice === 'entry'
  const rated = (rate: Rational) => {
    if (rules.maintenancePrice === 'larger')
      return { ...STILL, tiered: largerOf(div(entryValue, amount), rate, amount) }
    return isAtEntry ? STILL : straight(mul(rate, amount))
  }
  const own = ownRateOf(ruled)
  if (own !== undefined) return rated(own)
  switch (maintenance.kind) {
    case 'marginal-tiers':
      return isAtEntry ? STILL : tieredBy(exactRulesOf(position.symbol, rules).tiers, amount, ONE)
    case 'whole-tiers':
      if (maintenance.basis === 'contracts')
        return rated(parseRate(tierOf(unroundedNumbers, maintenance.tiers, abs(size)).maintenanceMarginRate))
      return isAtEntry ? STILL : tieredBy(wholeTiersOf(maintenance), amount, ONE)
    case 'size-rate': {
      const [base, increment] = [parseRate(maintenance.base), parseRate(maintenance.increment)]
      // Of an inverse contract the size in coin moves with the mark.
      if (rules.contribution !== 'inverse') return rated(add(base, mul(increment, amount)))
      const moving = mul(increment, amount)
      if (isAtEntry) return straight(mul(entryValue, moving))
      return { slope: mul(base, amount), square: mul(moving, amount) }
    }
    case 'per-contract':
      return STILL
    case 'side-rates':
      return rated(parseRate(isLong ? maintenance.long : maintenance.short))
    case 'initial-share':
      return rated(mul(parseRate(maintenance.initialRate), parseRate(maintenance.share)))
    case 'used-margin':
      return isLong
        ? STILL
        : straight(div(mul(parseRate(maintenance.share), amount), parseDecimal(position.leverage!)))
    case 'option-standard': {
      if (isLong) return STILL
      const { type, pricedIn } = rules.option!
      if (type === 'call') return straight(amount)
      // max(rate·U, rate·mark) + mark
      const rate = parseRate(maintenance.maintenanceRate)
      const underlying = pricedIn === 'coin' ? ONE : market.underlyingPrice!
      return { slope: amount, square: ZERO, tiered: largerOf(underlying, rate, amount) }
    }
  }
}

/** In w = mark of the underlying of an option in whose maintenance margin it counts. */
export function movingWithUnderlying(sized: SizedPosition<Rational>, market: Market<Rational>): Moving {
  const { ruled, amount } = sized
  const { maintenance, option } = ruled.rules
  assert(maintenance.kind === 'option-standard', 'a contract with an underlying is an option')
  const rate = parseRate(maintenance.maintenanceRate)
  if (option!.type === 'call') return straight(mul(rate, amount))
  return { slope: ZERO, square: ZERO, tiered: largerOf(market.markPrice, rate, amount) }
}

/** What max(rate·least, rate·w) for each unit of the amount comes to, as tiers: beyond `least` it follows w. */
function largerOf(least: Rational, rate: Rational, amount: Rational): Tiered {
  const value = mul(least, amount)
  const tiers = [
    { cap: value, maintenanceMarginRate: ZERO, maintenanceDeduction: sub(ZERO, mul(rate, value)) },
    { cap: mul(value, { n: 2n, d: 1n }), maintenanceMarginRate: rate, maintenanceDeduction: ZERO },
  ]
  return { tiers, start: ZERO, slope: amount, worth: ONE }
}

/**
 * In w = the share that is kept. `asked` is the whole maintenance margin at that market, which the venue takes in proportion
 * to the size where it has no tiers.
 */
export function movingWithShare(
  sized: SizedPosition<Rational>,
  markValue: Rational,
  market: Market<Rational>,
  asked: Rational,
): Moving {
  const { ruled, amount, size } = sized
  const { position, rules } = ruled
  const { maintenance } = rules
  if (ownRateOf(ruled) !== undefined) return straight(asked)
  const value = maintenanceValueOf(sized, markValue)
  const besides = () => sub(asked, maintenanceOf(sized, markValue, market))
  switch (maintenance.kind) {
    case 'marginal-tiers':
      return tieredBy(exactRulesOf(position.symbol, rules).tiers, value, ONE, besides())
    case 'whole-tiers': {
      const tiers = wholeTiersOf(maintenance)
      if (maintenance.basis !== 'contracts') return tieredBy(tiers, value, ONE, besides())
      return tieredBy(tiers, abs(size), div(value, abs(size)), besides())
    }
    case 'size-rate': {
      const coins = rules.contribution === 'inverse' ? markValue : amount
      const square = mul(mul(parseRate(maintenance.increment), coins), value)
      return { slope: sub(asked, square), square }
    }
    default:
      return straight(asked)
  }
}

function tieredBy(tiers: readonly ExactTier[], measure: Rational, worth: Rational, slope = ZERO): Moving {
  return { slope, square: ZERO, tiered: { tiers, start: ZERO, slope: measure, worth } }
}

const wholeTiers = new WeakMap<object, readonly ExactTier[]>()

function wholeTiersOf({ tiers }: Extract<Maintenance, { kind: 'whole-tiers' }>): readonly ExactTier[] {
  const known = wholeTiers.get(tiers)
  if (known !== undefined) return known
  const exact = tiers.map(({ cap, maintenanceMarginRate }) => ({
    cap: parseCap(cap),
    maintenanceMarginRate: parseRate(maintenanceMarginRate),
    maintenanceDeduction: ZERO,
  }))
  wholeTiers.set(tiers, exact)
  return exact
}
