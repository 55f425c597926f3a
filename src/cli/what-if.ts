import { Command } from 'commander'
import { type ConfigOverrides, loadConfig } from '../config.ts'
import { EXIT_FAULT, PlimsollError } from '../errors.ts'
import type { ImportFormat } from '../import/index.ts'
import { levelRule } from '../margin/index.ts'
import { type Move, parseMove, whatIf } from '../questions/index.ts'
import { withCollateralRules } from '../rules/index.ts'
import { systemClock } from '../system/index.ts'
import { VENUES } from '../venues/index.ts'
import { ruleBooks } from '../worker/rule-books.ts'
import { formatOption } from './accounts-file.ts'
import { readAccounts } from './accounts-read.ts'
import { writeLine } from './lines.ts'
import { MARKS_HELP, readPresentState } from './marks-file.ts'
import { levelsOption, whole, withStoreOptions } from './options.ts'
import { type Output, paletteFor, speaksJson } from './terminal.ts'
import { jsonLine } from './visible.ts'
import { type PresentSource, whatIfLines } from './what-if-lines.ts'
import { fitted } from './wrapping.ts'

/** Margin accounts that a terminal lists unless --limit says how many. */
const LISTED_DEFAULT = 20
/** Most margin accounts that are listed, on a terminal and as JSON. */
const LISTED_MAX = 1_000_000

interface WhatIfFlags {
  readonly file?: string
  readonly format?: ImportFormat
  readonly marks?: string
  readonly fromEntry?: true
  readonly levels?: string[]
  readonly limit?: number
  readonly rules?: string
  readonly json?: true
}

export interface WhatIfContext {
  readonly output: Output
  readonly errors: Output
  readonly nowMs: number
}

const HELP = `
A move is SYMBOL=PRICE, or SYMBOL=CHANGE% of the present mark. The name of an
asset moves its index price in pools: BTC=-10%. Where a contract has the name of
an asset, it moves both; mark:BTC=-10% and index:BTC=-10% move one of them.
'*=-10%' moves every mark and every index price that has no move of its own, but
no index price of a currency: assets with USD or EUR in their names (USDT,
EURI), DAI, U, and state currencies such as GBP. index:BTC=0% keeps one.
"marks" (of "marksMoved" the first 1000) and "indexPrices" of the answer list
what moves, "kept" what a move of its own keeps.
What an option is worth does not follow from another price: '*' moves no mark of
an option. Where its underlying moves, or a contract of its coin that any
account holds at its venue, its margin account is unknown ("missing" names the
option and its "underlying") unless a move states the mark:
BTC-25DEC26-60000-P=0.41. A mark that no option can have is refused.
Without moves the answer is that of the present marks. A worker does not store
marks: --marks or --from-entry states the present ones, which a move in percent
and every symbol without a move need.
${MARKS_HELP}

Levels are reached without hysteresis; an account with "levels" has its own in
place of --levels. Listed are the levels nearest to the line first, then the
largest shortfalls. Totals are by level and settlement asset.

JSON: {"moves", "present", "marginAccounts", "safe", "warned", "liquidated",
"unknown", "totals", "reached", "missing", "marksMoved", "marks", "indexPrices",
"kept", "unheld", "similar", "refused", "unreadable", "faults"};
"present" says which present prices were taken: "marks", "entry-prices",
"marks-and-entry-prices" or "none"; "similar" which names one of "unheld" may
mean; "unreadable" counts the accounts that cannot be read, "faults" says where
each stands and why.

Exit code 1 where an account cannot be read or judged ("unknown", "refused",
"unreadable"), and where no account depends on a name that is moved, or on a
price that '*' moves ("unheld").`

/** `plimsoll what-if`: who is warned and who is liquidated if prices move so. */
export function whatIfCommand(
  context: WhatIfContext = { output: process.stdout, errors: process.stderr, nowMs: systemClock.nowMs() },
): Command {
  const command = new Command('what-if')
    .description('Computes which accounts of the stored book are warned or liquidated if prices move')
    .argument('[moves...]', 'such as BTCUSDT=55000 ETHUSDT=-12%')
    .option(
      '--file <file>',
      'accounts of this file, as `plimsoll import` takes it, in place of the stored book',
    )
    .addOption(formatOption())
    .option('--marks <file>', 'present prices, see below; - for standard input')
    .option('--from-entry', "a position's entry price is the present mark where --marks states none")
    .addOption(levelsOption())
    .option(
      '--limit <number>',
      `list so many margin accounts; default: ${LISTED_DEFAULT}, as JSON all`,
      whole(0, LISTED_MAX),
    )
  return withStoreOptions(command)
    .option('--allow-unsafe-redis', 'read a Redis that may lose data')
    .option('--json', 'one JSON object, as on a pipe')
    .addHelpText('after', HELP)
    .action((moves: string[], flags: WhatIfFlags) => answer(context, moves, flags))
}

async function answer(
  { output, errors, nowMs }: WhatIfContext,
  stated: readonly string[],
  flags: WhatIfFlags,
): Promise<void> {
  const { file, format, marks, fromEntry, limit, rules, json, ...settings } = flags
  const moves = movesOf(stated)
  if (file === '-' && marks === '-') {
    throw new PlimsollError(
      'USAGE',
      '--file and --marks both read standard input; give a file for one of them',
    )
  }
  const config = loadConfig({ ...settings, rulesFile: rules } as ConfigOverrides)
  const rule = levelRule(config.levels, config.hysteresis)
  const { present, collateralRules } = await readPresentState(marks, fromEntry === true, nowMs)
  const { bookOf } = ruleBooks(config, nowMs)
  const books = new Map(VENUES.map(({ id }) => [id, withCollateralRules(bookOf(id), collateralRules)]))
  const { accounts, unreadable, faults } = await readAccounts({ file, format, config, errors })
  const isJson = speaksJson(output, json)
  const source = sourceOf(marks !== undefined, fromEntry === true)
  const found = whatIf({
    accounts,
    bookOf: (venue) => books.get(venue)!,
    present,
    moves,
    rule,
    limit: limit ?? (isJson ? LISTED_MAX : LISTED_DEFAULT),
  })
  const { unknown, refused, unheld } = found
  if (unreadable + unknown + refused.length + unheld.length > 0) process.exitCode = EXIT_FAULT
  if (isJson)
    return await writeLine(output, jsonLine({ moves: stated, present: source, ...found, unreadable, faults }))
  for (const line of whatIfLines(stated, source, found, paletteFor(output))) {
    await writeLine(output, fitted(output, line, '    '))
  }
}

function sourceOf(hasMarks: boolean, isFromEntry: boolean): PresentSource {
  if (isFromEntry) return hasMarks ? 'marks-and-entry-prices' : 'entry-prices'
  return hasMarks ? 'marks' : 'none'
}

function movesOf(stated: readonly string[]): ReadonlyMap<string, Move> {
  const moves = new Map<string, Move>()
  for (const text of stated) {
    const [name, move] = parseMove(text)
    if (moves.has(name)) throw new PlimsollError('USAGE', `${JSON.stringify(text)}: ${name} is moved twice`)
    moves.set(name, move)
  }
  return moves
}
