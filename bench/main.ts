import { Command, InvalidArgumentError } from 'commander'
import { benchGap, GAP_GOALS } from './gap.ts'
import { FULL_EFFORT, type Measured, machineLine, table } from './harness.ts'
import {
  benchCrashLoop,
  benchRecover,
  type CrashLoopResult,
  GROWTH_MAX,
  type RecoverResult,
  RSS_MAX_BYTES,
} from './heap.ts'
import { benchKernel, DEFAULT_ROWS, DEFAULT_SEED, type KernelBench } from './kernel.ts'
import { benchLoad } from './load.ts'
import { benchLog, logLines, withRedis } from './log.ts'
import { benchOverload, OVERLOAD_GOALS } from './overload.ts'
import { benchVerdict, VERDICT_POSITIONS, VERDICT_SEED, type VerdictBench, verdictKinds } from './verdict.ts'

const program = new Command('bench').description(
  'Benchmarks. Every one checks its answer before it prints a figure.',
)

program
  .command('kernel')
  .description('One quiet tick over all positions of one instrument: naive TypeScript against the kernel')
  .option('--rows <n>', 'only this many rows (default 10,000, 100,000 and 1,000,000)', wholeNumber)
  .option('--seed <n>', 'seed of the positions', wholeNumber, DEFAULT_SEED)
  .option('--json', 'print one JSON object')
  .action((options: { rows?: number; seed: number; json?: boolean }) => {
    const sizes = options.rows === undefined ? DEFAULT_ROWS : [options.rows]
    const results: Measured[] = []
    const hashes: string[] = []
    for (const rows of sizes) {
      const run = benchKernel(rows, options.seed, FULL_EFFORT)
      hashes.push(run.hash)
      results.push(...run.results)
      if (options.json !== true) printSize(rows, run)
    }
    if (options.json === true) {
      const hash = hashes.join('-')
      const report = {
        bench: 'kernel',
        machine: machineLine(),
        node: process.version,
        seed: options.seed,
        hash,
        results,
      }
      process.stdout.write(`${JSON.stringify(report)}\n`)
    } else process.stdout.write(`\n${machineLine()}, Node ${process.version}, seed ${options.seed}\n`)
  })

program
  .command('overload')
  .description(
    'All accounts breach in one frame while marks go on: real worker, Redis, WebSocket and processes',
  )
  .option('--accounts <n>', 'accounts, three positions each', wholeNumber, 100_000)
  .option('--marks-per-second <n>', 'marks that go on meanwhile', wholeNumber, 20_000)
  .option('--json', 'print one JSON object')
  .action(async (options: { accounts: number; marksPerSecond: number; json?: boolean }) => {
    const { accounts, marksPerSecond, json } = options
    report('overload', await benchOverload({ accounts, marksPerSecond, notify }), OVERLOAD_GOALS, json)
  })

program
  .command('gap')
  .description(
    'One market is silent, then a mark liquidates one account: real worker, Redis, WebSocket and processes',
  )
  .option('--accounts <n>', 'accounts, one position each', wholeNumber, 300_000)
  .option('--silence <ms>', 'length of the silence', wholeNumber, 8_000)
  .option('--json', 'print one JSON object')
  .action(async (options: { accounts: number; silence: number; json?: boolean }) => {
    const { accounts, silence: silenceMs, json } = options
    report('gap', await benchGap({ accounts, silenceMs, notify }), GAP_GOALS, json)
  })

program
  .command('log')
  .description('Events from `publish` to the Redis stream and to BullMQ jobs, on a Redis of its own')
  .option('--events <n>', 'events in all', wholeNumber, 20_000)
  .option('--positions <n>', 'positions of each event', wholeNumber, 2)
  .option('--appendfsync <policy>', 'always or everysec', appendFsync, 'always')
  .option('--json', 'print one JSON object')
  .action(async (options: LogOptions) => {
    const { events, positions, appendfsync, json } = options
    const result = await withRedis(appendfsync, (redisUrl) => benchLog({ events, positions, redisUrl }))
    const measured = { machine: machineLine(), node: process.version, appendfsync, ...result }
    process.stdout.write(
      json === true ? `${JSON.stringify({ bench: 'log', ...measured })}\n` : `${logLines(measured)}\n`,
    )
  })

program
  .command('verdict')
  .description('Exact verdicts and states of margin accounts: over one common denominator and by fractions')
  .option(
    '--positions <n>',
    'only accounts of this many positions (default 1, 3, 100 and 1,000)',
    wholeNumber,
  )
  .option('--seed <n>', 'seed of the accounts', wholeNumber, VERDICT_SEED)
  .option('--json', 'print one JSON object')
  .action((options: { positions?: number; seed: number; json?: boolean }) => {
    const sizes = options.positions === undefined ? VERDICT_POSITIONS : [options.positions]
    const runs = sizes.flatMap((positions) =>
      verdictKinds(positions).map((kind) => {
        const run = benchVerdict(kind, positions, options.seed, FULL_EFFORT)
        if (options.json !== true) printVerdict(run)
        return run
      }),
    )
    if (options.json === true) {
      const { seed } = options
      const report = { bench: 'verdict', machine: machineLine(), node: process.version, seed, results: runs }
      process.stdout.write(`${JSON.stringify(report)}\n`)
    } else process.stdout.write(`\n${machineLine()}, Node ${process.version}, seed ${options.seed}\n`)
  })

program
  .command('heap')
  .description(
    'Memory of a worker on a real Redis: liquidations that recover, and a loop of crashes in 1 GiB',
  )
  .option(
    '--liquidations <n>',
    'liquidations that recover between the two measurements',
    wholeNumber,
    100_000,
  )
  .option('--seconds <n>', 'length of the loop of crashes', wholeNumber, 60)
  .option('--part <name>', 'only "recover" or "crash-loop"', partName)
  .option('--data-dir <folder>', 'where the private Redis finds or fetches its server', '.data')
  .option('--json', 'print one JSON object')
  .action(heap)

program
  .command('load')
  .description('Reading the stored book from a real Redis: how long the event loop does not turn meanwhile')
  .option('--accounts <n>', 'accounts of the book', wholeNumber, 1_000)
  .option('--positions <n>', 'positions of each', wholeNumber, 100)
  .option('--data-dir <folder>', 'where the private Redis finds or fetches its server', '.data')
  .option('--json', 'print one JSON object')
  .action(load)

try {
  await program.parseAsync()
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).message}\n`)
  process.exitCode = 1
}

function notify(line: string): void {
  process.stderr.write(`${line}\n`)
}

/** One result with its goals: as JSON, or a line a figure. */
function report(
  bench: string,
  result: object,
  goals: Readonly<Record<string, number>>,
  json?: boolean,
): void {
  const machine = machineLine()
  const node = process.version
  if (json === true) {
    process.stdout.write(`${JSON.stringify({ bench, machine, node, results: [result] })}\n`)
    return
  }
  const lines = Object.entries(result).map(([name, value]: [string, number]) => [
    name,
    value.toLocaleString('en'),
    goals[name] === undefined
      ? ''
      : `goal ${goals[name].toLocaleString('en')}${value > goals[name] ? ', missed' : ''}`,
  ])
  process.stdout.write(`\n${table([bench, 'measured', ''], lines)}\n\n${machine}, Node ${node}\n`)
}

interface LogOptions {
  readonly events: number
  readonly positions: number
  readonly appendfsync: 'always' | 'everysec'
  readonly json?: boolean
}

function appendFsync(text: string): 'always' | 'everysec' {
  if (text === 'always' || text === 'everysec') return text
  throw new InvalidArgumentError('must be always or everysec')
}

interface LoadFlags {
  readonly accounts: number
  readonly positions: number
  readonly dataDir: string
  readonly json?: true
}

async function load({ accounts, positions, dataDir, json }: LoadFlags): Promise<void> {
  const notify = (line: string) => void process.stderr.write(`${line}\n`)
  const results = await benchLoad({ accounts, positionsPerAccount: positions, dataDir, notify })
  const report = { bench: 'load', machine: machineLine(), node: process.version, results }
  const rows = results.map(({ part, durationMs, longestStepMs }) => [
    part,
    `${durationMs.toFixed(0)} ms`,
    `${longestStepMs.toFixed(1)} ms`,
  ])
  const people = `${accounts.toLocaleString('en')} accounts x ${positions} positions\n${table(['part', 'duration', 'longest step'], rows)}\n${machineLine()}`
  process.stdout.write(`${json === true ? JSON.stringify(report) : people}\n`)
}

interface HeapFlags {
  readonly liquidations: number
  readonly seconds: number
  readonly part?: 'recover' | 'crash-loop'
  readonly dataDir: string
  readonly json?: true
}

async function heap({ liquidations, seconds, part, dataDir, json }: HeapFlags): Promise<void> {
  const where = { dataDir, notify: (line: string) => void process.stderr.write(`${line}\n`) }
  const results: (RecoverResult | CrashLoopResult)[] = []
  if (part !== 'crash-loop') results.push(await benchRecover({ ...where, accounts: 2_000, liquidations }))
  if (part !== 'recover') {
    const book = { accounts: 250, positionsPerAccount: 100, oldSpaceMiB: 640 }
    results.push(await benchCrashLoop({ ...where, ...book, seconds }))
  }
  const report = { bench: 'heap', machine: machineLine(), node: process.version, results }
  const lines = json === true ? [JSON.stringify(report)] : [...results.map(heapLine), machineLine()]
  process.stdout.write(`${lines.join('\n')}\n`)
  if (!results.every(isWithinBounds)) process.exitCode = 1
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

function partName(text: string): 'recover' | 'crash-loop' {
  if (text === 'recover' || text === 'crash-loop') return text
  throw new InvalidArgumentError('must be recover or crash-loop')
}

function printVerdict({ kind, positions, checked, results }: VerdictBench): void {
  const lines = results.map(({ variant, minNs, medianNs, p99Ns }) => [
    variant,
    ...[minNs, medianNs, p99Ns].map(duration),
  ])
  process.stdout.write(
    `\n${positions.toLocaleString('en')} positions, ${kind}.\n` +
      `Check: ${checked.toLocaleString('en')} characters of states are identical to those of the fractions\n` +
      `${table(['call', 'min', 'median', 'p99'], lines)}\n`,
  )
}

function printSize(rows: number, { changes, hash, bytesPerPosition, results }: KernelBench): void {
  const slowest = results[0]!.medianNs
  const lines = results.map((result) => [
    result.variant,
    duration(result.minNs),
    duration(result.medianNs),
    duration(result.p99Ns),
    result.nsPerRow.toPrecision(3),
    ratio(slowest / result.medianNs),
  ])
  process.stdout.write(
    `\n${rows.toLocaleString('en')} positions, one tick; ${Math.round(bytesPerPosition)} bytes a position in the kernel.\n` +
      `Check: ${changes.toLocaleString('en')} accounts change level at the crash tick, hash ${hash}\n` +
      `${table(['variant', 'min', 'median', 'p99', 'ns/position', 'ratio'], lines)}\n`,
  )
}

function ratio(value: number): string {
  return `${value < 100 ? value.toPrecision(3) : Math.round(value).toLocaleString('en')}x`
}

function duration(ns: number): string {
  if (ns < 1e3) return `${ns.toFixed(0)} ns`
  return ns < 1e6 ? `${(ns / 1e3).toFixed(2)} us` : `${(ns / 1e6).toFixed(3)} ms`
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('must be a whole number')
  return Number(text)
}
