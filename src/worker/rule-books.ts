import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import type { Config } from '../config.ts'
import { FAULTS_NAMED_MAX, type RuleBook, type RulesByVenue, type VenueId, venueId } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import type { Log } from '../log.ts'
import { ruleAgeDays } from '../margin/index.ts'
import { readRulesFile, type VenueRules, withoutSymbols, withRules } from '../rules/index.ts'
import { ruleBookOf, VENUE_NAMES, VENUES } from '../venues/index.ts'

export type BookOf = (venue: VenueId) => RuleBook

/**
 * The rule book of each venue: the built-in one, under the rules file, under the given rules. The version of
 * a book names what was laid over it, with a digest of the contents, so that an event tells its rules. A symbol of the
 * file whose rules cannot be used is in `refused` of its book; with `strictRules` it refuses the file.
 * @throws PlimsollError CONFIGURATION or RULES_INVALID naming the file and every place in it.
 */
export function ruleBooks(
  { rulesFile, strictRules }: Pick<Config, 'rulesFile'> & Partial<Pick<Config, 'strictRules'>>,
  given?: RulesByVenue,
): BookOf {
  const books = new Map<VenueId, RuleBook>()
  if (rulesFile !== undefined) {
    const byVenue = readRulesFile(rulesFile, VENUE_NAMES)
    for (const [venue, own] of byVenue)
      books.set(venue, laidOver(ruleBookOf(venue), own, basename(rulesFile)))
    if (strictRules === true) refuseBadSymbols(rulesFile, (venue) => books.get(venue) ?? ruleBookOf(venue))
  }
  for (const [venue, rules] of given ?? []) {
    const below = books.get(venue) ?? ruleBookOf(venue)
    books.set(venue, laidOver(below, { rules, refused: new Map() }, 'given'))
  }
  return (venue) => books.get(venue) ?? ruleBookOf(venue)
}

function laidOver(below: RuleBook, { rules, refused }: VenueRules, source: string): RuleBook {
  const contents = JSON.stringify(refused.size === 0 ? rules : [rules, [...refused]])
  const digest = createHash('sha256').update(contents).digest('hex').slice(0, 8)
  const version = `${below.version}+${source}@${digest}`
  return withoutSymbols(withRules(below, rules, version, { firstDeductionZero: true }), refused)
}

/** Symbols of all venues whose rules were given and are refused, as lines for a person. */
export function refusedRules(bookOf: BookOf): string[] {
  return VENUES.flatMap(({ id }) =>
    [...(bookOf(id).refused ?? [])].map(([symbol, reason]) => `${id} ${symbol}: ${reason}`),
  )
}

/** Contracts that a warning about the age of rules names; the others are counted. */
const OLD_NAMED_MAX = 5
/** Refused symbols that the log names; the others are counted. */
const REFUSED_LOGGED_MAX = 20

interface DatedSymbol {
  readonly symbol: string
  /** ISO day of its rules; undefined where they bear none. */
  readonly asOf: string | undefined
  readonly ageDays: number | null
}

/**
 * Says in the log which rules judge the stored accounts: a line a venue with the version of its book, how many contracts
 * are in use and the oldest day of their rules; a warning a venue for rules that are older than `maxAgeDays` or bear no
 * day, the oldest named; a warning for each refused symbol of a rules file.
 */
export function logRules(
  log: Pick<Log, 'info' | 'warn'>,
  bookOf: BookOf,
  inUse: Iterable<{ readonly venue: string; readonly symbol: string }>,
  nowMs: number,
  maxAgeDays: number,
): void {
  const refused = refusedRules(bookOf)
  for (const reason of refused.slice(0, REFUSED_LOGGED_MAX)) log.warn({}, `rules refused: ${reason}`)
  if (refused.length > REFUSED_LOGGED_MAX) log.warn({ symbols: refused.length }, 'rules refused')
  const byVenue = new Map<VenueId, DatedSymbol[]>()
  for (const { venue, symbol } of inUse) {
    const id = venueId(venue)
    const asOf = bookOf(id).rulesOf(symbol)?.asOf
    const ageDays = ruleAgeDays(asOf === undefined ? null : Date.parse(asOf), nowMs)
    const known = byVenue.get(id)
    if (known === undefined) byVenue.set(id, [{ symbol, asOf, ageDays }])
    else known.push({ symbol, asOf, ageDays })
  }
  for (const [venue, symbols] of byVenue) {
    symbols.sort(byAge)
    const { version: ruleBook } = bookOf(venue)
    const dated = symbols.filter(({ asOf }) => asOf !== undefined)
    const undated = symbols.length - dated.length
    const oldest = dated[0]?.asOf ?? null
    log.info({ venue, ruleBook, contracts: symbols.length, oldest, undated }, 'rules in use')
    const old = symbols.filter(({ ageDays }) => ageDays === null || ageDays > maxAgeDays)
    if (old.length === 0) continue
    const named = old.slice(0, OLD_NAMED_MAX).map(({ symbol, asOf }) => `${symbol} (${asOf ?? 'no day'})`)
    log.warn(
      { venue, contracts: old.length, oldest: named, rulesMaxAgeDays: maxAgeDays },
      'rules are older than PLIMSOLL_RULES_MAX_AGE allows or bear no day; verdicts may be wrong: give current ones with --rules',
    )
  }
}

/** Rules without a day first: they may be of any age. */
function byAge(left: DatedSymbol, right: DatedSymbol): number {
  return (right.ageDays ?? Number.MAX_VALUE) - (left.ageDays ?? Number.MAX_VALUE)
}

function refuseBadSymbols(rulesFile: string, bookOf: BookOf): void {
  const refused = refusedRules(bookOf)
  if (refused.length === 0) return
  const more = refused.length - FAULTS_NAMED_MAX
  const named = [...refused.slice(0, FAULTS_NAMED_MAX), ...(more > 0 ? [`and ${more} more symbols`] : [])]
  throw new PlimsollError('RULES_INVALID', `rules file ${rulesFile}: ${named.join('; ')}`)
}
