// The terms of an account as bytes: numbers and short texts in a row.
import { assert } from '../errors.ts'

/** Bytes of the longest text in the terms of an account: a symbol of 40 characters of any script has 160. */
const TEXT_BYTES_MAX = 255
/** Bytes of the longest terms: 1,000 assets, 1,000 debts and 1,000 positions of the longest texts have 800,000. */
const TERMS_BYTES_MAX = 1_048_576

const ASCII_MAX = 0x7f

/** Writes terms one after the other. A text is one byte of its length and its bytes in UTF-8. */
export class TermsWriter {
  readonly bytes = Buffer.allocUnsafeSlow(TERMS_BYTES_MAX)
  /** The same bytes. Its methods are compiled in line, those of Buffer are not. */
  readonly #view = new DataView(this.bytes.buffer)
  length = 0

  begin(): void {
    this.length = 0
  }

  byte(value: number): void {
    this.bytes[this.length++] = value
  }

  count(value: number): void {
    this.#view.setUint16(this.length, value, true)
    this.length += 2
  }

  double(value: number): void {
    this.#view.setFloat64(this.length, value, true)
    this.length += 8
  }

  text(text: string): void {
    const { bytes } = this
    const start = this.length + 1
    const characters = text.length
    let length = 0
    // Short texts of ASCII, which nearly all are, are written faster character by character.
    while (length < characters) {
      const code = text.charCodeAt(length)
      if (code > ASCII_MAX) break
      bytes[start + length++] = code
    }
    if (length < characters) length = bytes.write(text, start, 'utf8')
    assert(length <= TEXT_BYTES_MAX, 'a text of an account has at most TEXT_BYTES_MAX bytes')
    bytes[this.length] = length
    this.length += 1 + length
  }
}

/** Reads what a TermsWriter has written. */
export class TermsReader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes
    this.#at = start
  }

  byte(): number {
    return this.#bytes[this.#at++]!
  }

  count(): number {
    const count = this.#bytes.readUInt16LE(this.#at)
    this.#at += 2
    return count
  }

  double(): number {
    const value = this.#bytes.readDoubleLE(this.#at)
    this.#at += 8
    return value
  }

  text(): string {
    const start = this.#at + 1
    this.#at = start + this.#bytes[this.#at]!
    return this.#bytes.toString('utf8', start, this.#at)
  }

  skipText(): void {
    this.#at += 1 + this.#bytes[this.#at]!
  }

  skipDouble(): void {
    this.#at += 8
  }

  /** The byte so far ahead. */
  peek(ahead: number): number {
    return this.#bytes[this.#at + ahead]!
  }

  /** Whether the text so far ahead is this one. */
  isNext(ahead: number, text: string): boolean {
    const start = this.#at + ahead + 1
    const length = this.peek(ahead)
    // No text has more characters than bytes.
    return length >= text.length && this.#bytes.toString('utf8', start, start + length) === text
  }
}
