// How far the prices of a margin account may move while it provably keeps its level.
import type { AccountFigures } from './account-formulas.ts'
import { type Adverse, adverseMarks, factorOf, movedMarks } from './adverse.ts'
import { figuresAt, type KnownPrices, type PriceKind } from './formula-figures.ts'
import { type Interval, Intervals } from './intervals.ts'
import type { Level, LevelRule } from './level-rule.ts'
import { add, ONE, type Rational } from './rational.ts'

/** The largest share that is tried. */
const SHARE_MAX = 1 / 8
/** Shares are multiples of it, so that 1 ± share is exact. A smaller one is not worth its proof. */
const SHARE_STEP = 2 ** -13
/** Shares that are tried between 0 and the largest one. */
const TRIES_MAX = 3
/** Of a share that is expected to hold, so much is tried: what is left over bends with the share. */
const TRIED_PART = 0.9
/** Of a share of which too many ways let nothing be known: a smaller one has fewer. */
const TRIED_PART_UNKNOWN = 1 / 8
/**
 * Computations of the account in one proof: two to eight times as long as an exact verdict, which computes it once a level at
 * most.
 */
const COMPUTATIONS_MAX = 24
/** Of an account of each: the share 0, the largest one and the tries between them. */
const COMPUTATIONS_MIN = 2 + TRIES_MAX
/**
 * Positions that are computed in one proof, which is one turn of the event loop: of more than some 200 the account is computed
 * fewer times, down to COMPUTATIONS_MIN.
 */
const COMPUTED_POSITIONS_MAX = 5_000

/**
 * A share of each price: while every price of the account, each its own way, is within it of the present one, `heldLevel` gives
 * the level again, coming from that level. 0 where none is known to be: then the account may be at another level now.
 */
export function quietShareOf(prices: KnownPrices, rule: LevelRule, level: number): number {
  const algebra = new Intervals(computationsOf(prices.formula.positions.length))
  const spareWithin = (share: number, ahead: typeof spareAheadAtOnce) =>
    spareOf(algebra, share, prices, rule, level, ahead)
  let ahead = spareAheadAtOnce
  let spare = spareWithin(0, ahead)
  if (!(spare > 0)) {
    ahead = spareAheadOneByOne
    spare = spareWithin(0, ahead)
    if (!(spare > 0)) return 0
  }
  let beyond = SHARE_MAX
  let lacking = spareWithin(beyond, ahead)
  if (lacking > 0) return beyond
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    // What is spare falls with the share about as a straight line does.
    const tried = Number.isFinite(lacking)
      ? ((beyond * spare) / (spare - lacking)) * TRIED_PART
      : beyond * TRIED_PART_UNKNOWN
    const share = Math.floor(tried / SHARE_STEP) * SHARE_STEP
    if (!(share > 0)) return 0
    lacking = spareWithin(share, ahead)
    if (lacking > 0) return share
    beyond = share
  }
  return 0
}

/**
 * Whether f64 proves that the account is at no level at its prices. Takes a fraction of an exact verdict; false where that has to
 * decide.
 */
export function isProvenSafeAt(prices: KnownPrices, rule: LevelRule): boolean {
  return spareOf(new Intervals(COMPUTATIONS_MAX), 0, prices, rule, 0, spareAheadAtOnce) > 0
}

function computationsOf(positions: number): number {
  const affordable = Math.floor(COMPUTED_POSITIONS_MAX / Math.max(1, positions))
  return Math.min(COMPUTATIONS_MAX, Math.max(COMPUTATIONS_MIN, affordable))
}

/** The least spare of all ways through the formulas; one not above 0 is that of some. −∞ where there are too many to know it. */
function leastOf(algebra: Intervals, spareOnWay: () => number): number {
  let least = Number.POSITIVE_INFINITY
  const isSpare = algebra.everyWay(() => {
    least = Math.min(least, spareOnWay())
    // NaN is not above 0.
    return least > 0
  })
  return isSpare === undefined ? Number.NEGATIVE_INFINITY : least
}

/** Below every slack that keeps the account from the levels ahead, and from leaving its own, at any prices within the share. */
function spareOf(
  algebra: Intervals,
  share: number,
  prices: KnownPrices,
  { levels, hysteresis }: LevelRule,
  level: number,
  spareAhead: typeof spareAheadAtOnce,
): number {
  const within: Interval = { low: 1 - share, high: 1 + share }
  const sides = adverseMarks(prices)
  const spare = spareAhead(algebra, within, prices, sides, levels.slice(level))
  const own = levels[level - 1]
  if (own === undefined || !(spare > 0)) return spare
  const release = algebra.of(add(ONE, hysteresis))
  const kept = leastOf(algebra, () => {
    const { marginBalance, maintenanceMargin } = figuresMovedBy(algebra, within, prices, sides, own.distance)
    const released = algebra.mul(release, maintenanceMargin)
    return algebra.sub(released, algebra.mul(algebra.of(own.ratio), marginBalance)).low
  })
  return Math.min(spare, kept)
}

/** By the prices of all levels in one: fast, and a little below what each of them leaves. */
function spareAheadAtOnce(
  algebra: Intervals,
  within: Interval,
  prices: KnownPrices,
  sides: Sides,
  ahead: readonly Level[],
): number {
  if (ahead.length === 0) return Number.POSITIVE_INFINITY
  return leastOf(algebra, () => {
    const figures = figuresUpTo(algebra, within, prices, sides, ahead[0]!.distance)
    return Math.min(...ahead.map((level) => spareBefore(algebra, level, figures)))
  })
}

/** By the prices of each level; up to the first that nothing is spare of. */
function spareAheadOneByOne(
  algebra: Intervals,
  within: Interval,
  prices: KnownPrices,
  sides: Sides,
  ahead: readonly Level[],
): number {
  let spare = Number.POSITIVE_INFINITY
  for (const level of ahead) {
    const ofLevel = leastOf(algebra, () => {
      const figures = figuresMovedBy(algebra, within, prices, sides, level.distance)
      return spareBefore(algebra, level, figures)
    })
    spare = Math.min(spare, ofLevel)
    if (!(spare > 0)) break
  }
  return spare
}

function spareBefore(algebra: Intervals, { ratio }: Level, figures: AccountFigures<Interval>): number {
  const balance = algebra.mul(algebra.of(ratio), figures.marginBalance)
  return algebra.sub(balance, figures.maintenanceMargin).low
}

type Sides = ReadonlyMap<string, Adverse>

/**
 * The figures at the prices of every distance up to the farthest: each mark moves its way by any part of it, and each index price
 * one way or the other.
 */
function figuresUpTo(
  algebra: Intervals,
  within: Interval,
  prices: KnownPrices,
  sides: Sides,
  farthest: Rational,
) {
  const { low: fallen } = algebra.of(factorOf('fall', farthest))
  const { high: risen } = algebra.of(factorOf('rise', farthest))
  const upTo: Interval = { low: 0, high: algebra.of(farthest).high }
  return figuresAt(algebra, prices, {}, (kind, name, price) =>
    kind === 'mark'
      ? markMovedBy(algebra, within, prices, sides, name, upTo)
      : algebra.mul(algebra.mul(algebra.of(price), within), { low: fallen, high: risen }),
  )
}

/** The figures at the prices of one distance, as `knownAgainst` moves them. */
function figuresMovedBy(
  algebra: Intervals,
  within: Interval,
  prices: KnownPrices,
  sides: Sides,
  distance: Rational,
) {
  const by = distance.n === 0n ? undefined : algebra.of(distance)
  const priceOf = (kind: PriceKind, name: string, price: Rational) =>
    kind === 'mark' && by !== undefined
      ? markMovedBy(algebra, within, prices, sides, name, by)
      : algebra.mul(algebra.of(price), within)
  return figuresAt(algebra, prices, {}, priceOf, by)
}

/** A mark within the share of the present one, moved its way by a distance in the interval. */
function markMovedBy(
  algebra: Intervals,
  within: Interval,
  { formula, marks }: KnownPrices,
  sides: Sides,
  symbol: string,
  distance: Interval,
): Interval {
  const markOf = (name: string) => algebra.mul(algebra.of(marks.get(name)!), within)
  return movedMarks(algebra, formula.positions, markOf, symbol, sides.get(symbol)!, distance).reduce(
    (left, right) => algebra.larger(left, right),
  )
}
