import { expect, it } from 'vitest'
import { ProofTries } from '../../src/monitor/proof-tries.ts'

function triedIn(tries: ProofTries, marginAccount: number, verdicts: number): number[] {
  const tried: number[] = []
  for (let verdict = 0; verdict < verdicts; verdict++) {
    if (tries.isDue(marginAccount)) tried.push(verdict)
    tries.decidedExactly(marginAccount)
  }
  return tried
}

it('a proof that failed is tried again after twice as many exact verdicts each time, up to 256', () => {
  const tried = triedIn(new ProofTries(), 7, 70_000)
  expect(tried.slice(0, 13)).toEqual([0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 768, 1024])
  expect(tried).toHaveLength(9 + Math.floor(70_000 / 256))
})

it('a proof is tried at once after one that held, and of an account of which none failed', () => {
  const tries = new ProofTries()
  triedIn(tries, 300, 100)
  expect([tries.isDue(300), tries.isDue(299), tries.isDue(4_000)]).toEqual([false, true, true])
  tries.reset(300)
  tries.reset(4_000)
  expect([tries.isDue(300), tries.isDue(4_000)]).toEqual([true, true])
})
