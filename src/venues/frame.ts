import { DECIMAL_PATTERN, type Decimal, type Funding, isPrice, SYMBOL_PATTERN } from '../domain/index.ts'

/** The funding object that a parser keeps and gives to the sink, so that a tick allocates no object. */
export type OwnFunding = { -readonly [Field in keyof Funding]: Funding[Field] }

export type JsonObject = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Matches nearly every symbol. It is tested first, because classes of all scripts cost more. */
const PLAIN_SYMBOL = /^[A-Z0-9][A-Za-z0-9_-]{0,39}$/

/** The grammar of `symbolSchema`, without the result that a schema allocates at each call. */
export function isSymbol(value: unknown): value is string {
  if (typeof value !== 'string') return false
  return PLAIN_SYMBOL.test(value) || SYMBOL_PATTERN.test(value)
}

const QUOTE = 34
const COLON = 58
const JSON_SPACES = [0x20, 0x09, 0x0a, 0x0d]
/** One escape of a JSON string. An escaped letter or digit can spell a key in a second way. */
const ESCAPED = /\\(?:u([0-9a-fA-F]{4})|.)/g

/**
 * How often the text of a frame states a key. `JSON.parse` silently keeps the last of several values, so a parser
 * compares this count with the values that it read. `keyAndQuote` is the key with its closing quote: a search for the
 * opening quote stops at every string of the frame and takes five times as long.
 */
export function timesStated(frame: string, keyAndQuote: string): number {
  const text = frame.includes('\\') ? frame.replace(ESCAPED, plainOrAsItIs) : frame
  let count = 0
  let at = text.indexOf(keyAndQuote)
  while (at >= 0) {
    const end = at + keyAndQuote.length
    if (text.charCodeAt(at - 1) === QUOTE && isKeyUntil(text, end)) count++
    at = text.indexOf(keyAndQuote, end)
  }
  return count
}

/** Whether a colon follows: a text that is the value of a key may be the same. */
function isKeyUntil(text: string, end: number): boolean {
  for (let at = end; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === COLON) return true
    if (!JSON_SPACES.includes(code)) return false
  }
  return false
}

function plainOrAsItIs(escaped: string, hex: string | undefined): string {
  const character = hex === undefined ? '' : String.fromCharCode(Number.parseInt(hex, 16))
  return /^[A-Za-z0-9]$/.test(character) ? character : escaped
}

/** Milliseconds since the epoch, as a JSON number. */
export function isEventTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}

/** Venues print `""` when a market has no index price. */
export function priceOrUndefined(value: unknown): Decimal | undefined {
  return isPrice(value) ? value : undefined
}

/** The same of a frame whose form may be known: then what it states as a price is one. */
export function priceOfForm(value: unknown, isFormed: boolean): Decimal | undefined {
  return isFormed ? (value as Decimal | undefined) : priceOrUndefined(value)
}

/** Dated contracts have no funding: `""` or nothing. */
export function rateOrUndefined(value: unknown): Decimal | undefined {
  return typeof value === 'string' && DECIMAL_PATTERN.test(value) ? value : undefined
}
