// The algebra of functions of one parameter t: fractions of polynomials, as the formulas give them on one side of a point.
// Each comparison of a formula is decided for that side and kept as a guard: up to the nearest zero of a guard the
// formulas take the same way, so the function that they gave holds.
import { assert } from '../errors.ts'
import type { Algebra } from './algebra.ts'
import {
  addPolynomials,
  constantPolynomial,
  mulPolynomials,
  type Polynomial,
  scaledPolynomial,
  subPolynomials,
} from './polynomial.ts'
import { firstRootBeyond, type Root, type Side, signBeside } from './polynomial-roots.ts'
import { abs, compare, div, ONE, parseRate, type Rational } from './rational.ts'

/** `over` divided by the product of the factors, each above zero where the formulas are defined. */
export interface Traced {
  readonly over: Polynomial
  readonly under: readonly Factor[]
}

/**
 * base^power. The magnitude of the last coefficient of a base is 1, so that the prices of all instruments that fall by one
 * share, P·(1 − t), have one base, and a sum over them keeps the degree of one of them.
 */
interface Factor {
  readonly base: Polynomial
  readonly power: number
}

const NO_FACTORS: readonly Factor[] = []

/** The parameter itself. */
export const PARAMETER: Traced = { over: [{ n: 0n, d: 1n }, ONE], under: NO_FACTORS }

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
    return { over: constantPolynomial(value), under: NO_FACTORS }
  }

  read(text: string): Traced {
    return this.of(parseRate(text))
  }

  add(a: Traced, b: Traced): Traced {
    return addTraced(a, b)
  }

  sub(a: Traced, b: Traced): Traced {
    const under = commonFactors(a.under, b.under)
    return { over: subPolynomials(overOf(a, under), overOf(b, under)), under }
  }

  mul(a: Traced, b: Traced): Traced {
    return { over: mulPolynomials(a.over, b.over), under: b.under.reduce(withFactor, a.under) }
  }

  div(a: Traced, b: Traced): Traced {
    assert(signBeside(b.over, this.#from, this.#side) > 0, 'a divisor of a margin formula is above zero')
    // The sign of the base stays, because a price that falls has 1 − t below it.
    const scale = div(ONE, abs(b.over.at(-1)!))
    const over = scaledPolynomial(overOf({ over: a.over, under: NO_FACTORS }, b.under), scale)
    if (b.over.length === 1) return { over, under: a.under }
    return { over, under: withFactor(a.under, { base: scaledPolynomial(b.over, scale), power: 1 }) }
  }

  compare(a: Traced, b: Traced): -1 | 0 | 1 {
    const difference = this.sub(a, b).over
    if (difference.length > 1) this.#guards.push(difference)
    return signBeside(difference, this.#from, this.#side)
  }

  larger(a: Traced, b: Traced): Traced {
    return this.compare(a, b) >= 0 ? a : b
  }

  rising(value: Traced, at: (value: Traced) => Traced): Traced {
    return at(value)
  }

  /** A function without steps: the rounded one differs from it by a unit at most. */
  round(value: Traced): Traced {
    return value
  }

  /** Where the first comparison may come out differently, unless `nearest` comes before it. */
  firstGuard(end: Rational | undefined, nearest?: Root): Root | undefined {
    let first = nearest
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

/** Of functions that hold wherever both do. */
export function addTraced(a: Traced, b: Traced): Traced {
  const under = commonFactors(a.under, b.under)
  return { over: addPolynomials(overOf(a, under), overOf(b, under)), under }
}

/** Every factor of both, in its higher power. */
function commonFactors(a: readonly Factor[], b: readonly Factor[]): readonly Factor[] {
  return b.reduce((common, factor) => {
    const missing = factor.power - powerIn(common, factor.base)
    return missing > 0 ? withFactor(common, { base: factor.base, power: missing }) : common
  }, a)
}

/** What stands over `under`, which holds every factor of the fraction. */
function overOf({ over, under: own }: Traced, under: readonly Factor[]): Polynomial {
  if (own === under) return over
  let scaled = over
  for (const { base, power } of under) {
    for (let missing = power - powerIn(own, base); missing > 0; missing--) {
      scaled = mulPolynomials(scaled, base)
    }
  }
  return scaled
}

function powerIn(factors: readonly Factor[], base: Polynomial): number {
  return factors.find((factor) => isSame(factor.base, base))?.power ?? 0
}

function withFactor(factors: readonly Factor[], { base, power }: Factor): readonly Factor[] {
  const index = factors.findIndex((factor) => isSame(factor.base, base))
  if (index < 0) return [...factors, { base, power }]
  return factors.with(index, { base, power: factors[index]!.power + power })
}

function isSame(a: Polynomial, b: Polynomial): boolean {
  return (
    a === b ||
    (a.length === b.length && a.every((coefficient, power) => compare(coefficient, b[power]!) === 0))
  )
}
