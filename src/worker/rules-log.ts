import { type InstrumentRules, type VenueId, venueId } from '../domain/index.ts'
import type { Log } from '../log.ts'
import { ruleAgeDays } from '../margin/index.ts'
import { type BookOf, refusedRules } from './rule-books.ts'

/** Contracts that a warning about the age of rules names; the others are counted. */
const OLD_NAMED_MAX = 5
/** Refused symbols that the log names; the others are counted. */
const REFUSED_LOGGED_MAX = 20

/** Warnings of old rules that come into use while the worker runs; then one line says that more are not named. */
export const LATE_WARNINGS_MAX = 20
const OLD_RULES =
  'rules are older than PLIMSOLL_RULES_MAX_AGE allows or bear no day; verdicts may be wrong: give current ones with --rules'

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
    const dated = datedSymbol(symbol, bookOf(id).rulesOf(symbol), nowMs)
    const known = byVenue.get(id)
    if (known === undefined) byVenue.set(id, [dated])
    else known.push(dated)
  }
  for (const [venue, symbols] of byVenue) {
    symbols.sort(byAge)
    const { version: ruleBook } = bookOf(venue)
    const dated = symbols.filter(({ asOf }) => asOf !== undefined)
    const undated = symbols.length - dated.length
    const oldest = dated[0]?.asOf ?? null
    log.info({ venue, ruleBook, contracts: symbols.length, oldest, undated }, 'rules in use')
    const old = symbols.filter((each) => isOld(each, maxAgeDays))
    if (old.length === 0) continue
    const named = old.slice(0, OLD_NAMED_MAX).map(inWords)
    log.warn({ venue, contracts: old.length, oldest: named, rulesMaxAgeDays: maxAgeDays }, OLD_RULES)
  }
}

/** Warns of old rules of contracts that get their first position while the worker runs, once a table. */
export class LateRules {
  readonly #log: Pick<Log, 'warn'>
  readonly #bookOf: BookOf
  readonly #maxAgeDays: number
  /** At most LATE_WARNINGS_MAX. */
  readonly #warned = new Set<InstrumentRules['maintenance']>()

  constructor(log: Pick<Log, 'warn'>, bookOf: BookOf, maxAgeDays: number) {
    this.#log = log
    this.#bookOf = bookOf
    this.#maxAgeDays = maxAgeDays
  }

  /** The contract has its first position. */
  add(venue: VenueId, symbol: string, nowMs: number): void {
    const rules = this.#bookOf(venue).rulesOf(symbol)
    if (rules === undefined || this.#warned.size === LATE_WARNINGS_MAX) return
    const dated = datedSymbol(symbol, rules, nowMs)
    if (this.#warned.has(rules.maintenance) || !isOld(dated, this.#maxAgeDays)) return
    this.#warned.add(rules.maintenance)
    const rulesMaxAgeDays = this.#maxAgeDays
    this.#log.warn({ venue, contracts: 1, oldest: [inWords(dated)], rulesMaxAgeDays }, OLD_RULES)
    if (this.#warned.size === LATE_WARNINGS_MAX)
      this.#log.warn(
        { warnings: LATE_WARNINGS_MAX },
        'further contracts with old rules are not named until the next start',
      )
  }
}

function datedSymbol(symbol: string, rules: InstrumentRules | undefined, nowMs: number): DatedSymbol {
  const asOf = rules?.asOf
  return { symbol, asOf, ageDays: ruleAgeDays(asOf === undefined ? null : Date.parse(asOf), nowMs) }
}

function isOld({ ageDays }: DatedSymbol, maxAgeDays: number): boolean {
  return ageDays === null || ageDays > maxAgeDays
}

function inWords({ symbol, asOf }: DatedSymbol): string {
  return `${symbol} (${asOf ?? 'no day'})`
}

/** Rules without a day first: they may be of any age. */
function byAge(left: DatedSymbol, right: DatedSymbol): number {
  return (right.ageDays ?? Number.MAX_VALUE) - (left.ageDays ?? Number.MAX_VALUE)
}
