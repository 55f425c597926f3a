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
  compiledOf,
  drawPrices,
  drawVenueCase,
  liquidationPricesOf,
  marketsOf,
  slackOf,
  type VenueCase,
  type VenuePrices,
  verdictAt,
} from '../support/venue-cases.ts'

const SEED = testSeed(20_261_130)
const VENUES = Object.keys(VENUE_FORMULAS)
/** Of each venue. */
const ACCOUNTS = testCases(2_000)
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
        const one = drawVenueCase(random, venue, markets)
        const moment = drawPrices(random, one)
        const wallet = walletNear(random(), one, moment)
        const { engine } = compiledOf(one, wallet)
        for (const [symbol, price] of liquidationPricesOf(engine, moment)) {
          if (compare(parseDecimal(price), leastPriceOf(one, symbol)) < 0) continue
          const step = stepOf(one, symbol, parseDecimal(price))
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

/** A wallet that leaves up to as much above the line as the account lacks without one. */
function walletNear(share: number, one: VenueCase, moment: VenuePrices): string | undefined {
  if (one.account.positions[0]!.marginMode === 'isolated') return undefined
  const slack = slackOf(compiledOf(one), moment)
  const lacking = -Number((slack.n * 1_000_000n) / slack.d) / 1_000_000
  return (lacking + Math.abs(lacking) * share).toFixed(8)
}

/** Below it the value of a lot is a few of the units to which the venue rounds it, which no market is. */
function leastPriceOf({ book }: VenueCase, symbol: string): Rational {
  return parseDecimal(book.rulesOf(symbol)?.rounding?.per === 'lot' ? '100' : '0.000001')
}

/**
 * Where the venue rounds, its line is found to within what it rounds, and the verdict may change back and forth there; else to
 * within the digits of a printed price.
 */
function stepOf({ book }: VenueCase, symbol: string, price: Rational): Rational {
  const isRounded = book.rulesOf(symbol)?.rounding !== undefined
  return mul(price, isRounded ? { n: 1n, d: 1_000n } : { n: 1n, d: 10n ** 11n })
}
