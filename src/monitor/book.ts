import type { Account, AccountProgress, RuleBook, VenueId } from '../domain/index.ts'
import { assert } from '../errors.ts'
import { Compiler, type Kernel, LEVEL_NONE } from '../kernel/index.ts'
import { type LevelRule, type MarginAccount, marginAccountsOf, ZERO } from '../margin/index.ts'
import { isToldAfresh, type Standing, standingOf } from './episode.ts'
import type { Markets } from './markets.ts'

/** One margin account under watch. The exact terms are compiled when they are asked for. */
export interface Watched {
  readonly id: string
  owner: WatchedAccount
  readonly kernelAccount: number
  readonly standing: Standing
  exact: MarginAccount | undefined
  /** Told by an earlier run and not in the book: without rows and without an account of the kernel. */
  readonly isAbsent: boolean
}

export interface WatchedAccount {
  account: Account
  /** What has been told of the account: the number of its last event, and where that left its margin accounts. */
  readonly told: AccountProgress
  readonly margin: Map<string, Watched>
}

/** The accounts as they stand in the kernel. Knows no tick and makes no event. */
export class WatchedBook {
  readonly #kernel: Kernel
  readonly #markets: Markets
  readonly #rule: LevelRule
  readonly #ruleBookOf: (venue: Account['venue']) => RuleBook
  readonly #accounts = new Map<string, WatchedAccount>()
  readonly #byKernelAccount: (Watched | undefined)[] = []
  readonly #compilers = new Map<string, Compiler>()
  /** What was told of accounts that are not loaded yet, or any more. */
  readonly #told = new Map<string, AccountProgress>()
  #marginAccounts = 0
  #positions = 0

  constructor(
    kernel: Kernel,
    markets: Markets,
    rule: LevelRule,
    ruleBookOf: (venue: Account['venue']) => RuleBook,
  ) {
    this.#kernel = kernel
    this.#markets = markets
    this.#rule = rule
    this.#ruleBookOf = ruleBookOf
  }

  get accounts(): number {
    return this.#accounts.size
  }
  get marginAccounts(): number {
    return this.#marginAccounts
  }
  get positions(): number {
    return this.#positions
  }
  /** One more than the highest number of a kernel account. */
  get kernelAccounts(): number {
    return this.#byKernelAccount.length
  }

  restore(account: string, progress: AccountProgress): void {
    this.#told.set(account, progress)
  }

  at(kernelAccount: number): Watched | undefined {
    return this.#byKernelAccount[kernelAccount]
  }

  get(account: string): WatchedAccount | undefined {
    return this.#accounts.get(account)
  }

  /** The exact terms. They are kept until `release`. */
  exactOf(watched: Watched): MarginAccount {
    if (watched.exact !== undefined) return watched.exact
    const found = this.#compile(watched.owner.account).find(
      (marginAccount) => marginAccount.id === watched.id,
    )
    assert(found !== undefined, `${watched.id} is not in its account`)
    watched.exact = found
    return found
  }

  /** Forgets the exact terms of an account that is not near a line: most are never asked for again. */
  release(watched: Watched): void {
    if (watched.standing.level === 0) watched.exact = undefined
  }

  /** Margin accounts of which something was told, whether or not that is over, of accounts that are not in the book. */
  absent(): Watched[] {
    return [...this.#told.keys()].flatMap((account) => this.absentIn(account))
  }

  /** The same of one such account. */
  absentIn(id: string): Watched[] {
    const told = this.#told.get(id)
    if (told === undefined) return []
    const venue = (Object.values(told.marginAccounts)[0]?.venue ?? 'bybit') as VenueId
    const account = { id, venue, version: 0, collateral: [], positions: [], liabilities: [] }
    return this.#absentOf({ account, told, margin: new Map() })
  }

  #absentOf(owner: WatchedAccount): Watched[] {
    const { id: account, version: accountVersion } = owner.account
    const gone = Object.entries(owner.told.marginAccounts).filter(([id]) => !owner.margin.has(id))
    return gone.map(([id, progress]) => {
      const { venue, marginMode, settle } = progress
      const ruleBook = this.#ruleBookOf(venue as VenueId)
      const exact: MarginAccount = {
        ...{ id, account, accountVersion, venue, marginMode, settle, rows: [] },
        ...{ walletBalance: ZERO, constant: ZERO },
        ...{ liquidation: ruleBook.margin.liquidation, ruleBook: ruleBook.version, rulesAsOfMs: null },
      }
      const standing = standingOf(progress, this.#rule.names)
      return { id, owner, kernelAccount: -1, standing, exact, isAbsent: true }
    })
  }

  /** An account whose new terms are refused: its rows fire no more, until a version comes that is not. */
  suspend(owner: WatchedAccount): void {
    for (const watched of owner.margin.values()) {
      this.#kernel.removeRows(watched.kernelAccount)
      this.#kernel.setAccountLevel(watched.kernelAccount, LEVEL_NONE)
    }
  }

  /**
   * Puts an account or a new version of it. `changed` gets every margin account that is new or has new terms,
   * `closed` every one that is gone. Throws SYMBOL_UNKNOWN or RULES_INVALID before anything has changed;
   * KERNEL_CAPACITY when the kernel is full, which ends the run.
   */
  put(account: Account, changed: (watched: Watched) => void, closed: (watched: Watched) => void): void {
    const compiled = this.#compile(account)
    const opened = !this.#accounts.has(account.id)
    const owner = this.#accounts.get(account.id) ?? this.#open(account)
    // What is gone is told on the terms of the old version, so before the new one is in place.
    const ids = new Set(compiled.map((marginAccount) => marginAccount.id))
    for (const watched of [...owner.margin.values()]) if (!ids.has(watched.id)) this.#drop(watched, closed)
    this.#positions += openPositions(account) - openPositions(owner.account)
    owner.account = account
    for (const marginAccount of compiled) {
      const known = owner.margin.get(marginAccount.id)
      if (known === undefined) changed(this.#add(owner, marginAccount))
      else {
        known.exact = undefined
        this.#compilerOf(account.venue).replace(known.kernelAccount, marginAccount)
        changed(known)
      }
    }
    // What was told of the account before it came into the book, and what it does not hold any more.
    if (opened) for (const watched of this.#absentOf(owner)) closed(watched)
  }

  #open(account: Account): WatchedAccount {
    const told = this.#told.get(account.id) ?? { sequence: 0, marginAccounts: {} }
    this.#told.delete(account.id)
    const owner: WatchedAccount = { account, told, margin: new Map() }
    this.#accounts.set(account.id, owner)
    this.#positions += openPositions(account)
    return owner
  }

  remove(id: string, closed: (watched: Watched) => void): void {
    const owner = this.#accounts.get(id)
    if (owner === undefined) return
    for (const watched of [...owner.margin.values()]) this.#drop(watched, closed)
    this.#positions -= openPositions(owner.account)
    this.#accounts.delete(id)
    this.#told.set(id, owner.told)
  }

  #compile(account: Account): MarginAccount[] {
    return marginAccountsOf(account, this.#ruleBookOf(account.venue))
  }

  #add(owner: WatchedAccount, marginAccount: MarginAccount): Watched {
    const standing = standingOf(owner.told.marginAccounts[marginAccount.id], this.#rule.names)
    const level = isToldAfresh(standing) ? LEVEL_NONE : standing.level
    const kernelAccount = this.#compilerOf(owner.account.venue).add(marginAccount, level)
    const { id } = marginAccount
    const watched: Watched = { id, owner, kernelAccount, standing, exact: undefined, isAbsent: false }
    owner.margin.set(watched.id, watched)
    this.#byKernelAccount[kernelAccount] = watched
    this.#marginAccounts++
    return watched
  }

  #drop(watched: Watched, closed: (watched: Watched) => void): void {
    closed(watched)
    watched.owner.margin.delete(watched.id)
    this.#kernel.removeAccount(watched.kernelAccount)
    this.#byKernelAccount[watched.kernelAccount] = undefined
    this.#marginAccounts--
  }

  #compilerOf(venue: Account['venue']): Compiler {
    let compiler = this.#compilers.get(venue)
    if (compiler === undefined) {
      compiler = new Compiler(this.#kernel, (symbol) => this.#markets.require(venue, symbol).instrument)
      this.#compilers.set(venue, compiler)
    }
    return compiler
  }
}

function openPositions(account: Account): number {
  return account.positions.reduce((count, position) => count + (/[1-9]/.test(position.size) ? 1 : 0), 0)
}
