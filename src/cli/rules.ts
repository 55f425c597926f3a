import { Command, InvalidArgumentError } from 'commander'
import { z } from 'zod'
import { loadConfig } from '../config.ts'
import { counted, KnownNames, type RuleBook, type VenueId } from '../domain/index.ts'
import { EXIT_FAULT, PlimsollError } from '../errors.ts'
import { collateralPlace, wayOutOf } from '../margin/index.ts'
import { entryAt, readRulesFile } from '../rules/index.ts'
import { systemClock } from '../system/index.ts'
import { parseVenueId, ruleBookOf, VENUE_NAMES, VENUES } from '../venues/index.ts'
import { booksUnder, RuleBooks, ruleBooks } from '../worker/rule-books.ts'
import { writeLine } from './lines.ts'
import {
  assetLines,
  assetsOf,
  collateralKnownAt,
  collateralLines,
  collateralSummary,
} from './rules-collateral.ts'
import { collateralDifferencesOf, differenceOf, diffLine } from './rules-diff.ts'
import { rulesFetchCommand } from './rules-fetch.ts'
import { type ImportContext, rulesImportCommand } from './rules-import.ts'
import { dayOf, isKnownLater, type Known, warningOf } from './rules-known.ts'
import {
  bookLine,
  bookLines,
  checkedLine,
  contractLines,
  knownOf,
  type Printed,
  rulesLines,
  tablesAt,
} from './rules-lines.ts'
import { type Output, type Palette, paletteFor, speaksJson } from './terminal.ts'
import { jsonLine } from './visible.ts'
import { fitted } from './wrapping.ts'

interface Flags {
  readonly at?: number
  readonly rules?: string
  readonly json?: true
}

export type RulesContext = ImportContext

/** `plimsoll rules`: which margin rules are known, those of any day, and what changed between two of them. */
export function rulesCommand(
  context: RulesContext = { output: process.stdout, errors: process.stderr, nowMs: systemClock.nowMs() },
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
    .argument('[symbol]', "the venue's name of the contract, or an asset as collateralRules.BTC")
    .action((venue: string, symbol: string | undefined, flags: Flags) =>
      symbol === undefined ? showBook(context, venue, flags) : showRules(context, venue, symbol, flags),
    )
    .addHelpText(
      'after',
      '\n"knownFrom" is the day from which the table is known. Exit code 1 where no table\n' +
        'of the day of --at is known: a later one, or one without a day, is then shown.',
    )
  const diff = new Command('diff')
    .description(
      'Prints which contracts and collateral have other rules in B than in A, and how much more or less B asks for',
    )
    .argument('<a>', `a venue, a venue at a time such as ${VENUES[0]!.id}@2025-10-10, or a rules file`)
    .argument('<b>', 'the same')
    .option('--json', 'JSON lines, as on a pipe')
    .addHelpText(
      'after',
      '\nExit code 1 where a contract has only a table that was seen after the time asked\n' +
        'for; that one is then compared.',
    )
    .action((a: string, b: string, flags: Flags) => comparison(context, a, b, flags))
  const check = new Command('check')
    .description('Reads a rules file and says of every symbol whether its rules can be used')
    .argument('<file>', 'JSON by venue and symbol, see docs/rules.md')
    .option('--json', 'JSON lines, as on a pipe')
    .addHelpText(
      'after',
      '\nExit code 1 where the rules of any symbol are refused, and where the\nfile holds none.',
    )
    .action((file: string, flags: Flags) => checking(context, file, flags))
  const command = new Command('rules').description(
    'Shows, compares, checks, imports and fetches margin rules',
  )
  const subs = [
    withBooks(list),
    withBooks(show),
    diff,
    check,
    rulesImportCommand(context),
    rulesFetchCommand(context),
  ]
  for (const sub of subs) command.addCommand(sub)
  return command
}

const TIME = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/
const TIME_RULE = 'It must be a day such as 2025-10-10, or a time such as 2025-10-10T21:15:00Z.'

/** Unix milliseconds of a time, or of the begin of a day, UTC; undefined for a text that is none. */
function timeOrUndefined(text: string): number | undefined {
  // Date.parse takes 2025-02-30 for the 2nd of March.
  const isDay = z.iso.date().safeParse(text.slice(0, 'yyyy-mm-dd'.length)).success
  const timeMs = isDay && TIME.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(timeMs) ? undefined : timeMs
}

function timeOf(text: string): number {
  const timeMs = timeOrUndefined(text)
  if (timeMs === undefined) throw new InvalidArgumentError(TIME_RULE)
  return timeMs
}

function booksOf({ rules, at }: Flags, nowMs: number): (venue: VenueId) => RuleBook {
  const { rulesFile } = loadConfig(rules === undefined ? {} : { rulesFile: rules })
  const { bookOf } = ruleBooks({ rulesFile }, nowMs, undefined, at)
  return bookOf
}

async function print(output: Output, flags: Flags, { json, text }: Printed): Promise<void> {
  if (speaksJson(output, flags.json)) return await writeLine(output, jsonLine(json))
  for (const line of text(paletteFor(output))) await writeLine(output, fitted(output, line, '  '))
}

async function listing(context: RulesContext, venue: string | undefined, flags: Flags): Promise<void> {
  const { output, nowMs } = context
  const bookOf = booksOf(flags, nowMs)
  const atMs = flags.at ?? nowMs
  const listed =
    venue === undefined
      ? VENUES.map(({ id }) => bookLine(bookOf(id), atMs))
      : linesOf(bookOf(parseVenueId(venue)), atMs)
  for (const one of listed) await print(output, flags, one)
}

function linesOf(book: RuleBook, atMs: number): Printed[] {
  return [...contractLines(book, atMs), ...collateralLines(book, atMs)]
}

async function showBook({ output, nowMs }: RulesContext, venue: string, flags: Flags): Promise<void> {
  const book = booksOf(flags, nowMs)(parseVenueId(venue))
  await print(output, flags, bookLines(book, flags.at ?? nowMs))
}

async function showRules(context: RulesContext, venue: string, symbol: string, flags: Flags): Promise<void> {
  const { output, nowMs } = context
  const book = booksOf(flags, nowMs)(parseVenueId(venue))
  const atMs = flags.at ?? nowMs
  const assets = assetsOf(book).filter((one) => collateralPlace(one.asset) === symbol)
  const warned = (known: Known) => {
    const warning = warningOf(known, atMs, flags.at !== undefined)
    if (warning !== null && flags.at !== undefined) process.exitCode = EXIT_FAULT
    return { atMs, warning }
  }
  for (const { asset, rules } of assets) {
    const at = warned(collateralKnownAt(rules, atMs))
    await print(output, flags, assetLines(book, asset, rules, at))
  }
  if (assets.length > 0) return
  const entry = entryAt(book.entriesOf(symbol), atMs)
  if (entry === undefined || entry.rules === null) throw unknownRules(book, symbol, flags.at)
  const inForce = { ...entry, rules: entry.rules }
  await print(output, flags, rulesLines(book, symbol, inForce, warned(knownOf(inForce, atMs))))
}

function unknownRules(book: RuleBook, symbol: string, at: number | undefined): PlimsollError {
  const name = `${book.venue} ${JSON.stringify(symbol)}`
  const refusal = book.refused?.get(symbol)
  if (refusal !== undefined)
    return new PlimsollError('SYMBOL_UNKNOWN', `the rules of ${name} are refused: ${refusal}`)
  const entries = book.entriesOf(symbol)
  const days = entries.map(
    ({ fromMs, rules }) => `${firstDayOf(fromMs)}${rules === null ? ' (not listed)' : ''}`,
  )
  const known =
    entries.length === 0
      ? `rule book ${book.version} never held it; plimsoll rules list ${book.venue} prints what it holds; ${wayOutOf(book, symbol)}${new KnownNames(() => book.symbols()).suggestionFor(symbol)}`
      : `its rules are known from ${days[0]}, the last change is of ${days.at(-1)}`
  const when = at === undefined ? '' : ` at ${new Date(at).toISOString()}`
  return new PlimsollError('SYMBOL_UNKNOWN', `no rules of ${name} are known${when}: ${known}`)
}

function firstDayOf(fromMs: number): string {
  return Number.isFinite(fromMs) ? dayOf(fromMs) : 'always'
}

/** One side of a comparison: a book of each venue that it speaks of, at a time. */
interface Side {
  /** As it was asked for. */
  readonly text: string
  readonly venues: readonly VenueId[]
  readonly bookOf: (venue: VenueId) => RuleBook
  readonly atMs: number
}

function sideOf(text: string, nowMs: number): Side {
  const [name = '', ...rest] = text.split('@')
  if (!VENUE_NAMES.has(name)) {
    // Not `ruleBooks`, whose message names an option that was not given.
    const { bookOf } = new RuleBooks(
      booksUnder({ rulesFile: text }, readRulesFile(text, VENUE_NAMES, nowMs)),
      nowMs,
    )
    // A book under which the file lays rules has a version of its own.
    const venues = VENUES.map(({ id }) => id).filter((id) => bookOf(id).version !== ruleBookOf(id).version)
    return { text, venues, bookOf, atMs: nowMs }
  }
  const atMs = rest.length === 0 ? nowMs : timeOrUndefined(rest.join('@'))
  if (atMs === undefined) throw new PlimsollError('USAGE', `the time of ${text}: ${TIME_RULE}`)
  return { text, venues: [parseVenueId(name)], bookOf: ruleBooks({}, atMs).bookOf, atMs }
}

async function comparison(
  { output, errors, nowMs }: RulesContext,
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
  for (const side of [before, after]) {
    const later = laterTablesOf(side, common)
    if (later === 0) continue
    process.exitCode = EXIT_FAULT
    const warning = `of ${counted(later, 'contract')} no table of ${side.text} is known; a later one is compared`
    await writeLine(errors, `${paletteFor(errors).yellow('warning')}  ${warning}`)
  }
  let found = 0
  for (const venue of common) {
    for (const difference of differencesOf(venue, before, after)) {
      found++
      await print(output, flags, { json: difference, text: (palette) => [diffLine(difference, palette)] })
    }
  }
  if (found === 0 && !speaksJson(output, flags.json))
    await writeLine(output, 'No contract and no collateral has other rules.')
}

/** How many contracts have only a table that was first seen after the time of the side. */
function laterTablesOf({ bookOf, atMs }: Side, venues: readonly VenueId[]): number {
  const tables = venues.flatMap((venue) => tablesAt(bookOf(venue), atMs))
  return tables.filter((table) => isKnownLater(knownOf(table, atMs), atMs)).length
}

function* differencesOf(venue: VenueId, before: Side, after: Side) {
  const [old, young] = [before.bookOf(venue), after.bookOf(venue)]
  for (const symbol of [...new Set([...old.symbols(), ...young.symbols()])].sort()) {
    const rules = [old.rulesOf(symbol, before.atMs), young.rulesOf(symbol, after.atMs)] as const
    const difference = differenceOf(venue, symbol, ...rules, young.defaults)
    if (difference !== undefined) yield difference
  }
  const assets = [old, young].flatMap((book) => assetsOf(book).map(({ asset }) => asset))
  for (const asset of [...new Set(assets)].sort()) {
    yield* collateralDifferencesOf(
      venue,
      asset,
      (kind) => old.collateralOf?.(asset, kind),
      (kind) => young.collateralOf?.(asset, kind),
    )
  }
}

async function checking({ output, nowMs }: RulesContext, file: string, flags: Flags): Promise<void> {
  let found = 0
  for (const [venue, { rules, collateral, refused }] of readRulesFile(file, VENUE_NAMES, nowMs)) {
    if (refused.size > 0) process.exitCode = EXIT_FAULT
    const weights = new Map(Object.entries(collateral).map(([asset, own]) => [collateralPlace(asset), own]))
    for (const symbol of [...Object.keys(rules), ...weights.keys(), ...refused.keys()].sort()) {
      const weight = weights.get(symbol)
      const own = rules[symbol] ?? weight ?? []
      const entries = 'contribution' in own ? 1 : own.length
      const checked = { venue, symbol, entries, refused: refused.get(symbol) ?? null }
      const summary = weight?.map(collateralSummary).join(', ')
      const text = (palette: Palette) => [checkedLine(checked, summary, palette)]
      await print(output, flags, { json: checked, text })
      found++
    }
  }
  if (found === 0) throw new PlimsollError('INPUT_INVALID', `${file} holds no rules, so nothing is checked`)
}
