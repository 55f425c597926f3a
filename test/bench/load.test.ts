import { expect, it } from 'vitest'
import { benchLoad } from '../../bench/load.ts'
import { PROJECT_DATA_DIR } from '../support/redis.ts'

it('the load benchmark runs at a small size: every account is read in each of its parts', async () => {
  const results = await benchLoad({
    accounts: 120,
    positionsPerAccount: 10,
    dataDir: PROJECT_DATA_DIR,
    notify: (line) => void process.stderr.write(`${line}\n`),
  })
  expect(results.map(({ part }) => part)).toEqual(['load', 'changes', 'reload'])
  for (const { durationMs, longestStepMs } of results) {
    expect(longestStepMs).toBeGreaterThan(0)
    expect(durationMs).toBeGreaterThanOrEqual(longestStepMs)
  }
})
