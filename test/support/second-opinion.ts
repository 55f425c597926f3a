import { describe, expect, it } from 'vitest'
import { type Fraction, subtract } from '../../src/demo/referee/fraction.ts'
import { VENUE_FORMULAS } from '../../src/demo/referee/venues/index.ts'
import { formatDecimal, levelRule, parseDecimal } from '../../src/margin/index.ts'
import { withRules } from '../../src/rules/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { USED_MARGIN } from './rules.ts'
import { testCases, testSeed } from './seed.ts'
import {
  agreeOn,
  compiledOf,
  drawPrices,
  drawVenueCase,
  marketsOf,
  slackOf,
  type VenueMarkets,
} from './venue-cases.ts'

const SEED = testSeed(20_261_129)
/** Of all venues together; at least a tenth as many boundary cases come on top. */
const CASES = testCases(5_000_000)
const VENUES = Object.keys(VENUE_FORMULAS)
/** Verdicts on one account. */
const PRICES_PER_ACCOUNT = 20
const RULE = levelRule([])
const UNIT = '0.000000000000000001'
const TIMEOUT_MS = 600_000
/** A run ends after so many. */
const DISAGREEMENTS_SHOWN = 3

/** The venues in parts that take about as long, one for each test file, so that files run beside each other. */
export const VENUE_PARTS = [VENUES.slice(0, 5), VENUES.slice(5)] as const

/** Compares figures and verdicts of the engine with those of the referee on random accounts of these venues. */
export function describeSecondOpinion(venues: readonly string[]): void {
  describe(`the engine beside the referee, ${CASES} cases of all venues and a tenth of them on the line, seed ${SEED}`, () => {
    it.each(venues)(
      'finds the figures and the verdicts of %s that the referee finds',
      (venue) => expect(disagreementsOf(venue)).toEqual([]),
      TIMEOUT_MS,
    )
  })
}

/** The first of them, ready to be run again. */
function disagreementsOf(venue: string): string[] {
  const random = seededRandom(SEED, VENUES.indexOf(venue))
  const markets = venue === 'kraken' ? withPairs(marketsOf(venue)) : marketsOf(venue)
  const disagreements: string[] = []
  const due = CASES / VENUES.length
  const verdicts = { onTheLine: 0, random: 0 }
  while (verdicts.random < due || verdicts.onTheLine < due / 10) {
    const one = drawVenueCase(random, venue, markets)
    const compiled = compiledOf(one)
    const check = (wallet: string | undefined, prices: ReturnType<typeof drawPrices>) => {
      const own = wallet === undefined ? compiled : compiledOf(one, wallet)
      if (agreeOn(own, prices, RULE)) return
      disagreements.push(JSON.stringify({ wallet, account: one.account, marks: [...prices.marks] }))
    }
    const prices = drawPrices(random, one)
    if (one.account.positions[0]!.marginMode === 'cross') {
      const onTheLine = walletOnTheLine(slackOf(compiled, prices))
      for (const wallet of onTheLine) check(wallet, prices)
      verdicts.onTheLine += onTheLine.length
    }
    for (let time = 0; time < PRICES_PER_ACCOUNT; time++) check(undefined, drawPrices(random, one))
    verdicts.random += PRICES_PER_ACCOUNT
    if (disagreements.length >= DISAGREEMENTS_SHOWN) break
  }
  return disagreements
}

/** With pairs on spot margin, which no built-in book holds. */
function withPairs({ book, pools }: VenueMarkets): VenueMarkets {
  const rules = { ...USED_MARGIN, liquidation: 'reached' } as const
  const pairs = { XBTUSD: rules, ETHUSD: rules }
  const pool = Object.entries(pairs).map(([symbol, own]) => ({ symbol, rules: own }))
  return { book: withRules(book, pairs, 'pairs'), pools: [...pools, pool] }
}

/** An empty wallet has this slack: the wallets that bring it to 0, or a unit below and above it. */
function walletOnTheLine(slack: Fraction): string[] {
  const wallet = formatDecimal(subtract({ n: 0n, d: 1n }, slack))
  const [amount, unit] = [parseDecimal(wallet), parseDecimal(UNIT)]
  return [
    wallet,
    formatDecimal(subtract(amount, unit)),
    formatDecimal(subtract(unit, { n: -amount.n, d: amount.d })),
  ]
}
