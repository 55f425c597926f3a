import type { BackfillRequest } from '../domain/index.ts'

/** Minutes of a market that are kept. Gaps of a market do not overlap: two share a minute only if one ends in it. */
const MINUTES_KEPT = 8

interface JudgedMinute {
  readonly minuteMs: number
  readonly gapFromMs: number
}

/**
 * The minutes by whose bars margin accounts of a market have been judged. Such a bar is of the whole minute, so a further gap in it
 * hides nothing more.
 */
export class JudgedMinutes {
  readonly #minutes = new Map<string, JudgedMinute[]>()

  add({ gap, minutes }: Pick<BackfillRequest, 'gap' | 'minutes'>): void {
    const key = keyOf(gap)
    const judged = minutes.map((minuteMs) => ({ minuteMs, gapFromMs: gap.fromMs }))
    const all = [...(this.#minutes.get(key) ?? []), ...judged].sort(
      (one, other) => one.minuteMs - other.minuteMs,
    )
    this.#minutes.set(key, all.slice(-MINUTES_KEPT))
  }

  /** The minutes of a request without those that another gap was in. */
  left({ gap, minutes }: Pick<BackfillRequest, 'gap' | 'minutes'>): readonly number[] {
    const judged = this.#minutes.get(keyOf(gap))
    if (judged === undefined) return minutes
    const isJudged = (minute: number) =>
      judged.some(({ minuteMs, gapFromMs }) => minuteMs === minute && gapFromMs !== gap.fromMs)
    return minutes.filter((minute) => !isJudged(minute))
  }
}

function keyOf({ venue, symbol }: BackfillRequest['gap']): string {
  return `${venue} ${symbol}`
}
