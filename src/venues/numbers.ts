import { DECIMAL_PATTERN, type Decimal, isPrice } from '../domain/index.ts'
import { readJsonKeepingDigits } from '../input/index.ts'
import { isSymbol } from './frame.ts'

/**
 * The value of a frame of a venue that prints prices as JSON numbers, each number as its text, because a number of JavaScript
 * loses digits. undefined for a text that is no JSON, or states a field twice; if names are given, one of these.
 */
export function frameKeepingDigits(frame: string, names?: readonly string[]): unknown {
  const read = readJsonKeepingDigits(frame, names)
  return 'value' in read ? read.value : undefined
}

const NUMBER = /^(-?)(\d+)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/

/**
 * A number in our grammar, but for its length: `1e-8`, `100.00` and `0.0` become 0.00000001, 100 and 0. undefined for any
 * other value, such as `""`, by which venues say "none".
 */
export function plainNumberOf(value: unknown): Decimal | undefined {
  const [text, sign, whole = '', fraction = '', exponent = '0'] =
    (typeof value === 'string' ? NUMBER.exec(value) : null) ?? []
  if (text === undefined) return undefined
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  const before = point > 0 ? digits.slice(0, point).padEnd(point, '0') : ''
  const after = point > 0 ? digits.slice(point) : '0'.repeat(-point) + digits
  const wholePart = before.replace(/^0+(?=\d)/, '') || '0'
  const fractionPart = after.replace(/0+$/, '')
  const magnitude = fractionPart === '' ? wholePart : `${wholePart}.${fractionPart}`
  return sign === '-' && /[1-9]/.test(magnitude) ? `-${magnitude}` : magnitude
}

/** With an exponent that `plainNumberOf` takes. */
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?$/

/** A symbol of a frame. No venue names a contract by a number, and a number in its place is a text by now. */
export function isNameOfFrame(value: unknown): value is string {
  return isSymbol(value) && !JSON_NUMBER.test(value)
}

/** A price of a frame in our grammar, trailing zeros left out. undefined for what is no price. */
export function priceOfFrame(value: unknown): Decimal | undefined {
  // Most of them are in our grammar but for zeros at their end.
  if (isPrice(value) && (value.charCodeAt(0) !== ZERO || value.charCodeAt(1) === POINT))
    return withoutEnd(value)
  const plain = numberOfFrame(value)
  return isPrice(plain) ? plain : undefined
}

const POINT = 46
const ZERO = 48

/** Without the zeros at the end of a fraction. */
function withoutEnd(price: Decimal): Decimal {
  let end = price.length
  if (price.charCodeAt(end - 1) !== ZERO || !price.includes('.')) return price
  while (price.charCodeAt(end - 1) === ZERO) end--
  return price.slice(0, price.charCodeAt(end - 1) === POINT ? end - 1 : end)
}

const RATE_DECIMALS_MAX = 18

/** A rate of a frame. Digits beyond the 18th after the point are the noise of floating-point numbers, and go. */
export function rateOfFrame(value: unknown): Decimal | undefined {
  const plain = numberOfFrame(value)
  if (plain === undefined) return undefined
  const point = plain.indexOf('.')
  const short = point < 0 ? plain : plain.slice(0, point + 1 + RATE_DECIMALS_MAX)
  return DECIMAL_PATTERN.test(short) ? short : undefined
}

function numberOfFrame(value: unknown): Decimal | undefined {
  return typeof value === 'string' && JSON_NUMBER.test(value) ? plainNumberOf(value) : undefined
}

/** Unix milliseconds as text. */
export function timeOf(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{1,15}$/.test(value)) return undefined
  const timeMs = Number(value)
  return timeMs > 0 ? timeMs : undefined
}

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?Z$/

/** Unix milliseconds of a day and time in UTC. */
export function timeOfIso(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined
  if (value === last.text) return last.timeMs
  if (!ISO.test(value)) return undefined
  const timeMs = timeOfMinute(value) ?? Date.parse(value)
  if (!(timeMs > 0)) return undefined
  last.text = value
  last.timeMs = timeMs
  return timeMs
}

/** What was read last, and its minute: frames follow each other in time, and the prices of one block have the same. */
const last: { text: string; timeMs: number | undefined; minute: string; minuteMs: number } = {
  text: '',
  timeMs: undefined,
  minute: 'none',
  minuteMs: 0,
}
const TO_HOUR = '2026-01-31T'.length
const TO_MINUTE = '2026-01-31T23:59:'.length
const TO_SECOND = '2026-01-31T23:59:59'.length
const TO_MILLISECOND = '2026-01-31T23:59:59.999'.length

/** Of a time with three digits of a second, which takes half as long as `Date.parse`; undefined for any other. */
function timeOfMinute(iso: string): number | undefined {
  // 24:00 is the end of a day, and has no seconds.
  if (iso.length !== TO_MILLISECOND + 1 || iso.startsWith('24', TO_HOUR)) return undefined
  if (!iso.startsWith(last.minute)) {
    last.minute = iso.slice(0, TO_MINUTE)
    last.minuteMs = Date.parse(`${last.minute}00Z`)
  }
  const seconds = Number(iso.slice(TO_MINUTE, TO_SECOND))
  const ms = Number(iso.slice(TO_SECOND + 1, TO_MILLISECOND))
  return seconds < 60 ? last.minuteMs + seconds * 1_000 + ms : undefined
}
