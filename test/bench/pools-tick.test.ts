import { expect, it } from 'vitest'
import { SMOKE_EFFORT } from '../../bench/harness.ts'
import { benchPoolsTick, POOL_WAYS, POOLS_TICK_SEED } from '../../bench/pools-tick.ts'

it('the benchmark of ticks over pools runs at a small size, and both ways publish the same events', () => {
  const { crashEvents, warned, ways } = benchPoolsTick(80, POOLS_TICK_SEED, SMOKE_EFFORT)
  expect(warned).toBeGreaterThan(0)
  expect(crashEvents).toBeGreaterThan(5)
  expect(ways.map(({ way }) => way)).toEqual([...POOL_WAYS])
  const [exact, proven] = ways
  expect(exact!.results.map(({ exactATick }) => exactATick)).toEqual([20, 20, 1])
  for (const { exactATick } of proven!.results) expect(exactATick).toBeLessThan(2)
  expect(proven!.results[2]!.exactATick).toBe(0)
})
