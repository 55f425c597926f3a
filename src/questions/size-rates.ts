import { type Decimal, FUNDING_RATE_MAX, type InstrumentRules } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import {
  abs,
  compare,
  formatDecimal,
  mul,
  parseDecimal,
  type Rational,
  TAKER_FEE_RATE_MAX,
} from '../margin/index.ts'
import { fractionUpTo } from './stated.ts'

/** A stated fee above so many times that of the rules is remarked: a fee in per cent is a hundred times too high. */
const REMARKED_FEE_FACTOR: Rational = { n: 10n, d: 1n }
/** A funding rate from here on is remarked: venues charge it in a squeeze, and 0.01 is often meant as 0.01 %. */
const REMARKED_FUNDING_RATE = parseDecimal('0.005')
const HUNDRED: Rational = { n: 100n, d: 1n }

type FeeField = 'entryFeeRate' | 'exitFeeRate'

/** What a question states of rates, each a fraction. */
interface StatedRates {
  readonly book: { readonly venue: string }
  readonly symbol: string
  readonly entryFeeRate?: Decimal | undefined
  readonly exitFeeRate?: Decimal | undefined
  readonly fundingRate: Decimal
}

/** A fee of 0 in the rules says that the fee does not count in the margin, not that trading is free. */
export function feeRateOf(
  field: FeeField,
  question: StatedRates,
  { takerFeeRate }: InstrumentRules,
): Rational {
  const stated = question[field]
  if (stated !== undefined) return fractionUpTo(TAKER_FEE_RATE_MAX, field, stated)
  const known = parseDecimal(takerFeeRate)
  if (known.n === 0n) {
    throw new PlimsollError(
      'INPUT_INVALID',
      `${field} is missing: the rules of ${question.book.venue} ${question.symbol} hold no taker fee, so it must be stated ("0" is a rate too)`,
      { path: field },
    )
  }
  return known
}

/** Positive where long positions pay. */
export function fundingRateOf({ fundingRate: stated }: StatedRates): Rational {
  const isNegative = stated.startsWith('-')
  if (!isNegative) return fractionUpTo(FUNDING_RATE_MAX, 'fundingRate', stated, EITHER_SIGN)
  const { n, d } = fractionUpTo(FUNDING_RATE_MAX, 'fundingRate', stated.slice(1), EITHER_SIGN)
  return { n: -n, d }
}

const EITHER_SIGN = ', above or below zero'

/** Rates of the question that are allowed and so high that they may have been meant in per cent. */
export function rateRemarks(
  question: StatedRates,
  { takerFeeRate }: InstrumentRules,
  payments: bigint,
): string[] {
  const known = parseDecimal(takerFeeRate)
  const remarkedFee = mul(known, REMARKED_FEE_FACTOR)
  const isHighFee = (stated: Decimal) => known.n > 0n && compare(parseDecimal(stated), remarkedFee) > 0
  const fees = (['entryFeeRate', 'exitFeeRate'] as const).flatMap((field) => {
    const stated = question[field]
    if (stated === undefined || !isHighFee(stated)) return []
    const factor = formatDecimal(REMARKED_FEE_FACTOR)
    return `${field} ${stated} is ${percent(stated)} of the value, more than ${factor} times the taker fee ${takerFeeRate} of the rules`
  })
  const { fundingRate } = question
  const isHighFunding = compare(abs(parseDecimal(fundingRate)), REMARKED_FUNDING_RATE) >= 0
  if (payments === 0n || !isHighFunding) return fees
  return [
    ...fees,
    `fundingRate ${fundingRate} is ${percent(fundingRate)} of the value at each funding payment`,
  ]
}

function percent(rate: Decimal): string {
  return `${formatDecimal(mul(parseDecimal(rate), HUNDRED))} %`
}
