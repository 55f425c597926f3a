import { describe, expect, it } from 'vitest'
import { VENUE_FORMULAS } from '../../src/demo/referee/venues/index.ts'
import {
  answersOfKnown,
  formatDecimal,
  type Known,
  knownOf,
  levelRule,
  type MarginAccount,
  stateOfKnown,
} from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { between } from '../support/random-accounts.ts'
import { testCases, testSeed } from '../support/seed.ts'
import { drawAccount, further, marketsOf, type VenuePrices } from '../support/venue-cases.ts'

const SEED = testSeed(20_261_202)
/** Of each venue. */
const ACCOUNTS = testCases(25)
/** Long runs by TEST_CASES trace the formula of thousands of accounts. */
const TIMEOUT_MS = 1_200_000
const RULES = [levelRule(), levelRule(['0.5', '0.8'])]
/** Shares of what an account lacks without a wallet: on the line, within the last level, beyond all. */
const SHARES = [0, 0.002, -0.002, 0.05, 0.4, -0.4]

/** Prices, cures and answers of an account by pieces, and by tracing its formula. */
function compare(engine: MarginAccount, prices: VenuePrices): number {
  const known = knownOf(engine.formula, (symbol) => prices.marks.get(symbol), further(prices))!
  const traced: Known = { ...known, isTraced: true }
  for (const rule of RULES) {
    const text = JSON.stringify(stateOfKnown(engine, known, rule))
    if (text !== JSON.stringify(stateOfKnown(engine, traced, rule))) fail(engine, prices, 'state')
  }
  const answers = answersOfKnown(known)
  if (JSON.stringify(answers) !== JSON.stringify(answersOfKnown(traced))) fail(engine, prices, 'answers')
  return Object.keys(answers.liquidationPrices!).length
}

function fail(engine: MarginAccount, prices: VenuePrices, what: string): never {
  const { positions, walletBalance } = engine.formula
  const wallet = formatDecimal(walletBalance)
  throw new Error(
    `the ${what} differs: ${JSON.stringify([wallet, positions.map(({ position }) => position), ...prices.marks])}`,
  )
}

describe(`prices, cures and distances by pieces (${ACCOUNTS} accounts a venue, seed ${SEED})`, () => {
  it.each(Object.keys(VENUE_FORMULAS))(
    'are those of the traced formulas of %s, to the last digit',
    (venue) => {
      const random = seededRandom(SEED)
      const markets = marketsOf(venue)
      let symbols = 0
      for (let index = 0; index < ACCOUNTS; index++) {
        const drawShare = () => SHARES[between(random, 0, SHARES.length - 1)]!
        const { engine, moment } = drawAccount(random, venue, markets, drawShare)
        symbols += compare(engine, moment)
        // A price of the account on which a tier ends, or its line lies: boundaries of pieces.
        const { liquidationPrices } = answersOfKnown(
          knownOf(engine.formula, (symbol) => moment.marks.get(symbol), further(moment))!,
        )
        for (const [symbol, { below, above }] of Object.entries(liquidationPrices!)) {
          const price = below ?? above
          if (price === null || Number(price) < 1e-6) continue
          symbols += compare(engine, { ...moment, marks: new Map(moment.marks).set(symbol, price) })
        }
      }
      expect(symbols).toBeGreaterThan(ACCOUNTS)
    },
    TIMEOUT_MS,
  )
})
