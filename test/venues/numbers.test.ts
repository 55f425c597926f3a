import { describe, expect, it } from 'vitest'
import { isPrice } from '../../src/domain/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { plainNumberOf, priceOfFrame, timeOf, timeOfIso } from '../../src/venues/numbers.ts'
import { testCases, testSeed } from '../support/seed.ts'

const SEED = testSeed(20_261_202)
const CASES = testCases(50_000)
const random = seededRandom(SEED)
const below = (count: number) => Math.floor(random() * count)
const pick = <Item>(items: readonly Item[]): Item => items[below(items.length)]!

const padded = (number: number, digits: number) => String(number).padStart(digits, '0')

/** A time, most often of one of a few days, or nearly one. */
function timeText(): string {
  const day = pick([
    '2026-07-09',
    '2026-07-10',
    '2024-02-29',
    '2026-02-30',
    '1969-12-31',
    `20${padded(below(100), 2)}-13-01`,
  ])
  const fraction = pick([
    '.000',
    `.${padded(below(1_000), 3)}`,
    `.${below(1_000_000)}`,
    `.${digits(10)}`,
    `.${digits(9)}`,
    '',
  ])
  const text = `${day}T${padded(below(26), 2)}:${padded(below(62), 2)}:${padded(below(62), 2)}${fraction}Z`
  if (random() < 0.8) return text
  const at = below(text.length)
  return text.slice(0, at) + pick(['', 'x', ' ', '0', ':', '-']) + text.slice(at + 1)
}

function digits(count: number): string {
  return Array.from({ length: count }, () => pick(['0', '0', '1', '5', '9'])).join('')
}

describe(`numbers of frames, ${CASES} of each kind (seed ${SEED})`, () => {
  it('a time in words is what Date.parse says of its grammar, whatever was read before', () => {
    const slowly = (text: string) => {
      const timeMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(text)
        ? Date.parse(text)
        : Number.NaN
      return timeMs > 0 ? timeMs : undefined
    }
    for (const value of ['', ' ', undefined, 5, null]) expect(timeOfIso(value)).toBeUndefined()
    let read = 0
    for (let index = 0; index < CASES; index++) {
      const text = timeText()
      const timeMs = timeOfIso(text)
      if (timeMs !== undefined) read++
      if (timeMs !== slowly(text)) expect({ text, timeMs }).toEqual({ text, timeMs: slowly(text) })
      if (timeOfIso(text) !== timeMs) expect.fail(`${text} is another time when it is read again`)
    }
    expect(read).toBeGreaterThan(CASES / 4)
  })

  it('a time in digits is their number', () => {
    for (let index = 0; index < CASES; index++) {
      const text = digits(below(17)) + pick(['', '', '', 'x', '.', ' ', '-'])
      const slowly = /^\d{1,15}$/.test(text) && Number(text) > 0 ? Number(text) : undefined
      if (timeOf(text) !== slowly) expect({ text, timeMs: timeOf(text) }).toEqual({ text, timeMs: slowly })
    }
  })

  it('a price is its plain number, if that is in the grammar of prices', () => {
    let read = 0
    for (let index = 0; index < CASES; index++) {
      const whole = pick([digits(below(17)), '0', '1', '93612'])
      const fraction = pick(['', '.0', `.${digits(below(20))}`])
      const text = `${pick(['', '', '', '-'])}${whole}${fraction}${pick(['', '', '', 'e3', 'E-5', 'e+0', 'e999'])}`
      const plain = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/.test(text)
        ? plainNumberOf(text)
        : undefined
      const price = isPrice(plain) ? plain : undefined
      if (price !== undefined) read++
      if (priceOfFrame(text) !== price) expect({ text, price: priceOfFrame(text) }).toEqual({ text, price })
    }
    expect(read).toBeGreaterThan(CASES / 4)
  })
})
