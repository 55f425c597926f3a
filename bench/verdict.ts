import {
  type Account,
  type InstrumentRules,
  marginalTiers,
  type RuleBook,
  venueId,
} from '../src/domain/index.ts'
import {
  evaluate,
  evaluateByFractions,
  levelRule,
  type MarginAccount,
  type MarkOf,
  marginAccountOf,
  marginAccountsOf,
  marginStateByFractions,
  marginStateOf,
} from '../src/margin/index.ts'
import { seededRandom } from '../src/system/index.ts'
import { binance, bybit } from '../src/venues/index.ts'
import { type Effort, type Measured, measure } from './harness.ts'

export const VERDICT_SEED = 20_261_125
/** Positions of one cross account, on at most SYMBOLS symbols. */
export const VERDICT_POSITIONS = [1, 3, 100, 1_000]
const SYMBOLS = 300
/** Positions of all accounts of one size; every call takes the next account. */
const POSITIONS_IN_ALL = 3_000

/** The first tiers of BTCUSDT and of BTCUSD at Bybit (copy of 2026-08-05). */
const LINEAR_TIERS = tiersOf([
  ['2000000', '0.005', '0'],
  ['2600000', '0.0056', '1200'],
  ['3200000', '0.0063', '3020'],
  ['3800000', '0.0067', '4300'],
])
const INVERSE_TIERS = tiersOf([
  ['150', '0.005', '0'],
  ['300', '0.01', '0.75'],
  ['450', '0.015', '2.25'],
])

const KINDS = {
  'linear, Binance': { kind: 'linear', venue: 'binance', ruleBook: binance.ruleBook },
  'linear, Bybit': { kind: 'linear', venue: 'bybit', ruleBook: bybit.ruleBook },
  'inverse, Bybit': { kind: 'inverse', venue: 'bybit', ruleBook: bybit.ruleBook },
} as const
export type VerdictKind = keyof typeof KINDS
/** A coin has only a few inverse contracts, so no account has hundreds. */
const INVERSE_POSITIONS_MAX = 3

export interface VerdictBench {
  readonly kind: VerdictKind
  readonly positions: number
  /** Characters of the states of all accounts, which both computations give identically. */
  readonly checked: number
  /** Nanoseconds a call. `compiled anew`: from the stored account, as for an event. */
  readonly results: readonly Measured[]
}

/** The kinds of account that are measured at that number of positions. */
export function verdictKinds(positions: number): VerdictKind[] {
  const kinds = Object.keys(KINDS) as VerdictKind[]
  return kinds.filter((kind) => KINDS[kind].kind === 'linear' || positions <= INVERSE_POSITIONS_MAX)
}

/**
 * Verdicts and whole states of cross accounts, over one common denominator and by fractions. Throws when a state differs
 * by a character.
 */
export function benchVerdict(
  kind: VerdictKind,
  positions: number,
  seed: number,
  effort: Effort,
): VerdictBench {
  const { accounts, book, markOf } = makeBook(kind, positions, seed)
  const compiled = accounts.map((account) => marginAccountsOf(account, book)[0]!)
  const rule = levelRule()
  let checked = 0
  for (const marginAccount of compiled) {
    const text = JSON.stringify(marginStateOf(marginAccount, markOf, rule))
    if (text !== JSON.stringify(marginStateByFractions(marginAccount, markOf, rule)))
      throw new Error(`the state of ${marginAccount.id} is not that of the fractions`)
    checked += text.length
  }
  let turn = 0
  const next = () => compiled[turn++ % compiled.length]!
  const anew = (): MarginAccount => {
    const index = turn++ % compiled.length
    return marginAccountOf(accounts[index]!, compiled[index]!.id, book)!
  }
  const ways: readonly (readonly [string, () => unknown])[] = [
    ['evaluate', () => evaluate(next(), markOf)],
    ['evaluate, fractions', () => evaluateByFractions(next(), markOf)],
    ['evaluate, compiled anew', () => evaluate(anew(), markOf)],
    ['state', () => marginStateOf(next(), markOf, rule)],
    ['state, fractions', () => marginStateByFractions(next(), markOf, rule)],
    ['state, compiled anew', () => marginStateOf(anew(), markOf, rule)],
  ]
  const results = ways.map(([variant, call]) =>
    measure(variant, positions, effort, () => (call() === undefined ? Number.NaN : 1)),
  )
  return { kind, positions, checked, results }
}

function makeBook(kind: VerdictKind, positions: number, seed: number) {
  const random = seededRandom(seed)
  const { kind: contract, venue, ruleBook } = KINDS[kind]
  const inverse = contract === 'inverse'
  const rules: InstrumentRules = {
    contribution: contract,
    multiplier: inverse ? '100' : '1',
    settlementAsset: inverse ? 'BTC' : 'USDT',
    takerFeeRate: '0.00055',
    maintenance: marginalTiers(contract, inverse ? INVERSE_TIERS : LINEAR_TIERS),
  }
  const book: RuleBook = { ...ruleBook, version: 'bench', rulesOf: () => rules }
  const prices = Array.from({ length: SYMBOLS }, (_, i) => (inverse ? 60_000 : 60_000 / (1 + i * 3.7)))
  const accounts = Array.from({ length: Math.ceil(POSITIONS_IN_ALL / positions) }, (_, index): Account => {
    let gross = 0
    const legs = Array.from({ length: positions }, (_, leg) => {
      const symbol = positions <= SYMBOLS ? Math.floor(random() ** 1.5 * SYMBOLS) : leg % SYMBOLS
      const price = prices[symbol]!
      const notional = 500 + 20_000 * random() ** 2
      gross += inverse ? notional / price : notional
      const size = inverse ? String(Math.ceil(notional / 100)) : (notional / price).toFixed(4)
      return {
        symbol: `S${symbol}`,
        marginMode: 'cross' as const,
        size: random() < 0.3 ? `-${size}` : size,
        entryPrice: (price * (0.97 + 0.06 * random())).toFixed(inverse ? 1 : 4),
        leverage: '10',
      }
    })
    const amount = (gross * (0.01 + 0.1 * random())).toFixed(inverse ? 8 : 2)
    const collateral = [{ asset: rules.settlementAsset, amount }]
    return {
      id: `a${index}`,
      venue: venueId(venue),
      version: 1,
      collateral,
      positions: legs,
      liabilities: [],
    }
  })
  const marks = new Map(prices.map((price, i) => [`S${i}`, (price * 0.96).toFixed(inverse ? 2 : 8)]))
  const markOf: MarkOf = (symbol) => marks.get(symbol)
  return { accounts, book, markOf }
}

function tiersOf(rows: readonly (readonly [cap: string, rate: string, deduction: string])[]) {
  return rows.map(([cap, maintenanceMarginRate, maintenanceDeduction]) => ({
    cap,
    maintenanceMarginRate,
    maintenanceDeduction,
  }))
}
