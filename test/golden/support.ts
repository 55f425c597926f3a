import { expect } from 'vitest'

/** What a printed figure may differ by: less than one unit of its last digit (venues truncate as often as they round). */
export function expectPrinted(actual: string | null, printed: string): void {
  expect(actual, `a figure, ${printed} expected`).not.toBeNull()
  expect(agrees(actual, printed), `${actual} agrees with ${printed} to its last digit`).toBe(true)
}

/** Exact: on integers scaled to 18 decimals. */
export function agrees(actual: string | null, printed: string): boolean {
  if (actual === null) return false
  const decimals = printed.split('.')[1]?.length ?? 0
  const difference = scaled(actual) - scaled(printed)
  return (difference < 0n ? -difference : difference) < 10n ** BigInt(18 - decimals)
}

function scaled(text: string): bigint {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  const magnitude = BigInt(whole + fraction.padEnd(18, '0'))
  return text.startsWith('-') ? -magnitude : magnitude
}
