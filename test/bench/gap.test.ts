import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

// The worker, the exchange and the watcher are started from the built program.
const { benchGap } = (await import(
  fileURLToPath(new URL('../../dist/bench/gap.js', import.meta.url))
)) as typeof import('../../bench/gap.ts')

/** Long enough for every market to go stale. */
const SILENCE_MS = 8_000

it('the gap benchmark runs at a small size: all accounts lose their verdict, and one is liquidated after the silence', async () => {
  const result = await benchGap({
    accounts: 200,
    silenceMs: SILENCE_MS,
    notify: (line) => void process.stderr.write(`${line}\n`),
  })
  expect(result).toMatchObject({ accounts: 200, withoutVerdict: 200 })
  // Beside the liquidation there are those of the market alone.
  expect(result.events).toBeLessThan(result.accounts)
  expect(result.liquidationJobMs).toBeGreaterThanOrEqual(0)
})
