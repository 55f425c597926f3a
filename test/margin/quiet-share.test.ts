import { describe, expect, it } from 'vitest'
import { parse } from '../../src/demo/referee/fraction.ts'
import { type Account, type Random, venueId } from '../../src/domain/index.ts'
import {
  evaluationsOf,
  heldLevel,
  knownPricesOf,
  type LevelRule,
  levelRule,
  type MarginAccount,
  marginAccountsOf,
  quietShareOf,
  toFloat,
} from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { ruleBookOf, VENUES } from '../../src/venues/index.ts'
import { crossPosition, makeAccount } from '../support/accounts.ts'
import { movedWithin } from '../support/moved-prices.ts'
import { drawPoolNear, furtherOf, lackOf, POOL_FORMS, type PoolMoment } from '../support/pool-cases.ts'
import { testSeed } from '../support/seed.ts'
import { drawAccount, marketsOf } from '../support/venue-cases.ts'

const SEED = testSeed(20_261_129)
const POOLS = 60
const ACCOUNTS = 60
/** Moments within the share; in every other one each price is at an end of it. */
const POINTS = 12

/** As docs/accounts.md says. */
const COMPUTATIONS_MAX = 24

const RULES = [levelRule(['10%', '5%', '2%']), levelRule(['0.5', '0.9'])]

describe.each(POOL_FORMS)(`the share by which prices may move, $name (seed ${SEED})`, (form) => {
  it('keeps the level at all prices within it; three times the share does not', () => {
    const random = seededRandom(SEED, POOL_FORMS.indexOf(form))
    const markets = marketsOf(form.venue)
    const counts = noCounts()
    for (let pool = 0; pool < POOLS; pool++) {
      const { engine, moment } = drawPoolNear(random, form, markets, (empty) =>
        parse((Math.abs(toFloat(lackOf(empty))) * 0.3 * random()).toFixed(6)),
      )
      check(random, engine, moment, counts)
    }
    expectFound(counts, POOLS)
  })
})

// Whole tiers, options, netted sides and all other forms: what f64 decides of them is no matter here.
describe.each(VENUES)(
  `the share by which prices of a margin account of one currency may move, $id (seed ${SEED})`,
  ({ id }) => {
    it('keeps the level at all prices within it; three times the share does not', () => {
      const random = seededRandom(SEED, 100 + VENUES.findIndex((venue) => venue.id === id))
      const markets = marketsOf(id)
      const counts = noCounts()
      for (let index = 0; index < ACCOUNTS; index++) {
        const { engine, moment } = drawAccount(random, id, markets, () => 0.3 * random())
        check(random, engine, { ...moment, indexes: new Map() }, counts)
      }
      expectFound(counts, ACCOUNTS)
    })
  },
)

describe('the share by which prices of a pool of 100 positions may move, each value near a cap', () => {
  it('is found where the pool is safe, and each cap between two prices costs nothing', () => {
    const { share, computed } = countedShareOf(poolBelowCaps(100, 3))
    expect(share).toBeGreaterThan(0.05)
    expect(computed).toBeLessThan(6)
  })

  it('takes no more than 24 computations of the account where it is hard to find', () => {
    for (const behind of [0.101, 0.105, 0.11, 0.12, 0.14, 0.2]) {
      const { computed } = countedShareOf(poolBelowCaps(100, behind))
      expect(computed).toBeLessThanOrEqual(COMPUTATIONS_MAX)
    }
  })
})

/** A pool of long positions, each a few per cent below the first cap of its brackets, with so much of their value behind them. */
function poolBelowCaps(count: number, behind: number): { engine: MarginAccount; moment: PoolMoment } {
  const book = ruleBookOf(venueId('binance'))
  const positions = [...book.symbols()].flatMap((symbol) => {
    const maintenance = symbol.endsWith('USDT') ? book.rulesOf(symbol)?.maintenance : undefined
    if (maintenance?.kind !== 'marginal-tiers') return []
    const size = (Number(maintenance.tiers[0]!.cap) * 0.97) / 100
    return [crossPosition(symbol, { size: size.toFixed(3), entryPrice: '100' })]
  })
  const chosen = positions.slice(0, count)
  const value = chosen.reduce((sum, { size }) => sum + Number(size) * 100, 0)
  const account: Account = {
    ...makeAccount({
      venue: 'binance',
      collateral: [
        { asset: 'USDT', amount: '0' },
        { asset: 'USD', amount: String(Math.round(behind * value)) },
      ],
      positions: chosen,
    }),
    pool: { currency: 'USD', kind: 'multi-asset' },
  }
  const marks = new Map(chosen.map(({ symbol }) => [symbol, '100']))
  const moment = { marks, fundingRates: new Map(), indexes: new Map([['USDT', '1']]) }
  return { engine: marginAccountsOf(account, book)[0]!, moment }
}

/** The share, coming from safe, and how often the account was computed for it: each time every mark is asked for twice at most. */
function countedShareOf({ engine, moment }: ReturnType<typeof poolBelowCaps>) {
  const prices = knownPricesOf(engine.formula, (symbol) => moment.marks.get(symbol), furtherOf(moment))!
  const marks = new CountingMap(prices.marks)
  const share = quietShareOf({ ...prices, marks }, RULES[0]!, 0)
  return { share, computed: marks.reads / marks.size / 2 }
}

class CountingMap<K, V> extends Map<K, V> {
  reads = 0

  override get(key: K): V | undefined {
    this.reads++
    return super.get(key)
  }
}

interface Counts {
  /** Shares above 0, those of accounts above safe, and those where a price beyond gives another level. */
  quiet: number
  aboveSafe: number
  lostBeyond: number
}

function noCounts(): Counts {
  return { quiet: 0, aboveSafe: 0, lostBeyond: 0 }
}

function expectFound({ quiet, aboveSafe, lostBeyond }: Counts, cases: number): void {
  expect(quiet).toBeGreaterThan(cases / 2)
  expect(aboveSafe).toBeGreaterThan(5)
  expect(lostBeyond).toBeGreaterThan(quiet / 10)
}

function check(random: Random, engine: MarginAccount, moment: PoolMoment, counts: Counts): void {
  for (const rule of RULES) {
    const level = levelAt(engine, moment, rule, 0)
    const share = shareOf(engine, moment, rule, level)
    if (share === 0) continue
    counts.quiet++
    if (level > 0) counts.aboveSafe++
    const pointsWithin = (most: number) =>
      Array.from({ length: POINTS }, (_, point) => movedBy(random, moment, most, point))
    for (const point of pointsWithin(share))
      expect(levelAt(engine, point, rule, level), engine.id).toBe(level)
    const beyond = pointsWithin(Math.min(0.9, 3 * share))
    if (beyond.some((point) => levelAt(engine, point, rule, level) !== level)) counts.lostBeyond++
  }
}

function levelAt(engine: MarginAccount, moment: PoolMoment, rule: LevelRule, current: number): number {
  const evaluationAt = evaluationsOf(engine, (symbol) => moment.marks.get(symbol), furtherOf(moment))!
  return heldLevel(evaluationAt, engine, rule, current)
}

function shareOf(engine: MarginAccount, moment: PoolMoment, rule: LevelRule, level: number): number {
  const prices = knownPricesOf(engine.formula, (symbol) => moment.marks.get(symbol), furtherOf(moment))!
  return quietShareOf(prices, rule, level)
}

/** Each price anywhere within the share, at every other point on one of its ends. */
function movedBy(random: Random, moment: PoolMoment, share: number, point: number): PoolMoment {
  const moved = (prices: ReadonlyMap<string, string>) => movedWithin(random, prices, share, point)
  return { ...moment, marks: moved(moment.marks), indexes: moved(moment.indexes) }
}
