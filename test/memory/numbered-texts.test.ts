import { describe, expect, test } from 'vitest'
import { NumberedTexts } from '../../src/memory/numbered-texts.ts'
import { below, seededRandom } from '../../src/system/seeded-random.ts'

describe('Numbered texts', () => {
  test('agree with a map after random additions and removals', () => {
    const random = seededRandom(11)
    const texts = new NumberedTexts()
    const numbers = new Map<string, number>()
    for (let step = 0; step < 60_000; step++) {
      // Few enough to be met again, many enough that the table grows several times.
      const text = `desk/${below(random, 5_000)}`
      const known = numbers.get(text)
      expect(texts.find(text)).toBe(known ?? -1)
      if (known === undefined) {
        const number = texts.add(text)
        expect(texts.has(number)).toBe(true)
        numbers.set(text, number)
      } else if (random() < 0.6) {
        texts.remove(known)
        numbers.delete(text)
        expect(texts.has(known)).toBe(false)
        expect(texts.has(texts.find(text))).toBe(false)
      } else expect(texts.add(text)).toBe(known)
    }
    expect(texts.size).toBe(numbers.size)
    expect(new Set(numbers.values()).size).toBe(numbers.size)
    for (const [text, number] of numbers) {
      expect(texts.textOf(number)).toBe(text)
      expect(texts.find(text)).toBe(number)
    }
  })

  test('give the number of a removed text to the next new one', () => {
    const texts = new NumberedTexts()
    const [first, second] = [texts.add('first'), texts.add('second')]
    texts.remove(first)
    expect([texts.find('first'), texts.add('third'), texts.find('second')]).toEqual([-1, first, second])
    expect(texts.numbers).toBe(2)
  })

  test('tell texts apart that differ in their last character, are empty, or are of any script', () => {
    const texts = new NumberedTexts()
    const different = [
      '',
      'a',
      'aa',
      'ab',
      '币安人生',
      '币安人',
      'é',
      'e\u0301',
      '\u{1f6a2}',
      'x'.repeat(20_000),
    ]
    const numbers = different.map((text) => texts.add(text))
    expect(numbers.map((number) => texts.textOf(number))).toEqual(different)
    expect(different.map((text) => texts.find(text))).toEqual(numbers)
  })

  test('refuse a number that belongs to no text', () => {
    const texts = new NumberedTexts()
    texts.remove(texts.add('gone'))
    expect(() => texts.textOf(0)).toThrow('belongs to no text')
    expect(() => texts.remove(0)).toThrow('belongs to no text')
  })
})
