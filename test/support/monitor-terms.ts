import type { Account, InstrumentRules, Position, Random, RuleBook } from '../../src/domain/index.ts'
import { below } from '../../src/system/seeded-random.ts'
import { binance, bybit } from '../../src/venues/index.ts'
import { crossPosition, isolatedPosition, makeAccount } from './accounts.ts'
import { rulesFrom } from './rules.ts'

/** By symbol: the rules that it may have; undefined: the venue does not list it. The first ones are in force first. */
const RULES: Readonly<Record<string, readonly (InstrumentRules | undefined)[]>> = {
  AUSDT: [
    rulesFrom({
      tiers: [
        { cap: '900', maintenanceMarginRate: '0.1', maintenanceDeduction: '0' },
        { cap: '1000000', maintenanceMarginRate: '0.2', maintenanceDeduction: '90' },
      ],
    }),
    rulesFrom({ tiers: [{ cap: '1000000', maintenanceMarginRate: '0.3', maintenanceDeduction: '0' }] }),
    rulesFrom({
      settle: 'COIN',
      tiers: [{ cap: '1000000', maintenanceMarginRate: '0.1', maintenanceDeduction: '0' }],
    }),
    undefined,
  ],
  BUSDT: [
    rulesFrom({
      takerFeeRate: '0.0006',
      tiers: [{ cap: '1000000', maintenanceMarginRate: '0.15', maintenanceDeduction: '0' }],
    }),
    rulesFrom({
      takerFeeRate: '0.01',
      liquidation: 'passed',
      tiers: [{ cap: '1000000', maintenanceMarginRate: '0.05', maintenanceDeduction: '0' }],
    }),
    rulesFrom({
      liquidation: 'reached',
      tiers: [{ cap: '1000000', maintenanceMarginRate: '0.4', maintenanceDeduction: '0' }],
    }),
  ],
  CUSD: [
    rulesFrom({
      kind: 'inverse',
      multiplier: '10',
      settle: 'COIN',
      tiers: [{ cap: '1000000', maintenanceMarginRate: '0.15', maintenanceDeduction: '0' }],
    }),
    rulesFrom({
      kind: 'inverse',
      multiplier: '5',
      settle: 'COIN',
      tiers: [
        { cap: '2', maintenanceMarginRate: '0.2', maintenanceDeduction: '0' },
        { cap: '1000000', maintenanceMarginRate: '0.5', maintenanceDeduction: '0.6' },
      ],
    }),
  ],
  NOUSDT: [
    undefined,
    rulesFrom({ tiers: [{ cap: '1000000', maintenanceMarginRate: '0.2', maintenanceDeduction: '0' }] }),
  ],
}
const SYMBOLS = Object.keys(RULES)

function bookOf(venue: string, version: string, rules: ReadonlyMap<string, InstrumentRules | undefined>) {
  const { ruleBook } = venue === 'bybit' ? bybit : binance
  return { ...ruleBook, version, rulesOf: (symbol: string) => rules.get(symbol) }
}

/** The books of both venues at the start. */
export function firstBooks(): Record<string, RuleBook> {
  const rules = new Map(SYMBOLS.map((symbol) => [symbol, RULES[symbol]![0]]))
  return { binance: bookOf('binance', 'v0', rules), bybit: bookOf('bybit', 'v0', rules) }
}

/** The book with other rules for a symbol or two; at times with the same ones. */
export function otherBook(random: Random, before: RuleBook, version: string): RuleBook {
  const rules = new Map(SYMBOLS.map((symbol) => [symbol, before.rulesOf(symbol)]))
  for (let changes = 1 + below(random, 2); changes > 0; changes--) {
    const symbol = pick(random, SYMBOLS)
    rules.set(symbol, pick(random, RULES[symbol]!))
  }
  return bookOf(before.venue, version, rules)
}

/** Symbols with other rules. */
export function differingSymbols(before: RuleBook, after: RuleBook): string[] {
  return SYMBOLS.filter((symbol) => before.rulesOf(symbol) !== after.rulesOf(symbol))
}

export const MARKETS = [
  { venue: 'binance', symbol: 'AUSDT' },
  { venue: 'binance', symbol: 'BUSDT' },
  { venue: 'binance', symbol: 'CUSD' },
  { venue: 'bybit', symbol: 'BUSDT' },
] as const
/** Markets that may have marks. */
export const TICKED = [...MARKETS, { venue: 'binance', symbol: 'NOUSDT' }] as const
export const IDS = ['a', 'b', 'c', 'd', 'e'] as const
/** The last one is on Bybit, and at times the one before it. */
const venueOf = (random: Random, id: string) =>
  id === 'e' || (id === 'd' && random() < 0.3) ? 'bybit' : 'binance'

export function pick<T>(random: Random, list: readonly T[]): T {
  return list[below(random, list.length)]!
}

/** Size 5 to 19 at an entry of 100, or as much in contracts; margin from next to nothing to beyond every price. */
function randomPosition(random: Random, symbol: string): Position {
  const isInverse = symbol === 'CUSD'
  const units = 5 + below(random, 15)
  const size = `${random() < 0.3 ? '-' : ''}${isInverse ? 10 * units : units}`
  if (random() < 0.4) return crossPosition(symbol, { size, ...(random() < 0.3 ? { leverage: '10' } : {}) })
  const margin = 5 + below(random, 400)
  return isolatedPosition(symbol, { size, isolatedMargin: String(isInverse ? margin / 100 : margin) })
}

export function randomAccount(random: Random, id: string, version: number): Account {
  const venue = venueOf(random, id)
  const symbols: string[] = MARKETS.filter((market) => market.venue === venue).map(({ symbol }) => symbol)
  const positions = symbols.filter(() => random() < 0.6).map((symbol) => randomPosition(random, symbol))
  const collateral = [
    { asset: 'USDT', amount: String(50 + below(random, 400)) },
    { asset: 'COIN', amount: String((50 + below(random, 400)) / 100) },
  ]
  // The first books do not list this one: the account is refused.
  if (random() < 0.05) positions.push(randomPosition(random, 'NOUSDT'))
  return makeAccount({ id, venue, version, collateral, separateWallets: true, positions })
}
