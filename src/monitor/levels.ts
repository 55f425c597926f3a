import type { Watched } from './book.ts'

/** Which margin accounts stand at which level above safe. Changes only with a transition, never on a tick. */
export class Levels {
  readonly #at: Set<Watched>[]

  constructor(levels: number) {
    this.#at = Array.from({ length: levels + 1 }, () => new Set())
  }

  /** Margin accounts at a level above 0. */
  at(level: number): ReadonlySet<Watched> {
    return this.#at[level]!
  }

  /** Files the account under its present level. A safe, absent or unknown one is filed nowhere. */
  move(watched: Watched, before: number): void {
    this.#at[before]!.delete(watched)
    const { level, unknown } = watched.standing
    if (level > 0 && !unknown && watched.kernelAccount >= 0) this.#at[level]!.add(watched)
  }
}
