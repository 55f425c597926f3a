import { type SessionWindow, type Venue, venueId } from '../domain/index.ts'
import { bookOf, type RulesFrom } from './book.ts'
import { coinbaseCfmStream } from './coinbase-cfm.ts'
import { coinbaseIntxStream } from './coinbase-intx.ts'
import { endOfNamedDayMs } from './expiry.ts'
import { coinbaseImport, coinbaseRules, internationalRules } from './imports/coinbase.ts'
import { coinbaseInstruments } from './instruments/coinbase.ts'

const COINBASE = venueId('coinbase')

/** BIP-20DEC30-CDE of the US exchange, BTC-PERP and BTC-PERP-INTX of the International one. */
const SYMBOL = /^[A-Z\d]+-(?:\d{1,2}[A-Z]{3}\d{2}-CDE|PERP(?:-INTX)?)$/

/** Conservative: no account is asked for more. */
const WINDOW: SessionWindow = 'overnight'
const AS_OF = '2026-04-07'

function nano(long: string, short: string): RulesFrom[] {
  const rules = coinbaseRules({ coin: 'BTC', multiplier: '0.01', long, short, window: WINDOW, asOf: AS_OF })
  return [{ from: AS_OF, rules, source: `/api/v3/brokerage/market/products, copy of ${AS_OF}` }]
}

/** The base rate that the venue's INSTRUMENTS channel states, without a day. */
function international(baseRate: string): RulesFrom[] {
  return [{ rules: internationalRules({ coin: 'BTC', baseRate }), source: 'channel INSTRUMENTS, base_imf' }]
}

/**
 * US futures, whose rates differ by side and by window. The book holds those of the overnight window. Only the International
 * exchange states a margin type of positions. It has no mark history: candles of a product state trades.
 */
export const coinbase: Venue = {
  id: COINBASE,
  names: [COINBASE, 'coinbase-cfm', 'coinbase-intx'],
  symbol: SYMBOL,
  expiryMsOf: (symbol) => endOfNamedDayMs(symbol.split('-')[1] ?? ''),
  sources: [coinbaseCfmStream, coinbaseIntxStream],
  instruments: coinbaseInstruments(SYMBOL),
  rulesImport: coinbaseImport,
  ruleBook: bookOf({
    venue: COINBASE,
    version: `coinbase-${AS_OF}`,
    defaults: {
      closingFee: 'none',
      liquidation: 'reached',
      hasIsolatedMargin: (symbol) => !symbol.endsWith('-CDE'),
    },
    read: () => ({
      'BIP-20DEC30-CDE': nano('0.245625', '0.306375'),
      'BIT-24APR26-CDE': nano('0.234375', '0.289'),
      'BTC-PERP': international('0.1'),
    }),
  }),
}
