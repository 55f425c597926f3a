import { type Venue, venueId } from '../domain/index.ts'
import { bookOf, type RulesFrom } from './book.ts'
import { cmeFile, cmePoll } from './cme-prices.ts'
import { endOfLastFridayMs } from './expiry.ts'
import { cmeImport, rulesOfRow } from './imports/cme.ts'

const CME = venueId('cme')

/** A product code, alone or with the month letter and the year of a contract: BTC, BTCZ6, MBTF27. */
const SYMBOL = /^(?:BTC|MBT|BFF|ETH|MET)(?:[FGHJKMNQUVXZ]\d{1,2})?$/

/**
 * Dollars a contract of BTC by day: initial and maintenance. Source: QuantConnect Lean, Data/future/cme/margins/BTC.csv.
 * Its rows from May 2021 on are left out, because they are those of spreads.
 */
const BTC_MARGINS = `
2017-12-18 45172 41065
2018-02-01 21499 19544
2018-06-29 13921 12655
2019-09-03 21978 19980
2020-04-28 14131 12846
2020-12-31 53825 48931
`

function btc(): RulesFrom[] {
  return BTC_MARGINS.trim()
    .split('\n')
    .map((line) => {
      const [day = '', initial = '', maintenance = ''] = line.split(' ')
      const rules = rulesOfRow('BTC', { day, initial, maintenance })
      return { from: day, rules, source: 'QuantConnect Lean, margins of BTC' }
    })
}

/**
 * CME, outright positions. A clearing account has one margin for all that it holds; below its maintenance margin it gets a
 * margin call. Positions are held under the settlement price of their contract. It has no mark history: the exchange
 * publishes no prices by the minute without a licence.
 */
export const cme: Venue = {
  id: CME,
  names: [CME, 'cme-file', 'cme-poll'],
  symbol: SYMBOL,
  // Last trade on the last Friday, at 16:00 in London. A year of one digit is one of any decade.
  expiryMsOf: (symbol) => endOfLastFridayMs(symbol.slice(-'Z26'.length)),
  sources: [cmeFile(SYMBOL), cmePoll(SYMBOL)],
  rulesImport: cmeImport,
  ruleBook: bookOf({
    venue: CME,
    version: 'cme-2020-12-31',
    defaults: {
      closingFee: 'none',
      liquidation: 'passed',
      hasIsolatedMargin: () => false,
      marginCall: 'to-initial-margin',
      // Offsetting positions of one contract close each other at clearing.
      netsPositions: true,
      families: /^[A-Z\d]+(?<![FGHJKMNQUVXZ]\d{1,2})$/,
    },
    read: () => ({ BTC: btc() }),
    heldAs: (symbol) => symbol.replace(/[FGHJKMNQUVXZ]\d{1,2}$/, ''),
  }),
}
