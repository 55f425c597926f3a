import { beforeAll, describe, expect, it } from 'vitest'
import { eventKindSchema, marketEventKindSchema } from '../../src/domain/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { RULES } from '../support/levels.ts'
import { MonitorCase } from '../support/monitor-case.ts'
import { PROPERTIES, type Property } from '../support/monitor-properties.ts'
import { Properties } from '../support/properties.ts'
import { testSeed } from '../support/seed.ts'

const SEED = testSeed(20_261_124)
const CASES = 250
/** A loss that waited kept a refused account from being tried under new rules. */
const FOUND = [900_052]
const SHOWN_MAX = 10

const range = `seeds ${SEED} to ${SEED + CASES - 1}`

describe(`a monitor that is watched by a model which evaluates everything at every instant (${range})`, () => {
  const properties = new Properties<Property>('fault')
  const cases: MonitorCase[] = []

  beforeAll(() => {
    const run = (seed: number, accountsLeave: boolean) => {
      const [, rule] = RULES[Math.floor(seed / 2) % RULES.length]!
      const own = new MonitorCase(seededRandom(seed), properties, { accountsLeave, rule })
      cases.push(own)
      properties.run(`seed ${seed}${accountsLeave ? ', accounts leave' : ''}`, () => own.run())
    }
    for (let seed = SEED; seed < SEED + CASES; seed++) run(seed, seed % 2 === 0)
    for (const seed of FOUND) run(seed, false)
  })

  for (const [property, name] of Object.entries(PROPERTIES) as [Property, string][]) {
    it(name, () => {
      const violations = properties.violationsOf(property)
      expect(violations, violations.slice(0, SHOWN_MAX).join('\n')).toHaveLength(0)
    })
  }

  it('meets every kind of event, crashes, events that are made after later instants, and checks each property', () => {
    for (const property of Object.keys(PROPERTIES) as Property[]) {
      expect(properties.checksOf(property), property).toBeGreaterThanOrEqual(CASES)
    }
    // Each must happen often. Ten ranges of seeds gave at least 1.6 times what is asked here, so any seed may be run.
    const kinds = cases.flatMap(({ log }) => log.kinds)
    // The model hears every price and no list: gaps are for `monitor/gaps`, contradictions for `monitor/expiry`.
    const ofMarkets = marketEventKindSchema.exclude(['market-gap', 'market-contradicted'])
    for (const kind of [...eventKindSchema.options, ...ofMarkets.options]) {
      const times = kinds.filter((each) => each === kind).length
      // Seldom do all margin accounts leave a market that is stale, and a contract expires once.
      const isSeldom = kind === 'market-closed' || kind === 'market-expired'
      expect(times, kind).toBeGreaterThan(isSeldom ? CASES / 4 : CASES)
    }
    const sum = (of: (each: MonitorCase) => number) => cases.reduce((total, each) => total + of(each), 0)
    expect(sum(({ crashes }) => crashes)).toBeGreaterThan(CASES / 4)
    expect(sum(({ log }) => log.late)).toBeGreaterThan(CASES)
    expect(sum(({ rulesChanges }) => rulesChanges)).toBeGreaterThan(CASES / 2)
  })
})
