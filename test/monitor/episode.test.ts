import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { venueId } from '../../src/domain/index.ts'
import { levelRule } from '../../src/margin/index.ts'
import {
  applyFinding,
  type Finding,
  newStanding,
  progressAfter,
  type Standing,
  standingOf,
} from '../../src/monitor/standing.ts'
import { testSeed } from '../support/seed.ts'

const SEED = testSeed(28)

const BREACH = 4
const OF = { account: 'a', venue: venueId('bybit'), marginMode: 'isolated', currency: 'USDT' } as const
const RULE = levelRule(['0.5', '0.7', '0.9'])

function tell(findings: readonly Finding[]): string[] {
  const standing = newStanding(0)
  return findings.map((finding) => {
    const transition = applyFinding(standing, finding, BREACH)
    return transition === undefined ? '-' : `${transition.kind} ${transition.level} #${transition.episode}`
  })
}

describe('episodes', () => {
  it.each<[string, Finding[], string[]]>([
    ['a rise opens one, the way back ends it', [1, 0], ['warning 1 #1', 'recovered 0 #1']],
    ['only the level that was reached is told', [3], ['warning 3 #1']],
    ['the last level is a liquidation', [BREACH], ['liquidation 4 #1']],
    [
      'rises go on inside one',
      [1, 2, BREACH, 0],
      ['warning 1 #1', 'warning 2 #1', 'liquidation 4 #1', 'recovered 0 #1'],
    ],
    [
      'a second breach is a second one',
      [4, 0, 4],
      ['liquidation 4 #1', 'recovered 0 #1', 'liquidation 4 #2'],
    ],
    [
      'a fall to a warning level ends it too',
      [4, 2, 4],
      ['liquidation 4 #1', 'recovered 2 #1', 'liquidation 4 #2'],
    ],
    [
      'a fall outside of one has a number of its own',
      [2, 1, 0],
      ['warning 2 #1', 'recovered 1 #1', 'recovered 0 #2'],
    ],
    ['nothing new is nothing', [1, 1, 0, 0], ['warning 1 #1', '-', 'recovered 0 #1', '-']],
    ['a stale mark is told once', ['unknown', 'unknown'], ['unknown 0 #1', '-']],
    ['fresh marks of a safe account end the blindness', ['unknown', 0], ['unknown 0 #1', 'recovered 0 #2']],
    [
      'fresh marks at a breach tell it afresh',
      [4, 'unknown', 4, 0],
      ['liquidation 4 #1', 'unknown 4 #1', 'liquidation 4 #2', 'recovered 0 #2'],
    ],
    ['and at a better level that', [4, 'unknown', 2], ['liquidation 4 #1', 'unknown 4 #1', 'warning 2 #2']],
    ['and at a worse level that', [1, 'unknown', 4], ['warning 1 #1', 'unknown 1 #1', 'liquidation 4 #2']],
    ['the end of the position is told inside an episode', [2, 'closed'], ['warning 2 #1', 'closed 0 #1']],
    ['and not outside of one', [0, 'closed'], ['-', '-']],
    [
      'a position that closes while its mark is stale',
      ['unknown', 'closed', 4],
      ['unknown 0 #1', 'closed 0 #2', 'liquidation 4 #3'],
    ],
  ])('%s', (_, findings, story) => {
    expect(tell(findings)).toEqual(story)
  })

  it(`never tells the same kind and level twice in one episode, whatever is found (seed ${SEED})`, () => {
    const finding = fc.oneof(
      fc.integer({ min: 0, max: BREACH }),
      fc.constant<Finding>('unknown'),
      fc.constant<Finding>('closed'),
    )
    fc.assert(
      fc.property(fc.array(finding, { maxLength: 60 }), (findings) => {
        const told = tell(findings).filter((line) => line !== '-')
        expect(new Set(told).size).toBe(told.length)
      }),
      { seed: SEED, numRuns: 2_000 },
    )
  })

  it(`publishes after a restart the same kinds and levels as without one (seed ${SEED})`, () => {
    const finding = fc.oneof(fc.integer({ min: 0, max: BREACH }), fc.constant<Finding>('unknown'))
    fc.assert(
      fc.property(fc.array(finding, { maxLength: 40 }), (findings) => {
        let standing: Standing = newStanding(0)
        const restarted = findings.map((found) => {
          const transition = applyFinding(standing, found, BREACH)
          if (transition !== undefined) {
            const progress = progressAfter({ ...transition, saysFundingUnknown: false }, OF, RULE)
            standing = progress === null ? newStanding(transition.sequence) : standingOf(progress, RULE)
          }
          return transition === undefined ? '-' : `${transition.kind} ${transition.level}`
        })
        expect(restarted).toEqual(tell(findings).map((line) => line.split(' #')[0]))
      }),
      { seed: SEED, numRuns: 1_000 },
    )
  })

  it(`never gives one id to two events, although numbers of what is safe again are forgotten (seed ${SEED})`, () => {
    const finding = fc.oneof(fc.integer({ min: 0, max: BREACH }), fc.constant<Finding>('unknown'))
    fc.assert(
      fc.property(fc.array(fc.tuple(finding, fc.boolean()), { maxLength: 60 }), (steps) => {
        let standing: Standing = newStanding(0)
        let floor = 0
        const ids: string[] = []
        const sequences: number[] = []
        for (const [found, restarts] of steps) {
          const transition = applyFinding(standing, found, BREACH)
          if (transition === undefined) continue
          ids.push(`${transition.episode} ${transition.kind} ${transition.level}`)
          sequences.push(transition.sequence)
          const progress = progressAfter({ ...transition, saysFundingUnknown: false }, OF, RULE)
          if (progress === null) floor = Math.max(floor, transition.sequence)
          if (restarts) standing = progress === null ? newStanding(floor) : standingOf(progress, RULE)
        }
        expect(new Set(ids).size).toBe(ids.length)
        expect(sequences).toEqual(sequences.map((_, index) => index + 1))
      }),
      { seed: SEED, numRuns: 2_000 },
    )
  })

  it('puts a stored level that is no longer configured at the next lower one', () => {
    const stored = {
      episode: 3,
      sequence: 5,
      open: true,
      level: '0.8',
      unknown: false,
      ...OF,
      settle: 'USDT',
    }
    expect(standingOf(stored, RULE)).toMatchObject({ episode: 3, open: true, level: 2, unknown: false })
  })
})
