import type { LevelName } from '../domain/index.ts'
import type { AbsentMarginAccount } from './absent-accounts.ts'
import type { Watchlist } from './watchlist.ts'

/** Margin accounts of which levels are kept; of more, those that were noted first are forgotten. */
export const LEVELS_LEFT_MAX = 10_000
/** Levels of one margin account; of more, the oldest are forgotten. */
const LEVELS_OF_ONE_MAX = 16

interface LeftLevel {
  readonly level: LevelName
  readonly timeMs: number
}

/**
 * Levels above safe at which margin accounts stood when their terms changed or they went. They were published by then, so a gap
 * around that time has not hidden them. One that is forgotten may be published again when such a gap is filled.
 */
export class LevelsLeft {
  readonly #watchlist: Watchlist
  readonly #nowMs: () => number
  readonly #levels = new Map<string, LeftLevel[]>()

  constructor(watchlist: Watchlist, nowMs: () => number) {
    this.#watchlist = watchlist
    this.#nowMs = nowMs
  }

  /** Call before the terms of a settled account change. */
  noteAccount(id: string): void {
    const watchlist = this.#watchlist
    const account = watchlist.find(id)
    if (account < 0) return
    for (const marginAccount of watchlist.marginAccountsOf(account)) {
      const { level } = watchlist.standingOf(marginAccount)
      if (level > 0) this.#note(watchlist.idOf(marginAccount), watchlist.ruleOf(marginAccount).names[level]!)
    }
  }

  noteAbsent({ subject, standing: { level }, rule }: AbsentMarginAccount): void {
    if (level > 0) this.#note(subject.id, rule.names[level]!)
  }

  #note(marginAccount: string, level: LevelName): void {
    const known = this.#levels.get(marginAccount) ?? []
    if (known.length === LEVELS_OF_ONE_MAX) known.shift()
    known.push({ level, timeMs: this.#nowMs() })
    // Behind those that were noted before it.
    this.#levels.delete(marginAccount)
    this.#levels.set(marginAccount, known)
    if (this.#levels.size <= LEVELS_LEFT_MAX) return
    const [oldest] = this.#levels.keys()
    this.#levels.delete(oldest!)
  }

  /** Those that were noted at that time, Unix milliseconds, or later. */
  since(marginAccount: string, fromMs: number): LevelName[] {
    const known = this.#levels.get(marginAccount) ?? []
    return known.filter(({ timeMs }) => timeMs >= fromMs).map(({ level }) => level)
  }
}
