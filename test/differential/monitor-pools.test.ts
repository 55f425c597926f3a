import { describe, expect, it } from 'vitest'
import {
  add,
  type Fraction,
  multiply,
  ONE,
  parse,
  print,
  subtract,
  ZERO,
} from '../../src/demo/referee/fraction.ts'
import {
  type NaivePool,
  type PoolPrices,
  poolFiguresAt,
  poolLiquidatesOnTheLine,
  poolMovedAgainst,
} from '../../src/demo/referee/pools.ts'
import {
  type Account,
  indexName,
  type Liability,
  type MarginEvent,
  type Random,
} from '../../src/domain/index.ts'
import type { Kernel } from '../../src/kernel/index.ts'
import { levelRule } from '../../src/margin/index.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { openMonitor } from '../support/monitor.ts'
import {
  drawMoment,
  drawPoolNear,
  hasRisk,
  lackOf,
  POOL_FORMS,
  type PoolForm,
  type PoolMoment,
  withCurrency,
} from '../support/pool-cases.ts'
import { between, text } from '../support/random-accounts.ts'
import { testCases, testSeed } from '../support/seed.ts'
import { marketsOf, type VenueMarkets } from '../support/venue-cases.ts'

const SEED = testSeed(20_261_203)
/** Pools of each form, one after the other. */
const POOLS = testCases(6)
const INSTANTS = 60
const HYSTERESIS = '0.01'
const STALE_CHANCE = 0.06
const MOVE_CHANCE = 0.5
const HOUR_CHANCE = 0.4
const HOUR_MS = 3_600_000
const START_MS = 497_222 * HOUR_MS
const LEVELS = [
  ['10%', '5%', '2%'],
  ['0.5', '0.9'],
]
const TIMEOUT_MS = 600_000
const HUNDREDTH: Fraction = { n: 1n, d: 100n }
/** In a walk a price moves by up to so much of itself, and seldom jumps by up to more. */
const STEP = 0.004
const JUMP_CHANCE = 0.03
const JUMP = 0.2
const WALK_INSTANTS = 150
/** Of so many pools that walk, one shows a proof that is too wide. */
const MUTANT_POOLS_MAX = 40

/** What the replay expects of one event. */
interface Told {
  readonly kind: MarginEvent['kind']
  readonly level: string
  readonly marginBalance: string | null
  readonly maintenanceMargin: string | null
}

describe.each(LEVELS.map((levels) => ({ levels })))(
  `a monitor of pools whose index prices move, go stale and come back, levels $levels, seed ${SEED}`,
  ({ levels }) => {
    it.each(POOL_FORMS)(
      'publishes the events of the naive replay: $name',
      (form) => {
        const random = seededRandom(SEED, POOL_FORMS.indexOf(form))
        const markets = marketsOf(form.venue)
        const counts = { events: 0, unknown: 0 }
        for (let pool = 0; pool < POOLS; pool++) {
          const { published, told } = runPool(random, form, markets, levels)
          expect(published.map(toldOf), `pool ${pool}`).toEqual(told)
          for (const event of published)
            expect(verifyEvent(event)).toMatchObject({ isOk: true, differences: [], faults: [] })
          counts.events += told.length
          counts.unknown += told.filter(({ kind }) => kind === 'unknown').length
        }
        expect(counts.events).toBeGreaterThan(POOLS)
        expect(counts.unknown).toBeGreaterThan(0)
      },
      TIMEOUT_MS,
    )
  },
)

describe(`a monitor of pools whose debts bear interest, seed ${SEED}`, () => {
  it.each(POOL_FORMS)(
    'publishes the events of the naive replay: $name',
    (form) => {
      const random = seededRandom(SEED, 200 + POOL_FORMS.indexOf(form))
      const markets = marketsOf(form.venue)
      let withHours = 0
      for (let pool = 0; pool < Math.ceil(POOLS / 2); pool++) {
        const { published, told } = runPool(random, form, markets, LEVELS[0]!, { hasInterest: true })
        expect(published.map(toldOf), `pool ${pool}`).toEqual(told)
        for (const event of published)
          expect(verifyEvent(event)).toMatchObject({ isOk: true, differences: [], faults: [] })
        withHours += published.filter(({ interest }) => interest !== undefined && interest.hours > 0).length
      }
      expect(withHours).toBeGreaterThan(0)
    },
    TIMEOUT_MS,
  )
})

describe.each(LEVELS.map((levels) => ({ levels })))(
  `a monitor of pools whose prices walk and jump, levels $levels, seed ${SEED}`,
  ({ levels }) => {
    it.each(POOL_FORMS)(
      'publishes the events of the naive replay with few exact verdicts, and the same without a proof of how far prices may move: $name',
      (form) => {
        const markets = marketsOf(form.venue)
        const checks = { proven: 0, exact: 0 }
        let events = 0
        const [random, again] = [0, 1].map(() => seededRandom(SEED, 100 + POOL_FORMS.indexOf(form)))
        for (let pool = 0; pool < POOLS; pool++) {
          const proven = runPool(random!, form, markets, levels, { isWalk: true })
          const exact = runPool(again!, form, markets, levels, { isWalk: true, wrap: withoutProof })
          expect(proven.published.map(toldOf), `pool ${pool}`).toEqual(proven.told)
          expect(exact.published.map(toldOf)).toEqual(proven.told)
          checks.proven += proven.exactChecks
          checks.exact += exact.exactChecks
          events += proven.told.length
        }
        expect(events).toBeGreaterThan(0)
        expect(checks.proven).toBeLessThan(0.3 * checks.exact)
      },
      TIMEOUT_MS,
    )
  },
)

it.each(POOL_FORMS)(
  'the replay tells a monitor whose prices may move farther than is proven from a right one: $name',
  (form) => {
    const random = seededRandom(1, POOL_FORMS.indexOf(form))
    const markets = marketsOf(form.venue)
    const isTold = () => {
      const { published, told } = runPool(random, form, markets, ['10%', '5%', '2%'], {
        isWalk: true,
        wrap: farther,
      })
      return JSON.stringify(published.map(toldOf)) !== JSON.stringify(told)
    }
    let pools = 1
    while (pools < MUTANT_POOLS_MAX && !isTold()) pools++
    expect(pools).toBeLessThan(MUTANT_POOLS_MAX)
  },
  TIMEOUT_MS,
)

/** Every tick gives a pool to exact arithmetic. */
function withoutProof(kernel: Kernel): Kernel {
  kernel.isUndecidable = () => false
  return kernel
}

function farther(kernel: Kernel): Kernel {
  const armWithin = kernel.armWithin.bind(kernel)
  kernel.armWithin = (account, share) => armWithin(account, Math.min(0.9, 3 * share))
  return kernel
}

function toldOf({ kind, level, marginBalance, maintenanceMargin }: MarginEvent): Told {
  return { kind, level, marginBalance, maintenanceMargin }
}

function runPool(
  random: Random,
  form: PoolForm,
  markets: VenueMarkets,
  levels: readonly string[],
  {
    isWalk = false,
    hasInterest = false,
    wrap = (kernel) => kernel,
  }: { isWalk?: boolean; hasInterest?: boolean; wrap?: (kernel: Kernel) => Kernel } = {},
) {
  // So near its line that it crosses it at many of the prices.
  const { one, amount, referee } = drawPoolNear(
    random,
    form,
    markets,
    (empty) => multiply(lackOf(empty), HUNDREDTH),
    hasInterest ? ({ liabilities }) => liabilities.length > 0 : hasRisk,
  )
  const { venue, pool } = one.account
  const { currency } = pool!
  const account = {
    ...withCurrency(one.account, amount),
    ...(hasInterest ? withRates(random, one.account) : {}),
  }
  const rule = levelRule(levels, HYSTERESIS)
  const options = { books: { [venue]: one.book }, rule, wrap }
  const { monitor, clock, events } = openMonitor(
    hasInterest ? { ...options, appliesFunding: true, startMs: START_MS } : options,
  )
  const replay = new Replay(referee, rule.names.slice(1))
  monitor.apply({ kind: 'put', account })
  const known = new Map<string, string>()
  const rates = drawMoment(random, one).fundingRates
  const fraction = (text: string | undefined) => (text === undefined ? undefined : parse(text))
  const prices: PoolPrices = {
    markOf: (symbol) => fraction(known.get(symbol)),
    indexOf: (asset) => fraction(known.get(indexName(asset, currency))),
    fundingRateOf: (symbol) => parse(rates.get(symbol) ?? '0'),
  }
  let hours = 0
  let moment = drawMoment(random, one)
  for (let instant = 0; instant < (isWalk ? WALK_INSTANTS : INSTANTS); instant++) {
    if (hasInterest && instant > 0 && random() < HOUR_CHANCE) {
      hours += between(random, 1, 3)
      const nowMs = START_MS + hours * HOUR_MS + between(random, 0, HOUR_MS - 1)
      clock.advanceTo(Math.max(nowMs, clock.nowMs()))
      monitor.settleFunding(nowMs)
      clock.runTurns()
      replay.owe(poolAfter(referee, account.liabilities, hours))
      replay.check(prices)
    }
    if (instant > 0) moment = isWalk ? walked(random, moment) : drawMoment(random, one)
    const all = [
      ...[...moment.marks].map(([symbol, price]) => [symbol, symbol, price] as const),
      ...[...moment.indexes].map(([asset, price]) => [asset, indexName(asset, currency), price] as const),
    ]
    const lost = all.find(() => random() < STALE_CHANCE / all.length)
    if (instant > 0 && lost !== undefined && known.has(lost[1])) {
      known.delete(lost[1])
      monitor.marketStale(venue, lost[1], clock.nowMs(), clock.monotonicMs())
      clock.runTurns()
      replay.lost()
      continue
    }
    const moved = instant === 0 ? all : all.filter(() => random() < MOVE_CHANCE)
    // A pool of one currency has its verdict without a price.
    if (moved.length === 0 && instant > 0) continue
    monitor.frameStart(clock.nowMs(), clock.monotonicMs())
    for (const [symbol, name, price] of moved) {
      known.set(name, price)
      monitor.tick(venue, name, price, clock.nowMs() + instant, rates.get(symbol))
    }
    monitor.frameEnd()
    clock.runTurns()
    replay.check(prices)
  }
  return { published: events(), told: replay.told, exactChecks: monitor.counters.exactChecks }
}

/** Most debts state a rate, up to one at which a few hours matter; some the principal too. */
function withRates(random: Random, { liabilities }: Account): Pick<Account, 'asOfMs' | 'liabilities'> {
  const debts = liabilities.map((debt): Liability => {
    if (random() < 0.2) return debt
    const rated = { ...debt, hourlyInterestRate: text(random() * 0.01, 9) }
    return random() < 0.5 ? rated : { ...rated, principal: debt.amount.split('.')[0]! }
  })
  return { asOfMs: START_MS, liabilities: debts }
}

const PARTS = 10n ** 12n

/** The pool so many hours later: each adds principal times rate to a debt, cut to parts and one more where that lacks something. */
function poolAfter(pool: NaivePool, debts: readonly Liability[], hours: number): NaivePool {
  const assets = pool.assets.map((own) => {
    const stated = debts.find(({ asset }) => asset === own.asset)
    if (stated?.hourlyInterestRate === undefined) return own
    const { n, d } = multiply(parse(stated.principal ?? stated.amount), parse(stated.hourlyInterestRate))
    const cut = (n * PARTS) / d
    const hourly = { n: cut * d < n * PARTS ? cut + 1n : cut, d: PARTS }
    let { debt } = own
    for (let hour = 0; hour < hours; hour++) debt = add(debt, hourly)
    return { ...own, debt }
  })
  return { ...pool, assets }
}

function walked(random: Random, moment: PoolMoment): PoolMoment {
  const step = (prices: ReadonlyMap<string, string>) =>
    new Map(
      [...prices].map(([name, price]) => {
        const most = random() < JUMP_CHANCE ? JUMP : STEP
        return [name, text(Number(price) * (1 + most * (2 * random() - 1)), 6)] as const
      }),
    )
  return { ...moment, marks: step(moment.marks), indexes: step(moment.indexes) }
}

/** The events of one pool by the referee's figures: every level looked at in every instant. */
class Replay {
  readonly told: Told[] = []
  #pool: NaivePool
  readonly #names: readonly string[]
  #level = 0
  #isUnknown = false

  /** `names`: of the levels, the line last. */
  constructor(pool: NaivePool, names: readonly string[]) {
    this.#pool = pool
    this.#names = names
  }

  /** The same pool with other debts. */
  owe(pool: NaivePool): void {
    this.#pool = pool
  }

  lost(): void {
    if (this.#level === 0 || this.#isUnknown) return
    this.#isUnknown = true
    this.#tell('unknown', null, null)
  }

  check(prices: PoolPrices): void {
    const figures = poolFiguresAt(this.#pool, prices)
    if (figures === undefined) return
    const level = this.#levelAt(prices)
    if (level === this.#level && !this.#isUnknown) return
    const isWorse = level > (this.#isUnknown ? 0 : this.#level)
    this.#isUnknown = false
    this.#level = level
    const rise = level === this.#names.length ? 'liquidation' : 'warning'
    this.#tell(isWorse ? rise : 'recovered', figures.marginBalance, figures.maintenanceMargin)
  }

  #levelAt(prices: PoolPrices): number {
    for (let level = this.#names.length; level > 0; level--) {
      const name = this.#names[level - 1]!
      const isDistance = name.endsWith('%')
      const share = isDistance ? multiply(parse(name.slice(0, -1)), { n: 1n, d: 100n }) : ZERO
      const at = share.n === 0n ? prices : poolMovedAgainst(this.#pool, prices, share)
      const { marginBalance, maintenanceMargin } = poolFiguresAt(this.#pool, at)!
      const balance = isDistance ? marginBalance : multiply(marginBalance, parse(name))
      const slack = subtract(balance, maintenanceMargin)
      const isRatio = !isDistance && level < this.#names.length
      if (slack.n < 0n || (slack.n === 0n && (isRatio || poolLiquidatesOnTheLine(this.#pool)))) return level
      const released = multiply(maintenanceMargin, add(ONE, parse(HYSTERESIS)))
      if (level <= this.#level && subtract(balance, released).n < 0n) return level
    }
    return 0
  }

  #tell(kind: Told['kind'], balance: Fraction | null, maintenance: Fraction | null): void {
    this.told.push({
      kind,
      level: this.#level === 0 ? '0' : this.#names[this.#level - 1]!,
      marginBalance: balance && print(balance),
      maintenanceMargin: maintenance && print(maintenance),
    })
  }
}
