import { describe, expect, it } from 'vitest'
import { decimalSchema, type InstrumentRules, type Random, type RuleBook } from '../../src/domain/index.ts'
import { distanceByFormula, distanceStepsByFormula } from '../../src/margin/formula-distance.ts'
import {
  evaluate,
  formatDecimal,
  type Known,
  knownOf,
  type MarginAccount,
  marginAccountsOf,
  type Rational,
  sub,
} from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { VENUES } from '../../src/venues/index.ts'
import {
  drawMoment,
  drawPool,
  furtherOf,
  hasRisk,
  POOL_FORMS,
  type PoolCase,
  type PoolForm,
  type PoolMoment,
  withCurrency,
} from '../support/pool-cases.ts'
import { between } from '../support/random-accounts.ts'
import { testCases, testSeed } from '../support/seed.ts'
import { marketsOf, type VenueMarkets } from '../support/venue-cases.ts'

const SEED = testSeed(20_261_129)
const POOLS = testCases(100)
const TIMEOUT_MS = 600_000
/** What a pool has above its line, as a share of what it would lack without its currency: near the line, and far from it. */
const SHARES = [0.01, 0.1, 0.5, 1, 3]

/** Every venue with pools that settle in several currencies, or in one, whose rules a rules file could give. */
const FORMS: readonly PoolForm[] = [
  ...POOL_FORMS,
  ...VENUES.map(({ id }) => id)
    .filter((venue) => POOL_FORMS.every((form) => form.venue !== venue))
    .map(
      (venue): PoolForm => ({
        venue,
        name: `${venue}, discount tiers on the equity`,
        kind: 'multi-asset',
        currency: 'USD',
        rulesOf: (random, price) => ({
          tiers: [
            { cap: (20_000 / price).toFixed(6), ratio: '0.98' },
            { cap: (200_000 / price).toFixed(6), ratio: (0.5 + random() * 0.4).toFixed(4) },
            { cap: '999999999999', ratio: '0.4' },
          ],
          liabilityMaintenanceRate: '0.04',
        }),
      }),
    ),
]

type Way = 'as drawn' | 'on caps' | 'on caps that jump'

/** Values of positions as parts of a cap: on it at the share 0, or where the mark has moved by a share that ends; several at once. */
const PARTS = [1, 0.5, 0.8, 1.25, 2]
const JUMPING_CAPS = ['20000', '50000', '100000', '1000000']
const JUMPING: InstrumentRules['maintenance'] = {
  kind: 'whole-tiers',
  basis: 'notional',
  tiers: JUMPING_CAPS.map((cap, index) => ({
    cap,
    maintenanceMarginRate: ['0.01', '0.02', '0.05', '0.08'][index]!,
  })),
}

function withJumps({ book, pools }: VenueMarkets): VenueMarkets {
  const jumping = ({ maintenanceShare, ...rules }: InstrumentRules): InstrumentRules =>
    rules.contribution === 'linear' && rules.rounding === undefined
      ? { ...rules, maintenance: JUMPING }
      : { ...rules, ...(maintenanceShare === undefined ? {} : { maintenanceShare }) }
  const rulesOf: RuleBook['rulesOf'] = (symbol) => {
    const rules = book.rulesOf(symbol)
    return rules && jumping(rules)
  }
  return {
    book: { ...book, rulesOf },
    pools: pools.map((pool) => pool.map(({ symbol, rules }) => ({ symbol, rules: jumping(rules) }))),
  }
}

/** The same pool with its linear positions at parts of their caps. */
function onCaps(random: Random, one: PoolCase, moment: PoolMoment): [PoolCase, PoolMoment] {
  const marks = new Map(moment.marks)
  const positions = one.account.positions.map((position) => {
    const { maintenance, contribution, rounding, multiplier } = one.book.rulesOf(position.symbol)!
    if (contribution !== 'linear' || rounding !== undefined) return position
    const caps =
      maintenance.kind === 'marginal-tiers' ||
      (maintenance.kind === 'whole-tiers' && maintenance.basis === 'notional')
        ? maintenance.tiers.map(({ cap }) => Number(cap)).filter((cap) => cap < 1e9)
        : []
    if (caps.length === 0) return position
    const value = caps[between(random, 0, caps.length - 1)]! * PARTS[between(random, 0, PARTS.length - 1)]!
    marks.set(position.symbol, '100')
    const size = (value / 100 / Number(multiplier)).toFixed(6)
    const entryPrice = (90 + 20 * random()).toFixed(2)
    return { ...position, size: position.size.startsWith('-') ? `-${size}` : size, entryPrice }
  })
  return [
    { ...one, account: { ...one.account, positions } },
    { ...moment, marks },
  ]
}

/** With so much of its currency. */
function engineOf({ account, book }: PoolCase, amount: string): MarginAccount {
  return marginAccountsOf(withCurrency(account, amount), book)[0]!
}

/** What one pool may hold: of a venue that nets positions one of a symbol, and none that is liquidated in another way than the first. */
function accepted(one: PoolCase): PoolCase {
  const { defaults, rulesOf } = one.book
  const [first] = one.account.positions
  if (first === undefined) return one
  const lineOf = (symbol: string) => rulesOf(symbol)!.liquidation ?? defaults.liquidation
  const alike = one.account.positions.filter(({ symbol }) => lineOf(symbol) === lineOf(first.symbol))
  const netted = new Map(alike.map((position) => [position.symbol, position]))
  const positions = defaults.netsPositions === true ? [...netted.values()] : alike
  return { ...one, account: { ...one.account, positions } }
}

function walked(known: Known): { distance: Rational | undefined; steps: number } {
  const walk = distanceStepsByFormula(known)
  for (let steps = 0; ; steps++) {
    const step = walk.next()
    if (step.done === true) return { distance: step.value, steps }
  }
}

const textOf = (distance: Rational | undefined) => (distance === undefined ? 'none' : formatDecimal(distance))

describe(`the distance of ${POOLS} pools of each form by sums, seed ${SEED}`, () => {
  const ways: readonly Way[] = ['as drawn', 'on caps', 'on caps that jump']
  const cases = FORMS.flatMap((form) =>
    (form.kind === 'spot-margin' ? ways.slice(0, 1) : ways).map((way) => [form.name, way, form] as const),
  )
  it.each(cases)(
    'is to the last digit that of all positions computed at every cap: %s, %s',
    (_, way, form) => {
      const random = seededRandom(SEED, FORMS.indexOf(form) * 3 + ways.indexOf(way))
      const plain = marketsOf(form.venue)
      const markets = way === 'on caps that jump' ? withJumps(plain) : plain
      const found = { moves: 0, others: 0 }
      for (let index = 0; index < POOLS; index++) {
        let one = accepted(drawPool(random, form, markets))
        while (!hasRisk(one.account)) one = accepted(drawPool(random, form, markets))
        let moment = drawMoment(random, one)
        if (way !== 'as drawn') [one, moment] = onCaps(random, one, moment)
        const markOf = (symbol: string) => moment.marks.get(symbol)
        const empty = evaluate(engineOf(one, '0'), markOf, furtherOf(moment))!
        const lacking = Number(formatDecimal(sub(empty.maintenanceMargin, empty.marginBalance)))
        const amount = (lacking + (Math.abs(lacking) + 1) * SHARES[index % SHARES.length]!).toFixed(8)
        if (!decimalSchema.safeParse(amount).success) continue
        const engine = engineOf(one, amount)
        const known = knownOf(engine.formula, markOf, furtherOf(moment))!
        const wanted = distanceByFormula({ ...known, isTraced: true })
        const terms = JSON.stringify([amount, one.account, [...moment.marks], [...moment.indexes]])
        const { distance, steps } = walked(known)
        expect(textOf(distance), terms).toBe(textOf(wanted))
        // So that no step of an account of many positions computes them all.
        if (wanted !== undefined && wanted.n > 0n)
          expect(steps, terms).toBeGreaterThanOrEqual(known.formula.positions.length)
        found[wanted !== undefined && wanted.n > 0n ? 'moves' : 'others']++
      }
      expect(found.moves, JSON.stringify(found)).toBeGreaterThan(POOLS / 4)
    },
    TIMEOUT_MS,
  )
})
