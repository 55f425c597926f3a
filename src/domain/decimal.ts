import { z } from 'zod'

/** A decimal number as text: the only form in which money crosses a boundary of the program. */
export type Decimal = string

/** At most 15 digits before the point and 18 after it; no exponent, no sign but a leading minus. */
export const DECIMAL_PATTERN = /^-?\d{1,15}(?:\.\d{1,18})?$/
/** The same without a sign; a price must also be above zero. */
export const UNSIGNED_DECIMAL_PATTERN = /^\d{1,15}(?:\.\d{1,18})?$/

/**
 * The cap of a last tier that has no end. Binance writes it; other venues state a lower bound for each tier, or one rate
 * for all positions.
 */
export const NO_CAP: Decimal = '9223372036854775807'

/** A cap of a risk tier: as many digits before the point as `NO_CAP` has. */
export const CAP_PATTERN = /^\d{1,19}(?:\.\d{1,18})?$/

const NONZERO_DIGIT = /[1-9]/
/** The one grammar of prices: `""`, `0`, negatives, `NaN`, exponents and spaces are never a price. */
export const PRICE_PATTERN = /^(?=[0.]*[1-9])\d{1,15}(?:\.\d{1,18})?$/

export function isPrice(text: unknown): text is Decimal {
  return typeof text === 'string' && PRICE_PATTERN.test(text)
}

/** Significant digits of a share in percent. */
const PERCENT_DIGITS = 3

/** A share that is not negative in percent, its first three digits, the others cut: `4.21 %` of 0.042199. */
export function percentText(share: Decimal): string {
  const [whole = '', fraction = ''] = share.split('.')
  const digits = fraction.padEnd(2, '0')
  const percent = BigInt(whole + digits.slice(0, 2)).toString()
  const rest = digits.slice(2)
  const used = percent === '0' ? -/^0*/.exec(rest)![0].length : percent.length
  const decimals = rest.slice(0, Math.max(0, PERCENT_DIGITS - used)).replace(/0+$/, '')
  return `${percent}${decimals === '' ? '' : `.${decimals}`} %`
}

const RULE = 'at most 15 digits before and 18 after the point, no exponent'

/** A number of JSON has lost digits before anybody can look at them. */
const text = z.string({
  error: ({ input }) =>
    typeof input === 'number' ? 'decimals are strings: it must stand in quotes' : 'must be a decimal string',
})

export const decimalSchema = text.regex(DECIMAL_PATTERN, `must be a decimal string (${RULE})`)
export const nonNegativeDecimalSchema = text.regex(
  UNSIGNED_DECIMAL_PATTERN,
  `must be a decimal string of zero or more (${RULE})`,
)
export const positiveDecimalSchema = text
  .regex(UNSIGNED_DECIMAL_PATTERN, `must be a decimal string above zero (${RULE})`)
  .refine((text) => NONZERO_DIGIT.test(text), { message: 'must be above zero' })
/** A rate: a decimal, or a fraction of two whole numbers where the decimal does not end, such as 1/30. */
const RATE_PATTERN = /^(?:\d{1,15}(?:\.\d{1,18})?|\d{1,15}\/[1-9]\d{0,14})$/
export const rateSchema = text.regex(
  RATE_PATTERN,
  `must be a decimal string of zero or more (${RULE}), or a fraction such as 1/30`,
)
/** A rate of at most 1: a percentage that was given as a fraction is refused. */
export const shareSchema = rateSchema.refine(isAtMostOne, {
  message: 'must be a fraction of at most 1',
})

/** Below 0, 0 or above 0, as two texts of UNSIGNED_DECIMAL_PATTERN compare; other texts are for the pattern to refuse. */
export function compareDecimals(left: Decimal, right: Decimal): number {
  if (!UNSIGNED_DECIMAL_PATTERN.test(left) || !UNSIGNED_DECIMAL_PATTERN.test(right)) return 0
  const [leftWhole, rightWhole] = [wholeLengthOf(left), wholeLengthOf(right)]
  const length = Math.max(leftWhole, rightWhole)
  return compareAligned(
    left.padStart(left.length + length - leftWhole, '0'),
    right.padStart(right.length + length - rightWhole, '0'),
  )
}

function wholeLengthOf(text: string): number {
  const point = text.indexOf('.')
  return point < 0 ? text.length : point
}

/** Of texts whose points stand at one place the first different digit decides. */
function compareAligned(left: string, right: string): number {
  if (left.startsWith(right)) return NONZERO_DIGIT.test(left.slice(right.length)) ? 1 : 0
  if (right.startsWith(left)) return NONZERO_DIGIT.test(right.slice(left.length)) ? -1 : 0
  return left < right ? -1 : 1
}

function isAtMostOne(rate: string): boolean {
  // Of a text that is no rate the pattern says so.
  if (!RATE_PATTERN.test(rate)) return true
  const [over = '', under] = rate.split('/')
  if (under !== undefined) return BigInt(over) <= BigInt(under)
  const [whole = '', fraction = ''] = rate.split('.')
  return BigInt(whole) < 1n || (BigInt(whole) === 1n && !NONZERO_DIGIT.test(fraction))
}

export const capSchema = text
  .regex(
    CAP_PATTERN,
    'must be a decimal string (at most 19 digits before and 18 after the point, no exponent)',
  )
  .refine((cap) => NONZERO_DIGIT.test(cap), { message: 'must be above zero' })
