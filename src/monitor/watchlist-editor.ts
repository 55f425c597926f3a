import type { Account, RuleBook, VenueId } from '../domain/index.ts'
import { type LevelRule, type MarginAccountPart, marginAccountPartsOf } from '../margin/index.ts'
import type { AbsentAccounts, AbsentMarginAccount } from './absent-accounts.ts'
import type { AccountParts } from './account-parts.ts'
import { newStanding, type Standing, standingOf, toOtherRule } from './standing.ts'
import type { WatchedAccounts } from './watched-accounts.ts'
import type { WatchedMarginAccounts } from './watched-margin-accounts.ts'
import type { WatchedRows } from './watched-rows.ts'
import { kernelLevel, type Watchlist } from './watchlist.ts'

const NONE = -1

/** What `put` and `remove` do with margin accounts. */
export interface WatchlistChanges {
  /** It is new or has new terms. */
  changed(marginAccount: number): void
  /** It goes; the terms are still those that it had. */
  closed(marginAccount: number): void
  /** It has published history and is gone since an earlier run. */
  absent(marginAccount: AbsentMarginAccount): void
}

/** Puts accounts under watch, compiles them into rows of the kernel, and lets go of them. */
export class WatchlistEditor {
  readonly #watchlist: Watchlist
  readonly #accounts: WatchedAccounts
  readonly #marginAccounts: WatchedMarginAccounts
  readonly #parts: AccountParts
  readonly #rows: WatchedRows
  readonly #absent: AbsentAccounts
  readonly #ruleBookOf: (venue: VenueId) => RuleBook
  /** Above every number that a margin account without progress had before. */
  #sequenceFloor: number
  #suspended = 0

  constructor(watchlist: Watchlist, sequenceFloor: number) {
    this.#watchlist = watchlist
    this.#accounts = watchlist.columns.accounts
    this.#marginAccounts = watchlist.columns.marginAccounts
    this.#parts = watchlist.columns.parts
    this.#rows = watchlist.columns.rows
    this.#absent = watchlist.absent
    this.#ruleBookOf = (venue) => watchlist.ruleBookOf(venue)
    this.#sequenceFloor = sequenceFloor
  }

  /** Margin accounts of suspended accounts. */
  get suspended(): number {
    return this.#suspended
  }

  /** Takes the account's rows out of the kernel until a version comes whose terms can be used. */
  suspend(account: number): void {
    if (this.#watchlist.isSuspended(account)) return
    const own = this.#watchlist.marginAccountsOf(account)
    for (const marginAccount of own) {
      this.#rows.remove(marginAccount)
    }
    this.#accounts.setSuspended(account)
    this.#suspended += own.length
  }

  /** Call for a margin account that goes. Later margin accounts are numbered above it, so that no event id repeats. */
  leaveNumbers({ sequence }: Standing): void {
    this.#sequenceFloor = Math.max(this.#sequenceFloor, sequence)
  }

  /** That of a margin account that is not under watch and has no published history. */
  newStanding(): Standing {
    return newStanding(this.#sequenceFloor)
  }

  /**
   * Puts an account or a new version of it. Throws SYMBOL_UNKNOWN, RULES_INVALID or ACCOUNT_UNSUPPORTED before anything has
   * changed; KERNEL_CAPACITY when the kernel is full, which ends the run.
   */
  put(account: Account, changes: WatchlistChanges): void {
    const book = this.#ruleBookOf(account.venue)
    const { funding } = this.#watchlist
    // Refuses the account before its funding is computed.
    const unfunded = marginAccountPartsOf(account, book)
    const openPositions = openPositionsOf(unfunded)
    const last = funding.last
    const funded = funding.funded(account, book, last)
    const stated = funded === account ? unfunded : marginAccountPartsOf(funded, book)
    const isAhead = funding.isAhead(account)
    let known = this.#watchlist.find(account.id)
    if (known >= 0 && this.#accounts.venueOf(known) !== account.venue) {
      // Its positions at another venue are others, whatever their symbols are.
      this.remove(known, changes)
      known = NONE
    }
    if (known < 0) {
      const number = this.#accounts.add(account, book, openPositions)
      this.#accounts.setFunding(number, last)
      if (isAhead) this.#accounts.setAsOfAhead(number)
      this.#open(funded, number, stated, changes)
    } else {
      if (this.#watchlist.isSuspended(known))
        this.#suspended -= this.#watchlist.marginAccountsOf(known).length
      this.#compile(funded, known, stated, changes, () => {
        this.#accounts.setFunding(known, last)
        this.#accounts.setTerms(known, account, openPositions)
        if (isAhead) this.#accounts.setAsOfAhead(known)
        this.#accounts.setBook(known, book)
      })
    }
    this.#endAbsent(account, changes)
  }

  /**
   * Compiles an account that is not suspended by the rule book of its venue. A lost account stays lost. Throws as `put`
   * does, before anything has changed.
   */
  recompile(number: number, changes: WatchlistChanges): void {
    const book = this.#ruleBookOf(this.#accounts.venueOf(number))
    const account = this.#watchlist.funding.funded(
      this.#accounts.read(number),
      book,
      this.#accounts.fundingOf(number),
    )
    const stated = marginAccountPartsOf(account, book)
    this.#compile(account, number, stated, changes, () => this.#accounts.setBook(number, book))
  }

  /** Compiles an account with the funding, interest and rollovers up to that number in its balances, by the rule book that it has. */
  fund(number: number, upTo: number, changes: WatchlistChanges): void {
    const book = this.#accounts.bookOf(number)
    const account = this.#watchlist.funding.funded(this.#accounts.read(number), book, upTo)
    const stated = marginAccountPartsOf(account, book)
    this.#compile(account, number, stated, changes, () => this.#accounts.setFunding(number, upTo))
  }

  /** Takes over a rule book that has the same rules for the account. */
  takeBook(number: number): void {
    this.#accounts.setBook(number, this.#ruleBookOf(this.#accounts.venueOf(number)))
  }

  /** Compiles an account that was not under watch. */
  #open(
    account: Account,
    number: number,
    stated: readonly MarginAccountPart[],
    { changed }: WatchlistChanges,
  ): void {
    for (const of of stated) changed(this.#add(number, this.#parts.partOf(account.venue, of), account, of))
  }

  /** `accept` is called when the margin accounts that go have been closed, before those that stay are compiled. */
  #compile(
    account: Account,
    number: number,
    stated: readonly MarginAccountPart[],
    changes: WatchlistChanges,
    accept: () => void,
  ): void {
    const parts = stated.map((part) => this.#parts.partOf(account.venue, part))
    const known = this.#keep(number, new Set(parts), changes)
    const before = this.#ruleOf(number)
    accept()
    const rule = this.#ruleOf(number)
    stated.forEach((of, index) => {
      const part = parts[index]!
      const marginAccount = known.get(part)
      if (marginAccount === undefined) changes.changed(this.#add(number, part, account, of))
      else {
        if (rule !== before) this.#toOtherRule(marginAccount, before, rule)
        this.#rows.replace(marginAccount, account, of, this.#accounts.ruleNumberOf(number))
        this.#marginAccounts.setCurrency(marginAccount, this.#parts.currencyNumberOf(of.currency))
        this.#watchlist.setKernelLevel(marginAccount)
        changes.changed(marginAccount)
      }
    })
  }

  #ruleOf(account: number): LevelRule {
    return this.#watchlist.rules.at(this.#accounts.ruleNumberOf(account))
  }

  #toOtherRule(marginAccount: number, before: LevelRule, after: LevelRule): void {
    const standing = this.#marginAccounts.standingOf(marginAccount)
    toOtherRule(standing, before, after)
    this.#marginAccounts.setStanding(marginAccount, standing)
  }

  remove(account: number, changes: Pick<WatchlistChanges, 'closed'>): void {
    const own = this.#watchlist.marginAccountsOf(account)
    if (this.#watchlist.isSuspended(account)) this.#suspended -= own.length
    for (const marginAccount of own.reverse()) this.#drop(marginAccount, changes)
    this.#accounts.setFirstMarginAccount(account, NONE)
    this.#accounts.remove(account)
  }

  /** Lets go of margin accounts that are not among the parts. Returns those that stay, by part. */
  #keep(number: number, parts: ReadonlySet<number>, changes: WatchlistChanges): Map<number, number> {
    const stay = new Map<number, number>()
    const own = this.#watchlist.marginAccountsOf(number).reverse()
    this.#accounts.setFirstMarginAccount(number, NONE)
    for (const marginAccount of own) {
      const part = this.#marginAccounts.partOf(marginAccount)
      if (!parts.has(part)) this.#drop(marginAccount, changes)
      else {
        stay.set(part, marginAccount)
        this.#link(number, marginAccount)
      }
    }
    return stay
  }

  #link(account: number, marginAccount: number): void {
    this.#marginAccounts.setNext(marginAccount, this.#accounts.firstMarginAccountOf(account))
    this.#accounts.setFirstMarginAccount(account, marginAccount)
  }

  /** Margin accounts with published history that the account does not hold any more. */
  #endAbsent(account: Account, changes: WatchlistChanges): void {
    if (!this.#absent.has(account.id)) return
    const number = this.#watchlist.find(account.id)
    const ids = () =>
      new Set(
        this.#watchlist.marginAccountsOf(number).map((marginAccount) => this.#watchlist.idOf(marginAccount)),
      )
    let present: Set<string> | undefined
    const has = (id: string) => {
      present ??= ids()
      return present.has(id)
    }
    for (const absent of this.#absent.of(account.id, { account, has })) changes.absent(absent)
    this.#absent.forget(account.id)
  }

  #add(number: number, part: number, account: Account, of: MarginAccountPart): number {
    const progress = this.#absent.progressOf(account.id, () => this.#parts.idOf(account.id, part))
    const standing = progress === undefined ? this.newStanding() : standingOf(progress, this.#ruleOf(number))
    const rule = this.#accounts.ruleNumberOf(number)
    const marginAccount = this.#rows.add(account, of, kernelLevel(standing), rule)
    this.#marginAccounts.add(marginAccount, number, part, NONE)
    this.#marginAccounts.setStanding(marginAccount, standing)
    this.#marginAccounts.setCurrency(marginAccount, this.#parts.currencyNumberOf(of.currency))
    this.#link(number, marginAccount)
    return marginAccount
  }

  #drop(marginAccount: number, changes: Pick<WatchlistChanges, 'closed'>): void {
    changes.closed(marginAccount)
    this.#rows.removeAccount(marginAccount)
    this.#marginAccounts.remove(marginAccount)
  }
}

function openPositionsOf(parts: readonly MarginAccountPart[]): number {
  let count = 0
  for (const { positions } of parts) count += positions.length
  return count
}
