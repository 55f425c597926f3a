/** Objects and lists inside one another. The deepest of our formats has 7. */
export const JSON_DEPTH_MAX = 32

/** What is wrong with a JSON text that `JSON.parse` takes, and where. */
export interface JsonFault {
  readonly path: readonly (string | number)[]
  readonly rule: string
}

/** The value of a JSON text; undefined for any other text, since no JSON text means undefined. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A JSON text as its value, or what is wrong with it: `reason` if it is not JSON, `fault` if `jsonFaultOf` refuses it. */
export type JsonText =
  | { readonly value: unknown }
  | { readonly reason: string; readonly cause: unknown }
  | { readonly fault: JsonFault }

/** Reads JSON that a person or another program wrote. `once`: as of `jsonFaultOf`. */
export function readJson(text: string, once?: readonly string[]): JsonText {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    return { reason: (cause as Error).message, cause }
  }
  const fault = jsonFaultOf(text, once)
  return fault === undefined ? { value } : { fault }
}

/** A string, which may hold digits, or a number outside of one. */
const STRING_OR_NUMBER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/**
 * Reads JSON of a venue with every number as its text, because `JSON.parse` rounds: 9223372036854775807, a venue's "no
 * cap", would become 9223372036854775808. `once`: as of `jsonFaultOf`.
 */
export function readJsonKeepingDigits(text: string, once?: readonly string[]): JsonText {
  const read = readJson(text, once)
  if (!('value' in read)) return read
  return { value: JSON.parse(text.replace(STRING_OR_NUMBER, quoted)) }
}

function quoted(stringOrNumber: string): string {
  return stringOrNumber.startsWith('"') ? stringOrNumber : `"${stringOrNumber}"`
}

const QUOTE = 34
const COMMA = 44
const LIST_START = 91
const LIST_END = 93
const OBJECT_START = 123
const OBJECT_END = 125

/** An object or list that is open where the scan stands. */
interface Level {
  /** Names so far; undefined in a list. */
  readonly names: Set<string> | undefined
  /** The name or index of the member. */
  at: string | number
  nameIsNext: boolean
}

/**
 * Refuses what `JSON.parse` would take in silence: a name given twice in one object, of which it keeps the last;
 * `__proto__`, which copies of the object lose; nesting beyond JSON_DEPTH_MAX, which overflows the stack of
 * code that prints it. `text` must be JSON, as `JSON.parse` found it. `once`: the names of which none may be given twice, where
 * nobody looks for others; all if it is absent.
 */
export function jsonFaultOf(text: string, once?: readonly string[]): JsonFault | undefined {
  const levels: Level[] = []
  const fault = (rule: string): JsonFault => ({ path: levels.map(({ at }) => at), rule })
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case QUOTE: {
        const end = endOfString(text, index)
        const level = levels.at(-1)
        if (level?.nameIsNext === true) {
          level.at = nameOf(text.slice(index, end + 1))
          level.nameIsNext = false
          if (level.at === '__proto__') return fault('is no field')
          const isOnce = once?.includes(level.at) ?? true
          if (isOnce && level.names?.has(level.at) === true) return fault('must not be given twice')
          level.names?.add(level.at)
        }
        index = end
        break
      }
      case OBJECT_START:
      case LIST_START: {
        if (levels.length === JSON_DEPTH_MAX)
          return fault(`must not be nested deeper than ${JSON_DEPTH_MAX} levels`)
        const isObject = text.charCodeAt(index) === OBJECT_START
        levels.push({ names: isObject ? new Set() : undefined, at: 0, nameIsNext: isObject })
        break
      }
      case OBJECT_END:
      case LIST_END:
        levels.pop()
        break
      case COMMA: {
        const level = levels.at(-1)
        if (typeof level?.at === 'number') level.at++
        else if (level !== undefined) level.nameIsNext = true
        break
      }
    }
  }
  return undefined
}

/** Index of the quote that ends the string that starts at `start`. */
function endOfString(text: string, start: number): number {
  for (let quote = text.indexOf('"', start + 1); ; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0
    while (text[quote - 1 - backslashes] === '\\') backslashes++
    if (backslashes % 2 === 0) return quote
  }
}

function nameOf(quoted: string): string {
  return quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1)
}
