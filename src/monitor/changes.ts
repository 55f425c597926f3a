import type { AccountChange } from '../domain/index.ts'
import { type FaultCode, PlimsollError } from '../errors.ts'
import type { Announcer } from './announcer.ts'
import type { Judge } from './judge.ts'
import type { MonitorCounters, MonitorOptions } from './options.ts'
import { isAboveSafe, progressAfter } from './standing.ts'
import type { Watched, WatchedAccount, WatchedBook } from './watchlist.ts'

/** What is wrong with an account, against a fault of the program, which must not pass for one. */
const REFUSALS: ReadonlySet<FaultCode> = new Set(['SYMBOL_UNKNOWN', 'RULES_INVALID', 'ACCOUNT_UNSUPPORTED'])

/** A change of the stored book; or an account that is not in it although something is published of it. */
type Change = AccountChange | { readonly kind: 'absent'; readonly id: string }

interface Waiting {
  readonly change: Change
  /** Redis lost the account after it was put. */
  readonly isLost: boolean
}

/**
 * Changes of the stored book, applied between two instants. Those that come while one is open, or faster than they
 * are applied, wait: only the last one of each account, so that no more wait than there are accounts.
 */
export class Changes {
  readonly #options: MonitorOptions
  readonly #counters: MonitorCounters
  readonly #book: WatchedBook
  readonly #judge: Judge
  readonly #announcer: Announcer
  readonly #waiting = new Map<string, Waiting>()
  /** Accounts whose stored terms cannot be used. */
  readonly #refused = new Set<string>()

  constructor(
    options: MonitorOptions,
    counters: MonitorCounters,
    parts: { book: WatchedBook; judge: Judge; announcer: Announcer },
  ) {
    this.#options = options
    this.#counters = counters
    this.#book = parts.book
    this.#judge = parts.judge
    this.#announcer = parts.announcer
  }

  get waiting(): number {
    return this.#waiting.size
  }

  push(change: Change): void {
    const id = change.kind === 'put' ? change.account.id : change.id
    const waiting = this.#waiting.get(id)
    if (change.kind === 'lost' && waiting !== undefined) {
      // What was put stays watched, on the terms that wait; what was removed or is unreadable has nothing to lose.
      this.#waiting.set(id, { change: waiting.change, isLost: true })
      return
    }
    // Taken out first: the newest of an account waits behind all that came before it.
    this.#waiting.delete(id)
    this.#waiting.set(id, { change, isLost: false })
  }

  /** A stored account that cannot be read. It is not known to be closed. */
  refuse(account: string): void {
    this.#refused.add(account)
  }

  /** Call after the snapshot. What is published of accounts that are not in the book is ended: closed, or unknown where they are refused. */
  loaded(): void {
    for (const id of this.#book.absentAccounts())
      if (!this.#waiting.has(id)) this.push({ kind: 'absent', id })
  }

  /** Applies what waits until the given time; at least one. */
  work(endMs: number): void {
    for (const [id, { change, isLost }] of this.#waiting) {
      this.#waiting.delete(id)
      this.#apply(change)
      if (isLost) this.#apply({ kind: 'lost', id })
      if (this.#options.clock.monotonicMs() > endMs) return
    }
  }

  #apply(change: Change): void {
    const { clock } = this.#options
    this.#announcer.begin(null, clock.nowMs(), clock.monotonicMs())
    this.#settle(change.kind === 'put' ? change.account.id : change.id)
    switch (change.kind) {
      case 'put':
        this.#put(change)
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
      case 'absent':
        this.#endAbsent(change.id, 'account-refused')
        break
    }
    this.#announcer.end()
  }

  /** What was found under the old terms is applied before they go. */
  #settle(id: string): void {
    const owner = this.#book.get(id)
    if (owner === undefined) return
    for (const watched of owner.margin.values()) this.#announcer.settle(watched)
  }

  #put({ account }: Extract<Change, { kind: 'put' }>): void {
    const changed: Watched[] = []
    try {
      this.#book.put(account, (watched) => changed.push(watched), this.#closed)
    } catch (error) {
      if (!(error instanceof PlimsollError) || !REFUSALS.has(error.code)) throw error
      this.#counters.accountsRefused++
      this.#suspend(account.id, 'account-refused')
      this.#options.refused(account, error)
      return
    }
    this.#refused.delete(account.id)
    for (const watched of changed) {
      this.#judge.judge(watched)
    }
  }

  #remove(id: string): void {
    this.#refused.delete(id)
    this.#closeAbsent(id)
    this.#book.remove(id, this.#closed)
  }

  /** Ends what is published of an account that is not in the book: closed, or unknown where it is refused. */
  #endAbsent(id: string, reason: string): void {
    if (!this.#refused.has(id)) this.#closeAbsent(id)
    else {
      for (const watched of this.#book.absentIn(id)) {
        if (!isAboveSafe(watched.standing)) continue
        this.#judge.note(watched, 'unknown', [reason])
        const { venue } = watched.owner.account
        const progress = progressAfter(
          watched.standing,
          { ...watched, account: id, venue },
          this.#options.rule.names,
        )
        if (progress !== null) this.#book.restore(watched.id, progress)
      }
    }
  }

  #closeAbsent(id: string): void {
    this.#book.absentIn(id).forEach(this.#closed)
    this.#book.forgetAbsent(id)
  }

  /** What is watched of an account whose new terms cannot be used has no verdict: the old terms are not true any more. */
  #suspend(id: string, reason: string): void {
    this.#refused.add(id)
    const owner = this.#book.get(id)
    if (owner === undefined) {
      this.#endAbsent(id, reason)
      return
    }
    for (const watched of owner.margin.values()) this.#judge.note(watched, 'unknown', [reason])
    this.#book.suspend(owner)
  }

  /** Redis lost the account. What memory holds of it stays watched; that its verdicts stand on lost terms is said. */
  #lose(id: string): void {
    const owner = this.#book.get(id)
    if (owner === undefined || owner.isLost) return
    owner.isLost = true
    for (const watched of owner.margin.values()) this.#loseVerdict(owner, watched)
  }

  #loseVerdict(owner: WatchedAccount, watched: Watched): void {
    if (owner.isSuspended || !isAboveSafe(watched.standing)) return
    this.#judge.note(watched, 'unknown', ['book-lost'])
    // It is nominated by every tick from here on, so that the next one gives it a verdict.
    this.#options.kernel.recheckAccount(watched.kernelAccount)
  }

  readonly #closed = (watched: Watched): void => {
    this.#judge.note(watched, 'closed')
    this.#book.leave(watched)
  }
}
