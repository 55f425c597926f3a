// The distance of a margin account from its line over its common denominator: a division for each straight piece.
import { assert } from '../errors.ts'
import { type Adverse, adverseOfSlope, FALL_MAX } from './adverse.ts'
import { add, compare, div, neg, ONE, type Rational, sign, sub, ZERO } from './rational.ts'
import { scaledTierAt } from './scaled-tiers.ts'
import type { Summed } from './sums.ts'
import { liftedOf } from './sums-prices.ts'
import { type Line, slackValueAt } from './symbol-slack.ts'
import type { SymbolTerms } from './terms.ts'

/**
 * A parameter t in which every x is straight, 0 at the present prices: x is multiplied by 1 + t or by 1 − t. Where x is a price
 * t is the distance d itself; where it is the reciprocal of one, d/(1 − d) if the price falls and d/(1 + d) if it rises.
 */
interface Parameter {
  /** Largest t; undefined for none. */
  readonly end: Rational | undefined
  /** Whether x grows with t. */
  grows(adverse: Adverse): boolean
  /** undefined for a t that no distance reaches. */
  distanceOf(t: Rational): Rational | undefined
}

const isRise = (adverse: Adverse) => adverse === 'rise'
const itself = (t: Rational) => t
const PRICES_RISE: Parameter = { end: undefined, grows: isRise, distanceOf: itself }
const PRICES_FALL: Parameter = { end: FALL_MAX, grows: isRise, distanceOf: itself }
const RECIPROCALS_OF_FALLING: Parameter = {
  end: div(FALL_MAX, sub(ONE, FALL_MAX)),
  grows: () => true,
  distanceOf: (t) => div(t, add(ONE, t)),
}
const RECIPROCALS_OF_RISING: Parameter = {
  end: ONE,
  grows: () => false,
  distanceOf: (t) => (compare(t, ONE) === 0 ? undefined : div(t, sub(ONE, t))),
}

/** undefined where no parameter fits all symbols: prices beside reciprocals, and reciprocals that move both ways. */
function parameterOf(symbols: readonly SymbolTerms[]): Parameter | undefined {
  const { coordinate } = symbols[0]!
  if (symbols.some((symbol) => symbol.coordinate !== coordinate)) return undefined
  const falling = symbols.filter((symbol) => sideOf(symbol) === 'fall').length
  if (coordinate === 'price') return falling > 0 ? PRICES_FALL : PRICES_RISE
  if (falling === 0) return RECIPROCALS_OF_RISING
  return falling === symbols.length ? RECIPROCALS_OF_FALLING : undefined
}

function sideOf({ coordinate, size }: SymbolTerms): Adverse {
  return adverseOfSlope(coordinate, size)
}

/**
 * The distance of a margin account above its line whose slack is concave in each price. undefined if no move brings it there,
 * 'not-straight' where no parameter fits all prices.
 */
export function distanceBySums({ terms, symbols, sums }: Summed): Rational | undefined | 'not-straight' {
  const parameter = parameterOf(terms.symbols)
  if (parameter === undefined) return 'not-straight'
  const { rateUnits } = terms
  const grows = terms.symbols.map((symbol) => parameter.grows(sideOf(symbol)))
  const still = ((terms.constant + terms.intercepts) * rateUnits - terms.fees) * sums.divisor
  /** Over 10^(v+r)·lift. */
  const lineAt = (t: Rational | undefined) => {
    let constant = still
    let slope = 0n
    terms.symbols.forEach(({ curves }, index) => {
      const at = symbols[index]!
      const { x, divisor } = at
      let deductions = 0n
      let moving = 0n
      for (const { size, magnitude, tiers } of curves) {
        const tier =
          t === undefined
            ? tiers.caps.length - 1
            : scaledTierAt(tiers.caps, magnitude * x * (grows[index] ? t.d + t.n : t.d - t.n), divisor * t.d)
        deductions += tiers.deductions[tier]!
        moving += size * rateUnits - tiers.rates[tier]! * magnitude
      }
      constant += liftedOf(moving * x + deductions * divisor, at, terms, sums)
      slope += liftedOf(grows[index] ? moving * x : -moving * x, at, terms, sums)
    })
    return { constant: { n: constant, d: 1n }, slope: { n: slope, d: 1n } }
  }
  const pieces = terms.curves.reduce((count, { tiers }) => count + tiers.caps.length, 0)
  const t = zeroOf(lineAt, pieces, parameter.end)
  return t && parameter.distanceOf(t)
}

/** The piece of slack at t, on a cap either one; without t the last piece. */
type LineAt = (t: Rational | undefined) => Line

/**
 * The t at which slack comes to zero, which is concave in t and above zero at 0; undefined if none up to the end is one. At a t
 * with negative slack the straight piece meets zero between the zero of slack and that t, so that Newton's steps from a t
 * beyond it never pass it, and end exactly on it.
 */
function zeroOf(lineAt: LineAt, pieces: number, end: Rational | undefined): Rational | undefined {
  const first = rootOf(lineAt(ZERO))
  let t = first === undefined || (end !== undefined && compare(first, end) > 0) ? end : first
  t ??= rootOf(lineAt(undefined))
  for (let step = 0; step <= pieces && t !== undefined; step++) {
    const line = lineAt(t)
    const side = sign(slackValueAt(line, t))
    if (side === 0) return t
    // Only the end may be before the zero.
    if (side > 0) return undefined
    t = rootOf(line)
  }
  assert(t === undefined, `the zero of a slack of ${pieces} pieces takes no more than ${pieces} steps`)
  return undefined
}

/** Where a falling line meets zero. */
function rootOf({ constant, slope }: Line): Rational | undefined {
  return sign(slope) < 0 ? div(neg(constant), slope) : undefined
}
