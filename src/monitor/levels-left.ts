import { type Gap, type LevelName, minuteOf } from '../domain/index.ts'

/** Margin accounts of which levels are kept; of more, those that were noted first are forgotten. */
export const LEVELS_LEFT_MAX = 10_000
/** Levels of one margin account; of more, the oldest are forgotten. */
const LEVELS_OF_ONE_MAX = 16

interface LeftLevel {
  readonly level: LevelName
  readonly timeMs: number
  /** The market with the gap in which it was found; then the time is the start of its minute. */
  readonly foundIn?: string
}

/**
 * Levels above safe that margin accounts left, and those that they reached in a gap that is filled. Each was published, so another
 * gap around its time has not hidden it. One that is forgotten may be published again when such a gap is filled.
 */
export class LevelsLeft {
  readonly #levels = new Map<string, LeftLevel[]>()

  /** The margin account stood at the level until that time. */
  note(marginAccount: string, level: LevelName, timeMs: number): void {
    this.#add(marginAccount, { level, timeMs })
  }

  /** It reached the level in that minute, as the filling of the gap of a market found. */
  noteFound(marginAccount: string, level: LevelName, minuteMs: number, foundIn: string): void {
    this.#add(marginAccount, { level, timeMs: minuteMs, foundIn })
  }

  /** Those of the time of the gap, except what is found in it itself. */
  in(marginAccount: string, { symbol, fromMs, toMs }: Pick<Gap, 'symbol' | 'fromMs' | 'toMs'>): LevelName[] {
    const known = this.#levels.get(marginAccount) ?? []
    return known
      .filter(
        ({ timeMs, foundIn }) =>
          timeMs <= toMs &&
          (foundIn === undefined ? timeMs > fromMs : timeMs >= minuteOf(fromMs) && foundIn !== symbol),
      )
      .map(({ level }) => level)
  }

  #add(marginAccount: string, left: LeftLevel): void {
    const known = this.#levels.get(marginAccount) ?? []
    if (known.length === LEVELS_OF_ONE_MAX) known.shift()
    known.push(left)
    // Behind those that were noted before it.
    this.#levels.delete(marginAccount)
    this.#levels.set(marginAccount, known)
    if (this.#levels.size <= LEVELS_LEFT_MAX) return
    const [oldest] = this.#levels.keys()
    this.#levels.delete(oldest!)
  }
}
