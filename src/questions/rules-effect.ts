import type { Account, Decimal, RuleBook } from '../domain/index.ts'
import { type LevelRule, type MarginAccount, ownRulesOver } from '../margin/index.ts'
import { HeldPrices } from './held-prices.ts'
import {
  eachMarginAccount,
  higherRatioFirst,
  type Judged,
  judge,
  levelNameOf,
  type RefusedAccount,
  ratioText,
  worseJudgedFirst,
} from './judged.ts'
import { type CountedPrice, MissingPrices } from './missing-prices.ts'
import type { PresentPrices } from './present-prices.ts'
import { Prices } from './prices.ts'

/** A margin account whose level is another one under the new rules. */
export interface MovedMarginAccount {
  readonly account: string
  readonly marginAccount: string
  readonly settle: string
  /** null: the rules before do not hold one of its contracts. */
  readonly levelBefore: string | null
  readonly ratioBefore: Decimal | null
  readonly level: string
  /** null if the margin balance is not above zero. */
  readonly ratio: Decimal | null
}

export interface RulesEffect {
  readonly marginAccounts: number
  /** The worst level first, then the highest ratio. */
  readonly up: readonly MovedMarginAccount[]
  readonly down: readonly MovedMarginAccount[]
  /** Margin accounts without a verdict, because a price is not known. */
  readonly unknown: number
  readonly missing: readonly CountedPrice[]
  /** Accounts that the new rules refuse. */
  readonly refused: readonly RefusedAccount[]
}

interface RulesQuestion {
  /** All of the venue of the books. */
  readonly accounts: readonly Account[]
  readonly before: RuleBook
  readonly after: RuleBook
  readonly present: PresentPrices
  /** Of the accounts without levels of their own. */
  readonly rule: LevelRule
}

interface Moved {
  readonly marginAccount: MarginAccount
  readonly before: Judged | undefined
  readonly after: Judged
}

/**
 * Which margin accounts change their level if the rules change and no price does. Exact; without hysteresis.
 * @throws PlimsollError MARK_INVALID for a mark that an option of the accounts cannot have.
 */
export function rulesEffect({ accounts, before, after, present, rule }: RulesQuestion): RulesEffect {
  const prices = new Prices(present)
  const missing = new MissingPrices()
  const held = new HeldPrices()
  const ruleFor = ownRulesOver(rule)
  const judgedBefore = new Map<string, Judged>()
  eachMarginAccount(
    accounts,
    () => before,
    (marginAccount, { levels }) => {
      const judged = judge(marginAccount, prices, ruleFor(levels))
      if (judged !== undefined) judgedBefore.set(marginAccount.id, judged)
    },
  )
  const moved: Moved[] = []
  let marginAccounts = 0
  const refused = eachMarginAccount(
    accounts,
    () => after,
    (marginAccount, { levels }) => {
      marginAccounts++
      held.add(marginAccount.venue, marginAccount.formula)
      const judged = judge(marginAccount, prices, ruleFor(levels))
      if (judged === undefined) return missing.add(prices.missingOf(marginAccount))
      const old = judgedBefore.get(marginAccount.id)
      if (judged.level !== (old?.level ?? 0)) moved.push({ marginAccount, before: old, after: judged })
    },
  )
  held.refuseImpossibleMarks(prices)
  moved.sort(worstFirst)
  const isUp = ({ before, after }: Moved) => after.level > (before?.level ?? 0)
  return {
    marginAccounts,
    up: moved.filter(isUp).map(movedOf),
    down: moved.filter((one) => !isUp(one)).map(movedOf),
    unknown: missing.marginAccounts,
    missing: missing.list(),
    refused,
  }
}

function movedOf({ marginAccount, before, after }: Moved): MovedMarginAccount {
  return {
    account: marginAccount.account,
    marginAccount: marginAccount.id,
    settle: marginAccount.currency,
    levelBefore: before === undefined ? null : levelNameOf(before),
    ratioBefore: before === undefined ? null : ratioText(before.evaluation),
    level: levelNameOf(after),
    ratio: ratioText(after.evaluation),
  }
}

function worstFirst(left: Moved, right: Moved): number {
  const bySize =
    worseJudgedFirst(left.after, right.after) ||
    higherRatioFirst(left.after.evaluation, right.after.evaluation)
  return bySize !== 0 ? bySize : left.marginAccount.id < right.marginAccount.id ? -1 : 1
}
