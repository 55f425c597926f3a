import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { deadProcessId, type Racers, startRacers } from '../support/race.ts'

const ROUNDS = 300
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-claim-'))
let racers: Racers | undefined
afterEach(async () => {
  await racers?.stop()
  racers = undefined
})
afterAll(() => rmSync(folder, { recursive: true }))

describe('a data folder whose owner is dead', () => {
  it(`is taken by exactly one of three processes, in each of ${ROUNDS} rounds`, async () => {
    const pid = deadProcessId()
    racers = await startRacers(3, 'redis-server/claim.js', 'claimDirectory')
    const winners: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const directory = join(folder, `round-${round}`)
      mkdirSync(directory)
      writeFileSync(join(directory, 'owner.json'), JSON.stringify({ pid }))
      const finishes = await racers.race(directory)
      winners.push(finishes.filter(({ won }) => won).length)
    }
    expect(winners.filter((count) => count !== 1)).toEqual([])
    expect(winners).toHaveLength(ROUNDS)
  })
})
