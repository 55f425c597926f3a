import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { Config } from '../config.ts'
import {
  type CollateralRules,
  counted,
  type EffectiveRules,
  FAULTS_NAMED_MAX,
  type InstrumentRules,
  type PoolKind,
  type RuleBook,
  type RulesByVenue,
  type RulesChange,
  type VenueId,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import {
  RULES_FILE_BYTES_MAX,
  readRulesFile,
  type VenueRules,
  withCollateralRules,
  withoutSymbols,
  withRules,
} from '../rules/index.ts'
import { WatchedFile } from '../system/index.ts'
import { ruleBookOf, VENUE_NAMES, VENUES } from '../venues/index.ts'

export type BookOf = (venue: VenueId) => RuleBook

export type RulesConfig = Pick<Config, 'rulesFile'> & Partial<Pick<Config, 'strictRules'>>

/**
 * The rule book of each venue: the built-in one, under the rules file, under the given rules, as they are in force at
 * `inForceMs`, which is the present time `nowMs` unless another one is asked about. A book's version lists what was laid over
 * it with a hash of the contents, so each event records exactly which rules applied. A symbol of the file whose rules cannot be
 * used is in `refused` of its book; with `strictRules` it refuses the file.
 * @throws PlimsollError CONFIGURATION or RULES_INVALID naming the file and every place in it.
 */
export function ruleBooks(
  config: RulesConfig,
  nowMs: number,
  given?: RulesByVenue,
  inForceMs: number = nowMs,
): RuleBooks {
  const { rulesFile } = config
  const byVenue =
    rulesFile === undefined
      ? undefined
      : readRulesFile(
          rulesFile,
          VENUE_NAMES,
          nowMs,
          `--rules (PLIMSOLL_RULES) is ${JSON.stringify(rulesFile)}: the file`,
        )
  return new RuleBooks(booksUnder(config, byVenue, given), inForceMs)
}

/** Rules that were read once, and their file, of which no change since is missed. */
export interface LoadedRules {
  readonly books: RuleBooks
  /** undefined where there is no rules file. */
  readonly file: WatchedFile | undefined
}

/** Reads the rules of a worker. Throws as `ruleBooks` does. */
export function loadRules(config: RulesConfig, nowMs: number, given?: RulesByVenue): LoadedRules {
  const { rulesFile } = config
  const file = rulesFile === undefined ? undefined : new WatchedFile(rulesFile, RULES_FILE_BYTES_MAX)
  return { file, books: ruleBooks(config, nowMs, given) }
}

/**
 * What `ruleBooks` makes of a file of which this was read.
 * @throws PlimsollError RULES_INVALID naming the file and every place in it.
 */
export function booksUnder(
  { rulesFile, strictRules }: RulesConfig,
  byVenue: ReadonlyMap<VenueId, VenueRules> | undefined,
  given?: RulesByVenue,
): BookOf {
  const books = new Map<VenueId, RuleBook>()
  const bookOf = (venue: VenueId) => books.get(venue) ?? ruleBookOf(venue)
  for (const [venue, own] of byVenue ?? [])
    books.set(venue, laidOver(ruleBookOf(venue), own, basename(rulesFile!)))
  if (rulesFile !== undefined && strictRules === true) refuseBadSymbols(rulesFile, bookOf)
  for (const [venue, rules] of given ?? []) {
    books.set(venue, laidOver(bookOf(venue), { rules, collateral: {}, refused: new Map() }, 'given'))
  }
  return bookOf
}

function laidOver(below: RuleBook, { rules, collateral, refused }: VenueRules, source: string): RuleBook {
  const weights = Object.keys(collateral).length === 0 ? [] : [collateral]
  const parts = [rules, ...(refused.size === 0 ? [] : [[...refused]]), ...weights]
  const contents = JSON.stringify(parts.length === 1 ? rules : parts)
  const digest = createHash('sha256').update(contents).digest('hex').slice(0, 8)
  const version = `${below.version}+${source}@${digest}`
  const weighed = withCollateralRules(below, collateral, refused)
  return withoutSymbols(withRules(weighed, rules, version, { firstDeductionZero: true }), refused)
}

/**
 * The rules in force, of every venue. They change in `take`, `replace` and `advance` and at no other moment, so that all that is
 * compiled between two of these calls has the same rules. Each says which symbols and assets must be compiled anew.
 */
export class RuleBooks {
  #initialBookOf: BookOf
  readonly #books = new Map<VenueId, BookInForce>()
  #nowMs: number

  /** `nowMs`: the time, Unix milliseconds, at which the rules are in force. */
  constructor(bookOf: BookOf, nowMs: number) {
    this.#initialBookOf = bookOf
    this.#nowMs = nowMs
  }

  /** The venue's book. It never changes: what is compiled from it can be compiled again after it was replaced. */
  readonly bookOf: BookOf = (venue) => this.#inForce(venue)

  /** Puts these books in the place of all. A venue whose version is the same keeps its book. */
  take(bookOf: BookOf): RulesChange[] {
    this.#initialBookOf = bookOf
    return [...this.#books].flatMap(([venue, { version }]) => {
      const book = bookOf(venue)
      return book.version === version ? [] : (this.replace(venue, book) ?? [])
    })
  }

  /** Puts another book in the place of the venue's. Names what differs of all that was ever asked for; undefined for nothing. */
  replace(venue: VenueId, book: RuleBook): RulesChange | undefined {
    return this.#update(this.#inForce(venue), venue, book)
  }

  /** Brings the rules of a later time into force, Unix milliseconds. */
  advance(nowMs: number): RulesChange[] {
    this.#nowMs = nowMs
    return [...this.#books].flatMap(([venue, inForce]) => {
      if (inForce.holdsAt(nowMs)) return []
      return this.#update(inForce, venue, inForce.book) ?? []
    })
  }

  #update(before: BookInForce, venue: VenueId, book: RuleBook): RulesChange | undefined {
    const after = new BookInForce(book, this.#nowMs, before)
    const { symbols, assets } = after.changed
    const isChanged = symbols.length > 0 || assets.length > 0
    if (isChanged || book !== before.book) this.#books.set(venue, after)
    else before.holdAsLongAs(after)
    return isChanged ? { kind: 'rules', venue, symbols, assets } : undefined
  }

  #inForce(venue: VenueId): BookInForce {
    let book = this.#books.get(venue)
    if (book === undefined) {
      book = new BookInForce(this.#initialBookOf(venue), this.#nowMs)
      this.#books.set(venue, book)
    }
    return book
  }
}

const NONE_REFUSED: ReadonlyMap<string, string> = new Map()
const NONE_CHANGED: Pick<RulesChange, 'symbols' | 'assets'> = { symbols: [], assets: [] }

/** A book as it is at one time. */
class BookInForce implements RuleBook {
  readonly book: RuleBook
  readonly venue: string
  readonly version: string
  readonly defaults: RuleBook['defaults']
  readonly refused: ReadonlyMap<string, string>
  readonly collateralAssets: NonNullable<RuleBook['collateralAssets']>
  readonly heldAs: NonNullable<RuleBook['heldAs']>
  /** Symbols and assets that the book before it was asked for, and that have other rules now. */
  readonly changed: Pick<RulesChange, 'symbols' | 'assets'>
  readonly #atMs: number
  /** What each symbol was answered. Symbols come from stored accounts, so these are no more than the accounts name. */
  readonly #answers = new Map<string, InstrumentRules | undefined>()
  /** What each asset was answered; no more than the accounts name. */
  readonly #collateral = new Map<string, Map<PoolKind, CollateralRules | undefined>>()
  /** From here, and before the second time, no answer is another one, so that no symbol has to be looked at. */
  #fromMs = Number.NEGATIVE_INFINITY
  #beforeMs = Number.POSITIVE_INFINITY

  constructor(book: RuleBook, atMs: number, before?: BookInForce) {
    this.book = book
    this.venue = book.venue
    this.version = book.version
    this.defaults = book.defaults
    this.refused = book.refused ?? NONE_REFUSED
    this.collateralAssets = () => book.collateralAssets?.() ?? []
    this.heldAs = (symbol) => book.heldAs?.(symbol) ?? symbol
    this.#atMs = atMs
    this.changed = before === undefined ? NONE_CHANGED : this.#follow(before)
  }

  rulesOf(symbol: string, atMs?: number): InstrumentRules | undefined {
    if (atMs !== undefined) return this.book.rulesOf(symbol, atMs)
    const known = this.#answers.get(symbol)
    if (known !== undefined || this.#answers.has(symbol)) return known
    const rules = this.book.rulesOf(symbol, this.#atMs)
    this.#answer(symbol, rules)
    return rules
  }

  collateralOf(asset: string, kind: PoolKind): CollateralRules | undefined {
    const known = this.#collateral.get(asset)
    if (known?.has(kind)) return known.get(kind)
    const rules = this.book.collateralOf?.(asset, kind)
    this.#answerOf(asset, kind, rules)
    return rules
  }

  #answerOf(asset: string, kind: PoolKind, rules: CollateralRules | undefined): void {
    const known = this.#collateral.get(asset)
    if (known === undefined) this.#collateral.set(asset, new Map([[kind, rules]]))
    else known.set(kind, rules)
  }

  /** Whether every answer is the same at that time, Unix milliseconds. */
  holdsAt(atMs: number): boolean {
    return atMs >= this.#fromMs && atMs < this.#beforeMs
  }

  /** The other one gave equal answers at a later or earlier time. */
  holdAsLongAs(other: BookInForce): void {
    this.#fromMs = other.#fromMs
    this.#beforeMs = other.#beforeMs
  }

  #answer(symbol: string, rules: InstrumentRules | undefined): void {
    this.#answers.set(symbol, rules)
    for (const { fromMs } of this.book.entriesOf(symbol)) {
      if (fromMs <= this.#atMs) this.#fromMs = Math.max(this.#fromMs, fromMs)
      else this.#beforeMs = Math.min(this.#beforeMs, fromMs)
    }
  }

  symbols(): Iterable<string> {
    return this.book.symbols()
  }

  entriesOf(symbol: string): readonly EffectiveRules[] {
    return this.book.entriesOf(symbol)
  }

  /** Equal rules keep their old object, because what was compiled is kept by it. */
  #follow(before: BookInForce): Pick<RulesChange, 'symbols' | 'assets'> {
    const haveOtherDefaults = !isDeepStrictEqual(this.defaults, before.defaults)
    const symbols: string[] = []
    const assets: string[] = []
    for (const [symbol, old] of before.#answers) {
      const rules = this.book.rulesOf(symbol, this.#atMs)
      const isSame = isDeepStrictEqual(old, rules)
      this.#answer(symbol, isSame ? old : rules)
      if (!isSame || (haveOtherDefaults && rules !== undefined)) symbols.push(symbol)
    }
    for (const [asset, kinds] of before.#collateral) {
      let isChanged = false
      for (const [kind, old] of kinds) {
        const rules = this.book.collateralOf?.(asset, kind)
        const isSame = isDeepStrictEqual(old, rules)
        this.#answerOf(asset, kind, isSame ? old : rules)
        isChanged ||= !isSame
      }
      if (isChanged) assets.push(asset)
    }
    return { symbols, assets }
  }
}

/** Symbols of all venues whose rules were given and are refused, as lines for a person. */
export function refusedRules(bookOf: BookOf): string[] {
  return VENUES.flatMap(({ id }) =>
    [...(bookOf(id).refused ?? [])].map(([symbol, reason]) => `${id} ${symbol}: ${reason}`),
  )
}

/** Version of the rule book of each venue. */
export function versionsOf(bookOf: BookOf): Record<string, string> {
  return Object.fromEntries(VENUES.map(({ id }) => [id, bookOf(id).version]))
}

function refuseBadSymbols(rulesFile: string, bookOf: BookOf): void {
  const refused = refusedRules(bookOf)
  if (refused.length === 0) return
  const more = refused.length - FAULTS_NAMED_MAX
  const named = [
    ...refused.slice(0, FAULTS_NAMED_MAX),
    ...(more > 0 ? [`and ${counted(more, 'more symbol')}`] : []),
  ]
  throw new PlimsollError('RULES_INVALID', `rules file ${rulesFile}: ${named.join('; ')}`)
}
