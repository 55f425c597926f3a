// What funding has done to an account since its balances were stated.
import {
  type Account,
  type Collateral,
  type FundingRecord,
  type FundingRule,
  type FundingTerms,
  type InstrumentRules,
  type MarginMode,
  type Position,
  positionKey,
  type RuleBook,
} from '../domain/index.ts'
import { isOpen } from './account-faults.ts'
import { exactNumbers } from './algebra.ts'
import { isolatedMarginOf } from './closing-fee.ts'
import { markValueOf, type RuledPosition, sizedPositionOf } from './position-value.ts'
import {
  add,
  div,
  floorTo,
  formatDecimal,
  max,
  mul,
  neg,
  ONE,
  parseDecimal,
  powerOfTen,
  type Rational,
  sub,
  ZERO,
} from './rational.ts'

/** Digits after the point of a payment. Venues print 8; what is below the last one is charged to the account. */
export const FUNDING_DECIMALS = 12
const UNIT: Rational = { n: 1n, d: powerOfTen(FUNDING_DECIMALS) }

/**
 * What a payment changes: `cross:` and the currency of its margin account for the wallet, `positionKey` for the margin of an
 * isolated position.
 */
export type FundingPlace = string

/** One payment of one position, or the part of it that went to one place. Amounts are in the settlement asset, below zero if paid. */
export interface FundingBooking {
  readonly place: FundingPlace
  /** In which it is paid. */
  readonly asset: string
  readonly symbol: string
  readonly marginMode: MarginMode
  readonly size: string
  readonly fundingTimeMs: number
  readonly fundingRate: string
  readonly markPrice: string
  /** All that the position received. */
  readonly payment: string
  /** What of it went to this place. */
  readonly booked: Rational
}

export interface FundedAccount {
  /** The account with all payments in its balances. */
  readonly account: Account
  /** In the order of their times. */
  readonly bookings: readonly FundingBooking[]
  /** Places with a payment that is not known. */
  readonly unknown: ReadonlySet<FundingPlace>
  /** Places with a payment on its way. */
  readonly pending: ReadonlySet<FundingPlace>
}

/** What is known of the funding of markets since the balances were stated. */
export interface FundingSince {
  recordsOf(symbol: string): readonly FundingRecord[]
  /** Whether funding of the market is on its way: a time has passed whose record is not in force, or nothing was said of any. */
  isPending(symbol: string): boolean
}

/** `currency`: that of the cross margin account: the settlement asset, or what a pool is valued in. */
export function walletPlace(currency: string): FundingPlace {
  return `cross:${currency}`
}

/**
 * −value·rate at the mark, in the settlement asset, rounded down to FUNDING_DECIMALS: with a rate above zero long positions
 * pay. The position is the one that the account states.
 */
export function fundingPaymentOf(ruled: RuledPosition, markPrice: Rational, rate: Rational): Rational {
  const size = parseDecimal(ruled.position.size)
  const sized = sizedPositionOf(exactNumbers, ruled, size)
  const paid = mul(markValueOf(sized, markPrice), rate)
  return floorTo(sized.isLong ? neg(paid) : paid, UNIT)
}

/** Whether the contract has funding. Spot margin has none, whatever its symbol. */
export function paysFunding(
  { symbol }: Pick<Position, 'symbol'>,
  { maintenance }: InstrumentRules,
  { perpetual }: FundingRule,
): boolean {
  return perpetual.test(symbol) && maintenance.kind !== 'used-margin'
}

/** Applies the funding since the balances of the account were stated. The positions are taken to have been held throughout. */
export function fundedAccountOf(account: Account, book: RuleBook, since: FundingSince): FundedAccount {
  const rule = book.defaults.funding
  const balances = new Balances(account, book)
  const due: Due[] = []
  for (const position of rule === undefined ? [] : account.positions) {
    const rules = book.rulesOf(position.symbol)
    if (!isOpen(position) || rules === undefined || !paysFunding(position, rules, rule!)) continue
    const ruled = { position, rules, defaults: book.defaults }
    if (rule!.payment === 'not-computed') balances.lack(ruled, rule!)
    else if (since.isPending(position.symbol)) balances.await(ruled, rule!)
    for (const record of since.recordsOf(position.symbol)) due.push({ ruled, record })
  }
  // A stable sort: the bookings of one time keep the order of the account.
  due.sort((left, right) => left.record.fundingTimeMs - right.record.fundingTimeMs)
  for (let from = 0, to = 0; from < due.length; from = to) {
    const { fundingTimeMs } = due[from]!.record
    while (due[to]?.record.fundingTimeMs === fundingTimeMs) to++
    balances.payTogether(due.slice(from, to), rule!)
  }
  return balances.funded()
}

/** A position, and a record of its market that falls due. */
interface Due {
  readonly ruled: RuledPosition
  readonly record: FundingRecord
}

/** A payment, and the part of it that the wallet takes. */
interface Payment {
  readonly ruled: RuledPosition
  readonly fundingTimeMs: number
  readonly terms: FundingTerms
  readonly amount: Rational
  toWallet: Rational
}

class Balances {
  readonly #account: Account
  readonly #book: RuleBook
  readonly #wallet = new Map<string, Rational>()
  readonly #margins = new Map<Position, Rational>()
  readonly #bookings: FundingBooking[] = []
  readonly #unknown = new Set<FundingPlace>()
  readonly #pending = new Set<FundingPlace>()

  constructor(account: Account, book: RuleBook) {
    this.#account = account
    this.#book = book
  }

  /** A payment of the position is not known. */
  lack(ruled: RuledPosition, rule: FundingRule): void {
    for (const place of this.#placesOf(ruled, rule)) this.#unknown.add(place)
  }

  /** A payment of the position is on its way. */
  await(ruled: RuledPosition, rule: FundingRule): void {
    for (const place of this.#placesOf(ruled, rule)) this.#pending.add(place)
  }

  /**
   * Books what fell due at one funding time. No venue states in which order it charges the positions of a wallet, so none
   * counts: what is paid comes before what is received, that of cross positions first, and a wallet that is too small for
   * all isolated ones pays the same share of each. So their own margins pay the most that any order could leave them
   * together.
   */
  payTogether(due: readonly Due[], rule: FundingRule): void {
    const byAsset = new Map<string, Payment[]>()
    const payments: Payment[] = []
    for (const { ruled, record } of due) {
      const { terms, fundingTimeMs } = record
      if (terms === 'unknown') {
        this.lack(ruled, rule)
        continue
      }
      const amount = fundingPaymentOf(ruled, parseDecimal(terms.markPrice), parseDecimal(terms.fundingRate))
      const payment = { ruled, fundingTimeMs, terms, amount, toWallet: ZERO }
      payments.push(payment)
      const asset = ruled.rules.settlementAsset
      byAsset.set(asset, [...(byAsset.get(asset) ?? []), payment])
    }
    for (const [asset, together] of byAsset) this.#share(asset, together, rule)
    for (const payment of payments) this.#put(payment)
  }

  /** Says what the wallet of the asset takes of each payment. */
  #share(asset: string, payments: readonly Payment[], { isolated }: FundingRule): void {
    let held = this.#walletOf(asset) ?? ZERO
    let owed = ZERO
    for (const payment of payments) {
      const isCross = payment.ruled.position.marginMode === 'cross'
      if (isCross || (isolated === 'wallet-first' && payment.amount.n > 0n)) payment.toWallet = payment.amount
      if (payment.amount.n > 0n) continue
      if (isCross) held = add(held, payment.amount)
      else owed = sub(owed, payment.amount)
    }
    if (isolated === 'own-margin' || owed.n === 0n) return
    const lacking = max(ZERO, sub(owed, max(ZERO, held)))
    for (const payment of payments) {
      if (payment.ruled.position.marginMode === 'cross' || payment.amount.n >= 0n) continue
      const toMargin = floorTo(div(mul(payment.amount, lacking), owed), UNIT)
      payment.toWallet = sub(payment.amount, toMargin)
    }
  }

  /** A wallet that is not stated takes nothing: what it receives stands behind no position. */
  #put({ ruled, fundingTimeMs, terms, amount, toWallet }: Payment): void {
    const { position, rules } = ruled
    const asset = rules.settlementAsset
    const book = (place: FundingPlace, booked: Rational) =>
      this.#bookings.push({
        place,
        asset,
        symbol: position.symbol,
        marginMode: position.marginMode,
        size: position.size,
        fundingTimeMs,
        ...terms,
        payment: formatDecimal(amount),
        booked,
      })
    const wallet = this.#walletOf(asset)
    if (toWallet.n !== 0n && wallet !== undefined) {
      this.#wallet.set(asset, add(wallet, toWallet))
      book(this.#walletPlace(asset), toWallet)
    }
    const toMargin = sub(amount, toWallet)
    if (toMargin.n !== 0n) {
      this.#margins.set(position, add(this.#marginOf(ruled), toMargin))
      book(positionKey(position), toMargin)
    }
  }

  funded(): FundedAccount {
    const { collateral, positions, ...rest } = this.#account
    const account = {
      ...rest,
      collateral: this.#collateral(collateral),
      positions: positions.map((position): Position => {
        const margin = this.#margins.get(position)
        return margin === undefined ? position : { ...position, isolatedMargin: formatDecimal(margin) }
      }),
    }
    return { account, bookings: this.#bookings, unknown: this.#unknown, pending: this.#pending }
  }

  #collateral(stated: readonly Collateral[]): Collateral[] {
    const changed = [...this.#wallet].map(([asset, amount]) => ({ asset, amount: formatDecimal(amount) }))
    const ofChanged = (asset: string) => changed.find((entry) => entry.asset === asset)
    const isNew = ({ asset }: Collateral) => !stated.some((entry) => entry.asset === asset)
    return [...stated.map((entry) => ofChanged(entry.asset) ?? entry), ...changed.filter(isNew)]
  }

  /** undefined if the account does not state it. A pool holds nothing of an asset in which it only settles. */
  #walletOf(asset: string): Rational | undefined {
    const known = this.#wallet.get(asset)
    if (known !== undefined) return known
    const stated = this.#account.collateral.find((entry) => entry.asset === asset)
    if (stated !== undefined) return parseDecimal(stated.amount)
    return this.#isOfPool(asset) ? ZERO : undefined
  }

  #isOfPool(asset: string): boolean {
    const { pool, positions } = this.#account
    if (pool === undefined) return false
    const settles = ({ marginMode, symbol }: Position) =>
      marginMode === 'cross' && this.#book.rulesOf(symbol)?.settlementAsset === asset
    return asset === pool.currency || positions.some((position) => isOpen(position) && settles(position))
  }

  /** What a payment of the position may change. */
  #placesOf({ position, rules }: RuledPosition, { isolated }: FundingRule): FundingPlace[] {
    const wallet = this.#walletPlace(rules.settlementAsset)
    if (position.marginMode === 'cross') return [wallet]
    return isolated === 'wallet-first' ? [wallet, positionKey(position)] : [positionKey(position)]
  }

  #walletPlace(asset: string): FundingPlace {
    return walletPlace(this.#account.pool?.currency ?? asset)
  }

  #marginOf(ruled: RuledPosition): Rational {
    const known = this.#margins.get(ruled.position)
    if (known !== undefined) return known
    const { isolatedMargin, size } = ruled.position
    if (isolatedMargin !== undefined) return parseDecimal(isolatedMargin)
    return floorTo(isolatedMarginOf(exactNumbers, ruled, parseDecimal(size), ONE, ZERO).margin, UNIT)
  }
}
