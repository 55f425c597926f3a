import { type InstrumentRules, type Venue, venueId } from '../domain/index.ts'
import { bookOf, type RulesFrom } from './book.ts'
import { hyperliquidSources } from './hyperliquid-sources.ts'
import { hyperliquidImport, hyperliquidRules, leverageTiersOf } from './imports/hyperliquid.ts'
import { hyperliquidInstruments } from './instruments/hyperliquid.ts'

const HYPERLIQUID = venueId('hyperliquid')

/** BTC, kPEPE, and xyz:TSLA of an exchange of a builder. */
const SYMBOL = /^(?:[a-z\d]+:)?k?[A-Z\d][A-Za-z\d]*$/

/** Greatest leverage by lower bound of the notional in USDC: `from:leverage`. */
const OF_2026 = `
BTC 0:40 150000000:20
ETH 0:25 100000000:15
SOL 0:20 70000000:10
XRP 0:20 40000000:10
DOGE 0:10 20000000:5
kPEPE 0:10 20000000:5
SUI 0:10 20000000:5
OP 0:10 3000000:5
ARB 0:10 3000000:5
DYDX 0:5
`
/** Coins whose greatest leverage was 50 in July 2023, as that of all coins then. */
const OF_2023 = ['BTC', 'ETH', 'SOL', 'XRP', 'DOGE', 'kPEPE', 'SUI', 'OP', 'ARB', 'DYDX']
/** Positions of 2024 state these; their day is not known. */
const OF_2024 = ['SOL', 'DOGE']

function leverages(symbol: string, text: string, asOf: string): InstrumentRules {
  const tiers = text.split(' ').map((tier) => {
    const [lowerBound = '', maxLeverage = ''] = tier.split(':')
    return { lowerBound, maxLeverage }
  })
  return hyperliquidRules(symbol, leverageTiersOf(symbol, tiers), 'USDC', asOf)
}

function entries(): Readonly<Record<string, readonly RulesFrom[]>> {
  const newest = OF_2026.trim()
    .split('\n')
    .map((line) => {
      const [symbol = '', ...tiers] = line.split(' ')
      return [symbol, tiers.join(' ')] as const
    })
  return Object.fromEntries(
    newest.map(([symbol, tiers]): [string, RulesFrom[]] => [
      symbol,
      [
        ...(OF_2023.includes(symbol) ? [at('2023-07-17', symbol, '0:50', 'info, request meta')] : []),
        ...(OF_2024.includes(symbol) ? [at('2024-01-01', symbol, '0:20', 'positions of 2024')] : []),
        at('2026-07-19', symbol, tiers, 'info, request meta, and the page "Margin tiers"'),
      ],
    ]),
  )
}

function at(from: string, symbol: string, tiers: string, source: string): RulesFrom {
  return { from, rules: leverages(symbol, tiers, from), source }
}

/**
 * Hyperliquid. The maintenance margin rate is half the initial one of the greatest leverage, which a position may state
 * itself. Fees are not part of margin; an account is liquidated when it drops below the maintenance margin. It has no mark history:
 * `candleSnapshot` states trades.
 */
export const hyperliquid: Venue = {
  id: HYPERLIQUID,
  names: [HYPERLIQUID, 'hyperliquid-public', 'hyperliquid-all-dexs', 'hyperliquid-fast'],
  symbol: SYMBOL,
  sources: hyperliquidSources(SYMBOL),
  instruments: hyperliquidInstruments(SYMBOL),
  rulesImport: hyperliquidImport,
  ruleBook: bookOf({
    venue: HYPERLIQUID,
    version: 'hyperliquid-2026-07-19',
    defaults: {
      closingFee: 'none',
      liquidation: 'passed',
      // "Funding": each hour, on the value at the oracle price, which is not the mark. Every contract is a perpetual.
      funding: { perpetual: /./, payment: 'not-computed', isolated: 'own-margin' },
      venueRatio: { cross: 'maintenance-over-balance' },
      // "Liquidations": 20 % of a position above 100,000 USDC; below 2/3 of the maintenance margin the liquidator vault takes
      // all, which markets of builders do not have.
      liquidationShare: {
        share: '0.2',
        notionalAbove: '100000',
        takeoverRatioOf: (symbol) => (symbol.includes(':') ? undefined : '1.5'),
      },
      // Transfers out are bounded by the margin at the mark, profit included: a position of August 2025 states −68.126246 at entry.
      isolatedMarginFallsBelowZero: true,
      adlRanking: 'price-by-leverage',
      // `maxLeverage` of all coins in July 2023; none has stated more.
      leverageMax: '50',
      // `clearinghouseState` is one of a user and an exchange: that of the venue, or that of a builder.
      partOf: (symbol) => (symbol.includes(':') ? symbol.slice(0, symbol.indexOf(':')) : ''),
    },
    read: entries,
  }),
}
