// Positions of any form as pieces of one price, straight or of degree 2, where that is what they are to within a stated amount.
// The kernel computes with these; `AccountFormula` decides.

import type { InstrumentRules } from '../domain/index.ts'
import type { MarginAccountPart } from './account.ts'
import { exactNumbers } from './algebra.ts'
import { closingFeeOf, feeKindOf, isolatedMarginOf } from './closing-fee.ts'
import type { Curve } from './curve.ts'
import { exactRulesOf } from './exact-rules.ts'
import { maintenanceOf, ownRateOf, tierOf } from './maintenance-formulas.ts'
import { type Netting, nettingOf } from './netting.ts'
import { type RuledPosition, type SizedPosition, sizedPositionOf } from './position-value.ts'
import {
  abs,
  add,
  compare,
  div,
  mul,
  neg,
  ONE,
  parseDecimal,
  parseRate,
  type Rational,
  sub,
  ZERO,
} from './rational.ts'
import type { ExactTier } from './tiers.ts'

/** A tier that may ask for increment·y² beside the others. */
export interface RisingTier extends ExactTier {
  /** Above zero; 0 where it is missing. */
  readonly increment?: Rational
  /** Of values in the tier the pieces say nothing. */
  readonly isOpen?: true
}

/** The curve of a position; its scale counts a rate that the position alone has. */
export interface StraightPosition extends Curve {
  readonly tiers: readonly RisingTier[]
  /** Whether the funding that it is to pay, on its value at entry |intercept|, comes on top of the maintenance margin. */
  readonly isFundingAsked: boolean
  /** The errors of both figures together, at any price, never exceed it; in the settlement asset. */
  readonly uncertainty: Rational
}

export interface StraightAccount {
  /** What enters the margin balance without a price. */
  readonly constant: Rational
  readonly uncertainty: Rational
  readonly positions: readonly StraightPosition[]
}

/** undefined where pieces do not say what the part is: jumps, options, mixed netting, rates above 1. */
export function straightAccountOf(part: MarginAccountPart, wallet: Rational): StraightAccount | undefined {
  const each = part.positions.map(straightPositionOf)
  if (!each.every((position) => position !== undefined)) return undefined
  const positions = nettedPositionsOf(part.positions, each)
  if (positions === undefined) return undefined
  const uncertainty = positions.reduce((sum, position) => add(sum, position.uncertainty), ZERO)
  if (part.marginMode === 'cross') return { constant: wallet, uncertainty, positions }
  const ruled = part.positions[0]!
  const { credited, closingFee } = isolatedMarginOf(exactNumbers, ruled, sizeOf(ruled), ONE, ZERO)
  if (closingFee === undefined) return { constant: credited, uncertainty, positions }
  const position = positions[0]!
  const tiered = sub(position.maintenanceConstant, closingFeeOf(sizedOf(ruled), ZERO))
  const maintenanceConstant = add(tiered, closingFee)
  return { constant: credited, uncertainty, positions: [{ ...position, maintenanceConstant }] }
}

/**
 * The smaller side of a netting group asks for nothing. undefined where which one is smaller changes with a price or a funding
 * rate: where both sides are there and one moves.
 */
function nettedPositionsOf(
  ruled: readonly RuledPosition[],
  positions: readonly StraightPosition[],
): readonly StraightPosition[] | undefined {
  const groups = new Map<string, { long: Rational; short: Rational }>()
  const moving = new Set<string>()
  const nettings = ruled.map(nettingOf)
  nettings.forEach((netting, place) => {
    if (netting === undefined) return
    const { maintenanceConstant, tiers, isFundingAsked } = positions[place]!
    const sides = groups.get(netting.group) ?? { long: ZERO, short: ZERO }
    groups.set(netting.group, sides)
    sides[netting.side] = add(sides[netting.side], maintenanceConstant)
    if (tiers !== NO_RATE || isFundingAsked) moving.add(netting.group)
  })
  const holds = (group: string, side: Netting['side']) =>
    nettings.some((netting) => netting?.group === group && netting.side === side)
  for (const group of moving) if (holds(group, 'long') && holds(group, 'short')) return undefined
  return positions.map((position, place) => {
    const netting = nettings[place]
    if (netting === undefined || moving.has(netting.group)) return position
    const { long, short } = groups.get(netting.group)!
    const larger = compare(long, short) >= 0 ? 'long' : 'short'
    return netting.side === larger ? position : { ...position, maintenanceConstant: ZERO }
  })
}

function straightPositionOf(ruled: RuledPosition): StraightPosition | undefined {
  const { position, rules } = ruled
  if (rules.contribution === 'option') return undefined
  const sized = sizedOf(ruled)
  const asked = askedOf(sized)
  if (asked === undefined) return undefined
  const isInverse = rules.contribution === 'inverse'
  const { amount, entryValue, isLong } = sized
  const gainsWithX = isLong !== isInverse
  return {
    symbol: position.symbol,
    coordinate: isInverse ? 'reciprocal' : 'price',
    intercept: gainsWithX ? neg(entryValue) : entryValue,
    slope: gainsWithX ? amount : neg(amount),
    ...asked,
    isFundingAsked: rules.fundingInMaintenance === true,
    uncertainty: roundingErrorOf(ruled),
  }
}

type Asked = Pick<StraightPosition, 'tiers' | 'scale' | 'maintenanceConstant'>

/** A tier that asks for all of y, so that y is the maintenance margin of every position with one rate. */
const ONE_RATE: readonly ExactTier[] = [{ cap: ONE, maintenanceMarginRate: ONE, maintenanceDeduction: ZERO }]
const NO_RATE: readonly ExactTier[] = [{ cap: ONE, maintenanceMarginRate: ZERO, maintenanceDeduction: ZERO }]

/** The maintenance margin with the fee of closing. */
function askedOf(sized: SizedPosition<Rational>): Asked | undefined {
  const { ruled, amount } = sized
  const { rules } = ruled
  const isFeeAtMark = feeKindOf(ruled) === 'at-mark'
  const feeRate = isFeeAtMark ? parseDecimal(rules.takerFeeRate) : ZERO
  const fee = isFeeAtMark ? ZERO : closingFeeOf(sized, ZERO)
  const still = stillMaintenanceOf(sized)
  if (still !== undefined) return withRate(amount, feeRate, add(still, fee))
  const rate = rateAtMark(sized)
  if (rate !== undefined) {
    const all = add(rate, feeRate)
    // An account that is asked for more than it holds gains where it should lose: a distance may be reached while a farther
    // one is not, and the kernel relies on that it may not.
    return compare(all, ONE) > 0 ? undefined : withRate(amount, all, fee)
  }
  const tiers = marginalTiersOf(ruled, feeRate) ?? risingTiersOf(ruled, feeRate)
  return tiers === undefined ? undefined : { tiers, scale: amount, maintenanceConstant: fee }
}

function withRate(amount: Rational, rate: Rational, maintenanceConstant: Rational): Asked {
  return rate.n === 0n
    ? { tiers: NO_RATE, scale: amount, maintenanceConstant }
    : { tiers: ONE_RATE, scale: mul(amount, rate), maintenanceConstant }
}

/** Where it does not move with the mark. */
function stillMaintenanceOf(sized: SizedPosition<Rational>): Rational | undefined {
  const { ruled, isLong, entryValue } = sized
  const { maintenance, maintenancePrice, contribution } = ruled.rules
  return isStill() ? maintenanceOf(sized, entryValue, STILL_MARKET) : undefined

  function isStill(): boolean {
    const isAtEntry = maintenancePrice === 'entry'
    if (ownRateOf(ruled) !== undefined) return isAtEntry
    if (maintenance.kind === 'per-contract') return true
    if (maintenance.kind === 'used-margin') return isLong
    if (maintenance.kind === 'size-rate') return isAtEntry && contribution !== 'inverse'
    return isAtEntry
  }
}

/** No formula of a still maintenance margin looks at it. */
const STILL_MARKET = { markPrice: ONE, underlyingPrice: undefined, fundingRate: ZERO }

/** The one rate of the value at the mark, where there is one. */
function rateAtMark({ ruled, isLong, size, amount }: SizedPosition<Rational>): Rational | undefined {
  const { maintenance, maintenancePrice, contribution } = ruled.rules
  if (maintenancePrice === 'larger') return undefined
  const own = ownRateOf(ruled)
  if (own !== undefined) return own
  switch (maintenance.kind) {
    case 'side-rates':
      return parseRate(isLong ? maintenance.long : maintenance.short)
    case 'whole-tiers':
      return maintenance.basis === 'contracts'
        ? parseRate(tierOf(exactNumbers, maintenance.tiers, abs(size)).maintenanceMarginRate)
        : undefined
    case 'size-rate':
      if (maintenancePrice === 'entry') return undefined
      // Of an inverse contract the size in coin moves with the mark, and with it the rate, if there is an increment.
      if (contribution === 'inverse')
        return parseRate(maintenance.increment).n === 0n ? parseRate(maintenance.base) : undefined
      return add(parseRate(maintenance.base), mul(parseRate(maintenance.increment), amount))
    case 'initial-share':
      return mul(parseRate(maintenance.initialRate), parseRate(maintenance.share))
    case 'used-margin':
      return div(parseRate(maintenance.share), parseDecimal(ruled.position.leverage!))
    default:
      return undefined
  }
}

const withFee = new WeakMap<readonly ExactTier[], readonly ExactTier[]>()

/** The tiers with the rate of the fee at the mark added to each; undefined for other forms and rates above 1. */
function marginalTiersOf(
  { position, rules }: RuledPosition,
  feeRate: Rational,
): readonly ExactTier[] | undefined {
  if (rules.maintenance.kind !== 'marginal-tiers') return undefined
  const { tiers } = exactRulesOf(position.symbol, rules)
  if (feeRate.n === 0n) return tiers
  const known = withFee.get(tiers) ?? tiers.map((tier) => withRateOf(tier, feeRate))
  withFee.set(tiers, known)
  return known.some((tier) => compare(tier.maintenanceMarginRate, ONE) > 0) ? undefined : known
}

const rising = new WeakMap<InstrumentRules, readonly RisingTier[]>()

/**
 * base·y + increment·y² of an inverse contract, whose size in coin is its value y. Pieces say what it is up to half of the
 * value from which a further coin asks for more than a coin. Beyond, a short position may be at a distance and not at a farther
 * one.
 */
function risingTiersOf({ rules }: RuledPosition, feeRate: Rational): readonly RisingTier[] | undefined {
  const { maintenance, contribution, maintenancePrice } = rules
  if (maintenance.kind !== 'size-rate' || contribution !== 'inverse' || maintenancePrice === 'entry')
    return undefined
  const known = rising.get(rules)
  if (known !== undefined) return known
  const maintenanceMarginRate = add(parseRate(maintenance.base), feeRate)
  const increment = parseRate(maintenance.increment)
  const left = sub(ONE, maintenanceMarginRate)
  if (left.n <= 0n || increment.n === 0n) return undefined
  // rate + 2·increment·y is 1 at twice the cap.
  const cap = div(left, mul({ n: 4n, d: 1n }, increment))
  const tier = { cap, maintenanceMarginRate, maintenanceDeduction: ZERO, increment }
  const tiers: readonly RisingTier[] = [tier, { ...tier, cap: mul({ n: 2n, d: 1n }, cap), isOpen: true }]
  rising.set(rules, tiers)
  return tiers
}

function withRateOf(tier: ExactTier, feeRate: Rational): ExactTier {
  return { ...tier, maintenanceMarginRate: add(tier.maintenanceMarginRate, feeRate) }
}

/**
 * Rounding by lot moves the value of each lot by at most half a unit, at the mark and so in both figures; rounding by position
 * that of the value by less than one. Each rounded margin moves by less than a unit: the maintenance margin, an initial margin or
 * a fee inside it, and an isolated margin.
 */
function roundingErrorOf(ruled: RuledPosition): Rational {
  const { rounding } = ruled.rules
  if (rounding === undefined) return ZERO
  const unit = parseDecimal(rounding.unit)
  const values = rounding.per === 'lot' ? div(abs(sizeOf(ruled)), parseDecimal(rounding.lotSize!)) : ONE
  const whole = add(mul({ n: 2n, d: 1n }, values), { n: 4n, d: 1n })
  return mul(unit, whole)
}

function sizeOf({ position }: RuledPosition): Rational {
  return parseDecimal(position.size)
}

function sizedOf(ruled: RuledPosition): SizedPosition<Rational> {
  return sizedPositionOf(exactNumbers, ruled, sizeOf(ruled))
}
