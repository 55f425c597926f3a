// What the frames of a file are as a whole, for a person who wonders why no price came.
import { counted, type FrameKind, grouped } from '../domain/index.ts'
import { jsonOf } from '../input/index.ts'
import { visible } from './visible.ts'

/** Characters of the lines that are kept, to see whether together they are one JSON value. */
const KEPT_CHARACTERS_MAX = 4 * 1024 * 1024

export interface DecodedLine {
  readonly kind: FrameKind
  readonly text: string
  readonly isJson: boolean
  readonly hasPrice: boolean
}

export class DecodeSummary {
  #lines = 0
  #ignored = 0
  #withoutJson = 0
  #hasPrice = false
  #kept: string | undefined = ''

  add({ kind, text, isJson, hasPrice }: DecodedLine): void {
    this.#lines++
    if (kind === 'ignored') this.#ignored++
    if (!isJson) this.#withoutJson++
    this.#hasPrice ||= hasPrice
    if (this.#kept === undefined) return
    this.#kept = this.#kept.length + text.length > KEPT_CHARACTERS_MAX ? undefined : `${this.#kept}${text}\n`
  }

  /** What is to be said of all lines. `file`: as the user named it. */
  notes(file: string): string[] {
    return [...this.#aboutJson(file), ...this.#aboutPrices()]
  }

  #aboutJson(file: string): string[] {
    if (this.#withoutJson === 0) return []
    const are = this.#withoutJson === 1 ? 'is' : 'are'
    const count = `${grouped(this.#withoutJson)} of ${counted(this.#lines, 'line')}`
    return [`${count} ${are} no JSON: each line must be one whole message${this.#aboutWhole(file)}`]
  }

  #aboutWhole(file: string): string {
    const whole = this.#kept === undefined ? undefined : jsonOf(this.#kept)
    if (whole === undefined) return ''
    const named = visible(file)
    return Array.isArray(whole)
      ? `; the file as a whole is one JSON list: jq -c '.[]' ${named} puts each of its entries on a line`
      : `; the file as a whole is one JSON value: jq -c . ${named} puts it on one line`
  }

  #aboutPrices(): string[] {
    if (this.#hasPrice || this.#ignored * 2 <= this.#lines) return []
    const ignored = `${grouped(this.#ignored)} ${this.#ignored === 1 ? 'is' : 'are'} ignored`
    const none = `none of ${counted(this.#lines, 'line')} holds a price, and ${ignored}`
    return [`${none}: the frames may be of another venue or channel`]
  }
}
