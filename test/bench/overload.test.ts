import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

// The worker, the exchange and the watcher are started from the built program.
const { benchOverload } = (await import(
  fileURLToPath(new URL('../../dist/bench/overload.js', import.meta.url))
)) as typeof import('../../bench/overload.ts')

it('the overload benchmark runs at a small size: every mark is evaluated, every account liquidated', async () => {
  const result = await benchOverload({
    accounts: 200,
    marksPerSecond: 2_000,
    notify: (line) => void process.stderr.write(`${line}\n`),
  })
  expect(result).toMatchObject({ accounts: 200, liquidations: 200, marksEvaluated: result.marksSent })
  expect(result.marksSent).toBeGreaterThan(200)
  expect(result.allJobsMs).toBeGreaterThanOrEqual(result.firstLiquidationMs)
})
