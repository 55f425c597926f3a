import { expect } from 'vitest'

/** What a printed figure may differ by: less than one unit of its last digit (venues truncate as often as they round). */
export function expectPrinted(actual: string | null, printed: string): void {
  expect(actual, `a figure, ${printed} expected`).not.toBeNull()
  expect(agrees(actual, printed), `${actual} agrees with ${printed} to its last digit`).toBe(true)
}

const DECIMAL = /^-?\d+(\.\d+)?$/

/** Exact: on integers scaled to the longer of both fractions. Words and null must be equal. */
export function agrees(actual: string | null | undefined, printed: string | null): boolean {
  if (actual === null || actual === undefined || printed === null) return actual === printed
  if (!DECIMAL.test(printed) || !DECIMAL.test(actual)) return actual === printed
  const decimals = decimalsOf(printed)
  const scale = Math.max(decimals, decimalsOf(actual))
  const difference = scaled(actual, scale) - scaled(printed, scale)
  return (difference < 0n ? -difference : difference) < 10n ** BigInt(scale - decimals)
}

function decimalsOf(text: string): number {
  return text.split('.')[1]?.length ?? 0
}

function scaled(text: string, scale: number): bigint {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  const magnitude = BigInt(whole + fraction.padEnd(scale, '0'))
  return text.startsWith('-') ? -magnitude : magnitude
}

/** Printed by a program in f64: the last of 16 or 17 digits is noise. */
export function printedF64(text: string): string {
  const significant = text.replace(/^0\.0*/, '').replace('.', '').length
  return significant < 15 ? text : text.slice(0, -1)
}
