// Polynomials with exact coefficients, in one variable t.
import { add, mul, neg, type Rational, reduce, ZERO } from './rational.ts'

/** Coefficients, that of t^0 first. The last one is not zero; the zero polynomial has none. */
export type Polynomial = readonly Rational[]

export function trimmed(coefficients: Rational[]): Polynomial {
  while (coefficients.length > 0 && coefficients.at(-1)!.n === 0n) coefficients.pop()
  return coefficients
}

/** The polynomial of these coefficients, that of t^0 first; the last ones may be zero. */
export function polynomialOf(coefficients: readonly Rational[]): Polynomial {
  return trimmed([...coefficients])
}

export function constantPolynomial(value: Rational): Polynomial {
  return value.n === 0n ? [] : [value]
}

export function addPolynomials(a: Polynomial, b: Polynomial): Polynomial {
  const [long, short] = a.length >= b.length ? [a, b] : [b, a]
  return trimmed(
    long.map((coefficient, power) => (power < short.length ? add(coefficient, short[power]!) : coefficient)),
  )
}

export function scaledPolynomial(a: Polynomial, factor: Rational): Polynomial {
  return factor.n === 0n ? [] : a.map((coefficient) => shortened(mul(coefficient, factor)))
}

export function subPolynomials(a: Polynomial, b: Polynomial): Polynomial {
  return addPolynomials(a, b.map(neg))
}

export function mulPolynomials(a: Polynomial, b: Polynomial): Polynomial {
  if (a.length === 0 || b.length === 0) return []
  const product: Rational[] = Array.from({ length: a.length + b.length - 1 }, () => ZERO)
  a.forEach((left, i) => {
    b.forEach((right, j) => {
      product[i + j] = add(product[i + j]!, mul(left, right))
    })
  })
  return trimmed(product.map(shortened))
}

/** In lowest terms where the numbers are long enough that this saves more than it costs. */
function shortened(value: Rational): Rational {
  return value.d < SHORT_MAX ? value : reduce(value)
}

const SHORT_MAX = 1n << 192n
