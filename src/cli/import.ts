import { stat } from 'node:fs/promises'
import { Command, Option } from 'commander'
import {
  type Book,
  type CheckAccount,
  CSV_COLUMNS,
  createBook,
  type ImportFormat,
  type ImportSummary,
  importAccounts,
  REFUSED_REPORTED_MAX,
  type Refusal,
} from '../book/index.ts'
import { systemClock } from '../clock.ts'
import { type Config, type ConfigOverrides, loadConfig } from '../config.ts'
import { EXIT_FAULT } from '../errors.ts'
import { accountFaultsOf } from '../margin/index.ts'
import { systemRandom } from '../random.ts'
import { checkRedis, closeRedis, connectRedis, keysOf, openRedis } from '../redis/index.ts'
import { ruleBooks } from '../rule-books.ts'
import { openInput } from './lines.ts'
import { withStoreOptions } from './options.ts'
import { ProgressBar } from './progress.ts'

interface ImportFlags {
  readonly redisUrl?: string
  readonly dataDir?: string
  readonly shard?: string
  readonly rules?: string
  readonly allowUnsafeRedis?: true
  readonly format?: ImportFormat
  readonly dryRun?: true
  readonly force?: true
  readonly json?: true
}

const HELP = `
JSON lines: one account a line.
  {"id": "desk-7/alpha", "venue": "bybit", "version": 17,
   "collateral": [{"asset": "USDT", "amount": "12000.5"}],
   "positions": [{"symbol": "BTCUSDT", "marginMode": "cross", "size": "0.5", "entryPrice": "61250.1", "leverage": "10"}]}

CSV: a header, then one position, one collateral asset, or both in a row; adjacent rows with the same id are
one account. Quotes as in RFC 4180, without line breaks inside them. Columns, in any order:
  ${CSV_COLUMNS.join(',')}
  desk-7/alpha,bybit,17,,USDT,12000.5,BTCUSDT,cross,0.5,61250.1,10,
  desk-7/alpha,,,,,,ETHUSDT,isolated,-4,3010,10,900

An account without a version gets one above the stored version. A line that breaks a rule is reported with
its number, path, value and rule; the rest is imported. Exit code 1 where any was refused.
--json prints {"read", "imported", "refusedCount", "refused": [{"line", "path", "value", "shown", "rule"}],
"dryRun"}; "refused" lists the first ${REFUSED_REPORTED_MAX} faults, up to ten of an account, "refusedCount" counts accounts.`

/** `plimsoll import`: accounts from a file into the stored book, where a running worker sees them at once. */
export function importCommand(): Command {
  const command = new Command('import')
    .description('Imports accounts into the stored book')
    .argument('<file>', 'accounts as JSON lines or CSV; - for standard input')
  return withStoreOptions(command)
    .option('--allow-unsafe-redis', 'write to a Redis that may lose data')
    .addOption(
      new Option('--format <format>', 'default: csv for a name that ends in .csv, else jsonl').choices([
        'jsonl',
        'csv',
      ]),
    )
    .option('--force', 'write accounts whose version is not above the stored one under the next version')
    .option('--dry-run', 'check everything, write nothing; needs no Redis')
    .option('--json', 'print a summary as one JSON object')
    .addHelpText('after', HELP)
    .action(runImport)
}

async function runImport(file: string, flags: ImportFlags): Promise<void> {
  const { rules, format, dryRun, force, json, ...store } = flags
  const config = loadConfig({ ...store, rulesFile: rules } as ConfigOverrides)
  const bookOf = ruleBooks(config)
  const check: CheckAccount = (account) => accountFaultsOf(account, bookOf(account.venue))
  const input = await openInput(file)
  const totalBytes = file === '-' ? 0 : (await stat(file)).size
  const bar = new ProgressBar(process.stderr, systemClock, totalBytes)
  const run = async (book?: Book) => {
    const summary = await importAccounts({
      input,
      format: format ?? (file.toLowerCase().endsWith('.csv') ? 'csv' : 'jsonl'),
      check,
      clock: systemClock,
      ...(book === undefined ? {} : { book }),
      ...(force === undefined ? {} : { force }),
      refused: reportRefusals(bar),
      progress: ({ bytes, imported }) => bar.update(bytes, imported),
    }).finally(() => bar.clear())
    if (summary.refusedCount > 0) process.exitCode = EXIT_FAULT
    const isDry = dryRun === true
    process.stdout.write(
      `${json === true ? JSON.stringify({ ...summary, dryRun: isDry }) : sentence(summary, isDry)}\n`,
    )
  }
  try {
    await (dryRun === true ? run() : withBook(config, run))
  } finally {
    input.destroy()
  }
}

async function withBook(config: Config, use: (book: Book) => Promise<void>): Promise<void> {
  const clock = systemClock
  const notify = (line: string) => void process.stderr.write(`${line}\n`)
  const { redisUrl, dataDir, appendfsync } = config
  const redis = await openRedis({ redisUrl, dataDir, appendfsync, clock, notify })
  try {
    const connection = await connectRedis({ url: redis.url, role: 'command', clock, random: systemRandom })
    try {
      const warn = (message: string) => notify(`plimsoll: ${message}`)
      await checkRedis(connection, { allowUnsafe: config.allowUnsafeRedis, warn })
      await use(createBook(connection, keysOf(config.shard)))
    } finally {
      await closeRedis(connection, clock)
    }
  } finally {
    await redis.close()
  }
}

function reportRefusals(bar: ProgressBar): (refused: Refusal) => void {
  let count = 0
  return ({ line, path, shown, rule }) => {
    count += 1
    if (count === REFUSED_REPORTED_MAX + 1) bar.say('plimsoll: further refused lines are only counted')
    if (count > REFUSED_REPORTED_MAX) return
    const what = path === '' ? '' : ` ${path}`
    bar.say(`plimsoll: line ${line}:${what} is ${shown}: ${rule}`)
  }
}

function sentence({ read, imported, refusedCount }: ImportSummary, isDry: boolean): string {
  return `${read} accounts read, ${imported} ${isDry ? 'would be imported' : 'imported'}, ${refusedCount} refused`
}
