import { type Venue, venueId } from '../domain/index.ts'
import { bookOf, type RulesFrom } from './book.ts'
import { endOfNumberedDayMs, isNumberedDay } from './expiry.ts'
import { krakenImport, krakenRules } from './imports/kraken.ts'
import { IndexCarriers } from './index-names.ts'
import { krakenInstruments } from './instruments/kraken.ts'
import { krakenMarkHistory } from './kraken-mark-history.ts'
import { KRAKEN_PAIR, krakenPairOf, krakenSpotStream } from './kraken-spot.ts'
import { KRAKEN_INDEXES, krakenStream } from './kraken-stream.ts'

const KRAKEN = venueId('kraken')

/** PI_XBTUSD and FI_XBTUSD_220930 are inverse, PF_ETHUSD and FF_XBTUSD_220930 linear. PF_AAPLxUSD has a small letter. */
const FUTURES = /^(?:PI|PF|FI|FF)_[A-Za-z\d]+(?:_\d{6})?$/

const carriers = new IndexCarriers(KRAKEN_INDEXES)

/** Inverse contracts, each coin's in a single-collateral wallet, which is cross only. */
const SINGLE_COLLATERAL = /^[PF]I_/

/** Maintenance margin rates by lower bound in dollars: `from:rate`. The initial rate is twice the other. */
const INVERSE_OF_2021 = `
PI_XBTUSD 0:0.01 500000:0.02 1000000:0.03 3000000:0.05 6000000:0.075 12000000:0.125 20000000:0.15 50000000:0.2
PI_ETHUSD 0:0.01 250000:0.02 500000:0.03 2000000:0.05 5000000:0.075 8000000:0.125 15000000:0.15 30000000:0.2
PI_LTCUSD 0:0.01 250000:0.02 500000:0.03 2000000:0.05 4000000:0.075
PI_BCHUSD 0:0.02 500000:0.03 2000000:0.05 3000000:0.1 5000000:0.25
PI_XRPUSD 0:0.05 1000000:0.1
FI_XBTUSD 0:0.01 500000:0.02 1000000:0.03 3000000:0.05 6000000:0.075 9000000:0.125 15000000:0.15 30000000:0.2
FI_ETHUSD 0:0.01 250000:0.02 500000:0.03 2000000:0.05 4000000:0.075 6000000:0.15
FI_LTCUSD 0:0.02 500000:0.03 2000000:0.05 3000000:0.075
FI_BCHUSD 0:0.02 500000:0.03 2000000:0.05 2500000:0.075
FI_XRPUSD 0:0.05 1000000:0.1
`
const LINEAR_OF_2022 = `
PF_XBTUSD 0:0.01 500000:0.02 2000000:0.05 5000000:0.1 10000000:0.15 30000000:0.25
`

function seen(asOf: string, lines: string): [string, readonly RulesFrom[]][] {
  return lines
    .trim()
    .split('\n')
    .map((line) => {
      const [symbol = '', ...levels] = line.split(' ')
      const rules = krakenRules({
        symbol,
        isInverse: symbol.startsWith('PI') || symbol.startsWith('FI'),
        multiplier: '1',
        levels: levels.map((level) => {
          const [from = '', maintenanceRate = ''] = level.split(':')
          return { from, maintenanceRate }
        }),
        asOf,
      })
      return [symbol, [{ from: asOf, rules, source: `/derivatives/api/v3/instruments, copy of ${asOf}` }]]
    })
}

/** Dated futures of one pair share the levels that the copies show: FI_XBTUSD for FI_XBTUSD_220930. A day must exist. */
function heldAs(symbol: string): string {
  const pair = symbol.replace(/_\d{6}$/, '')
  return pair === symbol || isNumberedDay(symbol.slice(pair.length + 1)) ? pair : symbol
}

/** Kraken: futures, and pairs on spot margin. An account is liquidated when its portfolio value is below the maintenance margin; fees do not count. */
export const kraken: Venue = {
  id: KRAKEN,
  names: [KRAKEN, 'kraken-futures', 'kraken-futures-public', 'kraken-spot'],
  symbol: new RegExp(`${FUTURES.source}|${KRAKEN_PAIR.source}`),
  expiryMsOf: (symbol) => endOfNumberedDayMs(symbol.split('_')[2] ?? ''),
  sources: [krakenStream(FUTURES), krakenSpotStream()],
  markHistory: [krakenMarkHistory(FUTURES, (symbol) => carriers.contractOf(symbol))],
  instruments: krakenInstruments(FUTURES),
  rulesImport: krakenImport,
  ruleBook: bookOf({
    venue: KRAKEN,
    version: 'kraken-futures-2022-06-28',
    defaults: {
      closingFee: 'none',
      liquidation: 'passed',
      assetNames: { BTC: 'XBT' },
      spotPairOf: krakenPairOf,
      families: /^F[IF]_[^_]+$/,
      // A pair has one margin account of the spot exchange behind it.
      hasIsolatedMargin: (symbol) => !SINGLE_COLLATERAL.test(symbol) && !KRAKEN_PAIR.test(symbol),
      pools: {
        'multi-asset': { holds: (symbol) => !SINGLE_COLLATERAL.test(symbol), hasIsolatedMargin: true },
        // Of the spot exchange, which has its own wallet.
        'spot-margin': { holds: () => false, hasIsolatedMargin: true },
      },
      // Accrues from moment to moment, so that stated balances may hold any part of an hour's payment.
      funding: { perpetual: /^P[IF]_/, payment: 'not-computed', isolated: 'wallet-first' },
    },
    read: () =>
      Object.fromEntries([...seen('2021-07-22', INVERSE_OF_2021), ...seen('2022-06-28', LINEAR_OF_2022)]),
    heldAs,
  }),
}
