import { type Clock, counted, grouped } from '../domain/index.ts'
import { type Screen, tell } from './wrapping.ts'

const BAR_WIDTH = 24
const REDRAW_INTERVAL_MS = 100
/** ANSI: go to the start of the line and clear it. */
const CLEAR_LINE = '\r\x1b[K'

export interface Terminal extends Screen {
  write(text: string): unknown
}

/** A progress bar on standard error; silent when that is not a terminal. Other lines go through `say`. */
export class ProgressBar {
  readonly #terminal: Terminal
  readonly #clock: Clock
  /** 0 when unknown: then only the count is shown. */
  readonly #totalBytes: number
  readonly #startedMs: number
  #drawnMs = Number.NEGATIVE_INFINITY
  #isDrawn = false

  constructor(terminal: Terminal, clock: Clock, totalBytes: number) {
    this.#terminal = terminal
    this.#clock = clock
    this.#totalBytes = totalBytes
    this.#startedMs = clock.monotonicMs()
  }

  update(bytes: number, accounts: number): void {
    const nowMs = this.#clock.monotonicMs()
    if (this.#terminal.isTTY !== true || nowMs - this.#drawnMs < REDRAW_INTERVAL_MS) return
    this.#drawnMs = nowMs
    this.#isDrawn = true
    const perSecond = Math.round((accounts / Math.max(nowMs - this.#startedMs, 1)) * 1_000)
    const count = `${counted(accounts, 'account')}  ${grouped(perSecond)}/s`
    this.#terminal.write(`${CLEAR_LINE}${this.#bar(bytes)}${count}`)
  }

  say(line: string): void {
    this.clear()
    tell(this.#terminal, line)
  }

  clear(): void {
    if (this.#isDrawn) this.#terminal.write(CLEAR_LINE)
    this.#isDrawn = false
  }

  #bar(bytes: number): string {
    if (this.#totalBytes === 0) return ''
    const share = Math.min(bytes / this.#totalBytes, 1)
    const filled = Math.round(share * BAR_WIDTH)
    return `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ${String(Math.floor(share * 100)).padStart(3)} %  `
  }
}
