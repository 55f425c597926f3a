import { describe, expect, it } from 'vitest'
import { parse, print, subtract, ZERO } from '../../src/demo/referee/fraction.ts'
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
  compiledPool,
  drawMoment,
  drawPool,
  POOL_FORMS,
  type PoolMoment,
  refereeAt,
} from '../support/pool-cases.ts'
import { testCases, testSeed } from '../support/seed.ts'
import { marketsOf } from '../support/venue-cases.ts'

const SEED = testSeed(20_261_202)
/** Of each form. */
const ACCOUNTS = testCases(8)
const POSITIONS_MIN = 3
const POSITIONS_MAX = 12
const TIMEOUT_MS = 1_200_000
const RULES = [levelRule(), levelRule(['0.5', '0.8'])]
/** Money above the line, as a share of what the account holds in its currency there. */
const SHARES = [0, 0.01, -0.01, 0.1, -0.3]
const FORMS = POOL_FORMS.filter(({ kind }) => kind !== 'spot-margin')

function knownAt(engine: MarginAccount, { marks, indexes, fundingRates }: PoolMoment): Known {
  return knownOf(engine.formula, (symbol) => marks.get(symbol), {
    fundingRateOf: (symbol) => fundingRates.get(symbol) ?? '0',
    indexPriceOf: (asset) => indexes.get(asset),
  })!
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
    'have the prices, cures and distances of the whole formula, to the last digit: $name',
    (form) => {
      const random = seededRandom(SEED, FORMS.indexOf(form))
      const markets = marketsOf(form.venue)
      let [compared, cured, drawn] = [0, 0, 0]
      while (compared < ACCOUNTS && drawn++ < 200 * ACCOUNTS) {
        const one = drawPool(random, form, markets)
        const { length } = one.account.positions
        if (length < POSITIONS_MIN || length > POSITIONS_MAX) continue
        const moment = drawMoment(random, one)
        const { marginBalance, maintenanceMargin } = refereeAt(compiledPool(one, '0').referee, moment)
        const onTheLine = print(subtract(ZERO, subtract(marginBalance, maintenanceMargin)))
        const share = SHARES[compared++ % SHARES.length]!
        const above = parse((Math.abs(Number(onTheLine)) * share).toFixed(8))
        const amount = print(subtract(parse(onTheLine), subtract(ZERO, above)))
        const { engine } = compiledPool(one, amount)
        const known = knownAt(engine, moment)
        const found = printed(engine, known)
        const terms = JSON.stringify([amount, one.account, [...moment.marks], [...moment.indexes]])
        expect(found, terms).toEqual(printed(engine, { ...known, isWhole: true }))
        cured += found.states.filter(({ cure }) => cure !== null).length
      }
      expect(compared).toBe(ACCOUNTS)
      expect(cured).toBeGreaterThan(ACCOUNTS / 2)
    },
    TIMEOUT_MS,
  )
})
