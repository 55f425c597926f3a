import {
  type Account,
  type InstrumentRules,
  type Position,
  type Random,
  type RuleBook,
  venueId,
} from '../../src/domain/index.ts'
import { levelRule } from '../../src/margin/index.ts'
import { below } from '../../src/system/seeded-random.ts'
import { binance, bybit } from '../../src/venues/index.ts'
import { rulesFrom } from './rules.ts'

export const RULE = levelRule()

const RULES: Readonly<Record<string, InstrumentRules>> = {
  AUSDT: rulesFrom({
    tiers: [
      { cap: '900', maintenanceMarginRate: '0.1', maintenanceDeduction: '0' },
      { cap: '1000000', maintenanceMarginRate: '0.2', maintenanceDeduction: '90' },
    ],
  }),
  BUSDT: rulesFrom({
    takerFeeRate: '0.0006',
    tiers: [{ cap: '1000000', maintenanceMarginRate: '0.15', maintenanceDeduction: '0' }],
  }),
  CUSD: rulesFrom({
    kind: 'inverse',
    multiplier: '10',
    settle: 'COIN',
    tiers: [{ cap: '1000000', maintenanceMarginRate: '0.15', maintenanceDeduction: '0' }],
  }),
}
const rulesOf = (symbol: string) => RULES[symbol]
export const BOOKS: Readonly<Record<string, RuleBook>> = {
  binance: { ...binance.ruleBook, version: 'test', rulesOf },
  bybit: { ...bybit.ruleBook, version: 'test', rulesOf },
}
export const MARKETS = [
  { venue: 'binance', symbol: 'AUSDT' },
  { venue: 'binance', symbol: 'BUSDT' },
  { venue: 'binance', symbol: 'CUSD' },
  { venue: 'bybit', symbol: 'BUSDT' },
] as const
export const IDS = ['a', 'b', 'c', 'd', 'e'] as const
/** The last one is on Bybit. */
const venueOf = (id: string) => (id === 'e' ? 'bybit' : 'binance')

export function pick<T>(random: Random, list: readonly T[]): T {
  return list[below(random, list.length)]!
}

/** Size 5 to 19 at an entry of 100, or as much in contracts; margin from next to nothing to beyond every price. */
function randomPosition(random: Random, symbol: string): Position {
  const isInverse = symbol === 'CUSD'
  const units = 5 + below(random, 15)
  const size = `${random() < 0.3 ? '-' : ''}${isInverse ? 10 * units : units}`
  const common = { symbol, size, entryPrice: '100' }
  if (random() < 0.4) return { ...common, marginMode: 'cross', ...(random() < 0.3 ? { leverage: '10' } : {}) }
  const margin = 5 + below(random, 400)
  return { ...common, marginMode: 'isolated', isolatedMargin: String(isInverse ? margin / 100 : margin) }
}

export function randomAccount(random: Random, id: string, version: number): Account {
  const venue = venueOf(id)
  const symbols: string[] = MARKETS.filter((market) => market.venue === venue).map(({ symbol }) => symbol)
  const positions = symbols.filter(() => random() < 0.6).map((symbol) => randomPosition(random, symbol))
  const collateral = [
    { asset: 'USDT', amount: String(50 + below(random, 400)) },
    { asset: 'COIN', amount: String((50 + below(random, 400)) / 100) },
  ]
  // No rule book lists this one: the account is refused.
  if (random() < 0.05) positions.push(randomPosition(random, 'NOUSDT'))
  return { id, venue: venueId(venue), version, collateral, separateWallets: true, positions, liabilities: [] }
}
