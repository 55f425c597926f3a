// The algebra of functions of one parameter t: fractions of polynomials, as the formulas give them on one side of a point.
// Each comparison of a formula is decided for that side and kept as a guard: up to the nearest zero of a guard the
// formulas take the same way, so the function that they gave holds.
import { assert } from '../errors.ts'
import type { Algebra } from './algebra.ts'
import {
  addPolynomials,
  constantPolynomial,
  firstRootBeyond,
  mulPolynomials,
  type Polynomial,
  type Root,
  type Side,
  scaledPolynomial,
  signBeside,
  subPolynomials,
} from './polynomial.ts'
import { abs, compare, div, ONE, type Rational } from './rational.ts'

/** over/under; `under` is above zero where the formulas are defined, and the magnitude of its last coefficient is 1. */
export interface Traced {
  readonly over: Polynomial
  readonly under: Polynomial
}

const UNDER_ONE: Polynomial = [ONE]

/** The parameter itself. */
export const PARAMETER: Traced = { over: [{ n: 0n, d: 1n }, ONE], under: UNDER_ONE }

export class Tracer implements Algebra<Traced> {
  readonly #from: Rational
  readonly #side: Side
  readonly #guards: Polynomial[] = []

  /** Decides comparisons just beside `from`. */
  constructor(from: Rational, side: Side) {
    this.#from = from
    this.#side = side
  }

  of(value: Rational): Traced {
    return { over: constantPolynomial(value), under: UNDER_ONE }
  }

  add(a: Traced, b: Traced): Traced {
    if (isSame(a.under, b.under)) return { over: addPolynomials(a.over, b.over), under: a.under }
    const over = addPolynomials(mulPolynomials(a.over, b.under), mulPolynomials(b.over, a.under))
    return { over, under: mulPolynomials(a.under, b.under) }
  }

  sub(a: Traced, b: Traced): Traced {
    return this.add(a, { over: subPolynomials([], b.over), under: b.under })
  }

  mul(a: Traced, b: Traced): Traced {
    return { over: mulPolynomials(a.over, b.over), under: mulPolynomials(a.under, b.under) }
  }

  div(a: Traced, b: Traced): Traced {
    assert(signBeside(b.over, this.#from, this.#side) > 0, 'a divisor of a margin formula is above zero')
    const under = mulPolynomials(a.under, b.over)
    // Its sign stays, because a price that falls has 1 − t below it.
    const last = div(ONE, abs(under.at(-1)!))
    const over = scaledPolynomial(mulPolynomials(a.over, b.under), last)
    return { over, under: scaledPolynomial(under, last) }
  }

  compare(a: Traced, b: Traced): -1 | 0 | 1 {
    const difference = isSame(a.under, b.under)
      ? subPolynomials(a.over, b.over)
      : subPolynomials(mulPolynomials(a.over, b.under), mulPolynomials(b.over, a.under))
    if (difference.length > 1) this.#guards.push(difference)
    return signBeside(difference, this.#from, this.#side)
  }

  /** A function without steps: the rounded one differs from it by a unit at most. */
  round(value: Traced): Traced {
    return value
  }

  /** Where the first comparison may come out differently. */
  firstGuard(end: Rational | undefined): Root | undefined {
    let first: Root | undefined
    for (const guard of this.#guards) {
      const root = firstRootBeyond(guard, this.#from, this.#side, first?.near ?? end)
      if (root !== undefined && (first === undefined || this.#isNearer(root, first))) first = root
    }
    return first
  }

  #isNearer(a: Root, b: Root): boolean {
    const order = compare(a.near, b.near)
    return this.#side === 'up' ? order < 0 : order > 0
  }
}

function isSame(a: Polynomial, b: Polynomial): boolean {
  return (
    a === b ||
    (a.length === b.length && a.every((coefficient, power) => compare(coefficient, b[power]!) === 0))
  )
}
