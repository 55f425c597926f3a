import { type Line, LineSplitter, RecordText, type Splitter } from './lines.ts'

/**
 * Accounts as JSON: one a line, or one list over all lines, which the first character that is no space tells. Each
 * element of a list is a record of its own, given as it comes, so that a list may be longer than memory.
 */
export class JsonSplitter implements Splitter {
  #inner: Splitter | undefined
  #linesBefore = 0

  push(text: string): Line[] {
    if (this.#inner !== undefined) return this.#inner.push(text)
    const rest = text.trimStart()
    this.#linesBefore += lineEnds(text.slice(0, text.length - rest.length))
    if (rest === '') return []
    this.#inner = rest.startsWith('[')
      ? new ListSplitter(this.#linesBefore)
      : new LineSplitter(this.#linesBefore)
    return this.#inner.push(rest)
  }

  end(): Line[] {
    return this.#inner?.end() ?? []
  }
}

function lineEnds(text: string): number {
  return text.split('\n').length - 1
}

/** Splits a JSON list into its elements by brackets and quotes alone: whether an element is JSON is for its reader. */
class ListSplitter implements Splitter {
  readonly #element = new RecordText()
  #place: 'before' | 'inside' | 'after' = 'before'
  #line: number
  /** Where the element begins; 0 as long as only space has come of it. */
  #elementLine = 0
  /** Objects and lists that are open inside the element. */
  #depth = 0
  #inString = false
  #isEscaped = false
  #elements = 0

  constructor(linesBefore: number) {
    this.#line = linesBefore + 1
  }

  push(text: string): Line[] {
    const found: Line[] = []
    /** Where the part of the element begins that is not kept yet. */
    let from = 0
    for (let index = 0; index < text.length; index++) {
      const character = text[index]!
      if (character === '\n') this.#line += 1
      if (this.#place === 'before') {
        this.#place = 'inside'
        from = index + 1
      } else if (this.#ends(character)) {
        this.#element.append(text.slice(from, index))
        const isLast = character === ']'
        if (this.#elementLine > 0 || !isLast || this.#elements > 0) found.push(this.#take())
        else this.#element.take()
        from = index + 1
        if (isLast) this.#place = 'after'
      } else if (this.#elementLine === 0 && !isSpace(character)) this.#elementLine = this.#line
    }
    this.#element.append(text.slice(from))
    return found
  }

  /** What is left is an element that does not end, or stands after the list. */
  end(): Line[] {
    if (this.#place === 'inside') return [this.#take('the list must end with ]; the input may be cut off')]
    return this.#elementLine > 0 ? [this.#take('nothing may stand after the list')] : []
  }

  /** Whether the character ends the element. Follows quotes and brackets. */
  #ends(character: string): boolean {
    if (this.#place === 'after') return false
    if (this.#inString) {
      if (this.#isEscaped) this.#isEscaped = false
      else if (character === '\\') this.#isEscaped = true
      else if (character === '"') this.#inString = false
    } else if (character === '"') this.#inString = true
    else if (character === '{' || character === '[') this.#depth += 1
    else if (this.#depth === 0) return character === ',' || character === ']'
    else if (character === '}' || character === ']') this.#depth -= 1
    return false
  }

  #take(fault?: string): Line {
    const { text, isCut } = this.#element.take()
    const line = { number: this.#elementLine || this.#line, text: text.trim(), isCut }
    this.#elementLine = 0
    this.#elements += 1
    const broken = fault ?? (line.text === '' ? 'an account is missing beside a comma' : undefined)
    return broken === undefined ? line : { ...line, fault: broken }
  }
}

function isSpace(character: string): boolean {
  return character === ' ' || character === '\n' || character === '\r' || character === '\t'
}
