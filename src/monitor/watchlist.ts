import type { Account, RuleBook, VenueId } from '../domain/index.ts'
import { assert } from '../errors.ts'
import { type Kernel, undecidedLevel } from '../kernel/index.ts'
import { type LevelRule, type MarginAccount, marginAccountOf, type Steps } from '../margin/index.ts'
import { AbsentAccounts } from './absent-accounts.ts'
import { AccountParts } from './account-parts.ts'
import { AppliedFunding, type FundingKnown, type WatchedTerms } from './applied-funding.ts'
import { LevelRules } from './level-rules.ts'
import { LevelsLeft } from './levels-left.ts'
import type { Market } from './market.ts'
import type { Markets } from './markets.ts'
import { verdictReasons } from './pending-event.ts'
import { mustRepublish, type Standing } from './standing.ts'
import type { Subject } from './subject.ts'
import { WatchedAccounts } from './watched-accounts.ts'
import { WatchedMarginAccounts } from './watched-margin-accounts.ts'
import { WatchedRows } from './watched-rows.ts'

const NONE = -1
/** Margin accounts of a step, some 100 ns each. */
const ACCOUNTS_PER_STEP = 4_096

/**
 * The accounts under watch: their terms, their rows in the kernel, and the standing of each margin account. A margin account
 * is a number, the same as in the kernel. The number of one that is gone is given to the next. Knows no tick, makes no event.
 */
export class Watchlist {
  readonly #kernel: Kernel
  readonly #ruleBookOf: (venue: VenueId) => RuleBook
  readonly rules: LevelRules
  readonly #accounts: WatchedAccounts
  readonly #marginAccounts = new WatchedMarginAccounts()
  readonly #rows: WatchedRows
  readonly #parts: AccountParts
  readonly absent: AbsentAccounts
  readonly levelsLeft = new LevelsLeft()
  /** What funding has done to the balances of accounts. */
  readonly funding: AppliedFunding

  constructor(
    kernel: Kernel,
    markets: Markets,
    rule: LevelRule,
    ruleBookOf: (venue: VenueId) => RuleBook,
    funding?: FundingKnown,
  ) {
    this.#kernel = kernel
    this.#ruleBookOf = ruleBookOf
    this.rules = new LevelRules(kernel, rule)
    this.#accounts = new WatchedAccounts(this.rules)
    this.funding = new AppliedFunding(this.#accounts, funding)
    this.#parts = new AccountParts(markets)
    this.#rows = new WatchedRows(kernel, markets, this.rules)
    this.absent = new AbsentAccounts((own) => this.rules.ruleFor(own))
  }

  /** For `WatchlistEditor`, which alone changes them. */
  get columns() {
    return {
      accounts: this.#accounts,
      marginAccounts: this.#marginAccounts,
      parts: this.#parts,
      rows: this.#rows,
    }
  }

  get accounts(): number {
    return this.#accounts.size
  }
  get marginAccounts(): number {
    return this.#marginAccounts.size
  }
  /** Open positions of all accounts. */
  get positions(): number {
    return this.#accounts.openPositions
  }
  /** One more than the highest number of a margin account. */
  get marginAccountNumbers(): number {
    return this.#marginAccounts.numbers
  }

  /** The number of the account; −1 if it is not under watch. */
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

  /** One more than the highest number of an account. */
  get accountNumbers(): number {
    return this.#accounts.numbers
  }

  accountIdOf(account: number): string {
    return this.#accounts.idOf(account)
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

  venueOf(marginAccount: number): VenueId {
    return this.#accounts.venueOf(this.accountOf(marginAccount))
  }

  /** Whether the margin account has a position in the market; never while its account is suspended. */
  isOn(marginAccount: number, { instrument }: Market): boolean {
    return this.#rows.isOn(marginAccount, instrument)
  }

  /**
   * The instruments that margin accounts of the market are on, its own among them. In steps; margin accounts that come or go meanwhile
   * may be missing.
   */
  *instrumentsBesideSteps(market: Market): Steps<Set<number>> {
    const instruments = new Set<number>()
    for (let marginAccount = 0; marginAccount < this.marginAccountNumbers; marginAccount++) {
      if (this.has(marginAccount)) this.#rows.addBeside(marginAccount, market, instruments)
      if (marginAccount % ACCOUNTS_PER_STEP === 0) yield
    }
    return instruments
  }

  idOf(marginAccount: number): string {
    const account = this.accountOf(marginAccount)
    return this.#parts.idOf(this.#accounts.idOf(account), this.#marginAccounts.partOf(marginAccount))
  }

  /** The account that was put, with the positions that the margin account may hold, and with the funding since in its balances. */
  termsOf(marginAccount: number): WatchedTerms {
    const part = this.#parts.positionsOf(this.#marginAccounts.partOf(marginAccount))
    const currency = this.#parts.currencyAt(this.#marginAccounts.currencyOf(marginAccount))
    return this.funding.termsOf(this.accountOf(marginAccount), part, currency)
  }

  /** What every verdict on the margin account carries. */
  reasonsOf(marginAccount: number): readonly string[] {
    const account = this.accountOf(marginAccount)
    const { isUnknown, isPending } = this.funding.isIn(account)
      ? this.termsOf(marginAccount).funding!
      : { isUnknown: false, isPending: false }
    return verdictReasons(this.isLost(account), isUnknown || isPending)
  }

  /** The exact terms of a margin account, compiled anew. */
  exactOf(marginAccount: number): MarginAccount {
    const id = this.idOf(marginAccount)
    const terms = this.termsOf(marginAccount)
    const exact = marginAccountOf(terms, id, this.bookOf(marginAccount))
    assert(exact !== undefined, `${id} is not in its account`)
    return exact
  }

  /** The levels by which the margin account is judged. */
  ruleOf(marginAccount: number): LevelRule {
    return this.rules.at(this.#accounts.ruleNumberOf(this.accountOf(marginAccount)))
  }

  /** The level of the rule of the margin account that is the line. */
  breachLevelOf(marginAccount: number): number {
    return this.ruleOf(marginAccount).levels.length
  }

  /** The rule book from which the margin account is compiled. It may be older than that of its venue for a while. */
  bookOf(marginAccount: number): RuleBook {
    return this.#accounts.bookOf(this.accountOf(marginAccount))
  }

  ruleBookOf(venue: VenueId): RuleBook {
    return this.#ruleBookOf(venue)
  }

  /** Whether the venue of the account has another rule book than the one from which it is compiled. */
  hasOldBook(account: number): boolean {
    if (!this.#accounts.has(account)) return false
    return this.#accounts.bookOf(account) !== this.#ruleBookOf(this.#accounts.venueOf(account))
  }

  /** The account as it was put. */
  read(account: number): Account {
    return this.#accounts.read(account)
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

  /** Gives the kernel the level of the margin account. Where the next verdict must be published, the kernel hands it over in any case. */
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
}

export function kernelLevel(standing: Standing): number {
  return mustRepublish(standing) ? undecidedLevel(standing.level) : standing.level
}
