// The liquidation and the bankruptcy price of a symbol over the denominator of its account: what prices.ts computes
// with fractions, step by step.
import { assert } from '../errors.ts'
import { priceAt, slackIsConcave } from './curve.ts'
import { abs, compare, powerOfTen, type Rational, sub } from './rational.ts'
import { scaledTierAt } from './scaled-tiers.ts'
import type { Sums, SymbolAt } from './sums.ts'
import type { CurveTerms, SymbolTerms, Terms } from './terms.ts'

/** An x above zero: numerator/(denominator·10^p·lift) with denominator > 0. */
interface Root {
  readonly numerator: bigint
  readonly denominator: bigint
}

/** Slack as constant + slope·x, over 10^(v+r)·lift and over 10^(s+r), while no curve leaves its tier. */
interface Line {
  readonly constant: bigint
  readonly slope: bigint
}

interface View {
  readonly terms: Terms
  readonly curves: SymbolTerms['curves']
  readonly lift: bigint
  /** Slack without the value and the tiered maintenance margin of this symbol. */
  readonly rest: bigint
}

/** The mark of the symbol at which marginBalance = maintenanceMargin, as `liquidationPrice` defines and needs it. */
export function liquidationPriceAt(
  terms: Terms,
  symbol: SymbolTerms,
  at: SymbolAt,
  sums: Sums,
): Rational | undefined {
  const { mark } = at
  const markPrice = { n: mark.digits, d: powerOfTen(mark.decimals) }
  if (sums.slack === 0n) return markPrice
  for (const { curve } of symbol.curves)
    assert(slackIsConcave(curve), `the slack of ${curve.symbol} is concave`)
  const own = at.value * terms.rateUnits - at.tiered
  const rest = sums.slack - liftedOf(own, at, terms, sums)
  const view = { terms, curves: symbol.curves, lift: sums.lift, rest }
  const units = powerOfTen(terms.priceDecimals) * sums.lift
  const priceOf = (root: Root) =>
    priceAt(symbol.coordinate, { n: root.numerator, d: root.denominator * units })
  const [low, high] = [rootFrom('zero', view), rootFrom('infinity', view)]
  if (low === undefined || high === undefined) {
    const only = low ?? high
    return only === undefined ? undefined : priceOf(only)
  }
  if (sums.slack > 0n) {
    const { slope } = lineAt(at.x, at.divisor, view)
    if (slope !== 0n) return priceOf(slope > 0n ? low : high)
  }
  const [first, second] = [priceOf(low), priceOf(high)]
  const isFirst = compare(abs(sub(first, markPrice)), abs(sub(second, markPrice))) <= 0
  return isFirst ? first : second
}

/** Turns a sum over 10^k·divisor of its symbol into one over 10^k·lift of the account. */
export function liftedOf(sum: bigint, { divisor }: SymbolAt, { common }: Terms, sums: Sums): bigint {
  const others = divisor === 1n ? sums.divisor : sums.divisor / divisor
  const factor = common * others
  return factor === 1n ? sum : sum * factor
}

/** The outermost zero of slack on that side by Newton's steps; `rootFrom` of prices.ts says why they end on it. */
function rootFrom(side: 'zero' | 'infinity', view: View): Root | undefined {
  const inward = side === 'zero' ? 1n : -1n
  let pieces = 0
  for (const { tiers } of view.curves) pieces += tiers.caps.length
  let line = lineOf(view, side === 'zero' ? () => 0 : ({ caps }) => caps.length - 1)
  for (let step = 0; step <= pieces; step++) {
    const denominator = line.slope * inward
    if (denominator <= 0n) return undefined
    const numerator = -line.constant * inward
    if (numerator <= 0n) return undefined
    line = lineAt(numerator, denominator * view.lift, view)
    if (line.constant * denominator + line.slope * numerator === 0n) return { numerator, denominator }
  }
  assert(false, `the root of a slack of ${pieces} pieces takes no more than ${pieces} steps`)
}

/** The line at x = numerator/(divisor·10^p). On a tier cap it is the line of the tier below. */
function lineAt(numerator: bigint, divisor: bigint, view: View): Line {
  return lineOf(view, ({ caps }, magnitude) => scaledTierAt(caps, magnitude * numerator, divisor))
}

function lineOf(view: View, tierOf: (tiers: CurveTerms['tiers'], magnitude: bigint) => number): Line {
  let deductions = 0n
  let slope = 0n
  for (const { size, magnitude, tiers } of view.curves) {
    const tier = tierOf(tiers, magnitude)
    deductions += tiers.deductions[tier]!
    slope += size * view.terms.rateUnits - tiers.rates[tier]! * magnitude
  }
  return { constant: view.rest + deductions * view.lift, slope }
}

/** The mark at which the wallet, all PnL and the fee of closing come to zero, as `bankruptcyPrice` defines it. */
export function bankruptcyPriceAt(
  terms: Terms,
  symbol: SymbolTerms,
  at: SymbolAt,
  sums: Sums,
): Rational | undefined {
  const wallet = sums.divisor === 1n ? terms.walletBalance : terms.walletBalance * sums.divisor
  const constant = wallet + sums.unrealizedPnl - liftedOf(at.value, at, terms, sums)
  const { n: feeRate, d: feeUnits } = symbol.closingFeeRate
  let magnitudes = 0n
  if (feeRate !== 0n) for (const { magnitude } of symbol.curves) magnitudes += magnitude
  const slope = symbol.size * feeUnits - feeRate * magnitudes
  if (slope === 0n) return undefined
  const numerator = slope > 0n ? -constant * feeUnits : constant * feeUnits
  if (numerator <= 0n) return undefined
  const magnitude = slope > 0n ? slope : -slope
  const units = powerOfTen(terms.priceDecimals) * sums.lift
  return priceAt(symbol.coordinate, { n: numerator, d: magnitude * units })
}
