import { type VenueId, venueId } from '../domain/index.ts'
import type { Log } from '../log.ts'
import { ruleAgeDays } from '../margin/index.ts'
import { type BookOf, refusedRules } from './rule-books.ts'

/** Contracts that a warning about the age of rules names; the others are counted. */
const OLD_NAMED_MAX = 5
/** Refused symbols that the log names; the others are counted. */
const REFUSED_LOGGED_MAX = 20

interface DatedSymbol {
  readonly symbol: string
  /** ISO day of its rules; undefined when they bear none. */
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
