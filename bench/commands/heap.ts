import { machineLine, table } from '../harness.ts'
import {
  benchCrashLoop,
  benchRecover,
  type CrashLoopResult,
  GROWTH_MAX,
  type RecoverResult,
  RSS_MAX_BYTES,
} from '../heap.ts'
import { type Bench, DATA_DIR_OPTION, notify, oneOf, wholeNumber } from './command.ts'

interface HeapOptions {
  readonly liquidations: number
  readonly seconds: number
  readonly part?: 'recover' | 'crash-loop'
  readonly dataDir: string
}

export const HEAP_BENCH: Bench<HeapOptions> = {
  name: 'heap',
  description:
    'Memory of a worker on a real Redis: liquidations that recover, and a loop of crashes in 1 GiB',
  options: [
    {
      flags: '--liquidations <n>',
      description: 'liquidations that recover between the two measurements',
      read: wholeNumber,
      standard: 100_000,
    },
    {
      flags: '--seconds <n>',
      description: 'length of the loop of crashes',
      read: wholeNumber,
      standard: 60,
    },
    {
      flags: '--part <name>',
      description: 'only "recover" or "crash-loop"',
      read: oneOf('recover', 'crash-loop'),
    },
    DATA_DIR_OPTION,
  ],
  async run({ liquidations, seconds, part, dataDir }, print) {
    const where = { dataDir, notify }
    const results: (RecoverResult | CrashLoopResult)[] = []
    if (part !== 'crash-loop') results.push(await benchRecover({ ...where, accounts: 2_000, liquidations }))
    if (part !== 'recover') {
      const book = { accounts: 250, positionsPerAccount: 100, oldSpaceMiB: 640 }
      results.push(await benchCrashLoop({ ...where, ...book, seconds }))
    }
    for (const result of results) print(heapLine(result))
    print(machineLine())
    if (!results.every(isWithinBounds)) process.exitCode = 1
    return { results }
  },
}

function isWithinBounds(result: RecoverResult | CrashLoopResult): boolean {
  return result.part === 'recover'
    ? Math.abs(result.growth) <= GROWTH_MAX
    : result.rssMaxBytes <= RSS_MAX_BYTES
}

function heapLine(result: RecoverResult | CrashLoopResult): string {
  const count = (value: number) => value.toLocaleString('en')
  const mebibytes = (bytes: number) => `${(bytes / 1_024 ** 2).toFixed(1)} MiB`
  const verdict = isWithinBounds(result) ? 'ok' : 'TOO MUCH'
  if (result.part === 'recover')
    return `${count(result.liquidations)} liquidations that recover: heap ${mebibytes(result.heapBeforeBytes)} before, ${mebibytes(result.heapAfterBytes)} after (${(result.growth * 100).toFixed(1)} %): ${verdict}`
  return `${result.accounts} accounts x ${result.positionsPerAccount} positions, ${result.seconds} s of crashes: ${count(result.events)} events, at most ${mebibytes(result.rssMaxBytes)} in memory: ${verdict}\n${table(
    ['after', 'in memory'],
    result.samples.map(({ second, rssBytes }) => [`${second} s`, mebibytes(rssBytes)]),
  )}`
}
