import { describe, expect, it } from 'vitest'
import { RadixSort } from '../../src/monitor/radix-sort.ts'
import { Ranking } from '../../src/monitor/ranking.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { testSeed } from '../support/seed.ts'

const SEED = testSeed(20_261_124)
const SHAPES: Readonly<Record<string, (random: () => number) => number>> = {
  'of every size': (random) => 10 ** (600 * random() - 300),
  'that are equal in hundreds': (random) => Math.floor(random() * 7) / 4,
  'that are zero or the largest': (random) =>
    [0, Number.MAX_VALUE, Number.MIN_VALUE][Math.floor(3 * random())]!,
  'that differ in the last bit': (random) => 1 + Math.floor(random() * 9) * Number.EPSILON,
}

describe(`places sorted digit by digit (seed ${SEED})`, () => {
  it.each(Object.entries(SHAPES))('are in the order of a comparison for numbers %s', (_, draw) => {
    const random = seededRandom(SEED)
    for (const count of [1, 2, 3, 1_000, 40_000]) {
      const minor = Array.from({ length: count }, () => draw(random))
      const major = Array.from({ length: count }, () => draw(random))
      const sort = new RadixSort([minor, major])
      let steps = 1
      while (!sort.step()) steps++
      expect(steps).toBeGreaterThan(count > 20_000 ? 10 : 0)
      const expected = minor
        .map((_, place) => place)
        .sort((a, b) => major[b]! - major[a]! || minor[b]! - minor[a]!)
      expect([...sort.places]).toEqual(expected)
    }
  })

  it('rank thousands of findings as few ones are ranked', () => {
    const random = seededRandom(SEED)
    const findings = Array.from({ length: 20_000 }, (_, index) => ({
      finding: 7 * index,
      shortfall: Math.floor(random() * 500) / 3,
      ratio: Math.floor(random() * 3),
    }))
    const ranked = (some: typeof findings) => {
      const ranking = new Ranking()
      for (const { finding, shortfall, ratio } of some) ranking.add(finding, shortfall, ratio)
      let turns = 0
      let isSorted = false
      while (!isSorted) {
        turns++
        isSorted = ranking.work(() => 1, 0)
      }
      // What is in order is not sorted again: the clock is not asked.
      const stopped = () => expect.unreachable()
      expect(ranking.work(stopped, 0)).toBe(true)
      return { order: some.map((_, index) => ranking.at(index)), turns }
    }
    const all = ranked(findings)
    expect(all.turns).toBeGreaterThan(10)
    const few = findings.filter((_, index) => index % 20 === 0)
    const kept = new Set(few.map(({ finding }) => finding))
    expect(ranked(few)).toEqual({ order: all.order.filter((finding) => kept.has(finding)), turns: 1 })
  })
})
