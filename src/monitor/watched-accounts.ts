import type { Account, RuleBook, VenueId } from '../domain/index.ts'
import { assert } from '../errors.ts'
import { bearsInterest, bearsRollover } from '../margin/index.ts'
import { NumberedTexts, withRoom } from '../memory/index.ts'
import { BooksInUse } from './books-in-use.ts'
import type { LevelRules } from './level-rules.ts'
import { type AccountName, type PositionPart, StoredTerms } from './stored-terms.ts'

const NONE = -1

/** Flags of an account. */
const SUSPENDED = 1
const LOST = 2
/** It states when its balances were true, and what an hour of a debt costs. */
const BEARS_INTEREST = 4
/** When it was put, the time of its balances was still to come. */
const AS_OF_AHEAD = 8
/** It states when its balances were true, and what four hours of a position cost. */
const BEARS_ROLLOVER = 16

/** The accounts under watch, by number: their ids, terms and margin accounts, without a JavaScript object an account. */
export class WatchedAccounts {
  readonly #ids = new NumberedTexts()
  readonly #terms = new StoredTerms()
  readonly #venues: VenueId[] = []
  readonly #books = new BooksInUse()
  readonly #rules: LevelRules
  #venueOf = new Uint8Array()
  #bookOf = new Uint16Array()
  #termsOf = new Uint32Array()
  #ruleOf = new Uint32Array()
  #openPositionsOf = new Uint16Array()
  /** When its balances were true, Unix milliseconds; 0 if it does not say so. */
  #asOfMsOf = new Float64Array()
  /** Number of the last funding record or full minute that is applied to it. */
  #fundingOf = new Float64Array()
  #flagsOf = new Uint8Array()
  /** First margin account of the account, or −1. */
  #firstOf = new Int32Array()
  #openPositions = 0

  constructor(rules: LevelRules) {
    this.#rules = rules
  }

  get size(): number {
    return this.#ids.size
  }

  /** One more than the highest number of an account. */
  get numbers(): number {
    return this.#ids.numbers
  }

  /** Positions of all accounts that are not closed. */
  get openPositions(): number {
    return this.#openPositions
  }

  get byteLength(): number {
    const columns = [
      this.#venueOf,
      this.#bookOf,
      this.#termsOf,
      this.#ruleOf,
      this.#openPositionsOf,
      this.#asOfMsOf,
      this.#fundingOf,
      this.#flagsOf,
      this.#firstOf,
    ]
    return (
      this.#ids.byteLength +
      this.#terms.byteLength +
      columns.reduce((sum, { byteLength }) => sum + byteLength, 0)
    )
  }

  has(account: number): boolean {
    return this.#ids.has(account)
  }

  /** The number of the account; −1 if it is not under watch. */
  find(id: string): number {
    return this.#ids.find(id)
  }

  /** Puts an account under watch, by that rule book. */
  add(account: Account, book: RuleBook, openPositions: number): number {
    const number = this.#ids.add(account.id)
    if (number >= this.#firstOf.length) this.#grow(number)
    this.#firstOf[number] = NONE
    this.#bookOf[number] = this.#books.take(book)
    this.#set(number, account, openPositions)
    return number
  }

  /** Gives an account new terms. It is neither suspended nor lost. */
  setTerms(number: number, account: Account, openPositions: number): void {
    const rule = this.#ruleOf[number]!
    this.#terms.free(this.#termsOf[number]!)
    this.#openPositions -= this.#openPositionsOf[number]!
    this.#set(number, account, openPositions)
    // Left last: a rule that it uses already stays in use.
    this.#rules.leave(rule)
  }

  /** Lets go of an account that has no margin account any more. */
  remove(number: number): void {
    assert(this.#firstOf[number] === NONE, 'an account goes after its margin accounts')
    this.#terms.free(this.#termsOf[number]!)
    this.#openPositions -= this.#openPositionsOf[number]!
    this.#books.leave(this.#bookOf[number]!)
    this.#rules.leave(this.#ruleOf[number]!)
    this.#ids.remove(number)
  }

  nameOf(number: number): AccountName {
    return { id: this.idOf(number), venue: this.venueOf(number) }
  }

  idOf(number: number): string {
    return this.#ids.textOf(number)
  }

  venueOf(number: number): VenueId {
    return this.#venues[this.#venueOf[number]!]!
  }

  /** The rule book from which its rows in the kernel are compiled. */
  bookOf(number: number): RuleBook {
    return this.#books.at(this.#bookOf[number]!)
  }

  setBook(number: number, book: RuleBook): void {
    // Taken first: a book that it uses already stays in use.
    const taken = this.#books.take(book)
    this.#books.leave(this.#bookOf[number]!)
    this.#bookOf[number] = taken
  }

  asOfMsOf(number: number): number {
    return this.#asOfMsOf[number]!
  }

  fundingOf(number: number): number {
    return this.#fundingOf[number]!
  }

  setFunding(number: number, last: number): void {
    this.#fundingOf[number] = last
  }

  bearsInterest(number: number): boolean {
    return (this.#flagsOf[number]! & BEARS_INTEREST) !== 0
  }

  bearsRollover(number: number): boolean {
    return (this.#flagsOf[number]! & BEARS_ROLLOVER) !== 0
  }

  /**
   * Its balances were stated for a time to come, so nobody knows which payments they lack. It stays so after that time, until a
   * version with another one is put.
   */
  isAsOfAhead(number: number): boolean {
    return (this.#flagsOf[number]! & AS_OF_AHEAD) !== 0
  }

  setAsOfAhead(number: number): void {
    this.#flagsOf[number] = this.#flagsOf[number]! | AS_OF_AHEAD
  }

  /** Number of the levels by which it is judged. */
  ruleNumberOf(number: number): number {
    return this.#ruleOf[number]!
  }

  /** The account as it was put, or with that part of its positions only. */
  read(number: number, part?: PositionPart): Account {
    return this.#terms.read(this.nameOf(number), this.#termsOf[number]!, part)
  }

  firstMarginAccountOf(number: number): number {
    return this.#firstOf[number]!
  }

  setFirstMarginAccount(number: number, marginAccount: number): void {
    this.#firstOf[number] = marginAccount
  }

  /** Its newest terms cannot be used: the old ones are not true any more, so nothing of it has a verdict. */
  isSuspended(number: number): boolean {
    return (this.#flagsOf[number]! & SUSPENDED) !== 0
  }

  setSuspended(number: number): void {
    this.#flagsOf[number] = this.#flagsOf[number]! | SUSPENDED
  }

  /** Redis lost it: what is watched are the last terms that Redis had. */
  isLost(number: number): boolean {
    return (this.#flagsOf[number]! & LOST) !== 0
  }

  setLost(number: number): void {
    this.#flagsOf[number] = this.#flagsOf[number]! | LOST
  }

  #grow(number: number): void {
    this.#venueOf = withRoom(this.#venueOf, number)
    this.#bookOf = withRoom(this.#bookOf, number)
    this.#termsOf = withRoom(this.#termsOf, number)
    this.#ruleOf = withRoom(this.#ruleOf, number)
    this.#openPositionsOf = withRoom(this.#openPositionsOf, number)
    this.#asOfMsOf = withRoom(this.#asOfMsOf, number)
    this.#fundingOf = withRoom(this.#fundingOf, number)
    this.#flagsOf = withRoom(this.#flagsOf, number)
    this.#firstOf = withRoom(this.#firstOf, number)
  }

  #set(number: number, account: Account, openPositions: number): void {
    this.#venueOf[number] = this.#venueNumberOf(account.venue)
    this.#termsOf[number] = this.#terms.add(account)
    this.#ruleOf[number] = this.#rules.take(account.levels)
    this.#openPositionsOf[number] = openPositions
    this.#asOfMsOf[number] = account.asOfMs ?? 0
    this.#openPositions += openPositions
    this.#flagsOf[number] = account.asOfMs === undefined ? 0 : chargeFlagsOf(account)
  }

  #venueNumberOf(venue: VenueId): number {
    const known = this.#venues.indexOf(venue)
    return known >= 0 ? known : this.#venues.push(venue) - 1
  }
}

function chargeFlagsOf({ liabilities, positions }: Account): number {
  return (
    (liabilities.some(bearsInterest) ? BEARS_INTEREST : 0) +
    (positions.some(bearsRollover) ? BEARS_ROLLOVER : 0)
  )
}
