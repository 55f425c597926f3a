import { assert } from '../errors.ts'
import { ByteArena } from './byte-arena.ts'
import { withRoom } from './columns.ts'

const QUERY_BYTES_FIRST = 1_024
const SLOTS_FIRST = 1_024
const NONE = -1
/** A slot holds a number plus 1 in its low 24 bits, and above them the high bits of the hash of its text. */
const EMPTY = 0
const HELD_BITS = 0xffffff
/** The most texts that have a number at one time. */
export const TEXTS_MAX = HELD_BITS
const ASCII_MAX = 0x7f

/**
 * Gives each text a number and finds either by the other, without a JavaScript string or object a text: the bytes lie in
 * an arena, the numbers in an open-addressed hash table. About 40 bytes a text of 12 characters.
 *
 * Numbers are small and dense: that of a removed text is given to the next new one.
 */
export class NumberedTexts {
  readonly #arena = new ByteArena()
  /** By number: the address of the text; −1 if the number is free. */
  #addresses = new Float64Array()
  /** At most half of them are taken. */
  #slots = new Int32Array(SLOTS_FIRST)
  readonly #free: number[] = []
  #numbers = 0
  /** The bytes of the text that is looked for. */
  #query = Buffer.allocUnsafeSlow(QUERY_BYTES_FIRST)
  #queryLength = 0
  /** The text that was looked for last, and its slot; −1 if the slots have changed since. */
  #lastText: string | undefined
  #lastSlot = NONE
  #lastHash = 0

  /** How many texts have a number. */
  get size(): number {
    return this.#numbers - this.#free.length
  }

  /** One more than the highest number that was ever given. */
  get numbers(): number {
    return this.#numbers
  }

  get byteLength(): number {
    return this.#arena.byteLength + this.#addresses.byteLength + this.#slots.byteLength
  }

  /** The number of the text; −1 if it has none. */
  find(text: string): number {
    return numberIn(this.#slots[this.#slotOf(text)]!)
  }

  /** The number of the text, which gets one if it has none. */
  add(text: string): number {
    const slot = this.#slotOf(text)
    const known = this.#slots[slot]!
    if (known !== EMPTY) return numberIn(known)
    assert(this.size < TEXTS_MAX, `more than ${TEXTS_MAX} texts`)
    const number = this.#free.pop() ?? this.#numbers++
    this.#addresses = withRoom(this.#addresses, number)
    this.#addresses[number] = this.#arena.add(this.#query, this.#queryLength)
    this.#slots[slot] = slotOf(number, this.#lastHash)
    if (this.size * 2 > this.#slots.length) this.#growSlots()
    return number
  }

  /** Takes the number away from a text that has one. */
  remove(number: number): void {
    const address = this.#addressOf(number)
    let slot = this.#homeOf(this.#hashAt(address))
    while (numberIn(this.#slots[slot]!) !== number) slot = this.#after(slot)
    this.#closeGap(slot)
    this.#arena.free(address)
    this.#addresses[number] = NONE
    this.#free.push(number)
  }

  has(number: number): boolean {
    return number >= 0 && number < this.#numbers && this.#addresses[number] !== NONE
  }

  /** The text of a number that is given. */
  textOf(number: number): string {
    const address = this.#addressOf(number)
    const start = this.#arena.startOf(address)
    return this.#arena.pageOf(address).toString('utf8', start, start + this.#arena.lengthOf(address))
  }

  #addressOf(number: number): number {
    const address = this.#addresses[number] ?? NONE
    assert(address !== NONE, `number ${number} belongs to no text`)
    return address
  }

  /** The slot in which the text is, or would be. Leaves the bytes of the text in the query, and its hash. */
  #slotOf(text: string): number {
    // A text is often looked for several times in a row.
    if (text === this.#lastText && this.#lastSlot !== NONE) return this.#lastSlot
    this.#ask(text)
    const hash = hashOf(this.#query, 0, this.#queryLength)
    let slot = this.#homeOf(hash)
    while (this.#slots[slot] !== EMPTY && !this.#isQueryIn(this.#slots[slot]!, hash)) slot = this.#after(slot)
    this.#lastText = text
    this.#lastHash = hash
    this.#lastSlot = slot
    return slot
  }

  /** Puts the bytes of the text into the query. */
  #ask(text: string): void {
    const characters = text.length
    // A character of UTF-16 takes at most 3 bytes.
    if (characters * 3 > this.#query.length) this.#query = Buffer.allocUnsafeSlow(characters * 3)
    const query = this.#query
    let length = 0
    // Short texts of ASCII, which nearly all are, are written faster character by character.
    while (length < characters) {
      const code = text.charCodeAt(length)
      if (code > ASCII_MAX) break
      query[length++] = code
    }
    this.#queryLength = length === characters ? length : query.write(text, 0, 'utf8')
  }

  /** Whether the slot holds the text of the query. The hash in it spares nearly all looks at other texts. */
  #isQueryIn(held: number, hash: number): boolean {
    return ((held ^ hash) & ~HELD_BITS) === 0 && this.#isQuery(numberIn(held))
  }

  #isQuery(number: number): boolean {
    const address = this.#addresses[number]!
    const length = this.#queryLength
    if (this.#arena.lengthOf(address) !== length) return false
    const page = this.#arena.pageOf(address)
    const start = this.#arena.startOf(address)
    for (let at = 0; at < length; at++) if (page[start + at] !== this.#query[at]) return false
    return true
  }

  #hashAt(address: number): number {
    return hashOf(this.#arena.pageOf(address), this.#arena.startOf(address), this.#arena.lengthOf(address))
  }

  #homeOf(hash: number): number {
    return hash & (this.#slots.length - 1)
  }

  #after(slot: number): number {
    return (slot + 1) & (this.#slots.length - 1)
  }

  /** Moves texts of the run back, so that no search ends at the emptied slot too early. */
  #closeGap(emptied: number): void {
    this.#lastSlot = NONE
    let gap = emptied
    for (let slot = this.#after(gap); this.#slots[slot] !== EMPTY; slot = this.#after(slot)) {
      const home = this.#homeOf(this.#hashAt(this.#addresses[numberIn(this.#slots[slot]!)]!))
      // A text may move back to the gap unless its home lies behind the gap.
      const isHomeAfterGap = gap <= slot ? gap < home && home <= slot : gap < home || home <= slot
      if (isHomeAfterGap) continue
      this.#slots[gap] = this.#slots[slot]!
      gap = slot
    }
    this.#slots[gap] = EMPTY
  }

  #growSlots(): void {
    this.#lastSlot = NONE
    this.#slots = new Int32Array(this.#slots.length * 2)
    for (let number = 0; number < this.#numbers; number++) {
      if (!this.has(number)) continue
      const hash = this.#hashAt(this.#addresses[number]!)
      let slot = this.#homeOf(hash)
      while (this.#slots[slot] !== EMPTY) slot = this.#after(slot)
      this.#slots[slot] = slotOf(number, hash)
    }
  }
}

function slotOf(number: number, hash: number): number {
  return (hash & ~HELD_BITS) | (number + 1)
}

/** −1 in an empty slot. */
function numberIn(slot: number): number {
  return (slot & HELD_BITS) - 1
}

/** FNV-1a, with the last mixing step of MurmurHash3, so that all bits count in the low ones. */
function hashOf(bytes: Buffer, start: number, length: number): number {
  let hash = 0x811c9dc5
  for (let at = start; at < start + length; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
