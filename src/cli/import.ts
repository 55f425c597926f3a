import { stat } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { Command } from 'commander'
import type { OpenedBook } from '../api/index.ts'
import { type ConfigOverrides, loadConfig } from '../config.ts'
import { counted, grouped } from '../domain/index.ts'
import { EXIT_FAULT, PlimsollError } from '../errors.ts'
import {
  type CheckAccount,
  CSV_COLUMNS,
  type ImportFormat,
  type ImportSummary,
  importAccounts,
  REFUSED_REPORTED_MAX,
  type Refusal,
  type Repeat,
} from '../import/index.ts'
import { accountFaultsOf, asOfFaultsOf, ruleFaultsOf, statedFaultsOf } from '../margin/index.ts'
import { systemClock } from '../system/index.ts'
import { expiryFaultsOf, indexFaultsOf, symbolFaultsOf, VENUE_NAMES } from '../venues/index.ts'
import { refusedRules, ruleBooks } from '../worker/rule-books.ts'
import { formatOf, formatOption, refusalText } from './accounts-file.ts'
import { withOpenBook } from './book.ts'
import { openInput, readable } from './lines.ts'
import { withStoreOptions } from './options.ts'
import { ProgressBar } from './progress.ts'
import { type ReplaceOptions, type ReplaceSummary, replaceBook } from './replace.ts'
import { jsonLine, visible } from './visible.ts'
import { tell } from './wrapping.ts'

interface ImportFlags {
  readonly redisUrl?: string
  readonly dataDir?: string
  readonly shard?: string
  readonly rules?: string
  readonly strictRules?: true
  readonly allowUnsafeRedis?: true
  readonly format?: ImportFormat
  readonly dryRun?: true
  readonly force?: true
  readonly replace?: true
  readonly yes?: true
  readonly json?: true
}

const HELP = `
JSON: one account a line (here on several), or one list of accounts.
  {"id": "desk-7/alpha", "venue": "bybit", "version": 17,
   "collateral": [{"asset": "USDT", "amount": "12000.5"}],
   "positions": [{"symbol": "BTCUSDT", "marginMode": "cross", "size": "0.5",
                  "entryPrice": "61250.1", "leverage": "10"}]}

CSV: a header, then one position, one asset with what is owned and owed of it,
or both in a row; adjacent rows with the same id are one account. Fields are
parted by commas, semicolons or tabs, as the header does. Columns, in any order,
of which id and venue must be there:
  ${CSV_COLUMNS.slice(0, 7).join(',')},
  ${CSV_COLUMNS.slice(7, 13).join(',')},
  ${CSV_COLUMNS.slice(13, 18).join(',')},
  ${CSV_COLUMNS.slice(18, 22).join(',')},
  ${CSV_COLUMNS.slice(22).join(',')}

id,venue,asset,amount,symbol,marginMode,size,entryPrice,leverage,isolatedMargin
desk-7/alpha,bybit,USDT,12000.5,BTCUSDT,cross,0.5,61250.1,10,
desk-7/alpha,,,,ETHUSDT,isolated,-4,3010,10,900

docs/accounts.md describes every field. An account without a version gets one
above the stored version. A line that breaks a rule is reported with its number,
path, value and rule; the rest is imported, and the exit code is 1. It is 1 too
where the input holds no account, as that of a pipe that broke.
--replace checks the whole file first; where anything is refused, it removes
nothing. Standard input may stay open: what has come is stored at once.

--json prints {"read", "imported", "refusedCount", "refused": [{"line", "path",
"value", "shown", "rule"}], "dryRun"}, with --replace also "removed". "refused"
lists the first ${REFUSED_REPORTED_MAX} faults, up to ten of an account; "refusedCount" counts
accounts.`

/** `plimsoll import`: writes accounts of a file to the stored book. A running worker sees them at once. */
export function importCommand(): Command {
  const command = new Command('import')
    .description('Imports accounts into the stored book')
    .argument('<file>', 'accounts as JSON or CSV, in UTF-8 or UTF-16; - for standard input')
  return withStoreOptions(command)
    .option('--allow-unsafe-redis', 'write to a Redis that may lose data')
    .addOption(formatOption())
    .option('--force', 'write accounts whose version is not above the stored one under the next version')
    .option('--replace', 'the file is the whole book: afterwards remove the accounts that are not in it')
    .option('--yes', 'with --replace: do not ask; needed where there is no terminal to ask on')
    .option('--dry-run', 'check everything but stored versions, write nothing; needs no Redis')
    .option('--json', 'print a summary as one JSON object')
    .addHelpText('after', HELP)
    .action(runImport)
}

async function runImport(file: string, flags: ImportFlags): Promise<void> {
  const { rules, format, dryRun, force, replace, yes, json, ...store } = flags
  const config = loadConfig({ ...store, rulesFile: rules } as ConfigOverrides)
  const isDry = dryRun === true
  if (replace === true && file === '-') {
    throw new PlimsollError('USAGE', '--replace reads its file twice; name a file instead of -')
  }
  const { bookOf } = ruleBooks(config, systemClock.nowMs())
  for (const reason of refusedRules(bookOf))
    tell(process.stderr, `plimsoll: rules refused: ${visible(reason)}`)
  const check: CheckAccount = (account) => {
    const book = bookOf(account.venue)
    const nowMs = systemClock.nowMs()
    const faults = [
      ...asOfFaultsOf(account, nowMs),
      ...expiryFaultsOf(account, nowMs),
      ...statedFaultsOf(account, book),
      ...accountFaultsOf(account, book),
    ]
    if (faults.length > 0) return faults
    return [...ruleFaultsOf(account, book), ...symbolFaultsOf(account), ...indexFaultsOf(account, book)]
  }
  const input = await openInput(file)
  const read = readerOf({ file, input, format, check, force })
  const summary = await (isDry ? read({}) : withOpenBook(config, process.stderr, write)).finally(() =>
    input.destroy(),
  )
  function write(book: OpenedBook): Promise<ImportSummary & Partial<ReplaceSummary>> {
    if (replace !== true) return read({ book })
    const { stdin: input, stderr: errors } = process
    return replaceBook({ book, shard: config.shard, read, file: visible(file), yes, input, errors })
  }
  if (summary.refusedCount > 0 || summary.read === 0) process.exitCode = EXIT_FAULT
  if (summary.read === 0) tell(process.stderr, `plimsoll: ${nothingIn(file)}`)
  process.stdout.write(
    `${json === true ? jsonLine({ ...summary, dryRun: isDry }) : sentence(summary, isDry)}\n`,
  )
}

interface Source {
  readonly file: string
  /** The open file; the first reading uses it. */
  readonly input: Readable
  readonly format: ImportFormat | undefined
  readonly check: CheckAccount
  readonly force: true | undefined
}

/** Returns a function that reads the file from its start at each call. */
function readerOf({ file, input: first, format, check, force }: Source): ReplaceOptions['read'] {
  let isFirst = true
  return async (options) => {
    const input = isFirst ? first : await openInput(file)
    const isAgain = !isFirst
    isFirst = false
    const totalBytes = file === '-' ? 0 : (await stat(file)).size
    const bar = new ProgressBar(process.stderr, systemClock, totalBytes)
    try {
      return await importAccounts({
        input: readable<Uint8Array>(input),
        format: formatOf(file, format),
        venues: VENUE_NAMES,
        check,
        clock: systemClock,
        ...(force === undefined ? {} : { force }),
        refused: reportRefusals(bar),
        ...(isAgain ? {} : { repeated: reportRepeats(bar) }),
        progress: ({ bytes, imported }) => bar.update(bytes, imported),
        ...options,
      })
    } finally {
      bar.clear()
      input.destroy()
    }
  }
}

function reportRefusals(bar: ProgressBar): (refused: Refusal) => void {
  let count = 0
  return (refusal) => {
    count += 1
    if (count === REFUSED_REPORTED_MAX + 1) bar.say('plimsoll: further refused lines are only counted')
    if (count <= REFUSED_REPORTED_MAX) bar.say(refusalText(refusal))
  }
}

function reportRepeats(bar: ProgressBar): (repeat: Repeat) => void {
  let count = 0
  return ({ id, line, lineBefore }) => {
    count += 1
    if (count === REFUSED_REPORTED_MAX + 1)
      bar.say('plimsoll: further accounts that stand twice are not named')
    if (count > REFUSED_REPORTED_MAX) return
    const lines = `lines ${lineBefore} and ${line}`
    bar.say(
      `plimsoll: account ${visible(id)} stands on ${lines}, both times without a version: the later one is kept`,
    )
  }
}

function nothingIn(file: string): string {
  const name = file === '-' ? 'standard input' : visible(file)
  return `${name} holds no account; plimsoll import --help shows what a line looks like`
}

function sentence(summary: ImportSummary & Partial<ReplaceSummary>, isDry: boolean): string {
  const { read, imported, refusedCount, removed } = summary
  const parts = [
    `${counted(read, 'account')} read`,
    `${grouped(imported)} ${isDry ? 'would be imported' : 'imported'}`,
    `${grouped(refusedCount)} refused`,
    ...(removed === undefined ? [] : [`${grouped(removed)} removed`]),
  ]
  return parts.join(', ')
}
