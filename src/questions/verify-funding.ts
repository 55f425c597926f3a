import type { MarginEvent } from '../domain/index.ts'
import {
  abs,
  add,
  compare,
  formatDecimal,
  fundingPaymentOf,
  type MarginAccount,
  parseDecimal,
  type Rational,
  sign,
  ZERO,
} from '../margin/index.ts'
import type { Differences } from './differences.ts'

type Booking = NonNullable<MarginEvent['funding']>['last'][number]

/**
 * Recomputes the payments of the last funding time that the event shows. Taken as stated are rates, marks and times, and
 * earlier payments. A payment of an isolated position from the wallet of a cross event has no terms unless a position of the event
 * is in the same contract.
 */
export function compareFunding(event: MarginEvent, exact: MarginAccount, differences: Differences): void {
  const { funding } = event
  if (funding === undefined) {
    if (event.reasons.includes('funding')) {
      differences.add('funding', undefined, 'what caused the event, since reasons has funding')
    }
    return
  }
  const { payments, amounts, last, asOfMs, isolatedPays } = funding
  last.forEach((booking, index) => {
    const field = `funding.last[${index}]`
    compareHolder(booking, exact, field, differences)
    compareMode(booking, last, exact, field, differences)
    comparePayment(booking, exact, field, differences)
    comparePart(booking, exact, isolatedPays, field, differences)
    if (booking.fundingTimeMs <= asOfMs) {
      differences.add(`${field}.fundingTimeMs`, booking.fundingTimeMs, `after asOfMs, ${asOfMs}`)
    }
    if (booking.marginMode === 'isolated' && isolatedPays === undefined) {
      differences.add('funding.isolatedPays', undefined, `from what ${field} paid, an isolated position`)
    }
  })
  if (payments < last.length || (payments > 0 && last.length === 0)) {
    differences.add('funding.payments', payments, `at least the ${last.length} of last, and none without one`)
  }
  if (payments !== last.length) return
  const sums = new Map<string, Rational>()
  for (const { asset, booked } of last) sums.set(asset, add(sums.get(asset) ?? ZERO, parseDecimal(booked)))
  const recomputed = [...sums].map(([asset, amount]) => ({ asset, amount: formatDecimal(amount) }))
  differences.compare('funding.amounts', amounts, recomputed)
}

/** An isolated margin account books payments of its position alone; a cross one those of its positions, and of isolated ones. */
function compareHolder(
  { symbol, size, asset, marginMode }: Booking,
  { marginMode: ofEvent, formula }: MarginAccount,
  field: string,
  differences: Differences,
): void {
  const { positions } = formula
  if (ofEvent === 'isolated') {
    const { position, rules } = positions[0]!
    differences.compare(`${field}.symbol`, symbol, position.symbol)
    differences.compare(`${field}.size`, size, position.size)
    differences.compare(`${field}.asset`, asset, rules.settlementAsset)
    if (marginMode !== undefined) differences.compare(`${field}.marginMode`, marginMode, ofEvent)
    return
  }
  const ruled = positions.find(({ position }) => position.symbol === symbol)
  if (ruled !== undefined) differences.compare(`${field}.asset`, asset, ruled.rules.settlementAsset)
  const isHeld = positions.some(({ position }) => position.symbol === symbol && position.size === size)
  if (marginMode === 'cross' && !isHeld) {
    differences.add(`${field}.size`, `${size} of ${symbol}`, 'a position of the event')
  }
}

/** A cross position pays as much as an isolated one of its size, so beside a payment of that one there is one of its own. */
function compareMode(
  { symbol, size, marginMode }: Booking,
  last: readonly Booking[],
  { marginMode: ofEvent, formula }: MarginAccount,
  field: string,
  differences: Differences,
): void {
  if (ofEvent === 'isolated' || marginMode === undefined || marginMode === 'cross') return
  const isHeld = formula.positions.some(
    ({ position }) => position.symbol === symbol && position.size === size,
  )
  const isPaid = last.some((each) => {
    return each.marginMode === 'cross' && each.symbol === symbol && each.size === size
  })
  if (isHeld && !isPaid) differences.add(`${field}.marginMode`, marginMode, 'cross')
}

/** By the rules of the contract in the event, whose position there may be another one. */
function comparePayment(
  { symbol, size, fundingRate, markPrice, payment }: Booking,
  exact: MarginAccount,
  field: string,
  differences: Differences,
): void {
  const own = exact.formula.positions.find(({ position }) => position.symbol === symbol)
  if (own === undefined || sign(parseDecimal(size)) === 0) return
  const ruled = { ...own, position: { ...own.position, size } }
  const recomputed = fundingPaymentOf(ruled, parseDecimal(markPrice), parseDecimal(fundingRate))
  differences.compare(`${field}.payment`, payment, formatDecimal(recomputed))
}

/** A cross position pays all from its wallet, and one that pays in its own margin all from that; else both may share it. */
function comparePart(
  { payment, booked, marginMode, symbol, size }: Booking,
  { marginMode: ofEvent, formula }: MarginAccount,
  isolatedPays: string | undefined,
  field: string,
  differences: Differences,
): void {
  const isOwn = formula.positions.some(({ position }) => position.symbol === symbol && position.size === size)
  const [all, part] = [parseDecimal(payment), parseDecimal(booked)]
  const isPart = sign(all) === sign(part) && compare(abs(part), abs(all)) <= 0
  const isWhole = marginMode === undefined ? ofEvent === 'cross' && isOwn : marginMode === 'cross'
  if (isWhole || isolatedPays === 'own-margin') differences.compare(`${field}.booked`, booked, payment)
  else if (!isPart) differences.add(`${field}.booked`, booked, `a part of ${payment}`)
}
