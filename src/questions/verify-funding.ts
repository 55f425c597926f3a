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
 * earlier payments. A payment of a position that the event does not hold (an isolated one, paid from the wallet) has no terms.
 */
export function compareFunding(
  { funding }: MarginEvent,
  exact: MarginAccount,
  differences: Differences,
): void {
  if (funding === undefined) return
  const { payments, amounts, last, asOfMs } = funding
  last.forEach((booking, index) => {
    const field = `funding.last[${index}]`
    comparePayment(booking, exact, field, differences)
    comparePart(booking, exact, field, differences)
    if (booking.fundingTimeMs <= asOfMs) {
      differences.add(`${field}.fundingTimeMs`, booking.fundingTimeMs, `after asOfMs, ${asOfMs}`)
    }
  })
  if (payments !== last.length) return
  const sums = new Map<string, Rational>()
  for (const { asset, booked } of last) sums.set(asset, add(sums.get(asset) ?? ZERO, parseDecimal(booked)))
  const recomputed = [...sums].map(([asset, amount]) => ({ asset, amount: formatDecimal(amount) }))
  differences.compare('funding.amounts', amounts, recomputed)
}

function comparePayment(
  { symbol, size, fundingRate, markPrice, payment }: Booking,
  exact: MarginAccount,
  field: string,
  differences: Differences,
): void {
  const own = exact.formula.positions.find(
    ({ position }) => position.symbol === symbol && position.size === size,
  )
  if (own === undefined) return
  const recomputed = fundingPaymentOf(own, parseDecimal(markPrice), parseDecimal(fundingRate))
  differences.compare(`${field}.payment`, payment, formatDecimal(recomputed))
}

/** A position of a cross pool pays all from its wallet; that of an isolated one may be shared. */
function comparePart(
  { symbol, size, payment, booked }: Booking,
  { marginMode, formula }: MarginAccount,
  field: string,
  differences: Differences,
): void {
  const isOwn = formula.positions.some(({ position }) => position.symbol === symbol && position.size === size)
  const [all, part] = [parseDecimal(payment), parseDecimal(booked)]
  const isPart = sign(all) === sign(part) && compare(abs(part), abs(all)) <= 0
  if (marginMode === 'cross' && isOwn) differences.compare(`${field}.booked`, booked, payment)
  else if (!isPart) differences.add(`${field}.booked`, booked, `a part of ${payment}`)
}
