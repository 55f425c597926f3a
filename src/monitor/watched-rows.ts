import type { Account, VenueId } from '../domain/index.ts'
import { Compiler, floatTermsOf, type Kernel, type KernelTerms } from '../kernel/index.ts'
import type { MarginAccountPart } from '../margin/index.ts'
import { withRoom } from '../memory/index.ts'
import type { LevelRules } from './level-rules.ts'
import type { Market } from './market.ts'
import type { Markets } from './markets.ts'

/** Value of an instrument number for a margin account whose money is in a quote currency. */
const QUOTE = -1
const NONE = -1

/** The rows of margin accounts in the kernel, and the markets on which they are. */
export class WatchedRows {
  readonly #kernel: Kernel
  readonly #markets: Markets
  readonly #rules: LevelRules
  readonly #compilers = new Map<string, Compiler>()
  /** By margin account: the instrument whose mark values the coin of an inverse account, or QUOTE. */
  #valuedBy = new Int32Array()

  constructor(kernel: Kernel, markets: Markets, rules: LevelRules) {
    this.#kernel = kernel
    this.#markets = markets
    this.#rules = rules
  }

  /** Adds a margin account at a level of the kernel, judged by the rule of that number; returns its number. */
  add(account: Account, part: MarginAccountPart, level: number, rule: number): number {
    const terms = this.#termsOf(account, part, rule)
    const marginAccount = this.#compilerOf(account.venue).add(terms, level, this.#rules.inKernel(rule))
    this.#joinMarkets(account.venue, marginAccount, terms)
    return marginAccount
  }

  /** Gives the margin account new terms; its level stays. */
  replace(marginAccount: number, account: Account, part: MarginAccountPart, rule: number): void {
    const terms = this.#termsOf(account, part, rule)
    this.#leaveMarkets(marginAccount)
    this.#compilerOf(account.venue).replace(marginAccount, terms, this.#rules.inKernel(rule))
    this.#joinMarkets(account.venue, marginAccount, terms)
  }

  /** Takes its rows out of the kernel; the margin account stays, and no mark nominates it. */
  remove(marginAccount: number): void {
    this.#leaveMarkets(marginAccount)
    this.#kernel.removeRows(marginAccount)
  }

  removeAccount(marginAccount: number): void {
    this.#leaveMarkets(marginAccount)
    this.#kernel.removeAccount(marginAccount)
  }

  /** Distinct, in the order in which its rows were added. */
  marketsOf(marginAccount: number): Market[] {
    const instruments: number[] = []
    for (let row = this.#kernel.firstRow(marginAccount); row >= 0; row = this.#kernel.nextRow(row))
      instruments.push(this.#kernel.instrumentOf(row))
    // The kernel's list begins with the row that was added last.
    instruments.reverse()
    const distinct = instruments.length === 1 ? instruments : [...new Set(instruments)]
    return distinct.map((instrument) => this.#markets.at(instrument))
  }

  isOn(marginAccount: number, instrument: number): boolean {
    for (let row = this.#kernel.firstRow(marginAccount); row >= 0; row = this.#kernel.nextRow(row))
      if (this.#kernel.instrumentOf(row) === instrument) return true
    return false
  }

  /** Adds the instruments that the margin account is on to `instruments`, if it is on this one. */
  addBeside(marginAccount: number, { instrument }: Market, instruments: Set<number>): void {
    if (!this.isOn(marginAccount, instrument)) return
    for (let row = this.#kernel.firstRow(marginAccount); row >= 0; row = this.#kernel.nextRow(row))
      instruments.add(this.#kernel.instrumentOf(row))
  }

  inQuote(marginAccount: number, amount: number): number {
    const instrument = this.#valuedBy[marginAccount]!
    return instrument === QUOTE ? amount : amount * (this.#kernel.mark(instrument) || 1)
  }

  /** Exact arithmetic judges an account whose rule the kernel does not know. */
  #termsOf(account: Account, part: MarginAccountPart, rule: number): KernelTerms {
    const terms = floatTermsOf(account, part)
    return this.#rules.inKernel(rule).isKnown ? terms : { ...terms, isAlways: true }
  }

  #joinMarkets(venue: VenueId, marginAccount: number, { rows }: KernelTerms): void {
    // A pool of one currency has debts that no price moves.
    const first = rows[0]
    this.#valuedBy = withRoom(this.#valuedBy, marginAccount)
    this.#valuedBy[marginAccount] =
      first?.coordinate === 'reciprocal' ? this.#markets.require(venue, first.symbol).instrument : QUOTE
    for (const { symbol } of rows) {
      const market = this.#markets.require(venue, symbol)
      // A hedged position has two rows in one market.
      if (market.lastCounted === marginAccount) continue
      market.lastCounted = marginAccount
      this.#markets.join(market)
    }
  }

  #leaveMarkets(marginAccount: number): void {
    for (const market of this.marketsOf(marginAccount)) {
      if (market.lastCounted === marginAccount) market.lastCounted = NONE
      this.#markets.leave(market)
    }
  }

  #compilerOf(venue: VenueId): Compiler {
    let compiler = this.#compilers.get(venue)
    if (compiler === undefined) {
      compiler = new Compiler(this.#kernel, (symbol) => this.#markets.require(venue, symbol).instrument)
      this.#compilers.set(venue, compiler)
    }
    return compiler
  }
}
