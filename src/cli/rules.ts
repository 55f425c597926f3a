import { Command, InvalidArgumentError } from 'commander'
import { loadConfig } from '../config.ts'
import { type RuleBook, type VenueId, venueId } from '../domain/index.ts'
import { EXIT_FAULT, PlimsollError } from '../errors.ts'
import { entryAt, readRulesFile } from '../rules/index.ts'
import { systemClock } from '../system/index.ts'
import { parseVenueId, VENUE_NAMES, VENUES } from '../venues/index.ts'
import { ruleBooks } from '../worker/rule-books.ts'
import { writeLine } from './lines.ts'
import { differenceOf, diffLines } from './rules-diff.ts'
import { bookLines, checkedLine, contractLines, rulesLines } from './rules-lines.ts'
import { type Output, type Palette, paletteFor, speaksJson } from './terminal.ts'
import { jsonLine } from './visible.ts'
import { fitted } from './wrapping.ts'

interface Flags {
  readonly at?: number
  readonly rules?: string
  readonly json?: true
}

export interface RulesContext {
  readonly output: Output
  readonly nowMs: number
}

/** `plimsoll rules`: which margin rules are known, those of any day, and what changed between two of them. */
export function rulesCommand(
  context: RulesContext = { output: process.stdout, nowMs: systemClock.nowMs() },
): Command {
  const withBooks = (sub: Command) =>
    sub
      .option('--at <time>', 'as in force at that time: a day such as 2025-10-10, or with hours', timeOf)
      .option('--rules <file>', 'with the rules of this file over the built-in ones (PLIMSOLL_RULES)')
      .option('--json', 'JSON lines, as on a pipe')
  const list = new Command('list')
    .description('Lists the rule books, or the contracts of one venue')
    .argument('[venue]', `one of ${[...VENUE_NAMES.keys()].join(', ')}`)
    .action((venue: string | undefined, flags: Flags) => listing(context, venue, flags))
  const show = new Command('show')
    .description('Prints the rules of a contract, or of a venue what holds for all its contracts')
    .argument('<venue>', `one of ${[...VENUE_NAMES.keys()].join(', ')}`)
    .argument('[symbol]', "the venue's name of the contract")
    .action((venue: string, symbol: string | undefined, flags: Flags) =>
      symbol === undefined ? showBook(context, venue, flags) : showRules(context, venue, symbol, flags),
    )
  const diff = new Command('diff')
    .description(
      'Prints which contracts have other rules in B than in A, and how much more or less B asks for',
    )
    .argument('<a>', `a venue, a venue at a time such as ${VENUES[0]!.id}@2025-10-10, or a rules file`)
    .argument('<b>', 'the same')
    .option('--json', 'JSON lines, as on a pipe')
    .action((a: string, b: string, flags: Flags) => comparison(context, a, b, flags))
  const check = new Command('check')
    .description('Reads a rules file and says of every symbol whether its rules can be used')
    .argument('<file>', 'JSON by venue and symbol, see docs/rules.md')
    .option('--json', 'JSON lines, as on a pipe')
    .addHelpText('after', '\nExit code 1 where the rules of any symbol are refused.')
    .action((file: string, flags: Flags) => checking(context, file, flags))
  const command = new Command('rules').description('Shows, compares and checks margin rules')
  for (const sub of [withBooks(list), withBooks(show), diff, check]) command.addCommand(sub)
  return command
}

const DAY = /^\d{4}-\d{2}-\d{2}$/
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2})$/

/** A day is its first millisecond, UTC. */
function timeOf(text: string): number {
  const timeMs = DAY.test(text) || TIME.test(text) ? Date.parse(text) : Number.NaN
  // Date.parse takes 2025-02-30 for the 2nd of March.
  const isReal = !Number.isNaN(timeMs) && (!DAY.test(text) || new Date(timeMs).toISOString().startsWith(text))
  if (isReal) return timeMs
  throw new InvalidArgumentError(
    'It must be a day such as 2025-10-10, or a time such as 2025-10-10T21:15:00Z.',
  )
}

function booksOf({ rules, at }: Flags, nowMs: number): (venue: VenueId) => RuleBook {
  const { rulesFile } = loadConfig(rules === undefined ? {} : { rulesFile: rules })
  const { bookOf } = ruleBooks({ rulesFile }, at ?? nowMs)
  return bookOf
}

async function print(output: Output, lines: Iterable<string>): Promise<void> {
  for (const line of lines) await writeLine(output, line)
}

async function listing(context: RulesContext, venue: string | undefined, flags: Flags): Promise<void> {
  const { output, nowMs } = context
  const toJson = speaksJson(output, flags.json)
  const bookOf = booksOf(flags, nowMs)
  const palette = paletteFor(output)
  const atMs = flags.at ?? nowMs
  if (venue !== undefined) {
    const contracts = contractLines(bookOf(parseVenueId(venue)), atMs)
    await print(output, toJson ? contracts.json : fitting(output, contracts.text(palette)))
    return
  }
  for (const { id } of VENUES) {
    const { json, text } = bookLines(bookOf(id), atMs)
    await print(output, toJson ? [jsonLine(json)] : fitting(output, [text(palette)[0]!]))
  }
}

async function showBook(context: RulesContext, venue: string, flags: Flags): Promise<void> {
  const { output, nowMs } = context
  const { json, text } = bookLines(booksOf(flags, nowMs)(parseVenueId(venue)), flags.at ?? nowMs)
  const toJson = speaksJson(output, flags.json)
  await print(output, toJson ? [jsonLine(json)] : fitting(output, text(paletteFor(output))))
}

async function showRules(context: RulesContext, venue: string, symbol: string, flags: Flags): Promise<void> {
  const { output, nowMs } = context
  const book = booksOf(flags, nowMs)(parseVenueId(venue))
  const atMs = flags.at ?? nowMs
  const entry = entryAt(book.entriesOf(symbol), atMs)
  if (entry === undefined || entry.rules === null) throw unknownRules(book, symbol, flags.at)
  const { json, text } = rulesLines(book, symbol, { ...entry, rules: entry.rules }, atMs)
  const toJson = speaksJson(output, flags.json)
  await print(output, toJson ? [jsonLine(json)] : fitting(output, text(paletteFor(output))))
}

function unknownRules(book: RuleBook, symbol: string, at: number | undefined): PlimsollError {
  const name = `${book.venue} ${JSON.stringify(symbol)}`
  const refusal = book.refused?.get(symbol)
  if (refusal !== undefined)
    return new PlimsollError('SYMBOL_UNKNOWN', `the rules of ${name} are refused: ${refusal}`)
  const entries = book.entriesOf(symbol)
  const days = entries.map(({ fromMs, rules }) => `${dayOf(fromMs)}${rules === null ? ' (not listed)' : ''}`)
  const known =
    entries.length === 0
      ? `rule book ${book.version} never held it; plimsoll rules list ${book.venue} prints what it holds`
      : `its rules are known from ${days[0]}, the last change is of ${days.at(-1)}`
  const when = at === undefined ? '' : ` at ${new Date(at).toISOString()}`
  return new PlimsollError('SYMBOL_UNKNOWN', `no rules of ${name} are known${when}: ${known}`)
}

function dayOf(fromMs: number): string {
  return Number.isFinite(fromMs) ? new Date(fromMs).toISOString().slice(0, 'yyyy-mm-dd'.length) : 'always'
}

function* fitting(output: Output, lines: Iterable<string>): Generator<string> {
  for (const line of lines) yield fitted(output, line, '  ')
}

/** One side of a comparison: a book of each venue that it speaks of, at a time. */
interface Side {
  readonly venues: readonly VenueId[]
  readonly bookOf: (venue: VenueId) => RuleBook
  readonly atMs: number
}

function sideOf(text: string, nowMs: number): Side {
  const [name = '', ...rest] = text.split('@')
  if (!VENUE_NAMES.has(name)) {
    const { bookOf } = ruleBooks({ rulesFile: text }, nowMs)
    return { venues: [...readRulesFile(text, VENUE_NAMES).keys()], bookOf, atMs: nowMs }
  }
  let atMs = nowMs
  if (rest.length > 0) {
    try {
      atMs = timeOf(rest.join('@'))
    } catch (cause) {
      if (!(cause instanceof InvalidArgumentError)) throw cause
      throw new PlimsollError('USAGE', `the time of ${text}: ${cause.message}`, { cause })
    }
  }
  return { venues: [parseVenueId(name)], bookOf: ruleBooks({}, atMs).bookOf, atMs }
}

async function comparison(
  { output, nowMs }: RulesContext,
  a: string,
  b: string,
  flags: Flags,
): Promise<void> {
  const [before, after] = [sideOf(a, nowMs), sideOf(b, nowMs)]
  const common = before.venues.filter((venue) => after.venues.includes(venue))
  if (common.length === 0) {
    const named = [before, after].map(({ venues }) => venues.join(', ')).join(' and ')
    throw new PlimsollError('USAGE', `${a} and ${b} speak of different venues (${named})`)
  }
  const toJson = speaksJson(output, flags.json)
  const palette = paletteFor(output)
  let found = 0
  for (const venue of common) {
    for (const difference of differencesOf(venue, before, after)) {
      found++
      await print(output, toJson ? [jsonLine(difference)] : fitting(output, [diffLines(difference, palette)]))
    }
  }
  if (found === 0 && !toJson) await writeLine(output, 'No contract has other rules.')
}

function* differencesOf(venue: VenueId, before: Side, after: Side) {
  const [old, young] = [before.bookOf(venue), after.bookOf(venue)]
  for (const symbol of [...new Set([...old.symbols(), ...young.symbols()])].sort()) {
    const rules = [old.rulesOf(symbol, before.atMs), young.rulesOf(symbol, after.atMs)] as const
    const difference = differenceOf(venue, symbol, ...rules)
    if (difference !== undefined) yield difference
  }
}

async function checking({ output }: RulesContext, file: string, flags: Flags): Promise<void> {
  const toJson = speaksJson(output, flags.json)
  const palette: Palette = paletteFor(output)
  for (const [venue, { rules, refused }] of readRulesFile(file, VENUE_NAMES)) {
    if (refused.size > 0) process.exitCode = EXIT_FAULT
    for (const symbol of [...Object.keys(rules), ...refused.keys()].sort()) {
      const own = rules[symbol]
      const entries = own === undefined ? 0 : 'contribution' in own ? 1 : own.length
      const checked = { venue: venueId(venue), symbol, entries, refused: refused.get(symbol) ?? null }
      await print(output, toJson ? [jsonLine(checked)] : fitting(output, [checkedLine(checked, palette)]))
    }
  }
}
