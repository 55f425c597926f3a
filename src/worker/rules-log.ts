import { type CollateralRules, indexOf, type RuleBook, type VenueId, venueId } from '../domain/index.ts'
import type { Log } from '../log.ts'
import { collateralPlace, ruleAgeDays, statedRulesOf } from '../margin/index.ts'
import { type BookOf, refusedRules } from './rule-books.ts'

/** Contracts and assets that a warning about the age of rules names; the others are counted. */
const OLD_NAMED_MAX = 5
/** Refused symbols that the log names; the others are counted. */
const REFUSED_LOGGED_MAX = 20

/** Warnings of old rules that come into use while the worker runs; then one line says that more are not named. */
export const LATE_WARNINGS_MAX = 20
const OLD_RULES =
  'rules are older than PLIMSOLL_RULES_MAX_AGE allows or bear no day; verdicts may be wrong: give current ones with --rules'

interface DatedRules {
  /** A contract, or an asset of pools as `collateralPlace` says. */
  readonly name: string
  readonly isAsset: boolean
  /** ISO day of its rules; undefined when they bear none. */
  readonly asOf: string | undefined
  readonly ageDays: number | null
  /** Of which one warning is enough: contracts may share it. */
  readonly table: object
}

/**
 * Says in the log which rules judge the stored accounts: a line a venue with the version of its book, how many contracts
 * and assets of pools are in use and the oldest day of their rules; a warning a venue for rules that are older than `maxAgeDays` or bear no
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
  const byVenue = new Map<VenueId, DatedRules[]>()
  for (const { venue, symbol } of inUse) {
    const id = venueId(venue)
    const dated = datedRules(bookOf(id), symbol, nowMs)
    if (dated === undefined) continue
    const known = byVenue.get(id)
    if (known === undefined) byVenue.set(id, [dated])
    else known.push(dated)
  }
  for (const [venue, inForce] of byVenue) {
    inForce.sort(byAge)
    const { version: ruleBook } = bookOf(venue)
    const dated = inForce.filter(({ asOf }) => asOf !== undefined)
    const undated = inForce.length - dated.length
    const oldest = dated[0]?.asOf ?? null
    log.info({ venue, ruleBook, ...countsOf(inForce), oldest, undated }, 'rules in use')
    const old = inForce.filter((each) => isOld(each, maxAgeDays))
    if (old.length === 0) continue
    const named = old.slice(0, OLD_NAMED_MAX).map(inWords)
    log.warn({ venue, ...countsOf(old), oldest: named, rulesMaxAgeDays: maxAgeDays }, OLD_RULES)
  }
}

/** Warns of old rules of contracts that get their first position while the worker runs, once a table. */
export class LateRules {
  readonly #log: Pick<Log, 'warn'>
  readonly #bookOf: BookOf
  readonly #maxAgeDays: number
  /** At most LATE_WARNINGS_MAX. */
  readonly #warned = new Set<object>()

  constructor(log: Pick<Log, 'warn'>, bookOf: BookOf, maxAgeDays: number) {
    this.#log = log
    this.#bookOf = bookOf
    this.#maxAgeDays = maxAgeDays
  }

  /** The contract has its first position. */
  add(venue: VenueId, symbol: string, nowMs: number): void {
    if (this.#warned.size === LATE_WARNINGS_MAX) return
    const dated = datedRules(this.#bookOf(venue), symbol, nowMs)
    if (dated === undefined || this.#warned.has(dated.table) || !isOld(dated, this.#maxAgeDays)) return
    this.#warned.add(dated.table)
    const rulesMaxAgeDays = this.#maxAgeDays
    this.#log.warn({ venue, ...countsOf([dated]), oldest: [inWords(dated)], rulesMaxAgeDays }, OLD_RULES)
    if (this.#warned.size === LATE_WARNINGS_MAX)
      this.#log.warn(
        { warnings: LATE_WARNINGS_MAX },
        'further contracts with old rules are not named until the next start',
      )
  }
}

/** Those of a contract, or of the asset whose index price this is; undefined where the book holds none. */
function datedRules(book: RuleBook, symbol: string, nowMs: number): DatedRules | undefined {
  const asset = indexOf(symbol)?.asset
  const rules = asset === undefined ? book.rulesOf(symbol) : oldestOf(statedRulesOf(asset, book))
  if (rules === undefined) return undefined
  const isAsset = asset !== undefined
  const name = isAsset ? collateralPlace(asset) : symbol
  const table = 'maintenance' in rules ? rules.maintenance : rules
  const { asOf } = rules
  const ageDays = ruleAgeDays(asOf === undefined ? null : Date.parse(asOf), nowMs)
  return { name, isAsset, table, asOf, ageDays }
}

/** The rules of an asset may be of several days, one for each kind of pool. */
function oldestOf(stated: readonly CollateralRules[]): CollateralRules | undefined {
  return stated.toSorted((left, right) => (left.asOf ?? '').localeCompare(right.asOf ?? ''))[0]
}

function countsOf(inForce: readonly DatedRules[]): { readonly contracts: number; readonly assets: number } {
  const assets = inForce.filter(({ isAsset }) => isAsset).length
  return { contracts: inForce.length - assets, assets }
}

function isOld({ ageDays }: DatedRules, maxAgeDays: number): boolean {
  return ageDays === null || ageDays > maxAgeDays
}

function inWords({ name, asOf }: DatedRules): string {
  return `${name} (${asOf ?? 'no day'})`
}

/** Rules without a day first: they may be of any age. */
function byAge(left: DatedRules, right: DatedRules): number {
  return (right.ageDays ?? Number.MAX_VALUE) - (left.ageDays ?? Number.MAX_VALUE)
}
