import type { Decimal } from '../domain/index.ts'

const FIGURE = /^(-?)0*(\d+)(?:\.(\d+))?$/

type Rounding = 'up' | 'down' | 'nearest'

/** By what follows the digits that are kept. */
const ROUNDED_UP: Readonly<Record<Rounding, RegExp>> = { up: /[1-9]/, down: /(?!)/, nearest: /^[5-9]/ }

/**
 * Shortens a figure for people to `digits` significant digits; digits before the point are always kept. `up` rounds away
 * from zero: a printed top-up or reduction is enough. `down` cuts: a ratio below 1 never reads as 1. `nearest`: half away from
 * zero.
 */
export function shortened(figure: Decimal, digits: number, rounding: Rounding): string {
  const match = FIGURE.exec(figure)
  if (match === null) return figure
  const [, sign = '', whole = '', fraction = ''] = match
  const zeros = whole === '0' ? /^0*/.exec(fraction)![0].length : -whole.length
  const kept = Math.max(0, digits + zeros)
  if (fraction.length <= kept) return figure
  const cut = BigInt(whole + fraction.slice(0, kept))
  const isRoundedUp = ROUNDED_UP[rounding].test(fraction.slice(kept))
  const text = String(isRoundedUp ? cut + 1n : cut).padStart(kept + 1, '0')
  const point = text.length - kept
  const decimals = text.slice(point).replace(/0+$/, '')
  return `${sign}${text.slice(0, point)}${decimals === '' ? '' : `.${decimals}`}`
}
