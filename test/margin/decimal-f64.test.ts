import { expect, test } from 'vitest'
import { decimalToF64 } from '../../src/margin/decimal-f64.ts'
import { below, seededRandom } from '../../src/system/index.ts'

test('a decimal in f64 is the number that JavaScript reads, for every length (seed 3)', () => {
  const random = seededRandom(3)
  const digits = (count: number) => Array.from({ length: count }, () => below(random, 10)).join('')
  for (let run = 0; run < 50_000; run++) {
    const [sign, whole] = [below(random, 2) === 0 ? '' : '-', digits(1 + below(random, 15))]
    const text =
      below(random, 3) === 0 ? `${sign}${whole}` : `${sign}${whole}.${digits(1 + below(random, 18))}`
    expect(decimalToF64(text), text).toBe(Number(text))
  }
})

test.each(['0', '-0', '0.0', '-0.00', '000.50', '999999999999999', '-99999999999999', '0.0000000000001'])(
  '%s in f64 is the number that JavaScript reads',
  (text) => {
    expect(decimalToF64(text)).toBe(Number(text))
  },
)
