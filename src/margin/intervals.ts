// The algebra of intervals in f64: what a formula can be while each of its prices is anywhere in an interval.
import { assert } from '../errors.ts'
import type { Algebra } from './algebra.ts'
import { decimalToF64 } from './decimal-f64.ts'
import { ONE, parseRate, type Rational, toFloat, ZERO } from './rational.ts'

/** Every exact value is in it, bounds included. A bound that is not finite bounds nothing. */
export interface Interval {
  readonly low: number
  readonly high: number
}

const ZERO_INTERVAL: Interval = { low: 0, high: 0 }
const ONE_INTERVAL: Interval = { low: 1, high: 1 }

/** Ways through the comparisons of one formula that are followed. With more, nothing is known. */
const WAYS_MAX = 8

/**
 * Each bound is rounded outward: the nearest f64 x of a value differs from it by at most half of its last place, and
 * x ± |x|·ε is at least one place further; products and quotients below the normal numbers differ by at most half of the
 * smallest f64. Sums below the normal numbers, zero included, are exact.
 *
 * Where the order of two intervals is not known a formula may take either way. `everyWay` follows each of them, so that for
 * any prices in the intervals one of the ways is that of the exact formula. No comparison of `figuresOf` has three ways: where
 * both sides are equal it takes that of one of the strict answers. What rises with one value, as a margin by tiers does, has its
 * bounds at those of the value and needs no ways, however many caps are between them.
 */
export class Intervals implements Algebra<Interval> {
  /** The answers of the comparisons whose order is not known, on the present way. */
  readonly #turns: (-1 | 1)[] = []
  #turn = 0
  /** Ways that may yet be followed, of all formulas. */
  #waysLeft: number
  /** A formula is computed several times, with the same prices and caps. */
  readonly #known = new Map<Rational, Interval>()

  /** `waysMax`: ways of all formulas together. With more, nothing is known of the further ones. */
  constructor(waysMax: number) {
    this.#waysLeft = waysMax
  }

  /**
   * Whether `holds` is true on every way that its formulas may take; undefined where it is on those that were followed, but there are
   * more than WAYS_MAX, or than are left.
   */
  everyWay(holds: () => boolean): boolean | undefined {
    this.#turns.length = 0
    for (let ways = 0; ways < WAYS_MAX && this.#waysLeft > 0; ways++) {
      this.#waysLeft--
      this.#turn = 0
      if (!holds()) return false
      while (this.#turns.at(-1) === 1) this.#turns.pop()
      if (this.#turns.length === 0) return true
      this.#turns[this.#turns.length - 1] = 1
    }
    return undefined
  }

  of(value: Rational): Interval {
    // Most that formulas ask for, and not worth a look into the map.
    if (value === ZERO) return ZERO_INTERVAL
    if (value === ONE) return ONE_INTERVAL
    let interval = this.#known.get(value)
    if (interval === undefined) {
      interval = intervalOf(value)
      this.#known.set(value, interval)
    }
    return interval
  }

  /** Without the exact value, whose digits most accounts have for themselves. */
  read(text: string): Interval {
    if (text.includes('/')) return intervalOf(parseRate(text))
    const nearest = decimalToF64(text)
    return nearest === 0 ? ZERO_INTERVAL : around(nearest, !text.includes('.'))
  }

  add(a: Interval, b: Interval): Interval {
    return { low: sumDown(a.low + b.low), high: sumUp(a.high + b.high) }
  }

  sub(a: Interval, b: Interval): Interval {
    return { low: sumDown(a.low - b.high), high: sumUp(a.high - b.low) }
  }

  mul(a: Interval, b: Interval): Interval {
    if (isZero(a) || isZero(b)) return ZERO_INTERVAL
    if (a.low >= 0 && b.low >= 0) return { low: productDown(a.low * b.low), high: productUp(a.high * b.high) }
    const [one, two, three, four] = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high]
    return {
      low: productDown(Math.min(one, two, three, four)),
      high: productUp(Math.max(one, two, three, four)),
    }
  }

  div(a: Interval, b: Interval): Interval {
    assert(!(b.high <= 0), 'a divisor of a margin formula is above zero')
    if (!(b.low > 0)) return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
    if (isZero(a)) return ZERO_INTERVAL
    const [one, two, three, four] = [a.low / b.low, a.low / b.high, a.high / b.low, a.high / b.high]
    return {
      low: productDown(Math.min(one, two, three, four)),
      high: productUp(Math.max(one, two, three, four)),
    }
  }

  compare(a: Interval, b: Interval): -1 | 0 | 1 {
    if (a.high < b.low) return -1
    if (a.low > b.high) return 1
    // Intervals of one point are exact: whole numbers, and zero.
    if (a.low === a.high && b.low === b.high && a.low === b.low) return 0
    if (this.#turn === this.#turns.length) this.#turns.push(-1)
    return this.#turns[this.#turn++]!
  }

  larger(a: Interval, b: Interval): Interval {
    return { low: Math.max(a.low, b.low), high: Math.max(a.high, b.high) }
  }

  rising(value: Interval, at: (value: Interval) => Interval): Interval {
    const { low, high } = value
    if (low === high) return at(value)
    return { low: at({ low, high: low }).low, high: at({ low: high, high }).high }
  }

  /** No way of rounding moves a value by more than the unit. */
  round(value: Interval, unit: Rational): Interval {
    const step = this.of(unit)
    return { low: sumDown(value.low - step.high), high: sumUp(value.high + step.high) }
  }
}

function intervalOf(value: Rational): Interval {
  return value.n === 0n ? ZERO_INTERVAL : around(toFloat(value), value.d === 1n)
}

/** `nearest` to the value. */
function around(nearest: number, isWhole: boolean): Interval {
  if (isWhole && Number.isSafeInteger(nearest)) return { low: nearest, high: nearest }
  return { low: productDown(nearest), high: productUp(nearest) }
}

function isZero({ low, high }: Interval): boolean {
  return low === 0 && high === 0
}

function sumDown(nearest: number): number {
  return nearest - Math.abs(nearest) * Number.EPSILON
}

function sumUp(nearest: number): number {
  return nearest + Math.abs(nearest) * Number.EPSILON
}

function productDown(nearest: number): number {
  return sumDown(nearest) - Number.MIN_VALUE
}

function productUp(nearest: number): number {
  return sumUp(nearest) + Number.MIN_VALUE
}
