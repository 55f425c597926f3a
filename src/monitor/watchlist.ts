import type { Account, MarginAccountProgress, RuleBook, VenueId } from '../domain/index.ts'
import { assert } from '../errors.ts'
import { type Kernel, undecidedLevel } from '../kernel/index.ts'
import {
  type LevelRule,
  type MarginAccount,
  type MarginAccountPart,
  marginAccountOf,
  marginAccountPartsOf,
} from '../margin/index.ts'
import { AbsentAccounts, type AbsentMarginAccount } from './absent-accounts.ts'
import { AccountParts } from './account-parts.ts'
import type { Market, Markets } from './markets.ts'
import { mustRepublish, newStanding, type Standing, standingOf } from './standing.ts'
import type { Subject } from './subject.ts'
import { WatchedAccounts } from './watched-accounts.ts'
import { WatchedMarginAccounts } from './watched-margin-accounts.ts'
import { WatchedRows } from './watched-rows.ts'

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

/**
 * The accounts under watch: their terms, their rows in the kernel, and where each margin account stands. A margin account is
 * a number, the same as in the kernel; one that is gone gives its number to the next. Knows no tick and makes no event.
 */
export class Watchlist {
  readonly #kernel: Kernel
  readonly #rule: LevelRule
  readonly #ruleBookOf: (venue: VenueId) => RuleBook
  readonly #accounts = new WatchedAccounts()
  readonly #marginAccounts = new WatchedMarginAccounts()
  readonly absent: AbsentAccounts
  readonly #rows: WatchedRows
  readonly #parts: AccountParts
  /** Above every number that a margin account without progress had before. */
  #sequenceFloor: number
  #suspended = 0

  constructor(
    kernel: Kernel,
    markets: Markets,
    rule: LevelRule,
    ruleBookOf: (venue: VenueId) => RuleBook,
    sequenceFloor: number,
  ) {
    this.#kernel = kernel
    this.#rule = rule
    this.#ruleBookOf = ruleBookOf
    this.#sequenceFloor = sequenceFloor
    this.#parts = new AccountParts(markets)
    this.#rows = new WatchedRows(kernel, markets)
    this.absent = new AbsentAccounts(rule.names)
  }

  get accounts(): number {
    return this.#accounts.size
  }
  get marginAccounts(): number {
    return this.#marginAccounts.size
  }
  /** Margin accounts of suspended accounts. */
  get suspended(): number {
    return this.#suspended
  }
  /** Open positions of all accounts. */
  get positions(): number {
    return this.#accounts.openPositions
  }
  /** One more than the highest number of a margin account. */
  get marginAccountNumbers(): number {
    return this.#marginAccounts.numbers
  }

  /** The number of the account; −1 where it is not under watch. */
  find(account: string): number {
    return this.#accounts.find(account)
  }

  has(marginAccount: number): boolean {
    return this.#marginAccounts.has(marginAccount)
  }

  /** The margin accounts of an account, those put first at the end. */
  marginAccountsOf(account: number): number[] {
    const own: number[] = []
    for (
      let at = this.#accounts.firstMarginAccountOf(account);
      at !== NONE;
      at = this.#marginAccounts.nextOf(at)
    )
      own.push(at)
    return own
  }

  accountOf(marginAccount: number): number {
    assert(this.has(marginAccount), 'a margin account that the kernel names is under watch')
    return this.#marginAccounts.accountOf(marginAccount)
  }

  subjectOf(marginAccount: number): Subject {
    const account = this.#accounts.nameOf(this.accountOf(marginAccount))
    const part = this.#marginAccounts.partOf(marginAccount)
    const id = this.#parts.idOf(account.id, part)
    const marginMode = this.#parts.isCross(part) ? 'cross' : 'isolated'
    const currency = this.#parts.currencyAt(this.#marginAccounts.currencyOf(marginAccount))
    return { id, account: account.id, venue: account.venue, marginMode, currency }
  }

  idOf(marginAccount: number): string {
    const account = this.accountOf(marginAccount)
    return this.#parts.idOf(this.#accounts.idOf(account), this.#marginAccounts.partOf(marginAccount))
  }

  /** The account that was put, with the positions that the margin account may hold. */
  termsOf(marginAccount: number): Account {
    const part = this.#marginAccounts.partOf(marginAccount)
    return this.#accounts.read(this.accountOf(marginAccount), this.#parts.positionsOf(part))
  }

  /** The exact terms of a margin account, compiled anew. */
  exactOf(marginAccount: number): MarginAccount {
    const id = this.idOf(marginAccount)
    const terms = this.termsOf(marginAccount)
    const exact = marginAccountOf(terms, id, this.ruleBookOf(terms.venue))
    assert(exact !== undefined, `${id} is not in its account`)
    return exact
  }

  ruleBookOf(venue: VenueId): RuleBook {
    return this.#ruleBookOf(venue)
  }

  /** Distinct, in the order of its positions; none while its account is suspended. */
  marketsOf(marginAccount: number): Market[] {
    return this.#rows.marketsOf(marginAccount)
  }

  /** An amount of the currency in quote currency, for ranking only: coin is valued at the account's first mark. */
  inQuote(marginAccount: number, amount: number): number {
    return this.#rows.inQuote(marginAccount, amount)
  }

  /** A copy. */
  standingOf(marginAccount: number): Standing {
    return this.#marginAccounts.standingOf(marginAccount)
  }

  setStanding(marginAccount: number, standing: Standing): void {
    this.#marginAccounts.setStanding(marginAccount, standing)
  }

  /** Puts the margin account at its level in the kernel, which hands a verdict over that must be published, whatever its level. */
  setKernelLevel(marginAccount: number): void {
    this.#kernel.setAccountLevel(marginAccount, kernelLevel(this.standingOf(marginAccount)))
  }

  isSuspended(account: number): boolean {
    return this.#accounts.isSuspended(account)
  }

  isLost(account: number): boolean {
    return this.#accounts.isLost(account)
  }

  /** Redis lost the account: its terms are the last that Redis had. */
  lose(account: number): void {
    this.#accounts.setLost(account)
  }

  /** An account whose new terms cannot be used: its rows fire no more, until a version comes that can. */
  suspend(account: number): void {
    if (this.isSuspended(account)) return
    const own = this.marginAccountsOf(account)
    for (const marginAccount of own) {
      this.#rows.remove(marginAccount)
    }
    this.#accounts.setSuspended(account)
    this.#suspended += own.length
  }

  /** A margin account that is watched no more leaves its numbers: none is given again. */
  leaveNumbers({ sequence }: Standing): void {
    this.#sequenceFloor = Math.max(this.#sequenceFloor, sequence)
  }

  /**
   * Puts an account or a new version of it. Throws SYMBOL_UNKNOWN, RULES_INVALID or ACCOUNT_UNSUPPORTED before anything has
   * changed; KERNEL_CAPACITY when the kernel is full, which ends the run.
   */
  put(account: Account, changes: WatchlistChanges): void {
    const stated = marginAccountPartsOf(account, this.#ruleBookOf(account.venue))
    const parts = stated.map((part) => this.#parts.partOf(account.venue, part))
    const known = this.#take(account, new Set(parts), changes)
    const number = this.find(account.id)
    stated.forEach((of, index) => {
      const part = parts[index]!
      const marginAccount = known.get(part)
      if (marginAccount === undefined) changes.changed(this.#add(number, part, account, of))
      else {
        this.#rows.replace(marginAccount, account, of)
        this.setKernelLevel(marginAccount)
        changes.changed(marginAccount)
      }
    })
    this.#endAbsent(account, changes)
  }

  remove(account: number, changes: Pick<WatchlistChanges, 'closed'>): void {
    const own = this.marginAccountsOf(account)
    if (this.isSuspended(account)) this.#suspended -= own.length
    for (const marginAccount of own.reverse()) this.#drop(marginAccount, changes)
    this.#accounts.setFirstMarginAccount(account, NONE)
    this.#accounts.remove(account)
  }

  /** Gives the account its new terms and lets go of margin accounts that are not among the parts. Returns those that stay, by part. */
  #take(account: Account, parts: ReadonlySet<number>, changes: WatchlistChanges): Map<number, number> {
    const stay = new Map<number, number>()
    const openPositions = openPositionsOf(account)
    const number = this.find(account.id)
    if (number < 0) {
      this.#accounts.add(account, openPositions)
      return stay
    }
    const own = this.marginAccountsOf(number).reverse()
    if (this.isSuspended(number)) this.#suspended -= own.length
    this.#accounts.setFirstMarginAccount(number, NONE)
    for (const marginAccount of own) {
      const part = this.#marginAccounts.partOf(marginAccount)
      if (!parts.has(part)) this.#drop(marginAccount, changes)
      else {
        stay.set(part, marginAccount)
        this.#link(number, marginAccount)
      }
    }
    this.#accounts.setTerms(number, account, openPositions)
    return stay
  }

  #link(account: number, marginAccount: number): void {
    this.#marginAccounts.setNext(marginAccount, this.#accounts.firstMarginAccountOf(account))
    this.#accounts.setFirstMarginAccount(account, marginAccount)
  }

  /** Margin accounts with published history that the account does not hold any more. */
  #endAbsent(account: Account, changes: WatchlistChanges): void {
    const number = this.find(account.id)
    const ids = () => new Set(this.marginAccountsOf(number).map((marginAccount) => this.idOf(marginAccount)))
    let present: Set<string> | undefined
    const has = (id: string) => {
      present ??= ids()
      return present.has(id)
    }
    for (const absent of this.absent.of(account.id, { account, has })) changes.absent(absent)
    this.absent.forget(account.id)
  }

  #add(number: number, part: number, account: Account, of: MarginAccountPart): number {
    const progress = this.absent.progressOf(account.id, () => this.#parts.idOf(account.id, part))
    const standing = this.#standingAfter(progress)
    const marginAccount = this.#rows.add(account, of, kernelLevel(standing))
    this.#marginAccounts.add(marginAccount, number, part, NONE)
    this.#marginAccounts.setStanding(marginAccount, standing)
    this.#marginAccounts.setCurrency(marginAccount, this.#parts.currencyNumberOf(of.currency))
    this.#link(number, marginAccount)
    return marginAccount
  }

  #standingAfter(progress: MarginAccountProgress | undefined): Standing {
    return progress === undefined ? newStanding(this.#sequenceFloor) : standingOf(progress, this.#rule.names)
  }

  #drop(marginAccount: number, changes: Pick<WatchlistChanges, 'closed'>): void {
    changes.closed(marginAccount)
    this.#rows.removeAccount(marginAccount)
    this.#marginAccounts.remove(marginAccount)
  }
}

function kernelLevel(standing: Standing): number {
  return mustRepublish(standing) ? undecidedLevel(standing.level) : standing.level
}

function openPositionsOf({ positions }: Account): number {
  let count = 0
  for (const { size } of positions) if (/[1-9]/.test(size)) count++
  return count
}
