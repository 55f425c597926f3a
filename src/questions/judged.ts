import type { Account, Decimal, LevelName, RuleBook, VenueId } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import {
  abs,
  add,
  compare,
  DISPLAY_DECIMALS,
  div,
  type Evaluation,
  type EvaluationAt,
  evaluateByFractions,
  evaluationsOf,
  formatDecimal,
  knownOf,
  type LevelRule,
  type MarginAccount,
  type MarginAccountPart,
  marginAccountOfPart,
  marginAccountPartsOf,
  mul,
  parseDecimal,
  powerOfTen,
  type Rational,
  reachedLevel,
  sign,
  sub,
  worseLevelFirst,
  ZERO,
} from '../margin/index.ts'
import type { Prices } from './prices.ts'

/** An account that the rules refuse, and why. */
export interface RefusedAccount {
  readonly account: string
  readonly reason: string
}

/**
 * Calls `found` for every margin account of all accounts, with its account, in their order; an account that the rules refuse has none.
 * A margin account that `isSettled` settles by its part of the account is not compiled, and `found` does not get it.
 * Nothing is kept: 100,000 compiled accounts take longer to keep than to compile.
 */
export function eachMarginAccount(
  accounts: Iterable<Account>,
  bookOf: (venue: VenueId) => RuleBook,
  found: (marginAccount: MarginAccount, account: Account) => void,
  isSettled?: (account: Account, part: MarginAccountPart) => boolean,
): RefusedAccount[] {
  const refused: RefusedAccount[] = []
  for (const account of accounts) {
    const book = bookOf(account.venue)
    try {
      for (const part of marginAccountPartsOf(account, book)) {
        if (isSettled?.(account, part) !== true) found(marginAccountOfPart(account, part, book), account)
      }
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error
      refused.push({ account: account.id, reason: error.message })
    }
  }
  return refused
}

/** A margin account at some prices. */
export interface Judged {
  readonly rule: LevelRule
  /** Place in the levels of the rule: 0 is safe, the last one is the line. */
  readonly level: number
  readonly evaluation: Evaluation
}

export function levelNameOf({ rule, level }: Judged): LevelName {
  return rule.names[level]!
}

/** Orders by the levels of the rule of each, the worse first, what is safe last. */
export function worseJudgedFirst(left: Judged, right: Judged): number {
  if (left.level === 0 || right.level === 0) return Math.sign(right.level) - Math.sign(left.level)
  return worseLevelFirst(left.rule.levels[left.level - 1]!, right.rule.levels[right.level - 1]!)
}

/** Orders by margin ratio, the highest first, without a division. A ratio of a balance that is not above zero is the highest. */
export function higherRatioFirst(left: Evaluation, right: Evaluation): number {
  const isNone = sign(left.marginBalance) <= 0
  const isOtherNone = sign(right.marginBalance) <= 0
  if (isNone || isOtherNone) return Number(isOtherNone) - Number(isNone)
  return compare(
    mul(right.maintenanceMargin, left.marginBalance),
    mul(left.maintenanceMargin, right.marginBalance),
  )
}

/**
 * By exact arithmetic, without hysteresis; undefined while a price is not known. Fractions take half the time of `evaluate` for
 * an account that is judged once, because they make no common denominator.
 */
export function judge(marginAccount: MarginAccount, prices: Prices, rule: LevelRule): Judged | undefined {
  const markOf = prices.marksOf(marginAccount)
  if (!marginAccount.isPlain) {
    const evaluationAt = evaluationsOf(marginAccount, markOf, prices.further)
    return evaluationAt && judgedBy(evaluationAt, marginAccount, rule)
  }
  const present = evaluateByFractions(marginAccount, markOf)
  if (present === undefined) return undefined
  const evaluationAt = (distance: Rational) =>
    distance.n === 0n ? present : evaluateByFractions(marginAccount, markOf, distance)!
  return judgedBy(evaluationAt, marginAccount, rule)
}

function judgedBy(evaluationAt: EvaluationAt, marginAccount: MarginAccount, rule: LevelRule): Judged {
  return { rule, level: reachedLevel(evaluationAt, marginAccount, rule), evaluation: evaluationAt(ZERO) }
}

/** What the margin account has less than it needs; 0 if it has enough. */
export function shortfallOf({ marginBalance, maintenanceMargin }: Evaluation): Rational {
  const shortfall = sub(maintenanceMargin, marginBalance)
  return sign(shortfall) > 0 ? shortfall : ZERO
}

/** null if the margin balance is not above zero. */
export function ratioText({ marginBalance, maintenanceMargin }: Evaluation): Decimal | null {
  return sign(marginBalance) > 0 ? formatDecimal(div(maintenanceMargin, marginBalance)) : null
}

/**
 * The notional of all positions in the asset in which the margin account settles: the sum of the figures that
 * `marginStateOf` prints. All prices are known.
 */
export function notionalOf(marginAccount: MarginAccount, prices: Prices): Rational {
  const markOf = prices.marksOf(marginAccount)
  const { isPlain, formula, currency } = marginAccount
  if (isPlain) {
    return formula.positions.reduce((sum, { position, rules }) => {
      const amount = mul(abs(parseDecimal(position.size)), parseDecimal(rules.multiplier))
      const mark = parseDecimal(markOf(position.symbol)!)
      const notional = rules.contribution === 'inverse' ? div(amount, mark) : mul(amount, mark)
      return add(sum, asPrinted(notional))
    }, ZERO)
  }
  const { figures } = knownOf(formula, markOf, prices.further)!
  return figures.positions.reduce((sum, { value }, index) => {
    const asset = formula.positions[index]!.rules.settlementAsset
    const price = asset === currency ? undefined : prices.further.indexPriceOf?.(asset, currency)
    const own = asPrinted(abs(value))
    return add(sum, price === undefined ? own : asPrinted(mul(own, parseDecimal(price))))
  }, ZERO)
}

const FINEST_PRINTED = powerOfTen(DISPLAY_DECIMALS)

/** Rounded as a figure is printed, so that sums of many fractions stay short. */
export function asPrinted(value: Rational): Rational {
  return FINEST_PRINTED % value.d === 0n ? value : parseDecimal(formatDecimal(value))
}
