import { type Account, type LevelName, type MarginAccountProgress, venueId } from '../domain/index.ts'
import type { LevelRule } from '../margin/index.ts'
import { type Standing, standingOf } from './standing.ts'
import type { Subject } from './subject.ts'

/** A margin account with published history that is not under watch. */
export interface AbsentMarginAccount {
  readonly subject: Subject
  /** What is known of its account: all of it if the account itself is under watch, otherwise its id and venue. */
  readonly account: Account
  readonly standing: Standing
  /** Its level is an index of this rule. */
  readonly rule: LevelRule
}

/** What earlier runs published of accounts that have not been put yet, by account. */
export class AbsentAccounts {
  readonly #ruleFor: (own: readonly LevelName[] | undefined) => LevelRule
  readonly #byAccount = new Map<string, Map<string, MarginAccountProgress>>()

  /** `ruleFor` gives the rule of an account with these own levels. */
  constructor(ruleFor: (own: readonly LevelName[] | undefined) => LevelRule) {
    this.#ruleFor = ruleFor
  }

  /** Ids of the accounts. */
  accounts(): IterableIterator<string> {
    return this.#byAccount.keys()
  }

  has(account: string): boolean {
    return this.#byAccount.has(account)
  }

  restore(marginAccount: string, progress: MarginAccountProgress): void {
    const own = this.#byAccount.get(progress.account)
    if (own === undefined) this.#byAccount.set(progress.account, new Map([[marginAccount, progress]]))
    else own.set(marginAccount, progress)
  }

  /** `id` gives the id of a margin account of the account; it is called only if something is known of the account. */
  progressOf(account: string, id: () => string): MarginAccountProgress | undefined {
    return this.#byAccount.get(account)?.get(id())
  }

  /** The margin accounts of the account that are not `present`. */
  of(
    id: string,
    present?: { account: Account; has: (marginAccount: string) => boolean },
  ): AbsentMarginAccount[] {
    const absent: AbsentMarginAccount[] = []
    const rule = this.#ruleFor(present?.account.levels)
    for (const [marginAccount, progress] of this.#byAccount.get(id) ?? []) {
      if (present?.has(marginAccount) === true) continue
      const { marginMode, settle } = progress
      const venue = venueId(progress.venue)
      const nothing = { collateral: [], positions: [], liabilities: [] }
      absent.push({
        subject: {
          id: marginAccount,
          account: id,
          venue: present?.account.venue ?? venue,
          marginMode,
          currency: settle,
        },
        account: present?.account ?? { id, venue, version: 0, ...nothing },
        standing: standingOf(progress, rule),
        rule,
      })
    }
    return absent
  }

  forget(id: string): void {
    this.#byAccount.delete(id)
  }
}
