import { type Venue, venueId } from '../domain/index.ts'
import { bookOf, type RulesFrom } from './book.ts'
import { dydxStream } from './dydx-stream.ts'
import { type DydxMarket, dydxImport, dydxRules } from './imports/dydx.ts'
import { dydxInstruments } from './instruments/dydx.ts'

const DYDX = venueId('dydx')

/** BTC-USD. Markets of tokens that have no short name bear commas and an address, which no symbol may hold. */
const SYMBOL = /^[\p{Lu}\p{Lo}\d][\p{L}\d._]*-USD$/u

const AS_OF = '2025-12-08'

type LiquidityTier = Omit<DydxMarket, 'ticker'>

/** Liquidity tiers (v4-chain, protocol/scripts/genesis/sample_pregenesis.json, the same as the Indexer states). */
const LARGE_CAP: LiquidityTier = {
  initialRate: '0.02',
  maintenanceRate: '0.012',
  lowerCap: '0',
  upperCap: '0',
}
const MID_CAP: LiquidityTier = {
  initialRate: '0.05',
  maintenanceRate: '0.03',
  lowerCap: '40000000',
  upperCap: '100000000',
}

function market(ticker: string, tier: LiquidityTier): RulesFrom[] {
  const rules = dydxRules({ ...tier, ticker, asOf: AS_OF })
  return [{ from: AS_OF, rules, source: `/v4/perpetualMarkets, copy of ${AS_OF}` }]
}

/**
 * dYdX v4. The maintenance margin is a fixed share of the notional at the oracle price, rounded up; the initial margin rises
 * with the open interest of the market. An account at its maintenance margin is safe. It has no mark history: `/v4/candles` states
 * trades and the middle of the order book, and no answer past oracle prices.
 */
export const dydx: Venue = {
  id: DYDX,
  names: [DYDX, 'dydx-indexer'],
  symbol: SYMBOL,
  sources: [dydxStream(SYMBOL)],
  instruments: dydxInstruments(SYMBOL),
  rulesImport: dydxImport,
  ruleBook: bookOf({
    venue: DYDX,
    version: `dydx-${AS_OF}`,
    defaults: {
      closingFee: 'none',
      liquidation: 'passed',
      // The quote balance of its subaccount, from which profit can be withdrawn while equity covers the initial margin.
      isolatedMarginFallsBelowZero: true,
      // "Funding": each hour, on the value at the oracle price. Every market is a perpetual.
      funding: { perpetual: /-USD$/, payment: 'at-mark', isolated: 'own-margin' },
      // v4-chain, sample_pregenesis.json: in a block, of a position and of all positions of a subaccount.
      liquidationShare: { share: '0.1', notionalMin: '1000', notionalMax: '100000' },
    },
    read: () => ({
      'BTC-USD': market('BTC-USD', LARGE_CAP),
      'ETH-USD': market('ETH-USD', LARGE_CAP),
      'SOL-USD': market('SOL-USD', MID_CAP),
    }),
  }),
}
