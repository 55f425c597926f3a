import { describe, expect, it } from 'vitest'
import { createReferee } from '../../src/demo/referee/referee.ts'
import { VENUE_FORMULAS } from '../../src/demo/referee/venues/index.ts'
import type { Account, InstrumentRules, RuleBook } from '../../src/domain/index.ts'
import { levelRule } from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { openMonitor } from '../support/monitor.ts'
import { testSeed } from '../support/seed.ts'
import {
  compiledOf,
  drawPrices,
  drawVenueCase,
  marketsOf,
  slackOf,
  type VenueMarkets,
} from '../support/venue-cases.ts'

const SEED = testSeed(20_261_202)
const ACCOUNTS = 60
const INSTANTS = 150
const VENUES = Object.keys(VENUE_FORMULAS)
const LEVELS = [
  ['10%', '5%', '2%'],
  ['0.5', '0.9'],
]

describe.each(LEVELS.map((levels) => ({ levels })))(
  `a monitor beside the referee, levels $levels, seed ${SEED}`,
  ({ levels }) => {
    it.each(VENUES)('publishes for accounts of %s the events that the naive replay makes', (venue) => {
      const random = seededRandom(SEED, VENUES.indexOf(venue))
      const markets = withoutFunding(marketsOf(venue))
      const rule = levelRule(levels, '0.01')
      const { monitor, clock, frame, events } = openMonitor({ books: { [venue]: markets.book }, rule })
      const accounts: Account[] = []
      const entries = new Map<string, number>()
      const rules: Record<string, InstrumentRules> = {}
      while (accounts.length < ACCOUNTS) {
        const drawn = drawVenueCase(random, venue, markets, entries)
        const prices = drawPrices(random, drawn)
        const slack = slackOf(compiledOf(drawn), prices)
        const lacking = -Number((slack.n * 1_000_000n) / slack.d) / 1_000_000
        const wallet = (lacking + Math.abs(lacking) * random()).toFixed(6)
        const { collateral, ...rest } = drawn.account
        accounts.push({
          ...rest,
          id: `a${accounts.length}`,
          collateral: collateral.map((entry) => ({ ...entry, amount: wallet })),
        })
        for (const [symbol, price] of drawn.entries) entries.set(symbol, price)
        for (const symbol of drawn.entries.keys()) rules[symbol] = markets.book.rulesOf(symbol)!
      }
      const referee = createReferee({
        accounts,
        rules: { [venue]: rules },
        levels: rule.names.slice(1),
        hysteresis: '0.01',
      })
      for (const account of accounts) monitor.apply({ kind: 'put', account })
      const market = { account: accounts[0]!, book: markets.book, entries }
      for (let instant = 0; instant < INSTANTS; instant++) {
        const { marks } = drawPrices(random, market)
        const all = [...marks]
        const moved = instant === 0 ? all : all.filter(() => random() < 0.4)
        if (moved.length === 0) continue
        frame(moved, venue)
        clock.runTurns()
        referee.instant(moved.map(([symbol, markPrice]) => ({ venue, symbol, markPrice })))
      }
      const published = events()
      expect(published.length).toBeGreaterThan(ACCOUNTS / 10)
      expect(referee.judge(published)).toEqual({
        expected: published.length,
        lost: 0,
        disagreements: 0,
        examples: [],
      })
    })
  },
)

/** Funding rates that count in the maintenance margin have a test of their own. */
function withoutFunding({ book, pools }: VenueMarkets): VenueMarkets {
  const changed = new Map<InstrumentRules, InstrumentRules>()
  const withoutOf = (rules: InstrumentRules) => {
    const known = changed.get(rules) ?? { ...rules, fundingInMaintenance: false }
    changed.set(rules, known)
    return known
  }
  const rulesOf: RuleBook['rulesOf'] = (symbol, atMs) => {
    const rules = book.rulesOf(symbol, atMs)
    return rules === undefined ? undefined : withoutOf(rules)
  }
  return {
    book: { ...book, rulesOf },
    pools: pools.map((pool) => pool.map((market) => ({ ...market, rules: withoutOf(market.rules) }))),
  }
}
