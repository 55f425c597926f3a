// Units of the unit tests of v4-chain, and the accounts of their liquidations.
import { abs, add, mul, parseDecimal, type Rational, ZERO } from '../../src/margin/index.ts'
import type { ClosedPart } from './dydx-closing.ts'

/** A quote quantum in USDC. */
export const QUANTUM: Rational = { n: 1n, d: 1_000_000n }

/** 1234567 quote quantums as USDC. */
export function usdc(quantums: string): string {
  return scaled(quantums, -6)
}

/** The text of value·10^exponent, of any length. */
export function scaled(value: string, exponent: number): string {
  const isNegative = value.startsWith('-')
  const [whole = '', fraction = ''] = value.replace('-', '').split('.')
  const decimals = fraction.length - exponent
  const digits = (whole + fraction).padEnd(whole.length + fraction.length + Math.max(0, -decimals), '0')
  const padded = digits.padStart(Math.max(0, decimals) + 1, '0')
  const point = padded.length - Math.max(0, decimals)
  const text = decimals > 0 ? `${padded.slice(0, point)}.${padded.slice(point)}` : padded
  return isNegative ? `-${text}` : text
}

/** A position at its oracle price. */
export type Held = readonly [size: string, price: string]

const TENTH: Rational = { n: 1n, d: 10n }

/** An account whose positions ask for 10 % of their value; `change` is that of the last position. */
export function closedPart(cash: string, held: readonly Held[], change: string): ClosedPart {
  const positions = held.map(([size, price]) => {
    const value = mul(parseDecimal(size), parseDecimal(price))
    return { size: parseDecimal(size), value, maintenanceMargin: mul(abs(value), TENTH) }
  })
  const last = positions.at(-1) ?? { size: ZERO, value: ZERO, maintenanceMargin: ZERO }
  return {
    netCollateral: positions.reduce((sum, { value }) => add(sum, value), parseDecimal(cash)),
    maintenanceMargin: positions.reduce((sum, position) => add(sum, position.maintenanceMargin), ZERO),
    position: last,
    change: parseDecimal(change),
  }
}
