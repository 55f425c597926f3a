import { assert } from '../errors.ts'
import { add, compare, div, floorTo, max, mul, neg, parseRate, type Rational, sub, ZERO } from './rational.ts'

/** How a venue rounds an amount to its unit. */
export type RoundingWay = 'nearest' | 'up' | 'toward-zero'

/**
 * What the margin formulas compute with, so that each formula is written once: with numbers it gives a figure, with
 * functions of one parameter (see traced.ts) it gives the prices at which the figure meets a line.
 */
export interface Algebra<N> {
  of(value: Rational): N
  /** The value of a decimal or of a fraction such as `1/30`, as `parseRate` reads it. */
  read(text: string): N
  add(a: N, b: N): N
  sub(a: N, b: N): N
  mul(a: N, b: N): N
  /** `b` is above zero. */
  div(a: N, b: N): N
  /** −1 where a < b, 0 when equal, 1 where a > b. `figuresOf` takes the way of one of the other two at 0, as `Intervals` needs. */
  compare(a: N, b: N): -1 | 0 | 1
  larger(a: N, b: N): N
  /** `at` of the value, for an `at` that nowhere falls while the value rises, jumps included. */
  rising(value: N, at: (value: N) => N): N
  /** To a multiple of `unit`, above zero. `up` is away from zero. */
  round(value: N, unit: Rational, way: RoundingWay): N
}

/** The algebra of exact fractions. */
export const exactNumbers: Algebra<Rational> = {
  of: (value) => value,
  read: parseRate,
  add,
  sub,
  mul,
  div(a, b) {
    assert(b.n > 0n, 'a divisor of a margin formula is above zero')
    return div(a, b)
  },
  compare,
  larger: max,
  rising: (value, at) => at(value),
  round: rounded,
}

/** The same without the steps of rounding, which functions of a price do not follow either. */
export const unroundedNumbers: Algebra<Rational> = { ...exactNumbers, round: (value) => value }

function rounded(value: Rational, unit: Rational, way: RoundingWay): Rational {
  if (value.n < 0n) return neg(rounded(neg(value), unit, way))
  const floor = floorTo(value, unit)
  const rest = sub(value, floor)
  if (rest.n === 0n || way === 'toward-zero') return floor
  const isUp = way === 'up' || compare(add(rest, rest), unit) >= 0
  return isUp ? add(floor, unit) : floor
}

export function magnitude<N>(algebra: Algebra<N>, value: N): N {
  const zero = algebra.of(ZERO)
  return algebra.compare(value, zero) < 0 ? algebra.sub(zero, value) : value
}

/**
 * By halves: the exact sum of a thousand fractions is long, and of halves only the last sums are; one after the other, each
 * would be.
 */
export function sumOf<N>(algebra: Algebra<N>, values: readonly N[]): N {
  if (values.length === 0) return algebra.of(ZERO)
  let sums = values
  while (sums.length > 1) {
    const halves: N[] = []
    for (let index = 0; index < sums.length; index += 2) {
      const [one, other] = [sums[index]!, sums[index + 1]]
      halves.push(other === undefined ? one : algebra.add(one, other))
    }
    sums = halves
  }
  return sums[0]!
}
