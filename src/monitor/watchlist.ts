import {
  type Account,
  type MarginAccountProgress,
  type MarginMode,
  type RuleBook,
  venueId,
} from '../domain/index.ts'
import { assert } from '../errors.ts'
import { Compiler, type Kernel, undecidedLevel } from '../kernel/index.ts'
import { type LevelRule, type MarginAccount, marginAccountOf, marginAccountsOf } from '../margin/index.ts'
import type { Market, Markets } from './markets.ts'
import { mustRepublish, newStanding, type Standing, standingOf } from './standing.ts'

/** One margin account under watch. Its exact terms are compiled when they are needed, and not kept. */
export interface Watched {
  readonly id: string
  readonly owner: WatchedAccount
  /** −1 for one that is not in the book. */
  readonly kernelAccount: number
  readonly standing: Standing
  readonly marginMode: MarginMode
  readonly settle: string
  /** Distinct, in the order of its rows. */
  markets: readonly Market[]
}

export interface WatchedAccount {
  account: Account
  readonly margin: Map<string, Watched>
  /** Its newest terms cannot be used: the old ones are not true any more, so nothing of it has a verdict. */
  isSuspended: boolean
  /** Redis lost it: what is watched are the last terms that Redis had. */
  isLost: boolean
}

/** The accounts as they stand in the kernel. Knows no tick and makes no event. */
export class WatchedBook {
  readonly #kernel: Kernel
  readonly #markets: Markets
  readonly #rule: LevelRule
  readonly #ruleBookOf: (venue: Account['venue']) => RuleBook
  readonly #accounts = new Map<string, WatchedAccount>()
  readonly #byKernelAccount: (Watched | undefined)[] = []
  /** The instrument whose mark values the coin of an inverse account, by number in the kernel; −1 for a quote currency. */
  readonly #valuedBy: number[] = []
  readonly #compilers = new Map<string, Compiler>()
  /** What is published of accounts that are not loaded yet, by account and margin account. */
  readonly #restored = new Map<string, Map<string, MarginAccountProgress>>()
  /** Above every number that a margin account without progress had before. */
  #sequenceFloor: number
  #marginAccounts = 0
  #suspended = 0
  #positions = 0

  constructor(
    kernel: Kernel,
    markets: Markets,
    rule: LevelRule,
    ruleBookOf: (venue: Account['venue']) => RuleBook,
    sequenceFloor: number,
  ) {
    this.#kernel = kernel
    this.#markets = markets
    this.#rule = rule
    this.#ruleBookOf = ruleBookOf
    this.#sequenceFloor = sequenceFloor
  }

  get accounts(): number {
    return this.#accounts.size
  }
  get marginAccounts(): number {
    return this.#marginAccounts
  }
  /** Margin accounts of suspended accounts. */
  get suspended(): number {
    return this.#suspended
  }
  get positions(): number {
    return this.#positions
  }
  /** One more than the highest number of a kernel account. */
  get kernelAccounts(): number {
    return this.#byKernelAccount.length
  }

  restore(id: string, progress: MarginAccountProgress): void {
    const restored = this.#restored.get(progress.account)
    if (restored === undefined) this.#restored.set(progress.account, new Map([[id, progress]]))
    else restored.set(id, progress)
  }

  at(kernelAccount: number): Watched | undefined {
    return this.#byKernelAccount[kernelAccount]
  }

  /** Of an account that the kernel names, which is in the book. */
  watchedAt(kernelAccount: number): Watched {
    const watched = this.at(kernelAccount)
    assert(watched !== undefined, 'a nominated account is not in the book')
    return watched
  }

  /** An amount of the settlement asset in quote currency, for ranking only: coin is valued at the account's first mark. */
  inQuote(kernelAccount: number, amount: number): number {
    const instrument = this.#valuedBy[kernelAccount]!
    return instrument < 0 ? amount : amount * (this.#kernel.mark(instrument) || 1)
  }

  get(account: string): WatchedAccount | undefined {
    return this.#accounts.get(account)
  }

  all(): IterableIterator<WatchedAccount> {
    return this.#accounts.values()
  }

  /** The exact terms of one margin account of the account; undefined where the account has no position there. */
  exactOf(account: Account, marginAccount: string): MarginAccount | undefined {
    return marginAccountOf(account, marginAccount, this.#ruleBookOf(account.venue))
  }

  ruleBookVersionOf(venue: Account['venue']): string {
    return this.#ruleBookOf(venue).version
  }

  /** Accounts with something published that are not in the book. */
  absentAccounts(): IterableIterator<string> {
    return this.#restored.keys()
  }

  /** The margin accounts with something published of an account that is not in the book; they are forgotten with `forgetAbsent`. */
  absentIn(id: string): Watched[] {
    const restored = this.#restored.get(id)
    return restored === undefined ? [] : this.#absentOf(id, restored, undefined)
  }

  forgetAbsent(id: string): void {
    this.#restored.delete(id)
  }

  #absentOf(
    id: string,
    restored: ReadonlyMap<string, MarginAccountProgress>,
    present: WatchedAccount | undefined,
  ): Watched[] {
    const gone = [...restored].filter(([marginAccount]) => present?.margin.has(marginAccount) !== true)
    return gone.map(([marginAccount, progress]) => {
      const venue = venueId(progress.venue)
      const nothing = { collateral: [], positions: [], liabilities: [] }
      const account: Account = present?.account ?? { id, venue, version: 0, ...nothing }
      const owner = { account, margin: new Map(), isSuspended: false, isLost: false }
      const { marginMode, settle } = progress
      const standing = standingOf(progress, this.#rule.names)
      return {
        id: marginAccount,
        owner,
        kernelAccount: -1,
        standing,
        marginMode,
        settle,
        markets: [],
      }
    })
  }

  /** An account whose new terms cannot be used: its rows fire no more, until a version comes that can. */
  suspend(owner: WatchedAccount): void {
    if (owner.isSuspended) return
    owner.isSuspended = true
    this.#suspended += owner.margin.size
    for (const watched of owner.margin.values()) {
      this.#kernel.removeRows(watched.kernelAccount)
      this.#leaveMarkets(watched)
    }
  }

  /**
   * Puts an account or a new version of it. `changed` gets every margin account that is new or has new terms,
   * `closed` every one that is gone, on the terms of the old version. Throws SYMBOL_UNKNOWN, RULES_INVALID or
   * ACCOUNT_UNSUPPORTED before anything has changed; KERNEL_CAPACITY when the kernel is full, which ends the run.
   */
  put(account: Account, changed: (watched: Watched) => void, closed: (watched: Watched) => void): void {
    const compiled = marginAccountsOf(account, this.#ruleBookOf(account.venue))
    const owner = this.#accounts.get(account.id) ?? this.#open(account)
    const ids = new Set(compiled.map(({ id }) => id))
    if (owner.isSuspended) this.#suspended -= owner.margin.size
    for (const watched of [...owner.margin.values()]) if (!ids.has(watched.id)) this.#drop(watched, closed)
    owner.isSuspended = false
    owner.isLost = false
    this.#positions += openPositions(account) - openPositions(owner.account)
    owner.account = account
    const restored = this.#restored.get(account.id)
    for (const marginAccount of compiled) {
      const known = owner.margin.get(marginAccount.id)
      if (known === undefined) changed(this.#add(owner, marginAccount, restored?.get(marginAccount.id)))
      else {
        this.#replace(known, marginAccount)
        changed(known)
      }
    }
    if (restored === undefined) return
    for (const watched of this.#absentOf(account.id, restored, owner)) closed(watched)
    this.#restored.delete(account.id)
  }

  #open(account: Account): WatchedAccount {
    const owner: WatchedAccount = { account, margin: new Map(), isSuspended: false, isLost: false }
    this.#accounts.set(account.id, owner)
    this.#positions += openPositions(account)
    return owner
  }

  remove(id: string, closed: (watched: Watched) => void): void {
    const owner = this.#accounts.get(id)
    if (owner === undefined) return
    if (owner.isSuspended) this.#suspended -= owner.margin.size
    for (const watched of [...owner.margin.values()]) this.#drop(watched, closed)
    this.#positions -= openPositions(owner.account)
    this.#accounts.delete(id)
  }

  #add(owner: WatchedAccount, exact: MarginAccount, progress: MarginAccountProgress | undefined): Watched {
    const standing =
      progress === undefined ? newStanding(this.#sequenceFloor) : standingOf(progress, this.#rule.names)
    const kernelAccount = this.#compilerOf(owner.account.venue).add(exact, kernelLevel(standing))
    const { id, marginMode, currency: settle } = exact
    const watched: Watched = {
      id,
      owner,
      kernelAccount,
      standing,
      marginMode,
      settle,
      markets: [],
    }
    this.#joinMarkets(watched, exact)
    owner.margin.set(id, watched)
    this.#byKernelAccount[kernelAccount] = watched
    this.#marginAccounts++
    return watched
  }

  #replace(watched: Watched, exact: MarginAccount): void {
    const { owner, kernelAccount, standing } = watched
    this.#compilerOf(owner.account.venue).replace(kernelAccount, exact)
    this.#kernel.setAccountLevel(kernelAccount, kernelLevel(standing))
    this.#leaveMarkets(watched)
    this.#joinMarkets(watched, exact)
  }

  /** A margin account that is watched no more leaves its numbers: none is given again. */
  leave({ standing }: Watched): void {
    this.#sequenceFloor = Math.max(this.#sequenceFloor, standing.sequence)
  }

  #drop(watched: Watched, closed: (watched: Watched) => void): void {
    closed(watched)
    this.#leaveMarkets(watched)
    watched.owner.margin.delete(watched.id)
    this.#kernel.removeAccount(watched.kernelAccount)
    this.#byKernelAccount[watched.kernelAccount] = undefined
    this.#marginAccounts--
  }

  #joinMarkets(watched: Watched, { venue, curves }: MarginAccount): void {
    const symbols = new Set(curves.map(({ symbol }) => symbol))
    watched.markets = [...symbols].map((symbol) => this.#markets.require(venue, symbol))
    const isInverse = curves[0]?.coordinate === 'reciprocal'
    this.#valuedBy[watched.kernelAccount] = isInverse ? watched.markets[0]!.instrument : -1
    for (const market of watched.markets) market.marginAccounts++
  }

  #leaveMarkets(watched: Watched): void {
    for (const market of watched.markets) market.marginAccounts--
    watched.markets = []
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

/** The kernel hands every verdict over that must be published, whatever its level. */
export function kernelLevel(standing: Standing): number {
  return mustRepublish(standing) ? undecidedLevel(standing.level) : standing.level
}

function openPositions(account: Account): number {
  return account.positions.reduce((count, position) => count + (/[1-9]/.test(position.size) ? 1 : 0), 0)
}
