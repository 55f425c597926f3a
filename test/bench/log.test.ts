import { expect, it } from 'vitest'
import { benchLog, withRedis } from '../../bench/log.ts'

it('the benchmark of the log hands every event over and reads it back', async () => {
  const result = await withRedis('everysec', (redisUrl) => benchLog({ events: 300, positions: 2, redisUrl }))
  expect(result).toMatchObject({ events: 300, positions: 2 })
  expect(result.jobs).toBeGreaterThanOrEqual(3)
  expect(result.bytesPerEvent).toBeGreaterThan(1_000)
  expect(result.inStreamPerSecond).toBeGreaterThanOrEqual(result.inJobsPerSecond)
})
