import type { Account, MonitorCounters, RulesChange } from '../domain/index.ts'
import { AbsentEndings } from './absent-endings.ts'
import type { Announcer } from './announcer.ts'
import { Backfill } from './backfill.ts'
import { FundingPass } from './funding-pass.ts'
import type { MarketGaps } from './gaps.ts'
import { HeldMarkets } from './held-markets.ts'
import type { Judge } from './judge.ts'
import { NewRules } from './new-rules.ts'
import type { MonitorOptions } from './options.ts'
import type { MonitorParts } from './parts.ts'
import { isRefusal, RefusedAccounts } from './refused-accounts.ts'
import { isAboveSafe } from './standing.ts'
import { UnfilledGaps } from './unfilled-gaps.ts'
import { type Change, idOf, WaitingChanges } from './waiting-changes.ts'
import type { Watchlist } from './watchlist.ts'
import type { WatchlistChanges, WatchlistEditor } from './watchlist-editor.ts'

/**
 * Applies changes of the stored book and of rules between two instants. Changes that come while an instant is open, or faster
 * than they are applied, wait.
 */
export class Changes {
  readonly #options: MonitorOptions
  readonly #counters: MonitorCounters
  readonly #watchlist: Watchlist
  readonly #editor: WatchlistEditor
  readonly #judge: Judge
  readonly #announcer: Announcer
  readonly #heldMarkets: HeldMarkets
  readonly #waiting = new WaitingChanges()
  readonly #newRules = new NewRules()
  readonly funding: FundingPass
  readonly backfill: Backfill
  readonly unfilled: UnfilledGaps
  /** The first account that was not looked at for new rules. */
  #rulesAt = 0
  /** Margin accounts that the change in hand has changed, to be judged when all of it is done. */
  readonly #changed: number[] = []
  /** Accounts whose stored terms cannot be used. */
  readonly #refused = new RefusedAccounts()
  readonly #absentEndings: AbsentEndings

  constructor(options: MonitorOptions, counters: MonitorCounters, parts: MonitorParts, gaps: MarketGaps) {
    this.#options = options
    this.#counters = counters
    this.#watchlist = parts.watchlist
    this.#editor = parts.editor
    this.#judge = parts.judge
    this.#announcer = parts.announcer
    this.#heldMarkets = new HeldMarkets(parts, gaps, options.clock)
    const { watchlist, announcer } = parts
    this.#absentEndings = new AbsentEndings(watchlist, announcer, this.#refused, (gone) =>
      this.#listener.absent(gone),
    )
    this.backfill = new Backfill(options, parts)
    this.unfilled = new UnfilledGaps(options, parts.announcer)
    const beforeChange = (account: number) => this.backfill.beforeChangeOf(account)
    this.funding = new FundingPass(options, { ...parts, beforeChange }, (account, error) =>
      this.#isRefused(() => this.#watchlist.read(account), this.#watchlist.isLost(account), error),
    )
  }

  get waiting(): number {
    return this.unapplied + Number(this.backfill.isOpen) + Number(this.unfilled.isOpen)
  }

  /** Of the book, of rules and of funding: without what looks at the past. Asked for with every frame, so it makes no list. */
  get unapplied(): number {
    return this.#waiting.size + this.#newRules.size + Number(this.funding.isOpen)
  }

  push(change: Change): void {
    this.#waiting.push(change)
  }

  /**
   * The venue has another rule book, with other rules for the symbols. Accounts with a position there are compiled anew and
   * judged, in slices; until then each is judged by the rules from which it was compiled. Refused accounts are put again.
   */
  pushRules(change: RulesChange): void {
    const { venue } = change
    this.#newRules.add(change)
    this.#rulesAt = 0
    this.#waiting.pushRefused(venue, this.#refused.stepsOf(venue))
  }

  /** The stored account cannot be read, so it is not known to be closed. */
  refuse(account: string): void {
    this.#refused.addUnreadable(account)
  }

  /**
   * Call after the snapshot. Publishes `closed` for margin accounts with published history whose account is not in the book, and
   * `unknown` if the stored account is refused; `market-closed` for markets that are published as stale and that nobody holds.
   */
  loaded(): void {
    const { clock } = this.#options
    for (const id of this.#watchlist.absent.accounts())
      if (!this.#waiting.has(id)) this.push({ kind: 'absent', id })
    this.#heldMarkets.loaded()
    this.#announcer.begin(null, clock.nowMs(), clock.monotonicMs())
    this.#heldMarkets.announce(this.#waiting.size === 0)
    this.#announcer.end()
  }

  /** Applies changes until the given time, at least one, or looks at some refused accounts. */
  work(endMs: number): void {
    const { clock } = this.#options
    const isOver = () => clock.monotonicMs() > endMs
    if (!this.#waiting.queueRefused(isOver)) return
    for (const { change, isLost } of this.#waiting.take()) {
      this.apply(change)
      if (isLost) this.apply({ kind: 'lost', id: idOf(change) })
      if (isOver()) return
    }
    if (this.#newRules.size > 0) this.#workRules(endMs)
    if (this.unfilled.isOpen) this.unfilled.work()
    if (!isOver() && this.funding.isOpen) this.funding.work(endMs)
    if (!isOver() && this.backfill.isOpen) this.backfill.work(endMs)
  }

  #workRules(endMs: number): void {
    while (this.#rulesAt < this.#watchlist.accountNumbers) {
      const account = this.#rulesAt++
      if (this.#watchlist.hasOldBook(account) && !this.#watchlist.isSuspended(account))
        this.#takeRules(account)
      if (this.#options.clock.monotonicMs() > endMs) return
    }
    this.#newRules.clear()
  }

  #takeRules(account: number): void {
    if (this.#newRules.concern(this.#watchlist.read(account))) this.#recompile(account)
    else {
      // Open findings are of the book before.
      this.#settle(this.#watchlist.accountIdOf(account))
      this.#editor.takeBook(account)
    }
  }

  #recompile(account: number): void {
    const { clock } = this.#options
    const id = this.#watchlist.accountIdOf(account)
    this.backfill.beforeChangeOf(account)
    this.#announcer.begin(null, clock.nowMs(), clock.monotonicMs(), 'rules-changed')
    this.#settle(id)
    this.#judgeChanged(
      () => this.#watchlist.read(account),
      this.#watchlist.isLost(account),
      (changes) => this.#editor.recompile(account, changes),
    )
    this.#heldMarkets.announce(this.#waiting.size === 0)
    this.#announcer.end()
  }

  /** Applies a change now. A caller outside calls it only when no change waits. */
  apply(change: Change): void {
    const { clock } = this.#options
    const reason = change.kind === 'other-rules' ? 'rules-changed' : undefined
    this.backfill.beforeChange(idOf(change))
    this.#announcer.begin(null, clock.nowMs(), clock.monotonicMs(), reason)
    this.#settle(idOf(change))
    switch (change.kind) {
      case 'put':
        this.#put(change.account, false)
        break
      case 'removed':
        this.#remove(change.id)
        break
      case 'unreadable':
        this.#suspend(change.id, 'account-unreadable')
        break
      case 'lost':
        this.#lose(change.id)
        break
      case 'other-rules':
        this.#putAgain(change.id)
        break
      case 'absent':
        this.#absentEndings.end(change.id, 'account-refused')
        break
    }
    this.#heldMarkets.announce(this.#waiting.size === 0)
    this.#announcer.end()
  }

  /** Applies open findings to the account and keeps its terms for events that wait, before the terms change. */
  #settle(id: string): void {
    const account = this.#watchlist.find(id)
    if (account < 0) return
    for (const marginAccount of this.#watchlist.marginAccountsOf(account))
      this.#announcer.keepTerms(marginAccount)
  }

  /** `isLost`: Redis lost the account; it is put on the last terms that Redis had. */
  #put(account: Account, isLost: boolean): void {
    const isTaken = this.#judgeChanged(
      () => account,
      isLost,
      (changes) => {
        this.#editor.put(account, changes)
        if (isLost) this.#watchlist.lose(this.#watchlist.find(account.id))
      },
    )
    if (isTaken) this.#refused.delete(account.id)
  }

  /** Puts terms that the rules refused, if other rules are in force for their symbols. */
  #putAgain(id: string): void {
    const refused = this.#refused.termsOf(id)
    if (refused === undefined) return
    const { account, isLost } = refused
    // If `absent` waited in its place, nothing is lost: `unknown` was published when the rules refused the account.
    if (this.#newRules.concern(account)) this.#put(account, isLost)
  }

  /** Runs a change of the watchlist and judges the margin accounts that it changes. False when the rules refuse the account. */
  #judgeChanged(
    accountOf: () => Account,
    isLost: boolean,
    change: (changes: WatchlistChanges) => void,
  ): boolean {
    this.#changed.length = 0
    try {
      change(this.#listener)
    } catch (error) {
      if (!this.#isRefused(accountOf, isLost, error)) throw error
      return false
    }
    for (const marginAccount of this.#changed) this.#judge.judge(marginAccount)
    return true
  }

  /** Refuses an account for a fault that it threw; false for an error that is a bug. */
  #isRefused(accountOf: () => Account, isLost: boolean, error: unknown): boolean {
    if (!isRefusal(error)) return false
    const account = accountOf()
    this.#counters.accountsRefused++
    this.#suspend(account.id, 'account-refused')
    this.#refused.addTerms(account, isLost)
    this.#options.refused(account, error)
    return true
  }

  #remove(id: string): void {
    this.#refused.delete(id)
    this.#absentEndings.close(id)
    const account = this.#watchlist.find(id)
    if (account >= 0) this.#editor.remove(account, this.#listener)
  }

  /** The newest terms of the account cannot be used and the old ones no longer hold: it loses its verdicts. */
  #suspend(id: string, reason: string): void {
    this.#refused.addUnreadable(id)
    const account = this.#watchlist.find(id)
    if (account < 0) {
      this.#absentEndings.end(id, reason)
      return
    }
    for (const marginAccount of this.#watchlist.marginAccountsOf(account))
      this.#judge.apply(marginAccount, 'unknown', [reason])
    this.#editor.suspend(account)
  }

  /** Redis lost the account. It stays under watch on the last terms, and its verdicts carry the reason `book-lost`. */
  #lose(id: string): void {
    this.#refused.lose(id)
    const account = this.#watchlist.find(id)
    if (account < 0 || this.#watchlist.isLost(account)) return
    this.#watchlist.lose(account)
    if (this.#watchlist.isSuspended(account)) return
    for (const marginAccount of this.#watchlist.marginAccountsOf(account)) this.#loseVerdict(marginAccount)
  }

  #loseVerdict(marginAccount: number): void {
    if (!isAboveSafe(this.#watchlist.standingOf(marginAccount))) return
    this.#judge.apply(marginAccount, 'unknown', ['book-lost'])
    // From here on every tick nominates it, so the next one gives it a verdict.
    this.#options.kernel.recheckAccount(marginAccount)
  }

  /** Margin accounts that end are closed, and none of their numbers is given again. */
  readonly #listener: WatchlistChanges = {
    changed: (marginAccount) => this.#changed.push(marginAccount),
    closed: (marginAccount) => {
      this.#announcer.add(marginAccount, 'closed', [], undefined)
      this.#editor.leaveNumbers(this.#watchlist.standingOf(marginAccount))
    },
    absent: (marginAccount) => {
      this.#announcer.addAbsent(marginAccount, 'closed', [])
      this.#editor.leaveNumbers(marginAccount.standing)
    },
  }
}
