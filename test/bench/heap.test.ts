import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { PROJECT_DATA_DIR } from '../support/redis.ts'

// The worker's process is started from the built program.
const { benchCrashLoop, benchRecover } = (await import(
  fileURLToPath(new URL('../../dist/bench/heap.js', import.meta.url))
)) as typeof import('../../bench/heap.ts')

const where = { dataDir: PROJECT_DATA_DIR, notify: (line: string) => void process.stderr.write(`${line}\n`) }

describe('the heap benchmark', () => {
  it('runs at a small size: every account is liquidated and recovers, and each event arrives once', async () => {
    const result = await benchRecover({ ...where, accounts: 50, liquidations: 200 })
    expect(result).toMatchObject({ accounts: 50, liquidations: 200, events: 600 })
    expect(result.heapBeforeBytes).toBeGreaterThan(1e6)
    expect(result.growth).toBeCloseTo(result.heapAfterBytes / result.heapBeforeBytes - 1, 9)
  })

  it('crashes a book of large accounts over and over, and knows how much memory that took', async () => {
    const book = { accounts: 5, positionsPerAccount: 20, oldSpaceMiB: 512 }
    const result = await benchCrashLoop({ ...where, ...book, seconds: 1 })
    expect(result.events).toBeGreaterThanOrEqual(10)
    expect(result.events % 10).toBe(0)
    expect(result.rssMaxBytes).toBeGreaterThan(1e7)
    expect(result.samples.length).toBeGreaterThanOrEqual(1)
    for (const { rssBytes } of result.samples) {
      expect(rssBytes).toBeGreaterThan(1e7)
      expect(rssBytes).toBeLessThanOrEqual(result.rssMaxBytes)
    }
  })

  it('fails when the worker runs out of memory', async () => {
    const book = { accounts: 500, positionsPerAccount: 100, oldSpaceMiB: 24 }
    await expect(benchCrashLoop({ ...where, ...book, seconds: 1 })).rejects.toThrow(/the worker ended with/)
  })
})
