import type { Decimal } from '../domain/index.ts'
import type { Classifier } from './classifier.ts'
import { isNearer } from './compare.ts'
import { breaksScale, type Doubt, type Evidence } from './doubt.ts'

/** Suspect prices that are watched. Of one more it is `undecided` at once whether it is right: `too-many`. */
export const SUSPICIONS_MAX = 10_000

/** Why it is not known whether a suspect price is right. */
export type Undecided = 'time' | 'restart' | 'too-many'

/** What has become of a suspect price. `atMs`: when that was known, Unix milliseconds. */
export type Outcome = { readonly atMs: number } & (
  | { readonly confidence: 'confirmed'; readonly by: Evidence | OwnMarks }
  | { readonly confidence: 'retracted'; readonly by: { readonly by: 'market-back'; readonly marks: number } }
  | { readonly confidence: 'undecided'; readonly by: { readonly by: Undecided } }
)

interface OwnMarks {
  readonly by: 'own-marks'
  readonly marks: number
}

/** A suspect price that is watched until `outcome` is known. */
export interface Suspicion {
  readonly doubt: Doubt
  readonly untilMs: number
  /** Further marks that are nearer to the suspect price than to the last accepted one, and those that are not. */
  agreeing: number
  back: number
  /** Number of the last mark that was counted, or of the suspect one. */
  counted: number
  outcome: Outcome | undefined
}

/**
 * Watches suspect prices. This is the one place of the rule by which they are revised:
 *
 * - `confirmed` as soon as the index price of the venue is at it, or beyond it on its side; or enough other venues are at it; or
 *   `confirmMarksMin` further marks of the market, the last of them `confirmAfterMs` later, are nearer to it than to the last
 *   accepted mark. A price that is off scale is confirmed by other venues alone: a fault of units stays, and may be in the index.
 * - `retracted` when it was a spike of one mark, or is off scale, and `retractMarksMin` further marks, the last of them
 *   `retractAfterMs` later, are accepted and nearer to the last accepted mark.
 * - `undecided` after `decideWithinMs`.
 *
 * Spans between marks are by the time of the venue, the limit is by the time of receipt: a replay decides the same. Pure.
 */
export class Suspicions {
  readonly #classifier: Classifier
  /** Those that are not decided, by market. */
  readonly #open = new Map<number, Suspicion[]>()
  readonly #byDoubt = new WeakMap<Doubt, Suspicion>()
  #size = 0
  /** Not above the limit of any that is open. */
  #nextLimitMs = Number.POSITIVE_INFINITY
  #decided: Suspicion[] = []

  constructor(classifier: Classifier) {
    this.#classifier = classifier
  }

  get hasDecided(): boolean {
    return this.#decided.length > 0
  }

  /** Those that were decided since the last call, in the order in which they were. */
  takeDecided(): Suspicion[] {
    const decided = this.#decided
    this.#decided = []
    return decided
  }

  /** Watches the price from now on. The same object each time. `nowMs`: Unix milliseconds. */
  watch(doubt: Doubt, nowMs: number): Suspicion {
    const known = this.#byDoubt.get(doubt)
    if (known !== undefined) return known
    const untilMs = nowMs + this.#classifier.rules.decideWithinMs
    const suspicion: Suspicion = {
      doubt,
      untilMs,
      agreeing: 0,
      back: 0,
      counted: doubt.mark,
      outcome: undefined,
    }
    this.#byDoubt.set(doubt, suspicion)
    if (this.#size === SUSPICIONS_MAX) suspicion.outcome = undecided('too-many', nowMs)
    else {
      this.#size++
      this.#nextLimitMs = Math.min(this.#nextLimitMs, untilMs)
      const open = this.#open.get(doubt.instrument)
      if (open === undefined) this.#open.set(doubt.instrument, [suspicion])
      else open.push(suspicion)
    }
    return suspicion
  }

  /** The market has a further mark, which is classified. `nowMs`: its receipt, Unix milliseconds. */
  heard(instrument: number, mark: Decimal, nowMs: number): void {
    if (this.#size === 0) return
    const open = this.#open.get(instrument)
    if (open !== undefined)
      this.#keep(instrument, open, (suspicion) => this.#outcomeAt(suspicion, mark, nowMs))
  }

  /** Gives up what has reached its limit. `nowMs`: Unix milliseconds. */
  expire(nowMs: number): void {
    if (nowMs < this.#nextLimitMs) return
    for (const [instrument, open] of this.#open)
      this.#keep(instrument, open, ({ untilMs }) =>
        nowMs < untilMs ? undefined : undecided('time', untilMs),
      )
    this.#nextLimitMs = Number.POSITIVE_INFINITY
    for (const open of this.#open.values())
      for (const { untilMs } of open) this.#nextLimitMs = Math.min(this.#nextLimitMs, untilMs)
  }

  #keep(
    instrument: number,
    open: readonly Suspicion[],
    outcomeOf: (suspicion: Suspicion) => Outcome | undefined,
  ): void {
    const left = open.filter((suspicion) => {
      const outcome = outcomeOf(suspicion)
      if (outcome === undefined) return true
      suspicion.outcome = outcome
      this.#size--
      this.#decided.push(suspicion)
      return false
    })
    if (left.length === 0) this.#open.delete(instrument)
    else this.#open.set(instrument, left)
  }

  #outcomeAt(suspicion: Suspicion, mark: Decimal, atMs: number): Outcome | undefined {
    const { doubt } = suspicion
    const evidence = this.#classifier.evidenceOf(doubt)
    if (evidence !== undefined) return { confidence: 'confirmed', by: evidence, atMs }
    const number = this.#classifier.marksOf(doubt.instrument)
    // The mark itself, or one that was counted, stated again.
    if (number === suspicion.counted) return undefined
    suspicion.counted = number
    const { confirmMarksMin, confirmAfterMs, retractMarksMin, retractAfterMs } = this.#classifier.rules
    const spanMs = this.#classifier.eventTimeMsOf(doubt.instrument) - doubt.eventTimeMs
    const isOffScale = breaksScale(doubt)
    // A first mark that is off scale has been compared with other venues alone.
    const known = doubt.accepted || (isOffScale ? doubt.base : '')
    if (known === '' || isNearer(mark, doubt.markPrice, known)) {
      const present = this.#classifier.doubtOf(doubt.instrument)
      // A mark that is off scale itself confirms nothing.
      if (present !== undefined && breaksScale(present)) return undefined
      const marks = ++suspicion.agreeing
      if (isOffScale || marks < confirmMarksMin || spanMs < confirmAfterMs) return undefined
      return { confidence: 'confirmed', by: { by: 'own-marks', marks }, atMs }
    }
    if (this.#classifier.doubtOf(doubt.instrument) !== undefined) return undefined
    const marks = ++suspicion.back
    const couldBeNone = doubt.isSpike === true || isOffScale
    if (!couldBeNone || marks < retractMarksMin || spanMs < retractAfterMs) return undefined
    return { confidence: 'retracted', by: { by: 'market-back', marks }, atMs }
  }
}

export function undecided(by: Undecided, atMs: number): Outcome {
  return { confidence: 'undecided', by: { by }, atMs }
}
