import { beforeAll, describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/demo/random.ts'
import { eventKindSchema, marketEventKindSchema } from '../../src/domain/index.ts'
import { MonitorCase } from '../support/monitor-case.ts'
import { PROPERTIES, type Property } from '../support/monitor-properties.ts'
import { Properties } from '../support/properties.ts'
import { testSeed } from '../support/seed.ts'

const SEED = testSeed(20_261_124)
const CASES = 2500
const SHOWN_MAX = 10

const range = `seeds ${SEED} to ${SEED + CASES - 1}`

describe(`a monitor that is watched by a model which evaluates everything at every instant (${range})`, () => {
  const properties = new Properties<Property>('fault')
  const cases: MonitorCase[] = []

  beforeAll(() => {
    for (let seed = SEED; seed < SEED + CASES; seed++) {
      const own = new MonitorCase(seededRandom(seed), properties)
      cases.push(own)
      properties.run(`seed ${seed}`, () => own.run())
    }
  })

  for (const [property, name] of Object.entries(PROPERTIES) as [Property, string][]) {
    it(name, () => {
      expect(properties.violationsOf(property).slice(0, SHOWN_MAX)).toEqual([])
      expect(properties.checksOf(property)).toBeGreaterThanOrEqual(CASES)
    })
  }

  it('meets in its cases every kind of event, crashes, and events that are made after later instants', () => {
    const kinds = cases.flatMap(({ log }) => log.kinds)
    for (const kind of [...eventKindSchema.options, ...marketEventKindSchema.options]) {
      expect(kinds.filter((each) => each === kind).length, kind).toBeGreaterThan(CASES)
    }
    const sum = (of: (each: MonitorCase) => number) => cases.reduce((total, each) => total + of(each), 0)
    expect(sum(({ crashes }) => crashes)).toBeGreaterThan(CASES / 4)
    expect(sum(({ log }) => log.late)).toBeGreaterThan(CASES)
  })
})
