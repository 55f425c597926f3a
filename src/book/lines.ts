/** Characters of one line of input; the rest of a longer one is dropped and the line is refused. */
export const LINE_LENGTH_MAX = 1_048_576

export interface Line {
  /** Counted from 1. */
  readonly number: number
  readonly text: string
  /** Longer than LINE_LENGTH_MAX; `text` is its beginning. */
  readonly isCut: boolean
}

/** Splits bytes into lines, as many at a time as have arrived. Lines end with LF or CR LF. */
export class LineSplitter {
  readonly #decoder = new TextDecoder()
  #rest = ''
  #restIsCut = false
  #count = 0

  push(bytes: Uint8Array): Line[] {
    return this.#split(this.#decoder.decode(bytes, { stream: true }))
  }

  /** What stands after the last line end. */
  end(): Line[] {
    const lines = this.#split(this.#decoder.decode())
    if (this.#rest !== '') lines.push(this.#take(''))
    return lines
  }

  #split(text: string): Line[] {
    const parts = text.split('\n')
    const last = parts.pop() ?? ''
    const lines = parts.map((part) => this.#take(part))
    this.#keep(last)
    return lines
  }

  #take(part: string): Line {
    this.#keep(part)
    this.#count += 1
    const line = { number: this.#count, text: this.#rest.replace(/\r$/, ''), isCut: this.#restIsCut }
    this.#rest = ''
    this.#restIsCut = false
    return line
  }

  #keep(part: string): void {
    const whole = this.#rest + part
    this.#restIsCut ||= whole.length > LINE_LENGTH_MAX
    this.#rest = whole.slice(0, LINE_LENGTH_MAX)
  }
}
