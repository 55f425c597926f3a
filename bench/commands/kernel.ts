import { FULL_EFFORT, type Measured, table } from '../harness.ts'
import { benchKernel, DEFAULT_ROWS, DEFAULT_SEED, type KernelBench } from '../kernel.ts'
import { type Bench, wholeNumber } from './command.ts'
import { duration, machineAndNode } from './figures.ts'

export const KERNEL_BENCH: Bench<{ readonly rows?: number; readonly seed: number }> = {
  name: 'kernel',
  description: 'One quiet tick over all positions of one instrument: naive TypeScript against the kernel',
  options: [
    {
      flags: '--rows <n>',
      description: 'only this many rows (default 10,000, 100,000 and 1,000,000)',
      read: wholeNumber,
    },
    { flags: '--seed <n>', description: 'seed of the positions', read: wholeNumber, standard: DEFAULT_SEED },
  ],
  run({ rows, seed }, print) {
    const results: Measured[] = []
    const hashes: string[] = []
    for (const size of rows === undefined ? DEFAULT_ROWS : [rows]) {
      const run = benchKernel(size, seed, FULL_EFFORT)
      hashes.push(run.hash)
      results.push(...run.results)
      print(sizeText(size, run))
    }
    print(`\n${machineAndNode()}, seed ${seed}`)
    return { seed, hash: hashes.join('-'), results }
  },
}

function sizeText(rows: number, { changes, hash, bytesPerPosition, results }: KernelBench): string {
  const slowest = results[0]!.medianNs
  const lines = results.map((result) => [
    result.variant,
    duration(result.minNs),
    duration(result.medianNs),
    duration(result.p99Ns),
    result.nsPerRow.toPrecision(3),
    ratio(slowest / result.medianNs),
  ])
  return (
    `\n${rows.toLocaleString('en')} positions, one tick; ${Math.round(bytesPerPosition)} bytes a position in the kernel.\n` +
    `Check: ${changes.toLocaleString('en')} accounts change level at the crash tick, hash ${hash}\n` +
    `${table(['variant', 'min', 'median', 'p99', 'ns/position', 'ratio'], lines)}`
  )
}

function ratio(value: number): string {
  return `${value < 100 ? value.toPrecision(3) : Math.round(value).toLocaleString('en')}x`
}
