import { DECIMAL_PATTERN, type Decimal, type InstrumentRules, type RuleBook } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import {
  abs,
  add,
  compare,
  div,
  floorTo,
  formatDecimal,
  max,
  mul,
  parseDecimal,
  type Rational,
  reasonAgainstMode,
  reductionStepOf,
  ruleAgeDays,
  sub,
  wayOutOf,
  ZERO,
} from '../margin/index.ts'
import { type Backing, marginOf, type SizedMargin } from './size-margin.ts'
import { feeRateOf, fundingRateOf, rateRemarks } from './size-rates.ts'
import { positive, refuse, zeroOrMore } from './stated.ts'

/** What a trader states before a position is opened. Money is in the settlement asset. Fields that may be 0 say so. */
export interface SizeQuestion {
  readonly book: RuleBook
  readonly symbol: string
  /** What may be lost at the stop, costs included. */
  readonly risk: Decimal
  readonly entryPrice: Decimal
  readonly stopPrice: Decimal
  /** How much worse than the stop it fills: a distance in price, or with `%` a share of the stop price. May be 0. */
  readonly slippage: string
  /** Taker fees as fractions of the value; may be 0. Without one it is the taker fee of the rules. */
  readonly entryFeeRate?: Decimal | undefined
  readonly exitFeeRate?: Decimal | undefined
  /** Above 0 the long pays. Each payment is taken on the value at the entry price. */
  readonly fundingRate: Decimal
  readonly holdHours: Decimal
  readonly fundingIntervalHours: Decimal
  /** The size is a multiple of it. Without one: 0.00000001 of linear contracts, one whole inverse contract. */
  readonly step?: Decimal | undefined
  /** Behind the position: the margin of an isolated position, or the balance of a cross wallet without other positions. */
  readonly backing?: Backing | undefined
  /** Decides how old the rules are. */
  readonly nowMs: number
}

/** Costs of the position if its stop fills, each 0 or more. */
export interface SizeLoss {
  /** From the entry to the stop. */
  readonly price: Decimal
  /** From the stop to the exit price. */
  readonly slippage: Decimal
  readonly entryFee: Decimal
  readonly exitFee: Decimal
  /** 0 where the position receives funding: the stop may fill before the first payment. */
  readonly funding: Decimal
  readonly total: Decimal
}

export interface Sized {
  readonly venue: string
  readonly symbol: string
  readonly side: 'long' | 'short'
  readonly settle: string
  readonly risk: Decimal
  readonly entryPrice: Decimal
  readonly stopPrice: Decimal
  /** The stop with its slippage. */
  readonly exitPrice: Decimal
  /** Unsigned: base units (linear) or contracts (inverse). 0 where one step loses more than the risk. */
  readonly size: Decimal
  readonly step: Decimal
  /** Value at the entry price, in the settlement asset. */
  readonly notional: Decimal
  readonly fundingPayments: number
  readonly loss: SizeLoss
  /** Loss of the size that is one step larger; above the risk. */
  readonly lossOfNextStep: Decimal
  /** null without backing, and for size 0. */
  readonly margin: SizedMargin | null
  readonly ruleBook: string
  readonly ruleAgeDays: number | null
  /** Those of the rules, and stated rates so high that they may have been meant in per cent. */
  readonly assumptions: readonly string[]
}

/**
 * The largest multiple of the step whose loss at the stop, costs included, is at most the risk. Leverage is a result.
 * @throws PlimsollError INPUT_INVALID with the field as path; SYMBOL_UNKNOWN; ACCOUNT_UNSUPPORTED for options and
 * for a margin of its own where the venue has no isolated position; RULES_INVALID for rules that this version cannot compute.
 */
export function sizeOf(question: SizeQuestion): Sized {
  const { book, symbol, entryPrice, stopPrice, fundingRate, nowMs, backing } = question
  const rules = rulesOf(book, symbol)
  const against = backing && reasonAgainstMode({ marginMode: backing.marginMode, symbol }, rules, book)
  if (against !== undefined) throw new PlimsollError('ACCOUNT_UNSUPPORTED', against, { path: 'margin' })
  const terms = termsOf(question)
  const step = positive('step', question.step ?? reductionStepOf(rules))
  const unit = lossOfOne(question, rules, terms)
  const size = floorTo(div(positive('risk', question.risk), unit.total), step)
  const sizeText = formatDecimal(size)
  if (!DECIMAL_PATTERN.test(sizeText))
    refuse('risk', question.risk, `gives a size of ${sizeText}, more than a position may have`)
  const notional = mul(size, unit.value)
  const backed = { book, symbol, entryPrice, stopPrice, fundingRate, rules, notional }
  const signedSize = terms.isLong ? size : { n: -size.n, d: size.d }
  const margin =
    size.n === 0n || backing === undefined ? null : marginOf({ ...backed, size: signedSize, backing })
  return {
    venue: book.venue,
    symbol,
    side: terms.isLong ? 'long' : 'short',
    settle: rules.settlementAsset,
    risk: question.risk,
    entryPrice,
    stopPrice,
    exitPrice: formatDecimal(terms.exit),
    size: sizeText,
    step: formatDecimal(step),
    notional: formatDecimal(notional),
    fundingPayments: Number(terms.payments),
    loss: {
      price: formatDecimal(mul(size, unit.price)),
      slippage: formatDecimal(mul(size, unit.slippage)),
      entryFee: formatDecimal(mul(size, unit.entryFee)),
      exitFee: formatDecimal(mul(size, unit.exitFee)),
      funding: formatDecimal(mul(size, unit.funding)),
      total: formatDecimal(mul(size, unit.total)),
    },
    lossOfNextStep: formatDecimal(mul(add(size, step), unit.total)),
    margin,
    ruleBook: book.version,
    ruleAgeDays: ruleAgeDays(rules.asOf === undefined ? null : Date.parse(rules.asOf), nowMs),
    assumptions: [...(rules.assumptions ?? []), ...rateRemarks(question, rules, terms.payments)],
  }
}

function rulesOf(book: RuleBook, symbol: string): InstrumentRules {
  const rules = book.rulesOf(symbol)
  if (rules === undefined) {
    const refusal = book.refused?.get(symbol)
    const why =
      refusal === undefined
        ? `rule book ${book.version} does not hold it; ${wayOutOf(book, symbol)}`
        : `refused: ${refusal}`
    throw new PlimsollError('SYMBOL_UNKNOWN', `no rules of ${book.venue} ${symbol}: ${why}`, {
      path: 'symbol',
    })
  }
  if (rules.contribution === 'option') {
    const message = `${symbol} is an option: its loss at a stop is no function of the stop alone; a size is computed for linear, inverse and quanto contracts`
    throw new PlimsollError('ACCOUNT_UNSUPPORTED', message, { path: 'symbol' })
  }
  return rules
}

interface Terms {
  readonly isLong: boolean
  readonly entry: Rational
  readonly stop: Rational
  readonly exit: Rational
  readonly payments: bigint
}

function termsOf(question: SizeQuestion): Terms {
  const entry = positive('entryPrice', question.entryPrice)
  const stop = positive('stopPrice', question.stopPrice)
  const side = compare(stop, entry)
  if (side === 0) refuse('stopPrice', question.stopPrice, 'must differ from the entry price')
  const isLong = side < 0
  const slip = slippageOf(question.slippage, stop)
  const exit = isLong ? sub(stop, slip) : add(stop, slip)
  if (exit.n <= 0n) refuse('slippage', question.slippage, `leaves no price above zero below the stop`)
  const interval = positive('fundingIntervalHours', question.fundingIntervalHours)
  const times = div(zeroOrMore('holdHours', question.holdHours), interval)
  // A payment may fall right after the start, so a part of an interval counts as a whole one.
  const payments = (times.n + times.d - 1n) / times.d
  if (payments > BigInt(PAYMENTS_MAX)) {
    refuse('holdHours', question.holdHours, `must hold at most ${PAYMENTS_MAX} funding intervals`)
  }
  return { isLong, entry, stop, exit, payments }
}

/** Funding payments of one question: more than a hundred years of one every hour. */
const PAYMENTS_MAX = 1_000_000
const HUNDRED: Rational = { n: 100n, d: 1n }

function slippageOf(text: string, stop: Rational): Rational {
  if (!text.endsWith('%')) return zeroOrMore('slippage', text)
  return mul(stop, div(zeroOrMore('slippage', text.slice(0, -1)), HUNDRED))
}

/** Value at the entry price, and losses, of one unit of size. */
interface UnitLoss {
  readonly value: Rational
  readonly price: Rational
  readonly slippage: Rational
  readonly entryFee: Rational
  readonly exitFee: Rational
  readonly funding: Rational
  readonly total: Rational
}

function lossOfOne(question: SizeQuestion, rules: InstrumentRules, terms: Terms): UnitLoss {
  const { isLong, entry, stop, exit, payments } = terms
  const multiplier = parseDecimal(rules.multiplier)
  const valueAt = (price: Rational) =>
    rules.contribution === 'inverse' ? div(multiplier, price) : mul(multiplier, price)
  const value = valueAt(entry)
  const fundingRate = fundingRateOf(question)
  const paid = isLong ? fundingRate : { n: -fundingRate.n, d: fundingRate.d }
  const price = abs(sub(valueAt(stop), value))
  const slippage = abs(sub(valueAt(exit), valueAt(stop)))
  const entryFee = mul(value, feeRateOf('entryFeeRate', question, rules))
  const exitFee = mul(valueAt(exit), feeRateOf('exitFeeRate', question, rules))
  const funding = max(ZERO, mul(mul(value, paid), { n: payments, d: 1n }))
  const total = [price, slippage, entryFee, exitFee, funding].reduce(add)
  return { value, price, slippage, entryFee, exitFee, funding, total }
}
