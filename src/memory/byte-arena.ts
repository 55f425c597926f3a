const UNIT_BYTES = 16
/** Low bits of an address: the unit in its page. */
const UNIT_BITS = 16
const UNITS_PER_PAGE = 1 << UNIT_BITS
/** Before the bytes of a record: its length. */
const HEADER_BYTES = 4
/** Up to so many units a record takes just what it needs; above, sizes are steps of an eighth. */
const EXACT_UNITS_MAX = 32
const COPIED_ONE_BY_ONE_MAX = 256

/**
 * Byte records outside of the JavaScript heap: the collector never looks at them, and a record costs its bytes, a header
 * of 4, and what is missing to a multiple of 16 (above 512 bytes: up to an eighth more).
 *
 * A record is found by its address, a whole number below 2^32, so 64 GiB are addressed. The place of a freed record is
 * given to the next record of its size class. A page has 1 MiB, or what its only record needs; none is given back.
 */
export class ByteArena {
  readonly #pages: Buffer[] = []
  /** The page in which new records are put, and its first unit that no record has had. */
  #page = 0
  #unused = UNITS_PER_PAGE
  /** Addresses of freed records, by units. */
  readonly #free = new Map<number, number[]>()

  /** Bytes of all pages. */
  get byteLength(): number {
    return this.#pages.reduce((sum, { byteLength }) => sum + byteLength, 0)
  }

  /** Copies the first `length` bytes into a record; returns its address. */
  add(bytes: Buffer, length: number): number {
    const units = unitsOf(length)
    const address = this.#free.get(units)?.pop() ?? this.#extend(units)
    const page = this.pageOf(address)
    const start = this.startOf(address)
    writeLength(page, start - HEADER_BYTES, length)
    // Few bytes are copied faster one by one.
    if (length > COPIED_ONE_BY_ONE_MAX) page.set(bytes.subarray(0, length), start)
    else for (let at = 0; at < length; at++) page[start + at] = bytes[at]!
    return address
  }

  free(address: number): void {
    const units = unitsOf(this.lengthOf(address))
    const list = this.#free.get(units)
    if (list === undefined) this.#free.set(units, [address])
    else list.push(address)
  }

  /** The page in which the record lies. Valid until the record is freed. */
  pageOf(address: number): Buffer {
    return this.#pages[address >>> UNIT_BITS]!
  }

  /** Where the bytes of the record begin in its page. */
  startOf(address: number): number {
    return (address & (UNITS_PER_PAGE - 1)) * UNIT_BYTES + HEADER_BYTES
  }

  lengthOf(address: number): number {
    return readLength(this.pageOf(address), this.startOf(address) - HEADER_BYTES)
  }

  #extend(units: number): number {
    if (units > UNITS_PER_PAGE) return this.#addPage(units) * UNITS_PER_PAGE
    if (this.#unused + units > UNITS_PER_PAGE) {
      this.#page = this.#addPage(UNITS_PER_PAGE)
      this.#unused = 0
    }
    const address = this.#page * UNITS_PER_PAGE + this.#unused
    this.#unused += units
    return address
  }

  #addPage(units: number): number {
    return this.#pages.push(Buffer.allocUnsafeSlow(units * UNIT_BYTES)) - 1
  }
}

// Byte by byte, because the methods of Buffer check their arguments, which costs more than the record.
function writeLength(page: Buffer, at: number, length: number): void {
  page[at] = length
  page[at + 1] = length >>> 8
  page[at + 2] = length >>> 16
  page[at + 3] = length >>> 24
}

function readLength(page: Buffer, at: number): number {
  return (page[at]! | (page[at + 1]! << 8) | (page[at + 2]! << 16) | (page[at + 3]! << 24)) >>> 0
}

/** Units of a record: one class of sizes is one number of units. */
function unitsOf(length: number): number {
  const units = Math.ceil((length + HEADER_BYTES) / UNIT_BYTES)
  if (units <= EXACT_UNITS_MAX) return units
  const step = 2 ** (Math.floor(Math.log2(units)) - 3)
  return Math.ceil(units / step) * step
}
