// The roots of polynomials with exact coefficients, in one variable t.
import { assert } from '../errors.ts'
import { type Polynomial, trimmed } from './polynomial.ts'
import {
  abs,
  add,
  compare,
  DISPLAY_DECIMALS,
  div,
  floorTo,
  max,
  mul,
  neg,
  ONE,
  powerOfTen,
  type Rational,
  reduce,
  sign,
  sub,
  ZERO,
} from './rational.ts'

/** A root is found within this share of its magnitude (or of 1 for smaller ones): beyond every displayed digit. */
const ROOT_SHARE: Rational = { n: 1n, d: 10n ** 30n }

function valueOfPolynomial(a: Polynomial, t: Rational): Rational {
  let value = ZERO
  for (let power = a.length - 1; power >= 0; power--) value = add(mul(value, t), a[power]!)
  return value
}

function derivativeOf(a: Polynomial): Polynomial {
  return a.slice(1).map((coefficient, index) => mul(coefficient, { n: BigInt(index + 1), d: 1n }))
}

function wholeDerivativeOf(whole: readonly bigint[]): readonly bigint[] {
  return whole.slice(1).map((coefficient, index) => coefficient * BigInt(index + 1))
}

/** `up`: toward larger t. */
export type Side = 'up' | 'down'

/** The sign just beside t on that side. 0 only for the zero polynomial. */
export function signBeside(a: Polynomial, t: Rational, side: Side): -1 | 0 | 1 {
  let turn: 1 | -1 = 1
  for (let rest = wholeCoefficientsOf(a); rest.length > 0; rest = wholeDerivativeOf(rest)) {
    const here = signAt(rest, t)
    if (here !== 0) return (here * turn) as -1 | 1
    if (side === 'down') turn = turn === 1 ? -1 : 1
  }
  return 0
}

/** A root of a polynomial: `near` ≤ root ≤ `far` in the direction of the search; equal where the root is exact. */
export interface Root {
  readonly near: Rational
  readonly far: Rational
}

/** The first root strictly beyond t on that side; `end` limits the search and is part of it. Not for the zero polynomial. */
export function firstRootBeyond(a: Polynomial, t: Rational, side: Side, end?: Rational): Root | undefined {
  assert(a.length > 0, 'the zero polynomial has no first root')
  if (side === 'up') return firstRootAbove(a, t, end)
  const mirrored = a.map((coefficient, power) => (power % 2 === 1 ? neg(coefficient) : coefficient))
  const root = firstRootAbove(mirrored, neg(t), end === undefined ? undefined : neg(end))
  return root === undefined ? undefined : { near: neg(root.near), far: neg(root.far) }
}

function firstRootAbove(a: Polynomial, t: Rational, end: Rational | undefined): Root | undefined {
  const lowest = a.findIndex(({ n }) => n !== 0n)
  if (lowest > 0) {
    // Zero is a root. Prices stay above it, so a search up from there ends on the others.
    const others = firstRootAbove(a.slice(lowest), t, end)
    const isBeyond = t.n < 0n && (end === undefined || end.n >= 0n)
    if (!isBeyond) return others
    return others !== undefined && others.near.n < 0n ? others : { near: ZERO, far: ZERO }
  }
  if (a.length === 1) return undefined
  if (a.length === 2) {
    const root = reduce(div(neg(a[0]!), a[1]!))
    const isInside = compare(root, t) > 0 && (end === undefined || compare(root, end) <= 0)
    return isInside ? { near: root, far: root } : undefined
  }
  if (a.length === 3) return rootsOfQuadratic(a).find((root) => isWithin(root, t, end))
  const high = end ?? add(max(boundOfRoots(a), abs(t)), ONE)
  if (compare(high, t) <= 0) return undefined
  const whole = wholeCoefficientsOf(a)
  if (signAt(whole, high) !== 0) {
    const most = rootsAtMost(whole, t, high)
    if (most === 0) return undefined
    if (most === 1 && signAt(whole, t) !== 0) return refined(whole, undefined, t, high)
  }
  const chain = sturmChainOf(a)
  return rootsIn(chain, t, high) === 0 ? undefined : refined(whole, chain, t, high)
}

/**
 * So many roots or, by an even number, fewer lie between low and high (Descartes' rule of signs for (low + high·y)/(1 + y), whose y
 * are above zero there). 0 and 1 are exact, which spares Sturm's chain.
 */
function rootsAtMost(whole: readonly bigint[], low: Rational, high: Rational): number {
  const degree = whole.length - 1
  // (low + high·y)/(1 + y) = (l + h·y)/(d·(1 + y)), each coefficient times d^degree.
  const [l, h, d] = [low.n * high.d, high.n * low.d, low.d * high.d]
  let turned: bigint[] = []
  let under: bigint[] = [1n]
  // Horner from the highest power: all·(l + h·y) + coefficient·(d·(1 + y))^k.
  for (let power = degree; power >= 0; power--) {
    turned = timesStraight(turned, l, h)
    for (const [place, factor] of under.entries()) {
      turned[place] = (turned[place] ?? 0n) + whole[power]! * factor
    }
    under = timesStraight(under, d, d)
  }
  let changes = 0
  let before = 0n
  for (const coefficient of turned) {
    if (coefficient === 0n) continue
    if (before !== 0n && coefficient > 0n !== before > 0n) changes++
    before = coefficient
  }
  return changes
}

/** a·(constant + slope·y) */
function timesStraight(a: readonly bigint[], constant: bigint, slope: bigint): bigint[] {
  if (a.length === 0) return []
  return Array.from(
    { length: a.length + 1 },
    (_, power) => (a[power] ?? 0n) * constant + (power === 0 ? 0n : a[power - 1]! * slope),
  )
}

function isWithin({ near, far }: Root, t: Rational, end: Rational | undefined): boolean {
  return compare(far, t) > 0 && compare(near, t) >= 0 && (end === undefined || compare(far, end) <= 0)
}

/** Digits after the point of the root of a discriminant, beside those of its own size. */
const ROOT_UNITS = 10n ** 45n

/** Both roots, the lower one first; none where they are not real. */
function rootsOfQuadratic(a: Polynomial): readonly Root[] {
  const [c, b, square] = wholeCoefficientsOf(a) as readonly [bigint, bigint, bigint]
  const discriminant = b * b - 4n * square * c
  if (discriminant < 0n) return []
  const scaled = discriminant * ROOT_UNITS * ROOT_UNITS
  // Between two neighbours; both are the root where it is a fraction.
  const low = floorRootOf(scaled)
  const high = low * low === scaled ? low : low + 1n
  const under = 2n * ROOT_UNITS * (square < 0n ? -square : square)
  const turn = square < 0n ? -1n : 1n
  const atRoot = (root: bigint): Rational => ({ n: turn * (root - b * ROOT_UNITS), d: under })
  const bounds = (near: Rational, far: Rational): Root =>
    near.n <= far.n ? { near, far } : { near: far, far: near }
  const roots = [bounds(atRoot(-high), atRoot(-low)), bounds(atRoot(low), atRoot(high))]
  return square < 0n ? roots.reverse() : roots
}

/** Times a common denominator. */
function wholeCoefficientsOf(a: Polynomial): readonly bigint[] {
  const common = a.reduce((all, { d }) => (d % all === 0n ? d : all % d === 0n ? all : all * d), 1n)
  return a.map(({ n, d }) => n * (common / d))
}

/** The largest whole number whose square is not above (Newton). */
function floorRootOf(value: bigint): bigint {
  if (value < 2n) return value
  let root = 1n << BigInt((value.toString(16).length * 4 + 1) >> 1)
  for (;;) {
    const next = (root + value / root) >> 1n
    if (next >= root) return root
    root = next
  }
}

/** No root is further from zero (Cauchy). */
function boundOfRoots(a: Polynomial): Rational {
  const last = a.at(-1)!
  return a.slice(0, -1).reduce((bound, coefficient) => max(bound, add(ONE, abs(div(coefficient, last)))), ONE)
}

/** Sturm's chain: its changes of sign at low less those at high are the different roots in (low, high]. */
function sturmChainOf(a: Polynomial): Polynomial[] {
  const chain: Polynomial[] = [a, derivativeOf(a)]
  for (;;) {
    const rest = remainderOf(chain.at(-2)!, chain.at(-1)!)
    if (rest.length === 0) return chain
    chain.push(primitive(rest.map(neg)))
  }
}

/** Divided by the magnitude of its last coefficient, which keeps signs and keeps numbers short. */
function primitive(a: Polynomial): Polynomial {
  const last = abs(a.at(-1)!)
  return a.map((coefficient) => reduce(div(coefficient, last)))
}

function remainderOf(a: Polynomial, b: Polynomial): Polynomial {
  let rest = a
  while (rest.length >= b.length) {
    const factor = reduce(div(rest.at(-1)!, b.at(-1)!))
    const shift = rest.length - b.length
    rest = trimmed(
      rest
        .slice(0, -1)
        .map((coefficient, power) =>
          power < shift ? coefficient : reduce(sub(coefficient, mul(factor, b[power - shift]!))),
        ),
    )
  }
  return rest
}

function changesAt(chain: readonly Polynomial[], t: Rational): number {
  let changes = 0
  let before = 0
  for (const one of chain) {
    const here = sign(valueOfPolynomial(one, t))
    if (here !== 0 && before !== 0 && here !== before) changes++
    if (here !== 0) before = here
  }
  return changes
}

function rootsIn(chain: readonly Polynomial[], low: Rational, high: Rational): number {
  return changesAt(chain, low) - changesAt(chain, high)
}

const HALF: Rational = { n: 1n, d: 2n }
/** Steps of a bisection: from the largest amounts of the domain to ROOT_SHARE of the smallest. */
const BISECTIONS_MAX = 1_000

/** The lowest root in (low, high], which holds one; without a chain it is the only one, and neither bound is. */
function refined(
  whole: readonly bigint[],
  chain: readonly Polynomial[] | undefined,
  low: Rational,
  high: Rational,
): Root {
  let isAlone = chain === undefined
  let signBelow = signAt(whole, low)
  for (let step = 0; step < BISECTIONS_MAX; step++) {
    const width = sub(high, low)
    if (compare(width, mul(ROOT_SHARE, max(ONE, abs(high)))) <= 0) return exactIn(whole, low, high)
    // One root that the polynomial crosses is found by its sign, without the chain.
    isAlone ||= rootsIn(chain!, low, high) === 1 && signBelow * signAt(whole, high) < 0
    const middle = roundedBetween(low, high)
    const signHere = signAt(whole, middle)
    const isBelow = isAlone ? signBelow !== signHere : rootsIn(chain!, low, middle) > 0
    if (isBelow) high = middle
    else {
      low = middle
      signBelow = signHere
    }
  }
  assert(false, 'a root is found within the steps of its bisection')
}

/** Σ coefficient·n^k·d^(degree − k) has the sign of the polynomial at n/d. */
function signAt(whole: readonly bigint[], { n, d }: Rational): -1 | 0 | 1 {
  let value = 0n
  let scale = 1n
  for (let power = whole.length - 1; power >= 0; power--) {
    value = value * n + whole[power]! * scale
    scale *= d
  }
  return value > 0n ? 1 : value < 0n ? -1 : 0
}

/** A short number near the middle, so that bisection does not lengthen its numbers without end. */
function roundedBetween(low: Rational, high: Rational): Rational {
  return reduce(mul(add(low, high), HALF))
}

/** A decimal that is a root exactly, where the interval holds one. */
function exactIn(whole: readonly bigint[], low: Rational, high: Rational): Root {
  const unit = { n: 1n, d: powerOfTen(DISPLAY_DECIMALS) }
  const candidate = reduce(floorTo(high, unit))
  if (compare(candidate, low) > 0 && signAt(whole, candidate) === 0)
    return { near: candidate, far: candidate }
  return { near: low, far: high }
}
