import { describe, expect, it } from 'vitest'
import { VENUE_FORMULAS } from '../../src/demo/referee/venues/index.ts'
import { distanceOf, distanceOfKnown } from '../../src/margin/distance.ts'
import { distanceByFormula } from '../../src/margin/formula-distance.ts'
import { knownOf } from '../../src/margin/formula-figures.ts'
import type { Rational } from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { testCases, testSeed } from '../support/seed.ts'
import { drawAccount, further, marketsOf } from '../support/venue-cases.ts'

const SEED = testSeed(20_261_203)
const CASES = testCases(500)

const textOf = (distance: Rational | undefined) =>
  distance === undefined ? 'none' : `${distance.n}/${distance.d}`

/** Whether two distances are the same fraction. */
function isSame(left: Rational | undefined, right: Rational | undefined): boolean {
  if (left === undefined || right === undefined) return left === right
  return left.n * right.d === right.n * left.d
}

describe(`the distance of a margin account by its pieces (${CASES} accounts a venue, seed ${SEED})`, () => {
  it.each(Object.keys(VENUE_FORMULAS))('is that of its formula: %s', (venue) => {
    const random = seededRandom(SEED)
    const markets = marketsOf(venue)
    const found = { moves: 0, onLine: 0, none: 0 }
    for (let index = 0; index < CASES; index++) {
      const { one, moment, engine } = drawAccount(random, venue, markets, () => random() * 2.2 - 0.2)
      const markOf = (symbol: string) => moment.marks.get(symbol)
      const known = knownOf(engine.formula, markOf, further(moment))!
      const wanted = distanceByFormula({ ...known, isTraced: true })
      for (const distance of [
        distanceOf(engine, markOf, further(moment)),
        distanceOfKnown(known),
        distanceByFormula(known),
      ]) {
        if (isSame(distance, wanted)) continue
        const place = JSON.stringify([engine.id, one.account, ...moment.marks])
        throw new Error(`${textOf(distance)} for ${textOf(wanted)}: ${place}`)
      }
      found[wanted === undefined ? 'none' : wanted.n === 0n ? 'onLine' : 'moves']++
    }
    expect(found.moves).toBeGreaterThan(CASES * 0.4)
    expect(found.onLine).toBeGreaterThan(0)
    expect(found.none).toBeGreaterThan(0)
  })
})
