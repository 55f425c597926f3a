import { Command, Option } from 'commander'
import { type Config, type ConfigOverrides, loadConfig } from '../config.ts'
import {
  type Account,
  counted,
  FAULTS_NAMED_MAX,
  grouped,
  type PlimsollEvent,
  storedAccountSchemaOf,
  venueId,
} from '../domain/index.ts'
import { EXIT_FAULT, PlimsollError } from '../errors.ts'
import { integrityRules } from '../integrity/index.ts'
import { openKernel } from '../kernel/index.ts'
import { levelRule } from '../margin/index.ts'
import type { MissingPrices } from '../questions/index.ts'
import {
  BAR_ORDERS,
  BARS_MAX,
  type BarOrder,
  type RecordedStart,
  type ReplayStep,
  replay,
  stepsOf,
} from '../replay/index.ts'
import { systemClock } from '../system/index.ts'
import { expiryMsOf, underlyingOf, VENUE_NAMES } from '../venues/index.ts'
import { type RuleBooks, ruleBooks } from '../worker/rule-books.ts'
import { formatOption } from './accounts-file.ts'
import { EventLines } from './event-lines.ts'
import { writeLine } from './lines.ts'
import { parseAt } from './margin-input.ts'
import { levelsOption, whole } from './options.ts'
import { recordedSteps } from './recorded-steps.ts'
import { recordedRun } from './recording-folder.ts'
import { accountsOf, barsOf, type KlineFlags, laterRules, neverPriced, venueNamed } from './replay-klines.ts'
import { barsText, type ReplayFacts, replayLines, WAYS } from './replay-lines.ts'
import { type Output, paletteFor, speaksJson } from './terminal.ts'
import { jsonLine, visible } from './visible.ts'
import { fitted, tell } from './wrapping.ts'

const storedAccountSchema = storedAccountSchemaOf(VENUE_NAMES)
/** Synthetic accounts of one replay. */
const SYNTHETIC_MAX = 1_000_000
const SEED_DEFAULT = 20_251_010
/** Events that a terminal shows unless --limit says how many. */
const SHOWN_DEFAULT = 20

interface ReplayFlags extends Omit<KlineFlags, 'klines'> {
  readonly klines?: readonly string[]
  readonly order: BarOrder
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
milliseconds. All bars have one length, the shortest time between two of one
contract; of one bar alone it is that in the name. At most ${grouped(BARS_MAX)} are read.

A bar gives four prices: its open at its open time, high and low after a third
and two thirds of it, its close a millisecond before its end. Which of high and
low came first nobody knows: "direction" takes the low first in a bar that does
not fall, and the high first in one that falls. A contract that has no bar where
it had one before has no mark, so its accounts are unknown.
Rules are those in force at each time; funding and interest are not applied, and
an account that is liquidated stays as it was.

A recording is replayed with its own accounts, their changes and its levels, on
the rules of this program and of --rules.

Prints the events, as JSON lines on a pipe: the same bytes in every run of the
same files, accounts, rules and flags. Standard error says what came out.
Klines of trades are no mark prices: a venue liquidates by its mark price.
Exit code 1 where an account cannot be read or judged: its rules refuse it, a
contract of it has no bar, or it needs an index price or a funding rate, which
no klines bring.`

/** `plimsoll replay`: what a worker would have published at the prices of the past. */
export function replayCommand(context: ReplayContext = REAL): Command {
  return new Command('replay')
    .description('Judges accounts by the prices of the past and prints the events')
    .argument('[folder]', 'recording of `plimsoll run --record`')
    .option('--klines <files...>', 'bars of contracts, CSV, see below; - for standard input')
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
    .action((folder: string | undefined, flags: ReplayFlags) => run(context, folder, flags))
}

async function run(context: ReplayContext, folder: string | undefined, flags: ReplayFlags): Promise<void> {
  const { output, errors, stopwatch } = context
  const { file, synthetic, klines, json, limit } = flags
  const isRecording = folder !== undefined
  if (isRecording === (klines !== undefined))
    throw new PlimsollError('USAGE', 'name the folder of a recording, or files of klines by --klines')
  if (isRecording && (file ?? synthetic) !== undefined)
    throw new PlimsollError(
      'USAGE',
      'a recording holds its accounts: --file and --synthetic belong to --klines',
    )
  if (!isRecording && (file === undefined) === (synthetic === undefined))
    throw new PlimsollError('USAGE', 'give accounts by --file, or a number of made-up ones by --synthetic')
  const source = isRecording
    ? await recordingSource(context, folder, flags)
    : await klineSource(context, { ...flags, klines: klines! })
  const { config, startMs, steps } = source
  const shown = new Shown(output, speaksJson(output, json), limit ?? SHOWN_DEFAULT)
  let refused = 0
  const startedMs = stopwatch()
  const replayed = await replay({
    steps,
    startMs,
    openKernel: () => openKernel(config.kernel),
    rule: levelRule(config.levels, config.hysteresis),
    rules: source.rules,
    rulesMaxAgeDays: config.rulesMaxAgeDays,
    integrity: { rules: integrityRules(), underlyingOf },
    expiryMsOf,
    write: (event) => shown.write(event),
    refused: (account, error) => {
      if (++refused <= FAULTS_NAMED_MAX) tell(errors, `plimsoll: ${visible(`${account}: ${error.message}`)}`)
    },
    stopwatch,
  })
  await shown.end()
  const tookMs = stopwatch() - startedMs
  const unjudged = source.never?.marginAccounts ?? 0
  if (source.unreadable + refused + unjudged > 0) process.exitCode = EXIT_FAULT
  const { never } = source
  const facts = { ...source.facts(), unreadable: source.unreadable, replayed, refused, never, tookMs }
  for (const line of replayLines(facts, paletteFor(errors))) tell(errors, line)
}

interface ReplaySource {
  readonly config: Config
  readonly rules: RuleBooks
  readonly startMs: number
  readonly steps: Iterable<ReplayStep> | AsyncIterable<ReplayStep>
  /** Accounts of a file that cannot be read. */
  readonly unreadable: number
  /** Prices that it never brings; undefined where that is not known. */
  readonly never: MissingPrices | undefined
  /** What is said of the source at the end. */
  facts(): Pick<ReplayFacts, 'source' | 'elsewhere' | 'later' | 'assumed'>
}

async function klineSource(
  { errors, nowMs }: ReplayContext,
  flags: ReplayFlags & KlineFlags,
): Promise<ReplaySource> {
  const { levels, rules: rulesFile, order } = flags
  const venue = venueNamed(flags.venue)
  const config = loadConfig({ levels, rulesFile } as ConfigOverrides)
  const bars = await barsOf(flags, venue)
  const { fromMs } = bars.span
  const rules = ruleBooks(config, nowMs, undefined, fromMs)
  const market = { venue, bars, bookOf: rules.bookOf }
  const { accounts, unreadable, elsewhere } = await accountsOf(flags, errors, market)
  const never = flags.synthetic === undefined ? neverPriced(accounts, market) : undefined
  const later = laterRules(accounts, market, fromMs)
  const steps = stepsOf(accounts, venue, fromMs, bars.instants(order))
  const facts = () => ({ source: barsText(venue, bars), elsewhere, later, assumed: WAYS[order] })
  return { config, rules, startMs: fromMs, steps, unreadable, never, facts }
}

/** The levels are those of each worker of the recording unless a flag states others. */
async function recordingSource(
  { errors, nowMs }: ReplayContext,
  folder: string,
  { levels, rules: rulesFile }: ReplayFlags,
): Promise<ReplaySource> {
  const say = (line: string) => tell(errors, `plimsoll: ${visible(line)}`)
  const brokenOff = (file: string) =>
    say(`${file} is not whole, as after a crash: what a worker took in its last second may be missing`)
  const accountOf = (value: unknown) =>
    parseAt<Account>(storedAccountSchema, value, undefined, 'ACCOUNT_INVALID')
  const { start, entries } = await recordedRun(folder, accountOf, brokenOff)
  const { timeMs: startMs } = start
  const configOf = ({ levels: recorded, hysteresis }: RecordedStart) =>
    loadConfig({ levels: levels ?? [...recorded], hysteresis, rulesFile } as ConfigOverrides)
  const config = configOf(start)
  const rules = ruleBooks(config, nowMs, undefined, startMs)
  const steps = recordedSteps(entries, {
    ruleOf: (each) => {
      const own = configOf(each)
      return levelRule(own.levels, own.hysteresis)
    },
    versionOf: (venue) => rules.bookOf(venueId(venue)).version,
    say,
  })
  const facts = () => ({ source: folder, elsewhere: 0, later: new Map(), assumed: undefined })
  return { config, rules, startMs, steps, unreadable: 0, never: undefined, facts }
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
    if (!this.#isJson && more > 0) await writeLine(this.#output, `and ${counted(more, 'more event')}`)
  }
}
