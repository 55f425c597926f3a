import type {
  Account,
  InstrumentRules,
  Position,
  Random,
  RiskTier,
  RuleBook,
} from '../../src/domain/index.ts'
import { add, formatDecimal, mul, parseDecimal, sub, ZERO } from '../../src/margin/index.ts'
import { binance, bybit } from '../../src/venues/index.ts'
import { makeAccount } from './accounts.ts'
import { rulesFrom } from './rules.ts'

/** A whole number in [low, high]. */
export function between(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1))
}

/** A decimal text of the number with so many decimals. */
export function text(value: number, decimals: number): string {
  return value.toFixed(decimals).replace(/^-(0(\.0*)?)$/, '$1')
}

/** 1 to 6 tiers whose deductions follow the recurrence; caps in units of `capUnit`. */
export function randomTiers(random: Random, capUnit: number): RiskTier[] {
  let cap = 0
  let rate = parseDecimal(text(0.002 + 0.02 * random(), 4))
  let capBefore = ZERO
  let deduction = ZERO
  return Array.from({ length: between(random, 1, 6) }, (_, index) => {
    const next = index === 0 ? rate : add(rate, parseDecimal(text(0.001 + 0.08 * random(), 4)))
    deduction = add(deduction, mul(capBefore, sub(next, rate)))
    rate = next
    cap += between(random, 1, 50) * capUnit
    capBefore = parseDecimal(String(cap))
    return {
      cap: String(cap),
      maintenanceMarginRate: formatDecimal(rate),
      maintenanceDeduction: formatDecimal(deduction),
    }
  })
}

export interface TestMarket {
  readonly symbol: string
  readonly rules: InstrumentRules
  readonly price: number
  /** Decimals that the venue prints. */
  readonly decimals: number
}

/** Markets of both kinds, prices from cents to tens of thousands; every second one settles in its coin. */
export function randomMarkets(random: Random, count: number): TestMarket[] {
  return Array.from({ length: count }, (_, index) => {
    const inverse = index % 2 === 1
    const price = 10 ** (random() * 6 - 1)
    const rules = rulesFrom({
      kind: inverse ? 'inverse' : 'linear',
      multiplier: inverse ? ['1', '10', '100'][index % 3]! : '1',
      // Two coins, so that cross pools hold several markets of one coin.
      settle: inverse ? `COIN${index % 4}` : 'USDT',
      takerFeeRate: '0.00055',
      tiers: randomTiers(random, inverse ? Math.max(1, Math.round(50_000 / price)) : 20_000),
    })
    return { symbol: `M${index}${inverse ? 'USD' : 'USDT'}`, rules, price, decimals: price < 10 ? 8 : 2 }
  })
}

/** Rule books of both margin rules over the given markets. */
export function booksOf(markets: readonly TestMarket[]): Readonly<Record<string, RuleBook>> {
  const rules = new Map(markets.map((market) => [market.symbol, market.rules]))
  const rulesOf = (symbol: string) => rules.get(symbol)
  return {
    bybit: { ...bybit.ruleBook, version: 'test', rulesOf },
    binance: { ...binance.ruleBook, version: 'test', rulesOf },
  }
}

/** A position at leverage 2 to 100, notional about 100 to 100,000 in quote currency. */
export function randomPosition(
  random: Random,
  market: TestMarket,
  marginMode: 'isolated' | 'cross',
): Position {
  const entry = market.price * (0.9 + 0.2 * random())
  const notional = 10 ** (2 + 3 * random())
  const inverse = market.rules.contribution === 'inverse'
  const units = inverse
    ? Math.max(1, Math.round(notional / Number(market.rules.multiplier)))
    : notional / entry
  const size = `${random() < 0.5 ? '-' : ''}${inverse ? units : text(Math.max(units, 0.001), 3)}`
  const leverage = String(between(random, 2, 100))
  const position = {
    symbol: market.symbol,
    marginMode,
    size,
    entryPrice: text(entry, market.decimals),
    leverage,
  }
  if (marginMode === 'cross' || random() < 0.5) return position
  const value = inverse ? (units * Number(market.rules.multiplier)) / entry : units * entry
  return { ...position, isolatedMargin: text(value * (0.01 + 0.5 * random()), 8) }
}

/** An account with isolated positions and cross pools over the markets. */
export function randomAccount(random: Random, id: string, markets: readonly TestMarket[]): Account {
  const positions = new Map<string, Position>()
  for (let i = between(random, 1, 8); i > 0; i--) {
    const market = markets[between(random, 0, markets.length - 1)]!
    const position = randomPosition(random, market, random() < 0.4 ? 'isolated' : 'cross')
    positions.set(`${position.symbol}${position.marginMode}${position.size.startsWith('-')}`, position)
  }
  const settles = new Map<string, number>()
  for (const position of positions.values()) {
    const market = markets.find(({ symbol }) => symbol === position.symbol)!
    if (position.marginMode === 'isolated') continue
    const quote = Math.abs(Number(position.size)) * Number(market.rules.multiplier)
    const value = market.rules.contribution === 'inverse' ? quote / market.price : quote * market.price
    const { settlementAsset } = market.rules
    settles.set(settlementAsset, (settles.get(settlementAsset) ?? 0) + value)
  }
  return makeAccount({
    id,
    venue: random() < 0.5 ? 'bybit' : 'binance',
    collateral: [...settles].map(([asset, value]) => ({
      asset,
      amount: text(value * (0.01 + 0.5 * random()), 8),
    })),
    positions: [...positions.values()],
  })
}
