import { type Account, positionKey, type RuleBook } from '../domain/index.ts'
import { type FundedAccount, type FundingBooking, fundedAccountOf, walletPlace } from '../margin/index.ts'
import type { FundingHistory } from './funding-history.ts'
import type { FundingTimes } from './funding-times.ts'
import { isIn, type PositionPart } from './stored-terms.ts'
import type { WatchedAccounts } from './watched-accounts.ts'

/** What funding has done to one margin account since its balances were true. */
export interface MarginAccountFunding {
  readonly asOfMs: number
  /** In its balances already, in the order of their times. */
  readonly bookings: readonly FundingBooking[]
  /** A payment that is not in its balances is not known. */
  readonly isUnknown: boolean
  /** A payment is on its way into its balances, until Redis keeps the record and the account is reached. */
  readonly isPending: boolean
}

/** The terms by which a margin account is judged. `funding` is absent if the account does not say when its balances were true. */
export interface WatchedTerms extends Account {
  readonly funding?: MarginAccountFunding
}

/** What a worker knows that applies funding. */
export interface FundingKnown {
  readonly history: FundingHistory
  readonly times: Pick<FundingTimes, 'isPending'>
}

/**
 * The funding in the balances of accounts under watch. It is no state of its own: it follows from the stated balances, their
 * time, and the records up to the number that the account has, so it is the same after a restart.
 */
export class AppliedFunding {
  readonly #accounts: WatchedAccounts
  readonly #known: FundingKnown | undefined

  constructor(accounts: WatchedAccounts, known: FundingKnown | undefined) {
    this.#accounts = accounts
    this.#known = known
  }

  /** Whether funding is applied to the account. */
  isIn(account: number): boolean {
    return this.#known !== undefined && this.#accounts.asOfMsOf(account) !== 0
  }

  /** Number of the last record in force. */
  get last(): number {
    return this.#known?.history.last ?? 0
  }

  /** The stated account with its funding up to that record; the same object if none is applied to it. */
  funded(account: Account, book: RuleBook, upTo: number): Account {
    return this.#known === undefined || account.asOfMs === undefined
      ? account
      : this.#fundedBy(this.#known, account, book, upTo).account
  }

  /** Whether a record behind the last one of the account, up to that number, changes it. */
  isDue(account: number, upTo: number): boolean {
    if (this.#known === undefined || !this.#accounts.has(account) || !this.isIn(account)) return false
    // Its rows are gone; what is put in its place has the funding of its time.
    if (this.#accounts.isSuspended(account)) return false
    const from = this.#accounts.fundingOf(account)
    const asOfMs = this.#accounts.asOfMsOf(account)
    return from < upTo && this.#known.history.concern(this.#accounts.read(account), asOfMs, from, upTo)
  }

  termsOf(account: number, part: PositionPart, currency: string): WatchedTerms {
    if (this.#known === undefined || !this.isIn(account)) return this.#accounts.read(account, part)
    const stated = this.#accounts.read(account)
    const upTo = this.#accounts.fundingOf(account)
    const book = this.#accounts.bookOf(account)
    const { account: funded, bookings, unknown, pending } = this.#fundedBy(this.#known, stated, book, upTo)
    const positions = funded.positions.filter((position) => isIn(part, position))
    const [first] = positions
    const place =
      part.marginMode === 'cross' || first === undefined ? walletPlace(currency) : positionKey(first)
    return {
      ...funded,
      positions,
      funding: {
        asOfMs: stated.asOfMs!,
        bookings: bookings.filter((booking) => booking.place === place),
        isUnknown: unknown.has(place),
        isPending: pending.has(place),
      },
    }
  }

  #fundedBy({ history, times }: FundingKnown, account: Account, book: RuleBook, upTo: number): FundedAccount {
    const { venue, asOfMs } = account
    return fundedAccountOf(account, book, {
      recordsOf: (symbol) => history.recordsOf(venue, symbol, asOfMs!, upTo),
      isPending: (symbol) =>
        times.isPending(venue, symbol, Math.max(asOfMs!, history.coveredMs(venue, symbol, upTo))),
    })
  }
}
