// How far the prices of a margin account may move while it provably keeps its level.
import { type Adverse, adverseMarks, factorOf } from './adverse.ts'
import { figuresAt, type KnownPrices, type PriceKind } from './formula-figures.ts'
import { type Interval, Intervals } from './intervals.ts'
import type { LevelRule } from './level-rule.ts'
import { add, ONE, type Rational } from './rational.ts'

/** The largest share that is tried. */
const SHARE_MAX = 1 / 8
/** Shares are multiples of it, so that 1 ± share is exact. A smaller one is not worth its proof. */
const SHARE_STEP = 2 ** -16
/** Shares that are tried between 0 and the largest one. */
const TRIES_MAX = 3
/** Of a share that is expected to hold, so much is tried: what is left over bends with the share. */
const TRIED_PART = 0.9

/**
 * A share of each price: while every price of the account, each its own way, is within it of the present one, `heldLevel` gives
 * the level again, coming from that level. 0 where none is known to be: then the account may be at another level now.
 */
export function quietShareOf(prices: KnownPrices, rule: LevelRule, level: number): number {
  const algebra = new Intervals()
  const spareWithin = (share: number) => {
    let least = Number.POSITIVE_INFINITY
    const isQuiet = algebra.everyWay(() => {
      const spare = spareOf(algebra, share, prices, rule, level)
      least = Math.min(least, spare)
      // NaN is not above 0.
      return least > 0
    })
    return isQuiet ? least : Math.min(least, 0)
  }
  let beyond = SHARE_MAX
  let lacking = spareWithin(beyond)
  if (lacking > 0) return beyond
  const spare = spareWithin(0)
  if (!(spare > 0)) return 0
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    // What is spare falls with the share about as a straight line does.
    const expected = Number.isFinite(lacking) ? (beyond * spare) / (spare - lacking) : beyond / 4
    const share = Math.floor((expected * TRIED_PART) / SHARE_STEP) * SHARE_STEP
    if (!(share > 0)) return 0
    lacking = spareWithin(share)
    if (lacking > 0) return share
    beyond = share
  }
  return 0
}

/** Below every slack that keeps the account from the levels ahead, and from leaving its own, at any prices within the share. */
function spareOf(
  algebra: Intervals,
  share: number,
  prices: KnownPrices,
  { levels, hysteresis }: LevelRule,
  level: number,
): number {
  const within: Interval = { low: 1 - share, high: 1 + share }
  const sides = adverseMarks(prices)
  let spare = Number.POSITIVE_INFINITY
  const ahead = levels.slice(level)
  if (ahead.length > 0) {
    const { marginBalance, maintenanceMargin } = figuresUpTo(
      algebra,
      within,
      prices,
      sides,
      ahead[0]!.distance,
    )
    for (const { ratio } of ahead) {
      const balance = algebra.mul(algebra.of(ratio), marginBalance)
      spare = Math.min(spare, algebra.sub(balance, maintenanceMargin).low)
    }
  }
  const own = levels[level - 1]
  if (own === undefined) return spare
  const { marginBalance, maintenanceMargin } = figuresMovedBy(algebra, within, prices, sides, own.distance)
  const released = algebra.mul(algebra.of(add(ONE, hysteresis)), maintenanceMargin)
  const kept = algebra.sub(released, algebra.mul(algebra.of(own.ratio), marginBalance))
  return Math.min(spare, kept.low)
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
  const fallen = algebra.of(factorOf('fall', farthest)).low
  const risen = algebra.of(factorOf('rise', farthest)).high
  const moveOf = (kind: PriceKind, name: string): Interval => {
    const side = kind === 'mark' ? sides.get(name) : undefined
    return { low: side === 'rise' ? 1 : fallen, high: side === 'fall' ? 1 : risen }
  }
  return figuresAt(algebra, prices, {}, (kind, name, price) =>
    algebra.mul(algebra.mul(algebra.of(price), within), moveOf(kind, name)),
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
  const priceOf = (kind: PriceKind, name: string, price: Rational) => {
    const present = algebra.mul(algebra.of(price), within)
    const side = kind === 'mark' ? sides.get(name) : undefined
    return side === undefined || distance.n === 0n
      ? present
      : algebra.mul(present, algebra.of(factorOf(side, distance)))
  }
  return figuresAt(algebra, prices, {}, priceOf, distance.n === 0n ? undefined : algebra.of(distance))
}
