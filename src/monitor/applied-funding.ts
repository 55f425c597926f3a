import { type Account, type Clock, type IsolatedPays, positionKey, type RuleBook } from '../domain/index.ts'
import {
  type AccruedInterest,
  accountWithInterest,
  accountWithRollovers,
  bearsRollover,
  type ChargedRollover,
  dueTimesIn,
  FULL_HOURS,
  type FundedAccount,
  type FundingBooking,
  fundedAccountOf,
  isAsOfAhead,
  lastDueMs,
  rolloversIn,
  rolloversOf,
  walletPlace,
} from '../margin/index.ts'
import type { FundingHistory } from './funding-history.ts'
import type { FundingTimes } from './funding-times.ts'
import { isIn, type PositionPart } from './stored-terms.ts'
import type { WatchedAccounts } from './watched-accounts.ts'

/** What funding has done to one margin account since its balances were true. */
export interface MarginAccountFunding {
  readonly asOfMs: number
  /** In its balances already, in the order of their times. */
  readonly bookings: readonly FundingBooking[]
  /** From what isolated positions pay, where payments of such are among them. */
  readonly isolatedPays?: IsolatedPays
  /** A payment that is not in its balances is not known, or since when payments are missing. */
  readonly isUnknown: boolean
  /** A payment is on its way into its balances, until Redis keeps the record and the account is reached. */
  readonly isPending: boolean
}

/** The interest in the debts of one margin account. */
export interface MarginAccountInterest {
  readonly asOfMs: number
  /** The last full hour of which it is, and how many there are since `asOfMs`. */
  readonly upToMs: number
  readonly hours: number
  /** Each debt that states a rate. */
  readonly debts: readonly AccruedInterest[]
}

/** The rollover fees out of the wallet of one margin account. */
export interface MarginAccountRollover {
  readonly asOfMs: number
  /** The full minute up to which rollovers are charged. */
  readonly upToMs: number
  /** Each position that states a rate. */
  readonly positions: readonly ChargedRollover[]
}

/** What changes the balances of an account without a price. */
export type DueReason = 'funding' | 'interest' | 'rollover'

/**
 * The terms by which a margin account is judged. `funding` is absent if the account does not say when its balances were true,
 * `interest` too where no debt states a rate, `rollover` where no position does.
 */
export interface WatchedTerms extends Account {
  readonly funding?: MarginAccountFunding
  readonly interest?: MarginAccountInterest
  readonly rollover?: MarginAccountRollover
}

/** What a worker knows that applies funding. */
export interface FundingKnown {
  readonly history: FundingHistory
  readonly times: Pick<FundingTimes, 'isPending'>
  readonly clock: Pick<Clock, 'nowMs'>
}

/**
 * The funding, interest and rollovers in the balances of accounts under watch. They are no state of their own: they follow from
 * the stated balances, their time, and the records and full minutes up to the number that the account has, so they are the same
 * after a restart.
 */
export class AppliedFunding {
  readonly #accounts: WatchedAccounts
  readonly #known: FundingKnown | undefined

  constructor(accounts: WatchedAccounts, known: FundingKnown | undefined) {
    this.#accounts = accounts
    this.#known = known
  }

  /** Whether funding, interest and rollovers are applied to the account. */
  isIn(account: number): boolean {
    return this.#known !== undefined && this.#accounts.asOfMsOf(account) !== 0
  }

  /** Whether they would be applied to an account whose balances are stated for a time to come. */
  isAhead(account: Account): boolean {
    return this.#known !== undefined && isAsOfAhead(account, this.#known.clock.nowMs())
  }

  /** Number of the last record or full minute in force. */
  get last(): number {
    return this.#known?.history.last ?? 0
  }

  /** The stated account with its funding, interest and rollovers up to that number; the same object if none is applied to it. */
  funded(account: Account, book: RuleBook, upTo: number): Account {
    return this.#known === undefined || account.asOfMs === undefined
      ? account
      : this.#fundedBy(this.#known, account, book, upTo).account
  }

  /**
   * What changes the account behind the last number that it has, up to that one. `withRecords`: whether there are records, for
   * which the account has to be read.
   */
  dueOf(account: number, upTo: number, withRecords: boolean): DueReason | undefined {
    if (this.#known === undefined || !this.#accounts.has(account) || !this.isIn(account)) return undefined
    // Its rows are gone; what is put in its place has the funding of its time.
    if (this.#accounts.isSuspended(account)) return undefined
    const { history } = this.#known
    const from = this.#accounts.fundingOf(account)
    const asOfMs = this.#accounts.asOfMsOf(account)
    if (from >= upTo) return undefined
    if (withRecords && history.concern(this.#accounts.read(account), asOfMs, from, upTo)) return 'funding'
    return this.#chargeOf(account, history, from, upTo)
  }

  /** The last full minute in force. */
  get lastMinuteMs(): number {
    return this.#known === undefined ? 0 : this.#known.history.minuteMs(this.last)
  }

  termsOf(account: number, part: PositionPart, currency: string): WatchedTerms {
    if (this.#known === undefined || !this.isIn(account)) return this.#accounts.read(account, part)
    const stated = this.#accounts.read(account)
    const upTo = this.#accounts.fundingOf(account)
    const book = this.#accounts.bookOf(account)
    const { account: funded, bookings, unknown, pending } = this.#fundedBy(this.#known, stated, book, upTo)
    const minuteMs = this.#known.history.minuteMs(upTo)
    const interest =
      part.marginMode === 'cross' && this.#accounts.bearsInterest(account)
        ? interestOf(stated, minuteMs)
        : undefined
    const rollover =
      part.marginMode === 'cross' && this.#accounts.bearsRollover(account)
        ? rolloverOf(stated, book, minuteMs, currency)
        : undefined
    const positions = funded.positions.filter((position) => isIn(part, position))
    const [first] = positions
    const place =
      part.marginMode === 'cross' || first === undefined ? walletPlace(currency) : positionKey(first)
    const own = bookings.filter((booking) => booking.place === place)
    const isShared = own.some(({ marginMode }) => marginMode === 'isolated')
    return {
      ...funded,
      positions,
      funding: {
        asOfMs: stated.asOfMs!,
        bookings: own,
        ...(isShared ? { isolatedPays: book.defaults.funding!.isolated } : {}),
        isUnknown: unknown.has(place) || this.#accounts.isAsOfAhead(account),
        isPending: pending.has(place),
      },
      ...(interest === undefined ? {} : { interest }),
      ...(rollover === undefined ? {} : { rollover }),
    }
  }

  /** What has fallen due by the clock between both numbers. */
  #chargeOf(
    account: number,
    history: FundingHistory,
    from: number,
    upTo: number,
  ): 'interest' | 'rollover' | undefined {
    const isRolled = this.#accounts.bearsRollover(account)
    const bearsInterest = this.#accounts.bearsInterest(account)
    // Most accounts bear neither, and to look for their minute takes longer.
    if (!isRolled && !bearsInterest) return undefined
    const fromMs = Math.max(this.#accounts.asOfMsOf(account), history.minuteMs(from))
    const upToMs = history.minuteMs(upTo)
    if (bearsInterest && dueTimesIn(FULL_HOURS, fromMs, upToMs) > 0) return 'interest'
    if (!isRolled) return undefined
    const { positions } = this.#accounts.read(account)
    return positions.some((one) => bearsRollover(one) && rolloversIn(one, fromMs, upToMs) > 0)
      ? 'rollover'
      : undefined
  }

  #fundedBy({ history, times }: FundingKnown, account: Account, book: RuleBook, upTo: number): FundedAccount {
    const { venue, asOfMs } = account
    const minuteMs = history.minuteMs(upTo)
    const indebted = accountWithInterest(account, dueTimesIn(FULL_HOURS, asOfMs!, minuteMs)).account
    const charged = accountWithRollovers(indebted, book, asOfMs!, minuteMs).account
    return fundedAccountOf(charged, book, {
      recordsOf: (symbol) => history.recordsOf(venue, symbol, asOfMs!, upTo),
      isPending: (symbol) =>
        times.isPending(venue, symbol, Math.max(asOfMs!, history.coveredMs(venue, symbol, upTo))),
    })
  }
}

function interestOf(stated: Account, minuteMs: number): MarginAccountInterest {
  const asOfMs = stated.asOfMs!
  const upToMs = lastDueMs(FULL_HOURS, minuteMs)
  const hours = dueTimesIn(FULL_HOURS, asOfMs, upToMs)
  return { asOfMs, upToMs, hours, debts: accountWithInterest(stated, hours).accrued }
}

/** Undefined where no position of the margin account states a rate. */
function rolloverOf(
  stated: Account,
  book: RuleBook,
  upToMs: number,
  currency: string,
): MarginAccountRollover | undefined {
  const asOfMs = stated.asOfMs!
  const { charged } = accountWithRollovers(stated, book, asOfMs, upToMs)
  const positions = rolloversOf(charged, currency, stated)
  return positions.length === 0 ? undefined : { asOfMs, upToMs, positions }
}
