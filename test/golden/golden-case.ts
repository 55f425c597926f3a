import { type CollateralRules, collateralRulesSchema, instrumentRulesSchema } from '../../src/domain/index.ts'
import { answersOf, marginAccountsOf, marginStateOf } from '../../src/margin/index.ts'
import { accountSchema } from '../../src/venues/index.ts'
import { BINANCE, bookOf } from '../margin/support.ts'
import { RATIO_RULE } from '../support/levels.ts'

/**
 * Figures by name: those of the first position by the names of `PositionState`, those of its margin account by `account.`
 * and the name of `MarginState`. Decimals, words such as a verdict, or null where none exists.
 */
export type Figures = Readonly<Record<string, string | null>>

/** What somebody else printed, and what this program computes for the same inputs. */
export interface GoldenCase {
  readonly id: string
  readonly source: string
  /** Each agrees to its last digit: less than one unit of it, because venues cut as often as they round. */
  readonly printed: Figures
  /**
   * At least the figures that are printed. `not-computed`: no function of this program computes them. `given`: this program
   * takes them as the venue publishes them, a mark or a funding rate, or the source leaves out an input.
   */
  readonly computed: (() => Figures) | 'not-computed' | 'given'
}

/** A case in the terms of `plimsoll margin`: rules, an account with one margin account, and prices. */
export interface Example {
  readonly id: string
  readonly source: string
  /** By symbol, in either form of a rules file. */
  readonly rules: Readonly<Record<string, object>>
  readonly account: object
  readonly marks: Readonly<Record<string, string>>
  readonly fundingRates?: Readonly<Record<string, string>>
  readonly indexPrices?: Readonly<Record<string, string>>
  /** How assets count in a pool, by asset. */
  readonly collateralRules?: Readonly<Record<string, object>>
  readonly printed: Figures
  /** Figures that the venue prints in a form of its own, from those of the state. */
  readonly derived?: (figures: Figures) => Figures
}

export function goldenCase(example: Example): GoldenCase {
  const { id, source, printed, derived } = example
  return {
    id,
    source,
    printed,
    computed: () => {
      const figures = figuresOf(example)
      return { ...figures, ...derived?.(figures) }
    },
  }
}

/** A case that waits for a function: it is listed in MISFITS.md as not computed yet. */
export function notComputed(id: string, source: string): GoldenCase {
  return { id, source, printed: {}, computed: 'not-computed' }
}

/** A worked example that is not for this program: it is listed in MISFITS.md as given. */
export function givenCase(id: string): GoldenCase {
  return { id, source: 'published by the venue', printed: {}, computed: 'given' }
}

/** An account that holds no margin account, and so nothing that can be liquidated. */
export function noAccountCase(id: string, source: string, account: object): GoldenCase {
  const computed = () => ({ 'margin accounts': String(marginAccountsFor(account, { rules: {} }).length) })
  return { id, source, printed: { 'margin accounts': '0' }, computed }
}

/** A case of a function that computes no state of an account. */
export function figureCase(
  id: string,
  source: string,
  printed: Figures,
  computed: () => Figures,
): GoldenCase {
  return { id, source, printed, computed }
}

/** The figures of the only margin account of an example. */
export function figuresOf(example: Omit<Example, 'id' | 'source' | 'printed' | 'derived'>): Figures {
  const { account, marks, fundingRates = {}, indexPrices = {} } = example
  const marginAccounts = marginAccountsFor(account, example)
  const [marginAccount] = marginAccounts
  if (marginAccount === undefined || marginAccounts.length > 1)
    throw new Error(`${marginAccounts.length} margin accounts, one expected`)
  const further = {
    fundingRateOf: (symbol: string) => fundingRates[symbol],
    indexPriceOf: (asset: string) => indexPrices[asset],
  }
  const markOf = (symbol: string) => marks[symbol]
  const { positions, cure: _, ...state } = marginStateOf(marginAccount, markOf, RATIO_RULE, further)
  const { distance } = answersOf(marginAccount, markOf, further)
  const ofAccount = Object.entries({ ...state, distance }).map(
    ([name, value]) => [`account.${name}`, value] as const,
  )
  return { ...positions[0], ...Object.fromEntries(ofAccount) }
}

function marginAccountsFor(account: object, rules: Pick<Example, 'rules' | 'collateralRules'>) {
  const example = exampleOf({ ...rules, account })
  return marginAccountsOf(example.account, example.book)
}

/** The account of an example, and the book of its rules. */
export function exampleOf(example: Pick<Example, 'rules' | 'collateralRules' | 'account'>) {
  const account = accountSchema.parse({ id: 'a', venue: 'bybit', ...example.account })
  return { account, book: bookFor(example) }
}

function bookFor({ rules, collateralRules = {} }: Pick<Example, 'rules' | 'collateralRules'>) {
  const parsed = Object.entries(rules).map(
    ([symbol, stated]) => [symbol, instrumentRulesSchema.parse(stated)] as const,
  )
  const assets = new Map<string, CollateralRules>(
    Object.entries(collateralRules).map(([asset, stated]) => [asset, collateralRulesSchema.parse(stated)]),
  )
  return {
    ...bookOf(BINANCE, Object.fromEntries(parsed)),
    collateralOf: (asset: string) => assets.get(asset),
  }
}

/** [cap, maintenanceMarginRate, maintenanceDeduction] */
export type Tier = readonly [string, string, string]

export const NO_CAP = '999999999999999'

/** Rules in the short form; linear in USDT unless stated. */
export function marginalRules(tiers: readonly Tier[], more: object = {}): object {
  return {
    kind: 'linear',
    settle: 'USDT',
    ...more,
    tiers: tiers.map(([cap, maintenanceMarginRate, maintenanceDeduction]) => ({
      cap,
      maintenanceMarginRate,
      maintenanceDeduction,
    })),
  }
}

/** Rules with one rate for every position, in the full form; linear in USDT without a fee unless stated. */
export function rateRules(rate: string, more: object = {}): object {
  return {
    contribution: 'linear',
    settlementAsset: 'USDT',
    maintenance: {
      kind: 'whole-tiers',
      basis: 'contracts',
      tiers: [{ cap: NO_CAP, maintenanceMarginRate: rate }],
    },
    closingFee: 'none',
    liquidation: 'reached',
    ...more,
  }
}

/** An account with one isolated position in X. */
export function isolated(size: string, entryPrice: string, more: Record<string, string>): object {
  return { positions: [{ symbol: 'X', marginMode: 'isolated', size, entryPrice, ...more }] }
}

/** An account with one cross position in X behind a wallet. */
export function cross(
  asset: string,
  amount: string,
  size: string,
  entryPrice: string,
  more: Record<string, string | number> = {},
): object {
  return {
    collateral: [{ asset, amount }],
    positions: [{ symbol: 'X', marginMode: 'cross', size, entryPrice, ...more }],
  }
}
