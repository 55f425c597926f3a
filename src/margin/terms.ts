// A margin account over one common denominator, so that its figures are sums of whole numbers. With
// s sizeDecimals, p priceDecimals, r rateDecimals and v = s + p valueDecimals:
//   sizes (slope, scale) are over 10^s, prices over 10^p, rates over 10^r,
//   money over 10^v, and maintenance margin, a rate times money, over 10^(v+r).
// Venues divide where they credit isolated margin, take a fee by leverage or settle in coin. What the
// denominators of these constants have beyond powers of ten is `common`; they are over 10^v·common. The
// marks of inverse contracts are divisors too: `Sums` takes them in.
import type { MarginAccount } from './account.ts'
import type { Coordinate, Row } from './contract.ts'
import { decimalsIn, decimalsOf, digitsAt, fixedOf, knownDecimalsOf } from './fixed.ts'
import { greatestCommonDivisor, powerOfTen, type Rational } from './rational.ts'
import { type ScaledTiers, scaledTiersOf, tierScaleOf } from './scaled-tiers.ts'

export interface LegTerms {
  readonly row: Row
  /** Place of its symbol in `Terms.symbols`. */
  readonly symbolIndex: number
  /** The slope, over 10^s. */
  readonly size: bigint
  /** The scale, over 10^s. */
  readonly magnitude: bigint
  readonly tiers: ScaledTiers
  /** Over 10^v; undefined for an inverse leg, whose intercept is no decimal. */
  readonly intercept: bigint | undefined
  /** The closing fee that counts as maintenance, over 10^(v+r)·common. */
  readonly fee: bigint
}

/** The legs of one symbol, which move together. */
export interface SymbolTerms {
  readonly symbol: string
  readonly coordinate: Coordinate
  readonly legs: readonly LegTerms[]
  /** Sum of the sizes of the legs. */
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
  /** In the order of the rows of the margin account. */
  readonly legs: readonly LegTerms[]
}

/** Marks of at most so many decimals need no new terms: what venues print. */
const PRICE_DECIMALS_MIN = 8
const RATE_DECIMALS_MIN = 4
/** The decimals of money are a multiple of this, so that accounts share the scaled tables of a symbol. */
const VALUE_DECIMALS_STEP = 4

/** The terms for marks of at most `priceDecimals` decimals where the contract is linear. Kept with the account. */
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
  const bySymbol: LegTerms[][] = []
  let intercepts = 0n
  let fees = 0n
  const legs = marginAccount.rows.map((row) => {
    let symbolIndex = indexes.get(row.symbol)
    if (symbolIndex === undefined) {
      symbolIndex = bySymbol.push([]) - 1
      indexes.set(row.symbol, symbolIndex)
    }
    const leg = legTermsOf(row, symbolIndex, scale, feeUnits)
    bySymbol[symbolIndex]!.push(leg)
    intercepts += leg.intercept === undefined ? wholeAt(row.intercept, valueUnits) : leg.intercept * common
    fees += leg.fee
    return leg
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
    legs,
    symbols: bySymbol.map((own) => {
      const { symbol, coordinate } = own[0]!.row
      return { symbol, coordinate, legs: own, size: own.reduce((sum, { size }) => sum + size, 0n) }
    }),
  }
}

function legTermsOf(row: Row, symbolIndex: number, scale: Scale, feeUnits: bigint): LegTerms {
  const size = wholeAt(row.slope, powerOfTen(scale.sizeDecimals))
  const entryPrice = row.position.entryPrice
  return {
    row,
    symbolIndex,
    size,
    magnitude: size < 0n ? -size : size,
    tiers: scaledTiersOf(row.tiers, scale),
    intercept:
      row.coordinate === 'price' ? -size * digitsAt(fixedOf(entryPrice), scale.priceDecimals) : undefined,
    fee: wholeAt(row.maintenanceConstant, feeUnits),
  }
}

function scaleOf({ rows, walletBalance }: MarginAccount, priceDecimalsMin: number): Scale {
  let sizeDecimals = 0
  let priceDecimals = priceDecimalsMin
  let rateDecimals = RATE_DECIMALS_MIN
  let valueDecimals = decimalsOf(walletBalance) ?? 0
  for (const row of rows) {
    sizeDecimals = Math.max(sizeDecimals, knownDecimalsOf(row.slope))
    if (row.coordinate === 'price') {
      priceDecimals = Math.max(priceDecimals, decimalsIn(row.position.entryPrice))
    }
    const needed = tierScaleOf(row.tiers)
    rateDecimals = Math.max(rateDecimals, needed.rateDecimals)
    valueDecimals = Math.max(valueDecimals, needed.valueDecimals)
  }
  const least = Math.max(valueDecimals, sizeDecimals + priceDecimals)
  valueDecimals = Math.ceil(least / VALUE_DECIMALS_STEP) * VALUE_DECIMALS_STEP
  return { sizeDecimals: valueDecimals - priceDecimals, priceDecimals, valueDecimals, rateDecimals }
}

/** The smallest factor with which all constants are whole. */
function commonOf({ constant, walletBalance, rows }: MarginAccount, scale: Scale): bigint {
  const { valueDecimals, rateDecimals } = scale
  let common = widened(1n, constant, valueDecimals)
  common = widened(common, walletBalance, valueDecimals)
  for (const row of rows) {
    if (row.coordinate === 'reciprocal') common = widened(common, row.intercept, valueDecimals)
    common = widened(common, row.maintenanceConstant, valueDecimals + rateDecimals)
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
