import { machineLine, table } from '../harness.ts'
import { benchLoad } from '../load.ts'
import { type Bench, DATA_DIR_OPTION, notify, wholeNumber } from './command.ts'

interface LoadOptions {
  readonly accounts: number
  readonly positions: number
  readonly dataDir: string
}

export const LOAD_BENCH: Bench<LoadOptions> = {
  name: 'load',
  description: 'Reading the stored book from a real Redis: how long the event loop does not turn meanwhile',
  options: [
    { flags: '--accounts <n>', description: 'accounts of the book', read: wholeNumber, standard: 1_000 },
    { flags: '--positions <n>', description: 'positions of each', read: wholeNumber, standard: 100 },
    DATA_DIR_OPTION,
  ],
  async run({ accounts, positions, dataDir }, print) {
    const results = await benchLoad({ accounts, positionsPerAccount: positions, dataDir, notify })
    const rows = results.map(({ part, durationMs, longestStepMs }) => [
      part,
      `${durationMs.toFixed(0)} ms`,
      `${longestStepMs.toFixed(1)} ms`,
    ])
    print(`${accounts.toLocaleString('en')} accounts x ${positions} positions`)
    print(table(['part', 'duration', 'longest step'], rows))
    print(machineLine())
    return { results }
  },
}
