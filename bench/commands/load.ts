import { machineLine, table } from '../harness.ts'
import { benchLoad } from '../load.ts'
import { benchStart, START_POSITIONS_PER_ACCOUNT, type StartedProcess } from '../start.ts'
import { type Bench, DATA_DIR_OPTION, notify, wholeNumber } from './command.ts'

interface LoadOptions {
  readonly accounts: number
  readonly positions: number
  readonly book: number
  readonly dataDir: string
}

/** The larger of the two books of narrow accounts has this many times the positions. */
const LARGER = 3
/** Goal from the first command to Redis to the first evaluated tick. */
const FIRST_TICK_GOAL_MS = 6_000

export const LOAD_BENCH: Bench<LoadOptions> = {
  name: 'load',
  description:
    'Reading the stored book from a real Redis: how long until the first tick is evaluated, and how long the event loop does not turn',
  options: [
    { flags: '--accounts <n>', description: 'accounts of the book', read: wholeNumber, standard: 1_000 },
    { flags: '--positions <n>', description: 'positions of each', read: wholeNumber, standard: 100 },
    {
      flags: '--book <n>',
      description: 'positions of the book of narrow accounts; a second one has three times as many',
      read: wholeNumber,
      standard: 1_000_000,
    },
    DATA_DIR_OPTION,
  ],
  async run({ accounts, positions, book, dataDir }, print) {
    const starts: StartedProcess[] = []
    for (const size of [book, LARGER * book])
      starts.push(await benchStart({ positions: size, dataDir, notify }))
    const seconds = (durationMs: number) => `${(durationMs / 1_000).toFixed(1)} s`
    print(
      table(
        ['positions', 'under watch after', 'first tick evaluated after'],
        starts.map(({ positions: held, loadMs, firstTickMs }) => [
          held.toLocaleString('en'),
          seconds(loadMs),
          seconds(firstTickMs),
        ]),
      ),
    )
    print(
      `goal: ${FIRST_TICK_GOAL_MS / 1_000} s for 1,000,000 positions, ${START_POSITIONS_PER_ACCOUNT} an account\n`,
    )
    const results = await benchLoad({ accounts, positionsPerAccount: positions, dataDir, notify })
    const rows = results.map(({ part, durationMs, longestStepMs }) => [
      part,
      `${durationMs.toFixed(0)} ms`,
      `${longestStepMs.toFixed(1)} ms`,
    ])
    print(`${accounts.toLocaleString('en')} accounts x ${positions} positions`)
    print(table(['part', 'duration', 'longest step'], rows))
    print(machineLine())
    return { starts, results }
  },
}
