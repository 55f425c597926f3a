import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { PROJECT_DATA_DIR } from '../support/redis.ts'

// The measured process is started from the built program.
const { benchStart } = (await import(
  fileURLToPath(new URL('../../dist/bench/start.js', import.meta.url))
)) as typeof import('../../bench/start.ts')

it('the benchmark of a start runs at a small size: every account is under watch and has its verdict', async () => {
  const result = await benchStart({
    positions: 3_000,
    dataDir: PROJECT_DATA_DIR,
    notify: (line) => void process.stderr.write(`${line}\n`),
  })
  expect(result).toMatchObject({ accounts: 1_000, positions: 3_000 })
  expect(result.firstTickMs).toBeGreaterThan(result.loadMs)
  expect(result.rssBytes).toBeGreaterThan(result.heapBytes + result.kernelBytes)
})
