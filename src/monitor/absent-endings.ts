import type { AbsentMarginAccount } from './absent-accounts.ts'
import type { Announcer } from './announcer.ts'
import type { RefusedAccounts } from './refused-accounts.ts'
import { isAboveSafe, progressAfter } from './standing.ts'
import type { Watchlist } from './watchlist.ts'

/** Ends what earlier runs published of margin accounts whose account is not under watch. */
export class AbsentEndings {
  readonly #watchlist: Watchlist
  readonly #announcer: Announcer
  readonly #refused: Pick<RefusedAccounts, 'has'>
  readonly #closed: (marginAccount: AbsentMarginAccount) => void

  /** `closed` is called with each margin account that is to be closed. */
  constructor(
    watchlist: Watchlist,
    announcer: Announcer,
    refused: Pick<RefusedAccounts, 'has'>,
    closed: (marginAccount: AbsentMarginAccount) => void,
  ) {
    this.#watchlist = watchlist
    this.#announcer = announcer
    this.#refused = refused
    this.#closed = closed
  }

  /** For an account that is not in the book: publishes `closed`, or `unknown` if the account is refused. */
  end(id: string, reason: string): void {
    if (!this.#refused.has(id)) {
      this.close(id)
      return
    }
    const { absent } = this.#watchlist
    for (const marginAccount of absent.of(id)) {
      const { subject, standing, rule } = marginAccount
      if (!isAboveSafe(standing)) continue
      this.#announcer.addAbsent(marginAccount, 'unknown', [reason])
      const progress = progressAfter(standing, subject, rule)
      if (progress !== null) absent.restore(subject.id, progress)
    }
  }

  close(id: string): void {
    const { absent } = this.#watchlist
    for (const marginAccount of absent.of(id)) this.#closed(marginAccount)
    absent.forget(id)
  }
}
