import type { Account, Decimal, RuleBook, VenueId } from '../domain/index.ts'
import {
  add,
  compare,
  formatDecimal,
  type LevelRule,
  type MarginAccount,
  ownRulesOver,
  type Rational,
  ZERO,
} from '../margin/index.ts'
import { HeldPrices, type MovedPrices } from './held-prices.ts'
import {
  asPrinted,
  eachMarginAccount,
  higherRatioFirst,
  type Judged,
  judge,
  levelNameOf,
  notionalOf,
  type RefusedAccount,
  ratioText,
  shortfallOf,
  worseJudgedFirst,
} from './judged.ts'
import { type CountedPrice, MissingPrices } from './missing-prices.ts'
import { movedCoinsOf } from './moved-coins.ts'
import type { Move } from './moves.ts'
import { isProvenSafe } from './nominate.ts'
import type { PresentPrices } from './present-prices.ts'
import { Prices } from './prices.ts'

/** A margin account that is warned or liquidated at the supposed prices. Money in its settlement asset. */
export interface Reached {
  readonly account: string
  readonly marginAccount: string
  readonly venue: VenueId
  readonly settle: string
  /** A warning level, or `1`: the venue liquidates. */
  readonly level: string
  /** At the present prices; null while one of them is not known. */
  readonly levelBefore: string | null
  readonly marginBalance: Decimal
  readonly maintenanceMargin: Decimal
  readonly marginRatio: Decimal | null
  readonly notional: Decimal
  readonly shortfall: Decimal
}

/** Of all margin accounts that settle in one asset and reach one level. Sums of the figures of each. */
export interface ReachedTotal {
  readonly level: string
  readonly settle: string
  readonly marginAccounts: number
  readonly notional: Decimal
  readonly shortfall: Decimal
}

export interface WhatIf extends MovedPrices {
  readonly marginAccounts: number
  readonly safe: number
  readonly warned: number
  readonly liquidated: number
  /** Margin accounts without a verdict, because a price is not known. */
  readonly unknown: number
  /** The worst level first, then by settlement asset. */
  readonly totals: readonly ReachedTotal[]
  /** The worst level first, then the largest shortfall, then the highest ratio. */
  readonly reached: readonly Reached[]
  readonly missing: readonly CountedPrice[]
  readonly refused: readonly RefusedAccount[]
}

export interface WhatIfQuestion {
  readonly accounts: Iterable<Account>
  readonly bookOf: (venue: VenueId) => RuleBook
  readonly present: PresentPrices
  readonly moves: ReadonlyMap<string, Move>
  /** Of the accounts without levels of their own. */
  readonly rule: LevelRule
  /** Most entries of `reached`. The totals count all. */
  readonly limit: number
}

interface Found extends Judged {
  readonly marginAccount: MarginAccount
  readonly shortfall: Rational
  readonly notional: Rational
}

/**
 * Who is warned and who is liquidated if prices move so, without hysteresis. f64 settles the accounts that it proves safe, exact
 * arithmetic decides about all others.
 * @throws PlimsollError MARK_INVALID for a mark that an option of the accounts cannot have.
 */
export function whatIf(question: WhatIfQuestion): WhatIf {
  const { bookOf, present, moves, rule, limit } = question
  const accounts = [...question.accounts]
  const prices = new Prices(present, moves, () => movedCoinsOf(accounts, bookOf, present, moves))
  const missing = new MissingPrices()
  const held = new HeldPrices()
  const ruleFor = ownRulesOver(rule)
  const found: Found[] = []
  let marginAccounts = 0
  const decide = (marginAccount: MarginAccount, { levels }: Account) => {
    marginAccounts++
    held.add(marginAccount.venue, marginAccount.formula)
    const judged = judge(marginAccount, prices, ruleFor(levels))
    if (judged === undefined) missing.add(prices.missingOf(marginAccount))
    else if (judged.level > 0) found.push(foundOf(marginAccount, judged, prices))
  }
  const refused = eachMarginAccount(accounts, bookOf, decide, (account, part) => {
    if (!isProvenSafe(account, part, prices, ruleFor(account.levels))) return false
    marginAccounts++
    held.add(account.venue, part)
    return true
  })
  held.refuseImpossibleMarks(prices)
  found.sort(worstFirst)
  const liquidated = found.filter(isLiquidated).length
  const before = new Prices(present)
  return {
    marginAccounts,
    safe: marginAccounts - found.length - missing.marginAccounts,
    warned: found.length - liquidated,
    liquidated,
    unknown: missing.marginAccounts,
    totals: totalsOf(found),
    reached: found.slice(0, limit).map((one) => reachedOf(one, before)),
    missing: missing.list(),
    ...held.movedBy(prices, moves.keys()),
    refused,
  }
}

function isLiquidated({ level, rule }: Judged): boolean {
  return level === rule.levels.length
}

function foundOf(marginAccount: MarginAccount, judged: Judged, prices: Prices): Found {
  const shortfall = asPrinted(shortfallOf(judged.evaluation))
  return { ...judged, marginAccount, shortfall, notional: notionalOf(marginAccount, prices) }
}

function reachedOf(found: Found, before: Prices): Reached {
  const { marginAccount, rule, evaluation, shortfall, notional } = found
  const judgedBefore = judge(marginAccount, before, rule)
  return {
    account: marginAccount.account,
    marginAccount: marginAccount.id,
    venue: marginAccount.venue,
    settle: marginAccount.currency,
    level: levelNameOf(found),
    levelBefore: judgedBefore === undefined ? null : levelNameOf(judgedBefore),
    marginBalance: formatDecimal(evaluation.marginBalance),
    maintenanceMargin: formatDecimal(evaluation.maintenanceMargin),
    marginRatio: ratioText(evaluation),
    notional: formatDecimal(notional),
    shortfall: formatDecimal(shortfall),
  }
}

function worstFirst(left: Found, right: Found): number {
  const bySize = worseJudgedFirst(left, right) || compare(right.shortfall, left.shortfall)
  const byRatio = bySize || higherRatioFirst(left.evaluation, right.evaluation)
  return byRatio !== 0 ? byRatio : left.marginAccount.id < right.marginAccount.id ? -1 : 1
}

function totalsOf(found: readonly Found[]): ReachedTotal[] {
  interface Sum {
    readonly judged: Judged
    readonly settle: string
    marginAccounts: number
    notional: Rational
    shortfall: Rational
  }
  const sums = new Map<string, Sum>()
  for (const judged of found) {
    const { marginAccount, notional, shortfall } = judged
    const { currency: settle } = marginAccount
    const key = `${levelNameOf(judged)} ${settle}`
    let sum = sums.get(key)
    if (sum === undefined) {
      sum = { judged, settle, marginAccounts: 0, notional: ZERO, shortfall: ZERO }
      sums.set(key, sum)
    }
    sum.marginAccounts++
    sum.notional = add(sum.notional, notional)
    sum.shortfall = add(sum.shortfall, shortfall)
  }
  return [...sums.values()]
    .sort(
      (left, right) => worseJudgedFirst(left.judged, right.judged) || (left.settle < right.settle ? -1 : 1),
    )
    .map(({ judged, settle, marginAccounts, notional, shortfall }) => ({
      level: levelNameOf(judged),
      settle,
      marginAccounts,
      notional: formatDecimal(notional),
      shortfall: formatDecimal(shortfall),
    }))
}
