/** What a terminal shows after some output: the sequences that the demo uses, and lines that wrap at its width. */
export class TestTerminal {
  readonly isTTY = true
  columns: number
  rows: number
  readonly written: string[] = []
  isCursorVisible = true
  /** The lines that were longer than the terminal is wide, as far as they fit. */
  readonly wrapped: string[] = []
  /** A sequence whose end has not arrived. */
  #incomplete = ''
  #lines: string[] = ['']
  #row = 0
  #column = 0

  constructor(columns: number, rows: number) {
    this.columns = columns
    this.rows = rows
  }

  hasColors(): boolean {
    return true
  }

  /** The lines on the screen, without blanks at their ends; those that scrolled away are `scrolled`. */
  get shown(): string[] {
    return this.#lines.slice(-this.rows).map((line) => line.trimEnd())
  }

  /** Where the cursor is, from the first line of the screen. */
  get cursorRow(): number {
    return this.#row - this.#top
  }

  get #top(): number {
    return Math.max(0, this.#lines.length - this.rows)
  }

  write(text: string): void {
    this.written.push(text)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what a terminal reads.
    const [whole, incomplete = ''] = (this.#incomplete + text).split(/(\x1b(?:\[[?\d;]*)?)$/)
    this.#incomplete = incomplete
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what a terminal reads.
    for (const [token] of whole!.matchAll(/\x1b\[[?\d;]*[A-Za-z]|[^\x1b]/gu)) this.#take(token)
  }

  #take(token: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what a terminal reads.
    const [, parameter, command] = /^\x1b\[([?\d;]*)([A-Za-z])$/.exec(token) ?? []
    if (command === undefined) this.#print(token)
    else if (command === 'A') this.#row = Math.max(this.#top, this.#row - Number(parameter || 1))
    else if (command === 'K') this.#setLine(this.#line.slice(0, this.#column))
    else if (command === 'H') this.#moveTo(this.#top, 0)
    else if (command === 'h' && parameter === '?25') this.isCursorVisible = true
    else if (command === 'l' && parameter === '?25') this.isCursorVisible = false
    else if (command === 'J') this.#clear(parameter === '2')
    else if (command !== 'm') throw new Error(`the test terminal does not know ${JSON.stringify(token)}`)
  }

  #print(character: string): void {
    if (character === '\r') this.#column = 0
    else if (character === '\n') this.#moveTo(this.#row + 1, 0)
    else {
      if (this.#column === this.columns) {
        this.wrapped.push(this.#line)
        this.#moveTo(this.#row + 1, 0)
      }
      const line = this.#line.padEnd(this.#column)
      this.#setLine(line.slice(0, this.#column) + character + line.slice(this.#column + 1))
      this.#column++
    }
  }

  #clear(whole: boolean): void {
    const from = whole ? this.#top : this.#row + 1
    if (!whole) this.#setLine(this.#line.slice(0, this.#column))
    for (let row = from; row < this.#lines.length; row++) this.#lines[row] = ''
  }

  get #line(): string {
    return this.#lines[this.#row] ?? ''
  }

  #setLine(text: string): void {
    this.#lines[this.#row] = text
  }

  #moveTo(row: number, column: number): void {
    while (this.#lines.length <= row) this.#lines.push('')
    this.#row = row
    this.#column = column
  }
}
