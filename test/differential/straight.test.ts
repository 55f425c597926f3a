import { describe, expect, it } from 'vitest'
import { VENUE_FORMULAS } from '../../src/demo/referee/venues/index.ts'
import {
  abs,
  add,
  compare,
  evaluate,
  marginAccountPartsOf,
  max,
  mul,
  neg,
  parseDecimal,
  type Rational,
  type RisingTier,
  type StraightPosition,
  straightAccountOf,
  sub,
  ZERO,
} from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { testSeed } from '../support/seed.ts'
import { compiledOf, drawPrices, drawVenueCase, further, marketsOf } from '../support/venue-cases.ts'

const SEED = testSeed(20_261_201)
const ACCOUNTS = 2_000
const PRICES = 5
/** Options, and the larger of two values, are decided by exact arithmetic. */
const SELDOM_STRAIGHT = ['deribit', 'kraken']

describe(`a margin account as pieces (${ACCOUNTS} accounts a venue, seed ${SEED})`, () => {
  it.each(Object.keys(VENUE_FORMULAS))('of %s is the exact one to within its uncertainty', (venue) => {
    const random = seededRandom(SEED)
    const markets = marketsOf(venue)
    let straight = 0
    let squares = 0
    for (let index = 0; index < ACCOUNTS; index++) {
      const one = drawVenueCase(random, venue, markets)
      const [part] = marginAccountPartsOf(one.account, one.book)
      const pieces = straightAccountOf(part!, ZERO)
      if (pieces === undefined) continue
      straight++
      const { engine } = compiledOf(one)
      for (let time = 0; time < PRICES; time++) {
        const prices = drawPrices(random, one)
        const exact = evaluate(engine, (symbol) => prices.marks.get(symbol), further(prices))!
        let marginBalance = pieces.constant
        let maintenanceMargin = ZERO
        let isKnown = true
        for (const position of pieces.positions) {
          const x = coordinateOf(position, parseDecimal(prices.marks.get(position.symbol)!))
          marginBalance = add(marginBalance, add(position.intercept, mul(position.slope, x)))
          const asked = maintenanceAt(position, x)
          if (asked === undefined) isKnown = false
          else
            maintenanceMargin = add(add(maintenanceMargin, asked), fundingOf(position, prices.fundingRates))
          if (asked !== undefined && tierAt(position, x).increment !== undefined) squares++
        }
        if (!isKnown) continue
        const deviation = add(
          abs(sub(marginBalance, exact.marginBalance)),
          abs(sub(maintenanceMargin, exact.maintenanceMargin)),
        )
        if (compare(deviation, pieces.uncertainty) > 0) {
          throw new Error(`beyond the uncertainty: ${JSON.stringify([one.account, ...prices.marks])}`)
        }
      }
    }
    if (SELDOM_STRAIGHT.includes(venue)) expect(straight).toBeLessThan(ACCOUNTS)
    else expect(straight).toBeGreaterThan(ACCOUNTS * 0.8)
    if (venue === 'deribit') expect(squares).toBeGreaterThan(ACCOUNTS)
  })
})

function coordinateOf({ coordinate }: StraightPosition, mark: Rational): Rational {
  return coordinate === 'price' ? mark : { n: mark.d, d: mark.n }
}

/** What the account is to pay of it counts; a position that gains with the price pays a rate above 0. */
function fundingOf(
  { symbol, coordinate, slope, intercept, isFundingAsked }: StraightPosition,
  rates: ReadonlyMap<string, string>,
): Rational {
  if (!isFundingAsked) return ZERO
  const rate = parseDecimal(rates.get(symbol)!)
  const gains = slope.n > 0n === (coordinate === 'price')
  return mul(max(ZERO, gains ? rate : neg(rate)), abs(intercept))
}

function tierAt({ tiers, scale }: StraightPosition, x: Rational): RisingTier {
  const value = mul(scale, x)
  return tiers.find(({ cap }) => compare(value, cap) <= 0) ?? tiers.at(-1)!
}

/** undefined in a tier of whose values the pieces say nothing. */
function maintenanceAt(position: StraightPosition, x: Rational): Rational | undefined {
  const value = mul(position.scale, x)
  const tier = tierAt(position, x)
  if (tier.isOpen) return undefined
  const rate = add(tier.maintenanceMarginRate, mul(tier.increment ?? ZERO, value))
  return add(add(mul(value, rate), neg(tier.maintenanceDeduction)), position.maintenanceConstant)
}
