import { describe, expect, it } from 'vitest'
import { VENUE_FORMULAS } from '../../src/demo/referee/venues/index.ts'
import {
  add,
  compare,
  formatDecimal,
  levelRule,
  mul,
  parseDecimal,
  type Rational,
  sub,
} from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { testCases, testSeed } from '../support/seed.ts'
import {
  drawAccount,
  liquidationPricesOf,
  marketsOf,
  stepOf,
  type VenueCase,
  verdictAt,
} from '../support/venue-cases.ts'

const SEED = testSeed(20_261_130)
const VENUES = Object.keys(VENUE_FORMULAS)
/** Of each venue. */
const ACCOUNTS = testCases(10_000)
const RULE = levelRule([])
const TIMEOUT_MS = 600_000

describe(`the liquidation prices of ${ACCOUNTS} safe accounts of each venue, seed ${SEED}`, () => {
  it.each(VENUES)(
    'of %s are where the verdict changes',
    (venue) => {
      const random = seededRandom(SEED, VENUES.indexOf(venue))
      const markets = marketsOf(venue)
      const wrong: string[] = []
      let prices = 0
      for (let index = 0; index < ACCOUNTS; index++) {
        const { one, moment, wallet, engine } = drawAccount(random, venue, markets, random)
        for (const [symbol, price] of liquidationPricesOf(engine, moment)) {
          if (compare(parseDecimal(price), leastPriceOf(one, symbol)) < 0) continue
          const step = mul(parseDecimal(price), stepOf(one, symbol))
          const at = (moved: Rational) =>
            verdictAt(
              engine,
              (name) => (name === symbol ? formatDecimal(moved) : moment.marks.get(name)),
              moment,
              RULE,
            )
          prices++
          if (at(add(parseDecimal(price), step)) !== at(sub(parseDecimal(price), step))) continue
          wrong.push(
            JSON.stringify({ symbol, price, wallet, account: one.account, marks: [...moment.marks] }),
          )
        }
      }
      expect(wrong.slice(0, 3), `of ${wrong.length}`).toEqual([])
      expect(prices).toBeGreaterThan(ACCOUNTS / 4)
    },
    TIMEOUT_MS,
  )
})

/** Below it the value of a lot is a few of the units to which the venue rounds it, which no market is. */
function leastPriceOf({ book }: VenueCase, symbol: string): Rational {
  return parseDecimal(book.rulesOf(symbol)?.rounding?.per === 'lot' ? '100' : '0.000001')
}
