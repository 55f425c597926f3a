// A margin account over one common denominator, so that its figures are sums of whole numbers. With
// s sizeDecimals, p priceDecimals, r rateDecimals and v = s + p valueDecimals:
//   sizes (slope, scale) are over 10^s, prices over 10^p, rates over 10^r,
//   money over 10^v, and maintenance margin, a rate times money, over 10^(v+r).
// A venue divides when it credits isolated margin, takes a fee by leverage or settles in coin. Such a constant is over
// 10^v·common: `common` is what the denominators of all constants have beside powers of ten. The marks of inverse
// contracts are divisors too: `Sums` holds their product.
import type { MarginAccount } from './account.ts'
import type { Coordinate, Curve } from './curve.ts'
import { decimalsIn, decimalsOf, knownDecimalsOf } from './fixed.ts'
import { greatestCommonDivisor, powerOfTen, type Rational, ZERO } from './rational.ts'
import { type ScaledTiers, scaledTiersOf, tierScaleOf } from './scaled-tiers.ts'

export interface CurveTerms {
  readonly curve: Curve
  /** Index of its symbol in `Terms.symbols`. */
  readonly symbolIndex: number
  /** The slope, over 10^s. */
  readonly size: bigint
  /** The scale, over 10^s. */
  readonly magnitude: bigint
  readonly tiers: ScaledTiers
  /** Over 10^v; undefined for an inverse curve, whose intercept is not a decimal. */
  readonly intercept: bigint | undefined
  /** The closing fee in the maintenance margin, over 10^(v+r)·common. */
  readonly fee: bigint
}

/** The curves of one symbol, which move together. */
export interface SymbolTerms {
  readonly symbol: string
  readonly coordinate: Coordinate
  readonly curves: readonly CurveTerms[]
  /** Fee rate of closing its positions, which share the rules of the symbol. */
  readonly closingFeeRate: Rational
  /** Sum of the sizes of the curves. */
  readonly size: bigint
}

export interface Terms {
  readonly priceDecimals: number
  readonly valueDecimals: number
  readonly rateDecimals: number
  /** 10^r. */
  readonly rateUnits: bigint
  readonly common: bigint
  /** These three over 10^v·common. */
  readonly constant: bigint
  readonly walletBalance: bigint
  readonly intercepts: bigint
  /** Over 10^(v+r)·common. */
  readonly fees: bigint
  readonly symbols: readonly SymbolTerms[]
  /** In the order of the curves of the margin account, so the curves of the legs come first. */
  readonly curves: readonly CurveTerms[]
}

/** Decimals of marks for which the first terms are made. Venues print at most 8, and a distance in percent adds a few. */
const PRICE_DECIMALS_MIN = 12
const RATE_DECIMALS_MIN = 4
/** The decimals of money are a multiple of this, so that accounts share the scaled tables of a symbol. */
const VALUE_DECIMALS_STEP = 4

/** The terms for marks of linear contracts with at most `priceDecimals` decimals. They are kept with the account. */
export function termsOf(marginAccount: MarginAccount, priceDecimals = PRICE_DECIMALS_MIN): Terms {
  const known = marginAccount.terms?.of(marginAccount) as Terms | undefined
  if (known !== undefined && known.priceDecimals >= priceDecimals) return known
  const made = compileTerms(marginAccount, priceDecimals)
  marginAccount.terms?.set(marginAccount, made)
  return made
}

interface Scale {
  readonly sizeDecimals: number
  readonly priceDecimals: number
  readonly valueDecimals: number
  readonly rateDecimals: number
}

function compileTerms(marginAccount: MarginAccount, priceDecimals: number): Terms {
  const scale = scaleOf(marginAccount, priceDecimals)
  const { valueDecimals, rateDecimals } = scale
  const common = commonOf(marginAccount, scale)
  const rateUnits = powerOfTen(rateDecimals)
  const valueUnits = powerOfTen(valueDecimals) * common
  const feeUnits = valueUnits * rateUnits
  const indexes = new Map<string, number>()
  const bySymbol: { readonly closingFeeRate: Rational; readonly curves: CurveTerms[] }[] = []
  let intercepts = 0n
  let fees = 0n
  const curves = marginAccount.curves.map((curve, index) => {
    let symbolIndex = indexes.get(curve.symbol)
    if (symbolIndex === undefined) {
      const closingFeeRate = marginAccount.legs[index]?.closingFeeRate ?? ZERO
      symbolIndex = bySymbol.push({ closingFeeRate, curves: [] }) - 1
      indexes.set(curve.symbol, symbolIndex)
    }
    const made = curveTermsOf(curve, symbolIndex, scale, feeUnits)
    bySymbol[symbolIndex]!.curves.push(made)
    intercepts +=
      made.intercept === undefined ? wholeAt(curve.intercept, valueUnits) : made.intercept * common
    fees += made.fee
    return made
  })
  return {
    priceDecimals: scale.priceDecimals,
    valueDecimals,
    rateDecimals,
    rateUnits,
    common,
    constant: wholeAt(marginAccount.constant, valueUnits),
    walletBalance: wholeAt(marginAccount.walletBalance, valueUnits),
    intercepts,
    fees,
    curves,
    symbols: bySymbol.map(({ closingFeeRate, curves: own }) => {
      const { symbol, coordinate } = own[0]!.curve
      const size = own.reduce((sum, curve) => sum + curve.size, 0n)
      return { symbol, coordinate, curves: own, closingFeeRate, size }
    }),
  }
}

function curveTermsOf(curve: Curve, symbolIndex: number, scale: Scale, feeUnits: bigint): CurveTerms {
  const size = wholeAt(curve.slope, powerOfTen(scale.sizeDecimals))
  const isLinear = curve.coordinate === 'price'
  return {
    curve,
    symbolIndex,
    size,
    magnitude: size < 0n ? -size : size,
    tiers: scaledTiersOf(curve.tiers, scale),
    intercept: isLinear ? wholeAt(curve.intercept, powerOfTen(scale.valueDecimals)) : undefined,
    fee: wholeAt(curve.maintenanceConstant, feeUnits),
  }
}

function scaleOf({ legs, curves, walletBalance }: MarginAccount, priceDecimalsMin: number): Scale {
  let sizeDecimals = 0
  let priceDecimals = priceDecimalsMin
  let rateDecimals = RATE_DECIMALS_MIN
  let valueDecimals = decimalsOf(walletBalance) ?? 0
  for (const { curve, position } of legs) {
    if (curve.coordinate === 'price') {
      priceDecimals = Math.max(priceDecimals, decimalsIn(position.entryPrice))
    }
  }
  for (const curve of curves) {
    sizeDecimals = Math.max(sizeDecimals, knownDecimalsOf(curve.slope))
    if (curve.coordinate === 'price') {
      valueDecimals = Math.max(valueDecimals, knownDecimalsOf(curve.intercept))
    }
    const needed = tierScaleOf(curve.tiers)
    rateDecimals = Math.max(rateDecimals, needed.rateDecimals)
    valueDecimals = Math.max(valueDecimals, needed.valueDecimals)
  }
  const least = Math.max(valueDecimals, sizeDecimals + priceDecimals)
  valueDecimals = Math.ceil(least / VALUE_DECIMALS_STEP) * VALUE_DECIMALS_STEP
  return { sizeDecimals: valueDecimals - priceDecimals, priceDecimals, valueDecimals, rateDecimals }
}

/** The smallest factor with which all constants are whole. */
function commonOf({ constant, walletBalance, curves }: MarginAccount, scale: Scale): bigint {
  const { valueDecimals, rateDecimals } = scale
  let common = widened(1n, constant, valueDecimals)
  common = widened(common, walletBalance, valueDecimals)
  for (const curve of curves) {
    if (curve.coordinate === 'reciprocal') common = widened(common, curve.intercept, valueDecimals)
    common = widened(common, curve.maintenanceConstant, valueDecimals + rateDecimals)
  }
  return common
}

function widened(common: bigint, value: Rational, decimals: number): bigint {
  const own = decimalsOf(value)
  if (own !== undefined && own <= decimals) return common
  const units = powerOfTen(decimals) * common
  if (units % value.d === 0n) return common
  return common * (value.d / greatestCommonDivisor(value.d, units))
}

/** value·units, which is whole. */
function wholeAt({ n, d }: Rational, units: bigint): bigint {
  if (n === 0n) return 0n
  return d === 1n ? n * units : n * (units / d)
}
