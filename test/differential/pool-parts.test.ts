import { describe, expect, it } from 'vitest'
import { parse, print } from '../../src/demo/referee/fraction.ts'
import type { Account } from '../../src/domain/index.ts'
import { liquidationPriceOf } from '../../src/margin/formula-prices.ts'
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
import {
  drawPoolNear,
  fallingTiers,
  furtherOf,
  lackOf,
  POOL_FORMS,
  type PoolForm,
  TIER_VALUE,
} from '../support/pool-cases.ts'
import { testCases, testSeed } from '../support/seed.ts'
import { marketsOf } from '../support/venue-cases.ts'

const SEED = testSeed(20_261_202)
/** Of each form. */
const ACCOUNTS = testCases(8)
/** A Kraken pool holds one contract of its book, on two sides. */
const positionsMinOf = ({ venue }: PoolForm) => (venue === 'kraken' ? 2 : 3)
const POSITIONS_MAX = 12
const TIMEOUT_MS = 1_200_000
const RULES = [levelRule(), levelRule(['0.5', '0.8'])]
/** Money above the line, as a share of what the account holds in its currency there. */
const SHARES = [0, 0.01, -0.01, 0.1, -0.3]
/** Contracts of further kinds in pools that a rules file could describe: inverse ones whose margin has a square, options, rounding. */
const FURTHER_FORMS: readonly PoolForm[] = ['deribit', 'bitmex'].map((venue) => ({
  venue,
  name: `${venue}, discount tiers on the equity`,
  kind: 'multi-asset',
  currency: 'USD',
  rulesOf: (random, price) => ({
    tiers: fallingTiers(random, TIER_VALUE / price),
    liabilityRatio: '1.02',
    liabilityMaintenanceRate: '0.04',
  }),
}))
const BY_VALUE: PoolForm = {
  venue: 'bybit',
  name: 'tiers by value',
  kind: 'multi-asset',
  currency: 'USD',
  rulesOf: (random) => ({
    tiers: fallingTiers(random, TIER_VALUE),
    basis: 'value',
    liabilityMaintenanceRate: '0.04',
  }),
}
const FORMS = [...POOL_FORMS.filter(({ kind }) => kind !== 'spot-margin'), ...FURTHER_FORMS, BY_VALUE]

function hasSomePositions(form: PoolForm): (account: Account) => boolean {
  return ({ positions: { length } }) => length >= positionsMinOf(form) && length <= POSITIONS_MAX
}

/** All that the engine prints of an account, beside what an income in each of its assets makes of its liquidation prices. */
function printed(engine: MarginAccount, known: Known) {
  const assets = engine.formula.pool!.assets.map(({ asset }) => asset)
  const prices = engine.formula.positions.map(({ position: { symbol } }, index) => {
    const received = { amount: { n: 3n, d: 2n }, asset: assets[index % assets.length]! }
    const price = liquidationPriceOf(known, symbol, received)
    return [symbol, price && formatDecimal(price)]
  })
  return {
    states: RULES.map((rule) => stateOfKnown(engine, known, rule)),
    answers: answersOfKnown(known),
    prices,
  }
}

describe(`pools of which only what moves is computed (${ACCOUNTS} accounts a form, seed ${SEED})`, () => {
  it.each(FORMS)(
    'have the prices, cures and distances of the whole formula, traced, to the last digit: $name',
    (form) => {
      const random = seededRandom(SEED, FORMS.indexOf(form))
      const markets = marketsOf(form.venue)
      let cured = 0
      for (let index = 0; index < ACCOUNTS; index++) {
        const share = SHARES[index % SHARES.length]!
        const { one, moment, amount, engine } = drawPoolNear(
          random,
          form,
          markets,
          (empty) => parse((Math.abs(Number(print(lackOf(empty)))) * share).toFixed(8)),
          hasSomePositions(form),
        )
        const known = knownOf(engine.formula, (symbol) => moment.marks.get(symbol), furtherOf(moment))!
        const found = printed(engine, known)
        const terms = JSON.stringify([amount, one.account, [...moment.marks], [...moment.indexes]])
        const traced: Known = { ...known, isTraced: true }
        // The whole formula also traces without rounding the positions that the question does not move.
        const isRounded = engine.formula.positions.some(({ rules }) => rules.rounding !== undefined)
        if (!isRounded) expect(found, terms).toEqual(printed(engine, { ...traced, isWhole: true }))
        expect(found, terms).toEqual(printed(engine, traced))
        cured += found.states.filter(({ cure }) => cure !== null).length
      }
      expect(cured).toBeGreaterThan(ACCOUNTS / 2)
    },
    TIMEOUT_MS,
  )
})
