import { machineLine, table } from '../harness.ts'
import { benchStart, START_POSITIONS_PER_ACCOUNT, type StartedProcess } from '../start.ts'
import { type Bench, DATA_DIR_OPTION, notify, wholeNumber } from './command.ts'

interface MemoryOptions {
  readonly positions: number
  readonly dataDir: string
}

/** The larger of the two books has this many times the positions. */
const LARGER = 3
/** Goal for the memory of the whole process, a position. */
const BYTES_PER_POSITION_GOAL = 300
const MIB = 1_048_576

export const MEMORY_BENCH: Bench<MemoryOptions> = {
  name: 'memory',
  description:
    'What a worker holds in memory for each stored position, in a process of its own, at two sizes',
  options: [
    {
      flags: '--positions <n>',
      description: `positions of the smaller book, ${START_POSITIONS_PER_ACCOUNT} an account`,
      read: wholeNumber,
      standard: 1_000_000,
    },
    DATA_DIR_OPTION,
  ],
  async run({ positions, dataDir }, print) {
    const results: StartedProcess[] = []
    for (const size of [positions, LARGER * positions])
      results.push(await benchStart({ positions: size, dataDir, notify }))
    const mib = (bytes: number) => `${(bytes / MIB).toFixed(0)} MiB`
    const rows = results.map((result) => [
      result.positions.toLocaleString('en'),
      mib(result.rssBytes),
      mib(result.kernelBytes),
      mib(result.externalBytes),
      mib(result.heapBytes),
      (result.rssBytes / result.positions).toFixed(0),
    ])
    const heading = ['positions', 'process', 'kernel', 'outside the heap', 'heap', 'bytes a position']
    print(table(heading, rows))
    print(`goal: ${BYTES_PER_POSITION_GOAL} bytes a position in the whole process`)
    print(machineLine())
    return { results }
  },
}
