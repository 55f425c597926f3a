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
import type { Position, Random } from '../../src/domain/index.ts'
import { distanceOf } from '../../src/margin/distance.ts'
import {
  CURE_STEP,
  evaluationsOf,
  levelRule,
  type MarginAccount,
  marginStateOf,
  reachedLevel,
  reductionStepOf,
} from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import {
  type CompiledPool,
  compiledPool,
  drawPoolNear,
  furtherOf,
  POOL_FORMS,
  type PoolCase,
  type PoolMoment,
  refereePricesOf,
} from '../support/pool-cases.ts'
import { testCases, testSeed } from '../support/seed.ts'
import { marketsOf } from '../support/venue-cases.ts'

const SEED = testSeed(20_261_204)
/** Pools of each form. */
const POOLS = testCases(40)
const LEVELS = ['40%', '20%', '10%', '5%', '2%', '0.5%'] as const
const RULE = levelRule(LEVELS)
/** A root that is no fraction is rounded down by less. */
const PRINTED: Fraction = { n: 1n, d: 10n ** 18n }
/** Places before the line at which a pool is looked at. */
const PLACES = 8n
/** Index prices drawn within the distance, beside all that move by all of it. */
const DRAWS = 8
const TIMEOUT_MS = 600_000

describe(`${POOLS} pools of each form moved against themselves, seed ${SEED}`, () => {
  it.each(POOL_FORMS)(
    'stand on their line at their distance, and at no prices before it: $name',
    (form) => {
      const random = seededRandom(SEED, POOL_FORMS.indexOf(form))
      const markets = marketsOf(form.venue)
      const faults: string[] = []
      const seen = { distances: 0, none: 0, turned: 0, cured: 0 }
      for (let index = 0; index < POOLS; index++) {
        const { one, moment, amount, engine, referee } = drawPoolNear(random, form, markets, (empty) =>
          multiply(empty.maintenanceMargin, shareAbove(random)),
        )
        const prices = refereePricesOf(moment)
        const distance = distanceOf(engine, (symbol) => moment.marks.get(symbol), furtherOf(moment))
        const fault = (what: string) =>
          faults.push(
            `${what}: ${JSON.stringify({ amount, account: one.account, rules: one.rules, marks: [...moment.marks], indexes: [...moment.indexes] })}`,
          )
        const distanceFault = distanceFaultOf(random, referee, prices, distance)
        if (distanceFault !== undefined) fault(distanceFault)
        const levelFault = levelFaultOf(engine, referee, moment, distance)
        if (levelFault !== undefined) fault(levelFault)
        const cures = curesOf(one, amount, moment)
        for (const what of cures.faults) fault(what)
        seen.cured += cures.count
        if (distance === undefined) seen.none++
        else if (distance.n > 0n) {
          seen.distances++
          if (isTurning(referee, prices, distance)) seen.turned++
        }
      }
      expect(faults.slice(0, 2), `of ${faults.length}`).toEqual([])
      expect(seen.distances).toBeGreaterThan(POOLS * 0.4)
      // Without positions the amounts of a pool stay; those in a pool of Kraken settle in its currency.
      if (form.kind === 'multi-asset' && form.venue !== 'kraken') expect(seen.turned).toBeGreaterThan(0)
      expect(seen.cured).toBeGreaterThan(POOLS / 4)
    },
    TIMEOUT_MS,
  )
})

/** Of the maintenance margin above the line: mostly little, at times less than nothing. */
function shareAbove(random: Random): Fraction {
  return parse((20 * random() ** 3 - 0.1).toFixed(6))
}

function slackAt(pool: NaivePool, prices: PoolPrices): Fraction {
  const { marginBalance, maintenanceMargin } = poolFiguresAt(pool, prices)!
  return subtract(marginBalance, maintenanceMargin)
}

function slackAgainst(pool: NaivePool, prices: PoolPrices, share: Fraction): Fraction {
  return slackAt(pool, poolMovedAgainst(pool, prices, share))
}

function isLess(a: Fraction, b: Fraction): boolean {
  return subtract(a, b).n < 0n
}

function distanceFaultOf(
  random: Random,
  pool: NaivePool,
  prices: PoolPrices,
  distance: Fraction | undefined,
): string | undefined {
  const isAbove = slackAt(pool, prices).n > 0n
  if (!isAbove) return distance?.n === 0n ? undefined : 'has a distance on its line or below it'
  if (distance === undefined) {
    const before = ['0.1', '0.5', '0.9', '0.999'].find(
      (move) => slackAgainst(pool, prices, parse(move)).n <= 0n,
    )
    return before && `has no distance, and is on its line or below it at ${before}`
  }
  if (distance.n === 0n) return 'has the distance 0 above its line'
  for (let place = 1n; place < PLACES; place++) {
    const share = { n: distance.n * place, d: distance.d * PLACES }
    if (slackAgainst(pool, prices, share).n <= 0n)
      return `is on its line or below it at ${place}/${PLACES} of its distance`
  }
  const at = slackAgainst(pool, prices, distance)
  const isExact = at.n === 0n
  if (!isExact && (at.n < 0n || slackAgainst(pool, prices, add(distance, PRINTED)).n >= 0n))
    return 'is not on its line at its distance'
  return nearerFaultOf(random, pool, prices, distance, at)
}

/** Whether some index prices within the distance leave less than those of the pool moved against itself. */
function nearerFaultOf(
  random: Random,
  pool: NaivePool,
  prices: PoolPrices,
  distance: Fraction,
  least: Fraction,
): string | undefined {
  const { markOf } = poolMovedAgainst(pool, prices, distance)
  const assets = pool.assets.map(({ asset }) => asset).filter((asset) => asset !== pool.currency)
  const wayOf = (factors: ReadonlyMap<string, Fraction>): PoolPrices => ({
    ...prices,
    markOf,
    indexOf: (asset) => {
      const price = prices.indexOf(asset)
      return price && multiply(price, add(ONE, multiply(distance, factors.get(asset)!)))
    },
  })
  const isPossible = distance.n < distance.d
  const ways = isPossible ? 2 ** assets.length : 0
  for (let way = 0; way < ways; way++) {
    const sides = new Map(assets.map((asset, place) => [asset, { n: (way >> place) & 1 ? 1n : -1n, d: 1n }]))
    if (isLess(slackAt(pool, wayOf(sides)), least)) return `has less where its assets move ${way}`
  }
  for (let draw = 0; isPossible && draw < DRAWS; draw++) {
    const factors = new Map(assets.map((asset) => [asset, parse((2 * random() - 1).toFixed(6))]))
    if (isLess(slackAt(pool, wayOf(factors)), least)) return 'has less where its assets move by less'
  }
  return undefined
}

function levelFaultOf(
  engine: MarginAccount,
  pool: NaivePool,
  moment: PoolMoment,
  distance: Fraction | undefined,
): string | undefined {
  const evaluationAt = evaluationsOf(engine, (symbol) => moment.marks.get(symbol), furtherOf(moment))!
  const prices = refereePricesOf(moment)
  for (const [index, level] of LEVELS.entries()) {
    const share = RULE.levels[index]!.distance
    const isReached = reachedLevel(evaluationAt, engine, levelRule([level])) > 0
    const slack = slackAgainst(pool, prices, share)
    const onTheLine = slackAt(pool, prices)
    const isBelow = ({ n }: Fraction) => n < 0n || (n === 0n && poolLiquidatesOnTheLine(pool))
    if (isReached !== (isBelow(slack) || isBelow(onTheLine))) return `is wrong at the level ${level}`
    if (isReached && (distance === undefined || isLess(share, distance)))
      return `is at the level ${level} before its distance`
  }
  return undefined
}

/** Whether the side of an index price at the distance is another one than at first. */
function isTurning(pool: NaivePool, prices: PoolPrices, distance: Fraction): boolean {
  const [first, last] = [poolMovedAgainst(pool, prices, PRINTED), poolMovedAgainst(pool, prices, distance)]
  return pool.assets.some(({ asset }) => {
    const present = asset === pool.currency ? undefined : prices.indexOf(asset)
    return (
      present !== undefined &&
      isLess(first.indexOf(asset)!, present) !== isLess(last.indexOf(asset)!, present)
    )
  })
}

/** Each amount that a cure names keeps the pool safe as it is after it, and a step less does not. */
function curesOf(one: PoolCase, amount: string, moment: PoolMoment): { faults: string[]; count: number } {
  const { currency } = one.account.pool!
  const stateWith = (asset: string, more: Fraction) => {
    const collateral = one.account.collateral.map((entry) =>
      entry.asset === asset ? { asset, amount: print(add(parse(entry.amount), more)) } : entry,
    )
    const own = asset === currency ? print(add(parse(amount), more)) : amount
    const { engine } = compiledPool({ ...one, account: { ...one.account, collateral } }, own)
    return marginStateOf(engine, (symbol) => moment.marks.get(symbol), RULE, furtherOf(moment))
  }
  const { cure } = stateWith(currency, ZERO)
  if (cure === null) return { faults: [], count: 0 }
  const faults: string[] = []
  for (const { asset, amount: added } of [{ asset: currency, amount: cure.topUp }, ...cure.topUps!]) {
    // Of an asset that the account does not list a wallet would be new.
    if (added === null || !one.account.collateral.some((entry) => entry.asset === asset)) continue
    if (stateWith(asset, parse(added)).verdict !== 'safe') faults.push(`is not cured by ${added} ${asset}`)
    const less = subtract(parse(added), parse(CURE_STEP))
    if (less.n >= 0n && stateWith(asset, less).verdict === 'safe')
      faults.push(`is cured by ${print(less)} ${asset}`)
  }
  cure.reductions.forEach(({ size }, index) => {
    const position = one.account.positions.filter(({ marginMode }) => marginMode === 'cross')[index]!
    const rules = one.book.rulesOf(position.symbol)!
    // What closing a part of another one pays is no decimal.
    if (size === null || rules.contribution !== 'linear') return
    const isCuredBy = (closed: Fraction) => {
      const { engine } = closedPool(one, amount, moment, position, closed)
      const markOf = (symbol: string) => moment.marks.get(symbol)
      return engine === undefined || marginStateOf(engine, markOf, RULE, furtherOf(moment)).verdict === 'safe'
    }
    if (!isCuredBy(parse(size))) faults.push(`is not cured by closing ${size} of ${position.symbol}`)
    const less = subtract(parse(size), parse(reductionStepOf(rules)))
    if (less.n > 0n && isCuredBy(less))
      faults.push(`is cured by closing ${print(less)} of ${position.symbol}`)
  })
  return { faults, count: 1 }
}

/** The pool after a part of a linear position is closed at its mark: what that pays stays in the wallet. */
function closedPool(
  one: PoolCase,
  amount: string,
  { marks }: PoolMoment,
  position: Position,
  closed: Fraction,
): Partial<CompiledPool> {
  const { account, book } = one
  const { settlementAsset, multiplier } = book.rulesOf(position.symbol)!
  const [size, entry] = [parse(position.size), parse(position.entryPrice)]
  const signed = size.n < 0n ? subtract(ZERO, closed) : closed
  const gain = subtract(parse(marks.get(position.symbol)!), entry)
  const paid = multiply(multiply(signed, parse(multiplier)), gain)
  const rest = subtract(size, signed)
  const positions = account.positions.flatMap((each) =>
    each !== position ? [each] : rest.n === 0n ? [] : [{ ...each, size: print(rest) }],
  )
  const withPaid = (text: string) => print(add(parse(text), paid))
  const collateral = account.collateral.map((entry) =>
    entry.asset === settlementAsset ? { ...entry, amount: withPaid(entry.amount) } : entry,
  )
  const own = settlementAsset === account.pool!.currency ? withPaid(amount) : amount
  return compiledPool({ ...one, account: { ...account, positions, collateral } }, own)
}
