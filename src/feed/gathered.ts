import type { Clock } from '../domain/index.ts'

/** Most names in one line of the log; more are counted. */
const NAMES_LOGGED_MAX = 20

export interface GatheredLineOptions {
  readonly clock: Clock
  /** From the first name to the line, milliseconds. */
  readonly gatherMs: number
  /** Writes the line: how many names there were, and the first of them. */
  readonly write: (count: number, names: readonly string[]) => void
}

/** Gathers what happens to several markets within a short time into one line of the log. */
export class GatheredLine {
  readonly #options: GatheredLineOptions
  readonly #names: string[] = []
  #count = 0
  #cancel: (() => void) | undefined

  constructor(options: GatheredLineOptions) {
    this.#options = options
  }

  add(name: string): void {
    this.#count++
    if (this.#names.length < NAMES_LOGGED_MAX) this.#names.push(name)
    this.#cancel ??= this.#options.clock.after(this.#options.gatherMs, () => this.flush())
  }

  /** Writes the gathered line at once. */
  flush(): void {
    this.#cancel?.()
    this.#cancel = undefined
    if (this.#count === 0) return
    const count = this.#count
    this.#count = 0
    this.#options.write(count, this.#names.splice(0))
  }
}
