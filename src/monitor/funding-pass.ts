import type { FundingRecord } from '../domain/index.ts'
import { FULL_HOURS, lastDueMs } from '../margin/index.ts'
import type { DueReason } from './applied-funding.ts'
import type { MonitorOptions } from './options.ts'
import type { MonitorParts } from './parts.ts'
import { FUNDING_UNKNOWN } from './pending-event.ts'
import { isAboveSafe } from './standing.ts'

/** Accounts that are looked at between two looks at the clock: most of them have nothing to pay, which takes some 20 ns. */
const ACCOUNTS_PER_LOOK = 1_024

interface FundedParts extends MonitorParts {
  /** Called before the balances of the account change. */
  readonly beforeChange: (account: number) => void
}

/**
 * Brings funding records, and the interest and rollovers up to a full minute, that came into force into the balances of accounts, one account after
 * the other, in slices. What comes meanwhile waits for the next pass, so an account is compiled once for all that a funding time
 * brings.
 */
export class FundingPass {
  readonly #options: MonitorOptions
  readonly #parts: FundedParts
  readonly #isRefused: (account: number, error: unknown) => boolean
  /** The pass in hand: the last number that it applies, 0 without a pass; and the time of its newest record, 0 without one. */
  #upTo = 0
  #fundingTimeMs = 0
  /** The last full minute of the pass. */
  #minuteMs = 0
  /** The first account that was not looked at. */
  #at = 0
  /** The newest funding time of records that wait for the next pass; 0 without one. */
  #waitingTimeMs = 0
  /** A full minute waits for the next pass. */
  #isMinuteWaiting = false

  /** `isRefused`: what an account threw that the rules refuse with its new balances; false for a bug. */
  constructor(
    options: MonitorOptions,
    parts: FundedParts,
    isRefused: (account: number, error: unknown) => boolean,
  ) {
    this.#options = options
    this.#parts = parts
    this.#isRefused = isRefused
  }

  /** Whether a record or a full minute has not reached all accounts. */
  get isOpen(): boolean {
    return this.#upTo !== 0 || this.#waitingTimeMs !== 0 || this.#isMinuteWaiting
  }

  push({ fundingTimeMs }: FundingRecord): void {
    this.#waitingTimeMs = Math.max(this.#waitingTimeMs, fundingTimeMs)
  }

  pushMinute(): void {
    this.#isMinuteWaiting = true
  }

  /** Works until the given time, at least one look. */
  work(endMs: number): void {
    while (this.isOpen) {
      this.#look()
      if (this.#options.clock.monotonicMs() > endMs) return
    }
  }

  /** Looks at accounts until one is changed. */
  #look(): void {
    const { watchlist } = this.#parts
    if (this.#upTo === 0) this.#open()
    for (let looked = 0; looked < ACCOUNTS_PER_LOOK; looked++) {
      if (this.#at >= watchlist.accountNumbers) {
        this.#upTo = 0
        return
      }
      const account = this.#at++
      const due = watchlist.funding.dueOf(account, this.#upTo, this.#fundingTimeMs !== 0)
      if (due === undefined) continue
      this.#apply(account, due)
      return
    }
  }

  #open(): void {
    this.#upTo = this.#parts.watchlist.funding.last
    this.#fundingTimeMs = this.#waitingTimeMs
    this.#minuteMs = this.#parts.watchlist.funding.lastMinuteMs
    this.#waitingTimeMs = 0
    this.#isMinuteWaiting = false
    this.#at = 0
  }

  #apply(account: number, reason: DueReason): void {
    const { clock } = this.#options
    const dueMs = this.#dueMs(reason)
    const { watchlist, announcer, editor, markets, judge, beforeChange } = this.#parts
    beforeChange(account)
    announcer.begin(dueMs, clock.nowMs(), clock.monotonicMs(), reason)
    const known = new Set<number>()
    for (const marginAccount of watchlist.marginAccountsOf(account)) {
      announcer.keepTerms(marginAccount)
      if (!this.#isUnknown(marginAccount)) known.add(marginAccount)
    }
    const changed: number[] = []
    try {
      editor.fund(account, this.#upTo, {
        changed: (marginAccount) => changed.push(marginAccount),
        // The positions stay what they were.
        closed: () => undefined,
        absent: () => undefined,
      })
    } catch (error) {
      // A payment may leave a debt of which the rules do not say what it asks for.
      if (!this.#isRefused(account, error)) throw error
    }
    for (const marginAccount of changed) {
      if (known.has(marginAccount) && this.#isUnknown(marginAccount)) this.#loseVerdict(marginAccount)
      judge.judge(marginAccount)
    }
    for (const transition of markets.takeTransitions(false)) announcer.addMarket(transition)
    announcer.end()
  }

  /** When what falls due takes effect: a rollover with the full minute at or after it. */
  #dueMs(reason: DueReason): number {
    switch (reason) {
      case 'funding':
        return this.#fundingTimeMs
      case 'interest':
        return lastDueMs(FULL_HOURS, this.#minuteMs)
      case 'rollover':
        return this.#minuteMs
    }
  }

  #isUnknown(marginAccount: number): boolean {
    return this.#parts.watchlist.termsOf(marginAccount).funding?.isUnknown === true
  }

  /**
   * A level above safe is published of a balance that is not known any more. The verdict that follows carries the reason. One
   * that was given while the record was on its way carries it already, and stands.
   */
  #loseVerdict(marginAccount: number): void {
    const { watchlist, judge } = this.#parts
    const standing = watchlist.standingOf(marginAccount)
    if (standing.unknown || standing.saysFundingUnknown || !isAboveSafe(standing)) return
    judge.apply(marginAccount, 'unknown', [FUNDING_UNKNOWN])
  }
}
