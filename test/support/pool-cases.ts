import { add, type Fraction, parse, print, subtract } from '../../src/demo/referee/fraction.ts'
import type { AccountFigures } from '../../src/demo/referee/margin-accounts.ts'
import { type NaivePool, naivePool, type PoolPrices, poolFiguresAt } from '../../src/demo/referee/pools.ts'
import type { Account, CollateralRules, Position, Random, RuleBook } from '../../src/domain/index.ts'
import { collateralRulesSchema, decimalSchema, positionKey } from '../../src/domain/index.ts'
import {
  type Evaluation,
  evaluate,
  type FurtherPrices,
  type MarginAccount,
  marginAccountsOf,
} from '../../src/margin/index.ts'
import { withCollateralRules } from '../../src/rules/index.ts'
import { makeAccount } from './accounts.ts'
import { between, text } from './random-accounts.ts'
import { drawPrices, drawVenueCase, type VenueMarkets, type VenuePrices } from './venue-cases.ts'

/** How a venue counts the assets of a pool. Ratios and caps are drawn. */
export interface PoolForm {
  readonly venue: string
  readonly name: string
  readonly kind: 'multi-asset' | 'spot-margin'
  readonly currency: string
  readonly rulesOf: (random: Random, price: number) => unknown
}

/** Falling ratios, each up to a cap in the unit of `scale`. */
export function fallingTiers(random: Random, scale: number): { cap: string; ratio: string }[] {
  let cap = 0
  let ratio = 1 - random() * 0.1
  return Array.from({ length: between(random, 1, 4) }, () => {
    cap += scale * between(random, 1, 40)
    const tier = { cap: text(cap, 6), ratio: text(ratio, 4) }
    ratio = Math.max(0, ratio - random() * 0.4)
    return tier
  })
}

/** About so much value a tier, in the currency of the pool. */
export const TIER_VALUE = 20_000

export const POOL_FORMS: readonly PoolForm[] = [
  {
    venue: 'bybit',
    name: 'Bybit unified account, haircuts on the wallet alone',
    kind: 'multi-asset',
    currency: 'USD',
    rulesOf: (random, price) => ({
      tiers: fallingTiers(random, TIER_VALUE / price),
      discounts: 'wallet',
      liabilityMaintenanceRate: text(random() * 0.08, 4),
    }),
  },
  {
    venue: 'okx',
    name: 'OKX multi-currency, discount tiers on the equity',
    kind: 'multi-asset',
    currency: 'USD',
    rulesOf: (random, price) => ({
      tiers: fallingTiers(random, TIER_VALUE / price),
      liabilityMaintenanceRate: text(random() * 0.08, 4),
    }),
  },
  {
    venue: 'binance',
    name: 'Binance multi-assets, bid and ask side of the asset index',
    kind: 'multi-asset',
    currency: 'USD',
    rulesOf: (random) => {
      const buffer = random() * 0.1
      return {
        tiers: [{ cap: '999999999999', ratio: text(1 - buffer, 4) }],
        liabilityRatio: text(1 + buffer, 4),
      }
    },
  },
  {
    venue: 'kraken',
    name: 'Kraken multi-collateral wallet, haircuts',
    kind: 'multi-asset',
    currency: 'USD',
    rulesOf: (random) => ({
      tiers: [{ cap: '999999999999', ratio: text(1 - random() * 0.2, 4) }],
      discounts: 'wallet',
    }),
  },
  {
    venue: 'binance',
    name: 'Binance spot margin, tiers by value',
    kind: 'spot-margin',
    currency: 'USDT',
    rulesOf: (random) => ({ tiers: fallingTiers(random, TIER_VALUE), basis: 'value' }),
  },
]

export interface PoolCase {
  readonly account: Account
  readonly book: RuleBook
  readonly rules: Readonly<Record<string, CollateralRules>>
  /** Prices near which it was drawn, by symbol and by asset. */
  readonly entries: ReadonlyMap<string, number>
  readonly indexes: ReadonlyMap<string, number>
}

export interface PoolMoment extends VenuePrices {
  readonly indexes: ReadonlyMap<string, string>
}

const COINS: Readonly<Record<string, number>> = {
  BTC: 60_000,
  ETH: 2_500,
  USDT: 1,
  USDC: 1,
  SOL: 140,
  XRP: 0.5,
}
const COIN_NAMES = Object.keys(COINS)
const WALLETS_MAX = 4
const DRAWS_MAX = 3
/** Within so many draws a pool is one that a test wants. */
const POOL_DRAWS_MAX = 10_000
/** Share of amounts that are exactly the cap of a tier, and of debts that are exactly what is owned. */
const EXACT_SHARE = 0.2
/** Share of wallets that are below zero. */
const BELOW_ZERO_SHARE = 0.2
const LIQUIDATION_LEVELS = ['1.05', '1.1', '1.18']

export function drawPool(random: Random, form: PoolForm, markets: VenueMarkets): PoolCase {
  const { kind, currency, venue } = form
  const { positions, entries } =
    kind === 'spot-margin' ? { positions: [], entries: new Map() } : drawPositions(random, form, markets)
  const { assetNames = {} } = markets.book.defaults
  const held = Array.from({ length: between(random, 1, WALLETS_MAX) }, () => {
    const coin = oneOf(random, COIN_NAMES)
    return assetNames[coin] ?? coin
  })
  const settled = positions.map(({ symbol }) => markets.book.rulesOf(symbol)!.settlementAsset)
  const assets = [...new Set([...settled, ...held])].filter((asset) => asset !== currency)
  const indexes = new Map(assets.map((asset) => [asset, COINS[asset] ?? 10 ** (4 * random())]))
  const rules = Object.fromEntries(
    [...indexes].map(([asset, price]) => [asset, collateralRulesSchema.parse(form.rulesOf(random, price))]),
  )
  // What a debt in the currency asks for; where the venue asks for margin of debts, it has to be stated.
  if (kind === 'multi-asset') rules[currency] = collateralRulesSchema.parse(form.rulesOf(random, 1))
  const drawAmount = (asset: string) => amountOf(random, rules[asset]!, indexes.get(asset)!)
  const amounts = assets.map((asset) => ({ asset, amount: drawAmount(asset) }))
  const collateral = amounts.map(({ asset, amount }) => ({
    asset,
    amount: random() < BELOW_ZERO_SHARE ? `-${amount}` : amount,
  }))
  const liabilities = amounts
    .filter(() => random() < 0.4)
    .map(({ asset, amount }) => ({ asset, amount: random() < EXACT_SHARE ? amount : drawAmount(asset) }))
  if (kind === 'spot-margin') liabilities.push({ asset: currency, amount: text(random() * 100_000, 2) })
  const level = kind === 'spot-margin' ? { liquidationLevel: oneOf(random, LIQUIDATION_LEVELS) } : {}
  const account: Account = {
    ...makeAccount({ venue, positions, collateral: [...collateral, { asset: currency, amount: '0' }] }),
    liabilities,
    pool: { currency, kind, ...level },
  }
  return { account, book: withCollateralRules(markets.book, rules), rules, entries, indexes }
}

function oneOf<T>(random: Random, list: readonly T[]): T {
  return list[between(random, 0, list.length - 1)]!
}

/** Cross positions that settle in several assets, at most one a symbol and side. */
function drawPositions(random: Random, { venue, kind }: PoolForm, { book, pools }: VenueMarkets) {
  const held = book.defaults.pools?.[kind]?.holds ?? (() => true)
  const markets = {
    book,
    pools: pools.map((pool) => pool.filter(({ symbol }) => held(symbol))).filter((pool) => pool.length > 0),
  }
  const positions = new Map<string, Position>()
  const entries = new Map<string, number>()
  for (let draw = between(random, 1, DRAWS_MAX); draw > 0; draw--) {
    const drawn = drawVenueCase(random, venue, markets)
    for (const position of drawn.account.positions) {
      if (position.marginMode !== 'cross') continue
      positions.set(positionKey(position), position)
      for (const [symbol, price] of drawn.entries) entries.set(symbol, price)
    }
  }
  return { positions: [...positions.values()], entries }
}

/** Up to a few tiers, some of them exactly the cap of a tier. */
function amountOf(random: Random, { tiers, basis }: CollateralRules, price: number): string {
  const { cap } = oneOf(random, tiers)
  if (basis === 'coin' && random() < EXACT_SHARE && Number(cap) * price < 100 * TIER_VALUE) return cap
  return text((TIER_VALUE * 10 ** (3 * random() - 1)) / price, 6)
}

export function drawMoment(random: Random, one: PoolCase): PoolMoment {
  const indexes = new Map(
    [...one.indexes].map(([asset, price]) => [asset, text(price * (0.8 + 0.4 * random()), 6)]),
  )
  return { ...drawPrices(random, one), indexes }
}

/** Whether an account holds something that can be liquidated. */
export function hasRisk({ positions, liabilities, collateral }: Account): boolean {
  return positions.length + liabilities.length > 0 || collateral.some(({ amount }) => amount.startsWith('-'))
}

/** The account with so much of the currency of its pool. */
export function withCurrency(account: Account, amount: string): Account {
  const { currency } = account.pool!
  const collateral = account.collateral.map((entry) =>
    entry.asset === currency ? { ...entry, amount } : entry,
  )
  return { ...account, collateral }
}

/** A pool compiled by the engine and by the referee. */
export interface CompiledPool {
  readonly engine: MarginAccount
  readonly referee: NaivePool
}

/** The pool with so much of its own currency. */
export function compiledPool({ account, book, rules }: PoolCase, amount: string): CompiledPool {
  const own = withCurrency(account, amount)
  const [engine] = marginAccountsOf(own, book)
  const rulesOf = (symbol: string) => book.rulesOf(symbol)!
  return { engine: engine!, referee: naivePool(own, rulesOf, (asset) => rules[asset]) }
}

/** The moment's prices as the referee takes them. */
export function refereePricesOf({ marks, indexes, fundingRates }: PoolMoment): PoolPrices {
  const known = (text: string | undefined) => (text === undefined ? undefined : parse(text))
  return {
    markOf: (symbol) => known(marks.get(symbol)),
    indexOf: (asset) => known(indexes.get(asset)),
    fundingRateOf: (symbol) => parse(fundingRates.get(symbol) ?? '0'),
  }
}

/** The moment's prices beside the marks as the engine takes them. */
export function furtherOf({ indexes, fundingRates }: PoolMoment): FurtherPrices {
  return {
    fundingRateOf: (symbol) => fundingRates.get(symbol) ?? '0',
    indexPriceOf: (asset) => indexes.get(asset),
  }
}

/** What the referee finds at the prices. */
export function refereeAt(referee: NaivePool, moment: PoolMoment): AccountFigures {
  return poolFiguresAt(referee, refereePricesOf(moment))!
}

/** What the engine finds at the prices. */
export function engineAt(engine: MarginAccount, moment: PoolMoment): Evaluation {
  return evaluate(engine, (symbol) => moment.marks.get(symbol), furtherOf(moment))!
}

/** What the referee finds of the pool while it holds nothing of its currency. */
export function emptyAt(one: PoolCase, moment: PoolMoment): AccountFigures {
  return refereeAt(compiledPool(one, '0').referee, moment)
}

/** So much of its currency brings a pool with these figures to its line. */
export function lackOf({ marginBalance, maintenanceMargin }: AccountFigures): Fraction {
  return subtract(maintenanceMargin, marginBalance)
}

/** A random pool with the amount of its currency that it was given, compiled, and prices. */
export interface DrawnPool extends CompiledPool {
  readonly one: PoolCase
  readonly moment: PoolMoment
  readonly amount: string
}

/** A wanted pool, of an amount that an account may hold. It holds so much of its currency that it is `above` its line, which is told its figures without any. */
export function drawPoolNear(
  random: Random,
  form: PoolForm,
  markets: VenueMarkets,
  above: (empty: AccountFigures) => Fraction,
  isWanted: (account: Account) => boolean = hasRisk,
): DrawnPool {
  for (let draws = 0; draws < POOL_DRAWS_MAX; draws++) {
    const one = drawPool(random, form, markets)
    if (!isWanted(one.account)) continue
    const moment = drawMoment(random, one)
    const empty = emptyAt(one, moment)
    const amount = print(add(lackOf(empty), above(empty)))
    if (decimalSchema.safeParse(amount).success) return { one, moment, amount, ...compiledPool(one, amount) }
  }
  throw new Error(`none of ${POOL_DRAWS_MAX} pools is wanted: ${form.name}`)
}
