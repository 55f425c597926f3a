import type { InstrumentRules, MarginDefaults, RuleBook } from '../../src/domain/index.ts'
import { coordinateAt } from '../../src/margin/curve.ts'
import {
  add,
  formatDecimal,
  type LevelRule,
  type MarginAccount,
  maintenanceAt,
  marginAccountsOf,
  marginStateOf,
  parseDecimal,
  type Rational,
  sub,
  valueAt,
} from '../../src/margin/index.ts'
import { ruleBookOfEntries } from '../../src/rules/index.ts'
import { type AccountInput, parsedAccount } from '../support/accounts.ts'
import { RATIO_RULE } from '../support/levels.ts'
import { rulesFrom, type ShortRules } from '../support/rules.ts'

export const BYBIT: MarginDefaults = {
  closingFee: 'at-bankruptcy-price',
  liquidation: 'reached',
  initialAtEntry: 'isolated',
}
export const BINANCE: MarginDefaults = { closingFee: 'none', liquidation: 'reached' }

/** [cap, maintenanceMarginRate, maintenanceDeduction] */
export type TierRow = readonly [string, string, string]

export function rulesOf(tiers: readonly TierRow[], extra: Omit<ShortRules, 'tiers'> = {}): InstrumentRules {
  return rulesFrom({
    ...extra,
    tiers: tiers.map(([cap, maintenanceMarginRate, maintenanceDeduction]) => ({
      cap,
      maintenanceMarginRate,
      maintenanceDeduction,
    })),
  })
}

/** One tier that holds every notional. */
export function oneTier(rate: string, deduction = '0', extra: Omit<ShortRules, 'tiers'> = {}) {
  return rulesOf([['999999999999999', rate, deduction]], extra)
}

export function bookOf(defaults: MarginDefaults, rules: Readonly<Record<string, InstrumentRules>>): RuleBook {
  return ruleBookOfEntries({
    venue: 'test',
    version: 'test-1',
    defaults,
    symbols: () => Object.keys(rules),
    entriesOf: (symbol) => {
      const own = rules[symbol]
      return own === undefined ? [] : [{ fromMs: Number.NEGATIVE_INFINITY, rules: own, source: 'test' }]
    },
  })
}

/** A cross wallet of each settlement asset that the rules of these tests have, empty unless stated. */
export function wallets(amounts: Readonly<Record<string, string>> = {}) {
  return Object.entries({ USDT: '0', BTC: '0', ...amounts }).map(([asset, amount]) => ({ asset, amount }))
}

export function marginAccountsFor(input: AccountInput, book: RuleBook): MarginAccount[] {
  return marginAccountsOf(parsedAccount(input), book)
}

/** The state of the only margin account of the input. */
export function stateOf(
  input: AccountInput,
  book: RuleBook,
  marks: Readonly<Record<string, string>>,
  rule: LevelRule = RATIO_RULE,
) {
  const marginAccounts = marginAccountsFor(input, book)
  if (marginAccounts.length !== 1) throw new Error(`${marginAccounts.length} margin accounts, one expected`)
  return marginStateOf(marginAccounts[0]!, (symbol) => marks[symbol], rule)
}

/** marginBalance − maintenanceMargin at marks that need not be decimals. */
export function slackAt(marginAccount: MarginAccount, markOf: (symbol: string) => Rational): Rational {
  return marginAccount.curves.reduce((slack, curve) => {
    const x = coordinateAt(curve.coordinate, markOf(curve.symbol))
    return add(slack, sub(valueAt(curve, x), maintenanceAt(curve, x)))
  }, marginAccount.constant)
}

/** The text of a sum of decimals. */
export function sumOf(...parts: readonly string[]): string {
  return formatDecimal(parts.map(parseDecimal).reduce(add))
}
