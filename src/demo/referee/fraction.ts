/**
 * Exact fractions of the referee. They share no code with the arithmetic that the referee judges. `d` is above zero; a
 * step need not reduce its result.
 */
export interface Fraction {
  readonly n: bigint
  readonly d: bigint
}

export const ZERO: Fraction = { n: 0n, d: 1n }
export const ONE: Fraction = { n: 1n, d: 1n }

/** Decimals of the amounts that events print, to which figures are compared. */
const PRINTED_DECIMALS = 18

/** 10^decimals, of every decimal that prices and amounts have. */
const UNITS: readonly bigint[] = Array.from({ length: 40 }, (_, decimals) => 10n ** BigInt(decimals))

export function parse(text: string): Fraction {
  const point = text.indexOf('.')
  if (point === -1) return { n: BigInt(text), d: 1n }
  const decimals = text.length - point - 1
  return {
    n: BigInt(text.slice(0, point) + text.slice(point + 1)),
    d: UNITS[decimals] ?? 10n ** BigInt(decimals),
  }
}

export function add(a: Fraction, b: Fraction): Fraction {
  if (a.d === b.d) return { n: a.n + b.n, d: a.d }
  if (a.d % b.d === 0n) return { n: a.n + b.n * (a.d / b.d), d: a.d }
  if (b.d % a.d === 0n) return { n: a.n * (b.d / a.d) + b.n, d: b.d }
  return { n: a.n * b.d + b.n * a.d, d: a.d * b.d }
}

export function subtract(a: Fraction, b: Fraction): Fraction {
  return add(a, { n: -b.n, d: b.d })
}

export function multiply(a: Fraction, b: Fraction): Fraction {
  return { n: a.n * b.n, d: a.d * b.d }
}

/** `b` must not be zero. */
export function divide(a: Fraction, b: Fraction): Fraction {
  return b.n < 0n ? { n: -a.n * b.d, d: a.d * -b.n } : { n: a.n * b.d, d: a.d * b.n }
}

/** The same value in lowest terms. */
export function reduce(a: Fraction): Fraction {
  let x = a.n < 0n ? -a.n : a.n
  let y = a.d
  while (y !== 0n) {
    const rest = x % y
    x = y
    y = rest
  }
  return x === 0n ? ZERO : { n: a.n / x, d: a.d / x }
}

/** Both values over one denominator. */
export function overOneDenominator(a: Fraction, b: Fraction): [Fraction, Fraction] {
  if (a.d === b.d) return [a, b]
  const d = a.d * b.d
  return [
    { n: a.n * b.d, d },
    { n: b.n * a.d, d },
  ]
}

/** Decimal text rounded half-even to 18 decimals, without trailing zeros, zero without a sign. */
export function print(a: Fraction): string {
  const negative = a.n < 0n
  const scaled = (negative ? -a.n : a.n) * 10n ** BigInt(PRINTED_DECIMALS)
  let units = scaled / a.d
  const twiceRest = (scaled % a.d) * 2n
  if (twiceRest > a.d || (twiceRest === a.d && units % 2n === 1n)) units += 1n
  const digits = String(units).padStart(PRINTED_DECIMALS + 1, '0')
  const whole = digits.slice(0, -PRINTED_DECIMALS)
  const decimals = digits.slice(-PRINTED_DECIMALS).replace(/0+$/, '')
  const text = decimals === '' ? whole : `${whole}.${decimals}`
  return negative && units !== 0n ? `-${text}` : text
}
