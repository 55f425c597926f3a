import { describe, expect, it } from 'vitest'
import { add, type Fraction, parse, print, subtract } from '../../src/demo/referee/fraction.ts'
import { poolLiquidatesOnTheLine } from '../../src/demo/referee/pools.ts'
import { levelRule, reachedLevel } from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import {
  type CompiledPool,
  compiledPool,
  drawMoment,
  drawPool,
  emptyAt,
  engineAt,
  hasRisk,
  lackOf,
  POOL_FORMS,
  type PoolMoment,
  refereeAt,
} from '../support/pool-cases.ts'
import { testCases, testSeed } from '../support/seed.ts'
import { agreesWith, marketsOf } from '../support/venue-cases.ts'

const SEED = testSeed(20_261_202)
/** Verdicts of all forms together; a tenth as many boundary cases come on top. */
const CASES = testCases(100_000)
/** Verdicts on one account. */
const MOMENTS_PER_ACCOUNT = 30
const RULE = levelRule([])
const UNIT = '0.000000000000000001'
const TIMEOUT_MS = 600_000

describe(`pools beside the referee, ${CASES} cases and a tenth of them on the line, seed ${SEED}`, () => {
  it.each(POOL_FORMS)(
    'have the figures and the verdicts of the referee: $name',
    (form) => {
      const random = seededRandom(SEED, POOL_FORMS.indexOf(form))
      const markets = marketsOf(form.venue)
      const accounts = Math.ceil(CASES / POOL_FORMS.length / MOMENTS_PER_ACCOUNT)
      const disagreements: string[] = []
      const verdicts = { breach: 0, safe: 0, onTheLine: 0 }
      for (let index = 0; index < accounts; index++) {
        const one = drawPool(random, form, markets)
        if (!hasRisk(one.account)) continue
        const check = (amount: string, { engine, referee }: CompiledPool, moment: PoolMoment): void => {
          const [found, expected] = [engineAt(engine, moment), refereeAt(referee, moment)]
          const slack = subtract(expected.marginBalance, expected.maintenanceMargin)
          const isBreach = slack.n < 0n || (slack.n === 0n && poolLiquidatesOnTheLine(referee))
          verdicts[isBreach ? 'breach' : 'safe']++
          const agrees =
            agreesWith(expected, found) && isBreach === reachedLevel(() => found, engine, RULE) > 0
          if (!agrees)
            disagreements.push(
              JSON.stringify({ amount, account: one.account, rules: one.rules, ...shown(moment) }),
            )
        }
        const first = drawMoment(random, one)
        for (const amount of amountsOnTheLine(lackOf(emptyAt(one, first)))) {
          check(amount, compiledPool(one, amount), first)
          verdicts.onTheLine++
        }
        // So much of the currency that about half of the prices breach.
        const amount = print(lackOf(emptyAt(one, drawMoment(random, one))))
        const compiled = compiledPool(one, amount)
        for (let time = 0; time < MOMENTS_PER_ACCOUNT; time++)
          check(amount, compiled, drawMoment(random, one))
      }
      expect(disagreements.slice(0, 2), `of ${disagreements.length}`).toEqual([])
      expect(Math.min(verdicts.breach, verdicts.safe) * 5).toBeGreaterThan(verdicts.breach + verdicts.safe)
      expect(verdicts.onTheLine * 20).toBeGreaterThan(CASES / POOL_FORMS.length)
    },
    TIMEOUT_MS,
  )
})

/** What the pool lacks of its currency, and a unit below and above it. */
function amountsOnTheLine(lack: Fraction): string[] {
  const amount = print(lack)
  const [exact, unit] = [parse(amount), parse(UNIT)]
  return [amount, print(subtract(exact, unit)), print(add(exact, unit))]
}

function shown({ marks, indexes }: PoolMoment) {
  return { marks: [...marks], indexes: [...indexes] }
}
