/** Characters of one record of input; the rest of a longer one is dropped and the record is refused. */
export const LINE_LENGTH_MAX = 1_048_576

/** One record of input: a line, or an element of a JSON list. */
export interface Line {
  /** Where it begins, counted from 1. */
  readonly number: number
  readonly text: string
  /** Longer than LINE_LENGTH_MAX; `text` is its beginning. */
  readonly isCut: boolean
  /** A rule that the record breaks by where it stands. */
  readonly fault?: string
}

/** Splits text into records, as many at a time as have arrived. */
export interface Splitter {
  push(text: string): Line[]
  /** What stands after the last end of a record. */
  end(): Line[]
}

/** Lines end with LF or CR LF. `lengthMax`: characters of a line that are kept. */
export class LineSplitter implements Splitter {
  readonly #rest: RecordText
  #count: number

  constructor(linesBefore = 0, lengthMax = LINE_LENGTH_MAX) {
    this.#count = linesBefore
    this.#rest = new RecordText(lengthMax)
  }

  push(text: string): Line[] {
    const parts = text.split('\n')
    const last = parts.pop() ?? ''
    const lines = parts.map((part) => this.#take(part))
    this.#rest.append(last)
    return lines
  }

  end(): Line[] {
    return this.#rest.isEmpty ? [] : [this.#take('')]
  }

  #take(part: string): Line {
    this.#rest.append(part)
    this.#count += 1
    const { text, isCut } = this.#rest.take()
    return { number: this.#count, text: text.replace(/\r$/, ''), isCut }
  }
}

/** The text of one record while it grows, at most LINE_LENGTH_MAX characters of it. */
export class RecordText {
  readonly #lengthMax: number
  #text = ''
  #isCut = false

  constructor(lengthMax = LINE_LENGTH_MAX) {
    this.#lengthMax = lengthMax
  }

  get isEmpty(): boolean {
    return this.#text === ''
  }

  append(part: string): void {
    if (part === '') return
    const whole = this.#text + part
    this.#isCut ||= whole.length > this.#lengthMax
    this.#text = whole.slice(0, this.#lengthMax)
  }

  take(): { readonly text: string; readonly isCut: boolean } {
    const taken = { text: this.#text, isCut: this.#isCut }
    this.#text = ''
    this.#isCut = false
    return taken
  }
}

const UTF_16 = { little: 'utf-16le', big: 'utf-16be' } as const

/**
 * Text of bytes that come in pieces: UTF-8, or UTF-16 if the byte order mark says so, or a zero byte beside the
 * first character, which no JSON and no CSV begins with. The mark is no part of the text.
 */
export class TextReader {
  #decoder: InstanceType<typeof TextDecoder> | undefined
  #start: Uint8Array = new Uint8Array()

  push(bytes: Uint8Array): string {
    if (this.#decoder === undefined) {
      const start = new Uint8Array([...this.#start, ...bytes.subarray(0, 2)])
      if (start.length < 2) {
        this.#start = start
        return ''
      }
      this.#decoder = new TextDecoder(encodingOf(start[0]!, start[1]!))
      return (
        this.#decoder.decode(this.#start, { stream: true }) + this.#decoder.decode(bytes, { stream: true })
      )
    }
    return this.#decoder.decode(bytes, { stream: true })
  }

  end(): string {
    if (this.#decoder !== undefined) return this.#decoder.decode()
    return new TextDecoder().decode(this.#start)
  }
}

/** Text of all bytes of a file, as `TextReader` reads it. */
export function textOfBytes(bytes: Uint8Array): string {
  const reader = new TextReader()
  return reader.push(bytes) + reader.end()
}

function encodingOf(first: number, second: number): string {
  if ((first === 0xff && second === 0xfe) || (first !== 0 && second === 0)) return UTF_16.little
  if ((first === 0xfe && second === 0xff) || (first === 0 && second !== 0)) return UTF_16.big
  return 'utf-8'
}
