import { basename } from 'node:path'
import { Command, Option } from 'commander'
import { type ConfigOverrides, loadConfig } from '../config.ts'
import { CONTRACTS_OF_AN_ACCOUNT_MAX, createBook, marketInstruments } from '../demo/index.ts'
import { type Account, FAULTS_NAMED_MAX, type PlimsollEvent, type VenueId } from '../domain/index.ts'
import { EXIT_FAULT, PlimsollError } from '../errors.ts'
import type { ImportFormat } from '../import/index.ts'
import { openKernel } from '../kernel/index.ts'
import { levelRule } from '../margin/index.ts'
import { BAR_ORDERS, BARS_MAX, type BarOrder, Bars, KlineReader, replay } from '../replay/index.ts'
import { systemClock } from '../system/index.ts'
import { parseVenueId, VENUES, venueOf } from '../venues/index.ts'
import { ruleBooks } from '../worker/rule-books.ts'
import { formatOption } from './accounts-file.ts'
import { readAccounts } from './accounts-read.ts'
import { EventLines } from './event-lines.ts'
import { linesOf, openInput, writeLine } from './lines.ts'
import { levelsOption, whole } from './options.ts'
import { replayLines } from './replay-lines.ts'
import { type Output, paletteFor, speaksJson } from './terminal.ts'
import { jsonLine, visible } from './visible.ts'
import { fitted, tell } from './wrapping.ts'

/** Synthetic accounts of one replay. */
const SYNTHETIC_MAX = 1_000_000
const SEED_DEFAULT = 20_251_010
/** Events that a terminal shows unless --limit says how many. */
const SHOWN_DEFAULT = 20

interface ReplayFlags {
  readonly klines: readonly string[]
  readonly venue?: string
  readonly without?: readonly string[]
  readonly order: BarOrder
  readonly file?: string
  readonly format?: ImportFormat
  readonly synthetic?: number
  readonly seed: number
  readonly levels?: string[]
  readonly rules?: string
  readonly limit?: number
  readonly json?: true
}

export interface ReplayContext {
  readonly output: Output
  readonly errors: Output
  readonly nowMs: number
  /** Real time in milliseconds. */
  readonly stopwatch: () => number
}

const REAL: ReplayContext = {
  output: process.stdout,
  errors: process.stderr,
  nowMs: systemClock.nowMs(),
  stopwatch: () => systemClock.monotonicMs(),
}

const HELP = `
A file of klines is CSV. Its first line may name the columns symbol, openTime,
open, high, low, close (open_time is as good); without names they are those of
the files that the venue offers for download. Where no column is the symbol, the
name of the file begins with it: BTCUSDT-1m-2025-10-10.csv. Times are Unix
milliseconds. All bars have one length; at most ${BARS_MAX.toLocaleString('en')} are read.

A bar gives four prices: its open at its open time, high and low after a third
and two thirds of it, its close a millisecond before its end. Which of high and
low came first nobody knows: "direction" takes the low first in a bar that does
not fall, and the high first in one that falls. A contract that has no bar where
it had one before has no mark, so its accounts are unknown.
Rules are those in force at each time; funding and interest are not applied, and
an account that is liquidated stays as it was.

Prints the events, as JSON lines on a pipe: the same bytes in every run of the
same files, accounts, rules and flags. Standard error says what came out.
Klines of trades are no mark prices: a venue liquidates by its mark price.
Exit code 1 where an account cannot be read or judged.`

/** `plimsoll replay`: what a worker would have published at the prices of the past. */
export function replayCommand(context: ReplayContext = REAL): Command {
  return new Command('replay')
    .description('Judges accounts by the prices of the past and prints the events')
    .requiredOption('--klines <files...>', 'bars of contracts, CSV, see below; - for standard input')
    .option('--venue <venue>', 'venue of the contracts; default: the first that offers files of klines')
    .option('--file <file>', 'accounts, as `plimsoll import` takes them')
    .addOption(formatOption())
    .option(
      '--synthetic <accounts>',
      'so many made-up accounts on the contracts of the files',
      whole(1, SYNTHETIC_MAX),
    )
    .option('--seed <number>', 'of the made-up accounts', whole(0), SEED_DEFAULT)
    .option('--without <symbols>', 'leave these contracts out, such as A,B', (text) =>
      text.split(',').map((symbol) => symbol.trim()),
    )
    .addOption(new Option('--order <order>', 'way through a bar').choices(BAR_ORDERS).default(BAR_ORDERS[0]))
    .addOption(levelsOption())
    .option('--rules <file>', 'instrument rules over the built-in books (PLIMSOLL_RULES)')
    .option('--limit <events>', `show so many events on a terminal; default: ${SHOWN_DEFAULT}`, whole(0))
    .option('--json', 'JSON lines, as on a pipe')
    .addHelpText('after', HELP)
    .action((flags: ReplayFlags) => run(context, flags))
}

async function run(context: ReplayContext, flags: ReplayFlags): Promise<void> {
  const { output, errors, nowMs, stopwatch } = context
  const { rules: rulesFile, levels, file, synthetic, order } = flags
  if ((file === undefined) === (synthetic === undefined))
    throw new PlimsollError('USAGE', 'give accounts by --file, or a number of made-up ones by --synthetic')
  const venue = venueNamed(flags.venue)
  const config = loadConfig({ levels, rulesFile } as ConfigOverrides)
  const rule = levelRule(config.levels, config.hysteresis)
  const bars = await barsOf(flags, venue)
  const { fromMs } = bars.span
  const rules = ruleBooks(config, nowMs, undefined, fromMs)
  const book = await accountsOf(flags, context, { venue, bars, bookOf: rules.bookOf })
  const isJson = speaksJson(output, flags.json)
  const shown = new Shown(output, isJson, flags.limit ?? SHOWN_DEFAULT)
  let refused = 0
  const startedMs = stopwatch()
  const replayed = await replay({
    accounts: book.accounts,
    venue,
    instants: bars.instants(order),
    startMs: fromMs,
    kernel: openKernel(config.kernel),
    rule,
    rules,
    rulesMaxAgeDays: config.rulesMaxAgeDays,
    write: (event) => shown.write(event),
    refused: (account, error) => {
      if (++refused <= FAULTS_NAMED_MAX) tell(errors, `plimsoll: ${visible(`${account}: ${error.message}`)}`)
    },
    stopwatch,
  })
  await shown.end()
  const tookMs = stopwatch() - startedMs
  if (book.unreadable + refused > 0) process.exitCode = EXIT_FAULT
  const summary = replayLines({ bars, order, venue, replayed, refused, tookMs, ...book }, paletteFor(errors))
  for (const line of summary) tell(errors, line)
}

function venueNamed(name: string | undefined): VenueId {
  if (name !== undefined) return parseVenueId(name)
  return VENUES.find(({ klines }) => klines !== undefined)!.id
}

async function barsOf({ klines: files, without = [] }: ReplayFlags, venue: VenueId): Promise<Bars> {
  const { symbol, klines } = venueOf(venue)
  const bars = new Bars()
  for (const file of files) {
    const reader = new KlineReader(basename(file), symbol, klines)
    for await (const line of linesOf(await openInput(file))) {
      const bar = reader.read(line)
      if (bar !== undefined && !without.includes(bar.symbol)) bars.add(bar)
    }
  }
  if (bars.count === 0) throw new PlimsollError('INPUT_INVALID', 'the files hold no bar to replay')
  return bars
}

interface Market {
  readonly venue: VenueId
  readonly bars: Bars
  readonly bookOf: ReturnType<typeof ruleBooks>['bookOf']
}

interface Book {
  readonly accounts: Iterable<Account>
  readonly unreadable: number
  /** Accounts of other venues, which no price of the files reaches. */
  readonly elsewhere: number
}

async function accountsOf(flags: ReplayFlags, { errors }: ReplayContext, market: Market): Promise<Book> {
  const { venue, bars, bookOf } = market
  const { file, format, synthetic, seed } = flags
  if (synthetic === undefined) {
    const config = loadConfig({})
    const { accounts, unreadable } = await readAccounts({ file, format, config, errors })
    const all = [...accounts]
    const own = all.filter((account) => account.venue === venue)
    return { accounts: own, unreadable, elsewhere: all.length - own.length }
  }
  const instruments = marketInstruments(venue, bookOf(venue), bars.firstPrices())
  if (instruments.length < CONTRACTS_OF_AN_ACCOUNT_MAX) {
    const message = `--synthetic needs klines of at least ${CONTRACTS_OF_AN_ACCOUNT_MAX} linear contracts with marginal tiers in the rules of ${venue}, and the files hold ${instruments.length}`
    throw new PlimsollError('INPUT_INVALID', message)
  }
  const book = createBook(seed, synthetic, instruments)
  const accounts = Array.from({ length: book.accounts }, (_, index) => book.account(index))
  return { accounts, unreadable: 0, elsewhere: 0 }
}

/** Events on their way out: all as JSON, the first ones as lines for people. */
class Shown {
  readonly #output: Output
  readonly #isJson: boolean
  readonly #limit: number
  readonly #lines: EventLines
  #count = 0

  constructor(output: Output, isJson: boolean, limit: number) {
    this.#output = output
    this.#isJson = isJson
    this.#limit = limit
    this.#lines = new EventLines(paletteFor(output))
  }

  async write(event: PlimsollEvent): Promise<void> {
    this.#count++
    if (this.#isJson) await writeLine(this.#output, jsonLine(event))
    else if (this.#count <= this.#limit) {
      for (const line of this.#lines.of(event))
        await writeLine(this.#output, fitted(this.#output, line, '    '))
    }
  }

  async end(): Promise<void> {
    const more = this.#count - this.#limit
    if (!this.#isJson && more > 0)
      await writeLine(this.#output, `and ${more.toLocaleString('en')} more events`)
  }
}
