// What an event says of funding, interest and rollovers in its balances.
import type { MarginEvent } from '../domain/index.ts'
import { add, type FundingBooking, formatDecimal, type Rational, ZERO } from '../margin/index.ts'
import type { MarginAccountFunding, MarginAccountInterest, MarginAccountRollover } from './applied-funding.ts'

export function fundingFields({
  asOfMs,
  bookings,
  isolatedPays,
}: MarginAccountFunding): NonNullable<MarginEvent['funding']> {
  const lastMs = bookings.at(-1)?.fundingTimeMs
  const last = bookings.filter(({ fundingTimeMs }) => fundingTimeMs === lastMs)
  return {
    asOfMs,
    payments: bookings.length,
    amounts: sumsOf(bookings),
    ...(isolatedPays === undefined ? {} : { isolatedPays }),
    last: last.map(({ place: _place, booked, ...fields }) => ({ ...fields, booked: formatDecimal(booked) })),
  }
}

export function interestFields({
  debts,
  ...times
}: MarginAccountInterest): NonNullable<MarginEvent['interest']> {
  return { ...times, debts: debts.map((debt) => ({ ...debt, amount: formatDecimal(debt.amount) })) }
}

export function rolloverFields({
  positions,
  ...times
}: MarginAccountRollover): NonNullable<MarginEvent['rollover']> {
  return { ...times, positions: positions.map((one) => ({ ...one, amount: formatDecimal(one.amount) })) }
}

function sumsOf(bookings: readonly FundingBooking[]): { asset: string; amount: string }[] {
  const sums = new Map<string, Rational>()
  for (const { asset, booked } of bookings) sums.set(asset, add(sums.get(asset) ?? ZERO, booked))
  return [...sums].map(([asset, amount]) => ({ asset, amount: formatDecimal(amount) }))
}
