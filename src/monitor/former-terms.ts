import type { Account, AccountVersion, BackfillRequest } from '../domain/index.ts'
import type { Watchlist } from './watchlist.ts'

/** Accounts of which former terms are kept. Those of further ones are not known, and neither is what they missed. */
export const FORMER_TERMS_MAX = 100_000

interface Former {
  readonly account: Account | undefined | 'unknown'
  readonly untilMs: number
}

/**
 * The terms that accounts had before they changed, while prices of the past are read: what Redis said of the past then does not hold
 * those changes.
 */
export class FormerTerms {
  readonly #watchlist: Watchlist
  readonly #nowMs: () => number
  readonly #former = new Map<string, Former>()
  #expected = 0
  #kept = 0

  constructor(watchlist: Watchlist, nowMs: () => number) {
    this.#watchlist = watchlist
    this.#nowMs = nowMs
  }

  /** From here on changes are noted, until `forget` was called as often. */
  expect(): void {
    this.#expected++
  }

  forget(): void {
    if (--this.#expected > 0) return
    this.#former.clear()
    this.#kept = 0
  }

  /** Call before the terms of the account change, or it comes or goes. */
  note(id: string): void {
    if (this.#expected === 0 || this.#former.has(id)) return
    const account = this.#kept < FORMER_TERMS_MAX ? this.#termsOf(id) : 'unknown'
    if (typeof account === 'object') this.#kept++
    this.#former.set(id, { account, untilMs: this.#nowMs() })
  }

  /** With the accounts whose change came too late for Redis to be asked about. */
  addTo(versions: BackfillRequest['versions']): BackfillRequest['versions'] {
    if (this.#former.size === 0) return versions
    const all = new Map(versions)
    for (const [id, { account, untilMs }] of this.#former) {
      if (all.has(id)) continue
      const own: AccountVersion[] = [
        { fromMs: 0, account },
        { fromMs: untilMs, account: this.#termsOf(id) },
      ]
      all.set(id, own)
    }
    return all
  }

  #termsOf(id: string): Former['account'] {
    const number = this.#watchlist.find(id)
    if (number < 0) return undefined
    return this.#watchlist.isSuspended(number) ? 'unknown' : this.#watchlist.read(number)
  }
}
