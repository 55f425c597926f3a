import { PRICE_PATTERN } from '../domain/index.ts'
import type { JsonObject } from './frame.ts'
import { type FrameNames, type Gap, NO_NAME, type ObjectShape, type Shape } from './frame-shape.ts'

// Regular expressions, and no loops over characters: the client of Redis extends `String`, and in a process that has loaded it
// `charCodeAt` takes three times as long.

// Parts of the grammar of JSON (RFC 8259) without escapes, without space, and with one level of nesting where nothing is read.
const CHARACTERS = '[^"\\\\\\x00-\\x1f]*'
const NUMBER = '-?(?:0|[1-9]\\d*)(?:\\.\\d+)?(?:[eE][+-]?\\d+)?'
const PRICE = PRICE_PATTERN.source.slice(1, -1)
const SCALAR = `(?:"${CHARACTERS}"|${NUMBER}|true|false|null)`

/**
 * Of the regular expression of one form. It takes a microsecond a character to compile, and only snapshots and lists of many
 * entries have longer ones.
 */
const PATTERN_CHARACTERS_MAX = 6_000

/** Stands in a pattern for the items of the map. */
const MAP = '\u0000'

type Fields = Record<string, unknown>

/** Where captured values go, column by column: that costs half of what one object for each does. */
interface Captures {
  readonly targets: Fields[]
  readonly names: string[]
  readonly areNumbers: boolean[]
}

/** A map of the form. Every item has the same fields in the same order. */
interface FormedMap {
  readonly target: Fields
  readonly name: string
  /** One item. */
  readonly item: RegExp
  readonly captures: Captures
  /** What stands behind the map. */
  readonly tail: RegExp
  readonly tailCaptures: Captures
}

/**
 * The form of frames: which of the names they state, in which order, how they are nested, and whether each is a text or a number.
 * The frames of a stream have few forms. One regular expression decides whether a frame has a known one and finds the values as
 * well, in a fraction of the time of `JSON.parse`.
 */
export class FrameForm {
  readonly shape: ObjectShape
  /** The whole frame, or what stands before the map. */
  readonly #pattern: RegExp
  readonly #captures: Captures
  readonly #map: FormedMap | undefined
  readonly #message: JsonObject

  private constructor(shape: ObjectShape, message: Fields, writer: FormWriter, [head, tail]: Sources) {
    this.shape = shape
    this.#message = message
    this.#captures = writer.captures
    const { map } = writer
    if (map === undefined || tail === undefined) this.#pattern = new RegExp(`^${head}$`)
    else {
      this.#pattern = new RegExp(head, 'y')
      this.#map = { ...map, tail: new RegExp(`${tail}$`, 'y') }
    }
  }

  /** undefined for a shape with several maps, or whose expression would be too long. */
  static of(shape: ObjectShape, names: FrameNames): FrameForm | undefined {
    const writer = new FormWriter(names)
    const message: Fields = {}
    const source = writer.object(shape, message)
    const sources = source.split(MAP)
    if (source.length > PATTERN_CHARACTERS_MAX || sources.length > 2) return undefined
    return new FrameForm(shape, message, writer, sources as unknown as Sources)
  }

  /**
   * The message with the names alone, exactly as `JSON.parse` would give them, but for the digits of numbers and for maps, which
   * are of the class `Map`: names that are not known beforehand make objects slow. undefined for a frame of another form. It is
   * valid until the next call: its values change then. A text of it keeps the frame in memory.
   */
  read(frame: string): JsonObject | undefined {
    const pattern = this.#pattern
    pattern.lastIndex = 0
    const match = pattern.exec(frame)
    if (match === null) return undefined
    store(match, this.#captures)
    return this.#map === undefined || readMap(frame, pattern.lastIndex, this.#map) ? this.#message : undefined
  }
}

type Sources = readonly [head: string, tail?: string]

function store(match: RegExpExecArray, { targets, names, areNumbers }: Captures): void {
  for (let index = 0; index < targets.length; index++) {
    const text = match[index + 1]!
    targets[index]![names[index]!] = areNumbers[index]! ? Number(text) : text
  }
}

/** False where the frame does not go on as the form does, or the map states a name twice. `start`: behind the brace. */
function readMap(
  frame: string,
  start: number,
  { target, name, item, captures, tail, tailCaptures }: FormedMap,
): boolean {
  const { names, areNumbers } = captures
  const map = new Map<string, JsonObject>()
  let at = start
  do {
    item.lastIndex = at
    const match = item.exec(frame)
    if (match === null || map.has(match[1]!)) return false
    const fields: Fields = {}
    for (let index = 0; index < names.length; index++) {
      const text = match[index + 2]!
      fields[names[index]!] = areNumbers[index]! ? Number(text) : text
    }
    map.set(match[1]!, fields)
    at = item.lastIndex + 1
  } while (frame.charCodeAt(at - 1) === COMMA)
  tail.lastIndex = at - 1
  const match = tail.exec(frame)
  if (match === null) return false
  store(match, tailCaptures)
  target[name] = map
  return true
}

const COMMA = 44

/** Writes the regular expression of a form, and where its captures go, in their order. */
class FormWriter {
  /** Of the whole frame, or of what stands before the map. */
  readonly captures = noCaptures()
  map: Omit<FormedMap, 'tail'> | undefined
  readonly #names: FrameNames
  /** Any name but those that are looked for. */
  readonly #otherName: string
  /** The same, captured, and no whole number, which `JSON.parse` puts before the other names. */
  readonly #itemName: string

  constructor(names: FrameNames) {
    this.#names = names
    const looked = [...names.names, NO_NAME].join('|')
    this.#otherName = `"(?!(?:${looked})")${CHARACTERS}"`
    this.#itemName = `"((?!(?:\\d+|${looked})")${CHARACTERS})"`
  }

  /** `target` gets the fields that all frames of the form state alike. */
  object({ members, gaps }: ObjectShape, target: Fields): string {
    const others = gaps.map((gap) => this.#otherOf(gap))
    const last = others.at(-1)
    if (members.length === 0) return last === undefined ? '\\{\\}' : listOf('\\{', last, '\\}')
    const sources = members.map(([name, shape], index) => {
      const before = others[index] === undefined ? '' : `(?:${others[index]},)*`
      return `${before}"${name}":${this.#value(shape, target, name)}`
    })
    return `\\{${sources.join(',')}${last === undefined ? '' : `(?:,${last})*`}\\}`
  }

  /** A member that is not looked for; undefined where none stands. */
  #otherOf({ scalars, lists, objects }: Gap): string | undefined {
    const values = [
      ...(scalars ? [SCALAR] : []),
      ...(lists ? [listOf('\\[', SCALAR, '\\]')] : []),
      ...(objects ? [listOf('\\{', `${this.#otherName}:${SCALAR}`, '\\}')] : []),
    ]
    return values.length === 0 ? undefined : `${this.#otherName}:(?:${values.join('|')})`
  }

  #value(shape: Shape, target: Fields, name: string): string {
    switch (shape.kind) {
      case 'text':
        return `"${this.#capture(CHARACTERS, target, name)}"`
      case 'price':
        return `"${this.#capture(PRICE, target, name)}"`
      case 'number':
        return this.#capture(NUMBER, target, name, this.#names.keepsDigits !== true)
      case 'constant':
        target[name] = shape.value
        return typeof shape.value === 'string' ? exactly(shape.value) : String(shape.value)
      case 'object': {
        const fields: Fields = {}
        target[name] = fields
        return this.object(shape, fields)
      }
      case 'list': {
        const items: unknown[] = []
        target[name] = items
        const fields = items as unknown as Fields
        const sources = shape.items.map((item, index) => this.#value(item, fields, String(index)))
        return `\\[${sources.join(',')}\\]`
      }
      case 'map':
        return this.#map(shape.item, target, name)
    }
  }

  #map(shape: ObjectShape, target: Fields, name: string): string {
    const writer = new FormWriter(this.#names)
    const item = new RegExp(`${this.#itemName}:${writer.object(shape, {})}`, 'y')
    this.map = { target, name, item, captures: writer.captures, tailCaptures: noCaptures() }
    return `\\{${MAP}\\}`
  }

  #capture(source: string, target: Fields, name: string, isNumber = false): string {
    const captures = this.map?.tailCaptures ?? this.captures
    captures.targets.push(target)
    captures.names.push(name)
    captures.areNumbers.push(isNumber)
    return `(${source})`
  }
}

function noCaptures(): Captures {
  return { targets: [], names: [], areNumbers: [] }
}

function listOf(open: string, item: string, close: string): string {
  return `${open}(?:${item}(?:,${item})*)?${close}`
}

/** The text in quotes, sign by sign. A frame that has to write it with an escape has no form. */
function exactly(text: string): string {
  return `"${text.replaceAll(/[^\w ]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`
}
