import {
  ACCOUNT_ALWAYS,
  ACCOUNT_NESTED,
  ANSWER_ACROSS,
  ANSWER_CLOSE,
  ANSWER_SAFE,
  ANSWER_UNKNOWN,
  LEVEL_NONE,
  LEVEL_PLACES,
  NONE,
} from '../../assembly/layout.ts'
import type { TwinAccounts } from './twin-account.ts'
import type { TwinTriggers } from './twin-arm.ts'
import type { TwinColumns } from './twin-columns.ts'
import type { TwinLevels } from './twin-levels.ts'

/** The re-check of one margin account, operation by operation as its twin assembly/recheck.ts. */
export class TwinRecheck {
  /** The level that the account measured last provably holds; LEVEL_NONE: not proven. */
  measuredLevel: number = LEVEL_NONE
  readonly #levels: TwinLevels
  readonly #accounts: TwinAccounts
  readonly #triggers: TwinTriggers
  // The columns that it reads, so that no access goes through a second object.
  #accountLevel!: Int32Array
  #accountRule!: Int32Array
  #accountForm!: Int32Array
  #ruleLevels!: Int32Array
  #measured: number = NONE
  // How far both slacks are beyond their error, if the answer is safe.
  #spareUp = 0
  #spareDown = 0
  // Of the account that is measured: the place of level 0 of its rule, how many levels follow, and ACCOUNT_ALWAYS.
  #places = 0
  #count = 0
  #isAlways = false
  /** `pricesAt` of the sums that were made last; 0: of none. */
  #summedAt = 0

  constructor(columns: TwinColumns, levels: TwinLevels, accounts: TwinAccounts, triggers: TwinTriggers) {
    this.#levels = levels
    this.#accounts = accounts
    this.#triggers = triggers
    columns.bind(() => {
      this.#accountLevel = columns.accountLevel
      this.#accountRule = columns.accountRule
      this.#accountForm = columns.accountForm
      this.#ruleLevels = columns.ruleLevels
    })
  }

  /** At the present prices; NaN when a mark is missing. */
  get measuredMarginBalance(): number {
    return this.#isSummedAt(this.#places + this.#count) ? this.#levels.marginBalance : Number.NaN
  }

  /** The same of the maintenance margin. */
  get measuredMaintenanceMargin(): number {
    return this.#isSummedAt(this.#places + this.#count) ? this.#levels.maintenanceMargin : Number.NaN
  }

  /** Computes the account from scratch at the present marks, answers, and sets its triggers accordingly. */
  recheck(account: number): number {
    const answer = this.measure(account)
    const isUnknown = answer === ANSWER_UNKNOWN || this.#accountLevel[account]! < 0
    this.#accounts.setUnknown(account, isUnknown ? 1 : 0)
    if (answer === ANSWER_SAFE && (this.#accountForm[account]! & ACCOUNT_NESTED) !== 0) this.#armMeasured()
    else this.#triggers.disarm(account)
    return answer
  }

  /** The answer and the measured values of a re-check; triggers and the count of unknown accounts stay. */
  measure(account: number): number {
    const rule = this.#accountRule[account]!
    this.#measured = account
    this.#places = rule * LEVEL_PLACES
    this.#count = this.#ruleLevels[rule]!
    this.#summedAt = 0
    const own = this.#accountLevel[account]!
    this.#isAlways = (this.#accountForm[account]! & ACCOUNT_ALWAYS) !== 0
    const isNested = !this.#isAlways && (this.#accountForm[account]! & ACCOUNT_NESTED) !== 0
    // The first level that is looked at, so that its sums serve the answer.
    const first = own < 0 || own === this.#count || !isNested ? this.#count : own + 1
    if (!this.#isSummedAt(this.#places + first)) {
      this.measuredLevel = LEVEL_NONE
      return ANSWER_UNKNOWN
    }
    if (own < 0) {
      this.measuredLevel = this.#provenLevel(-1 - own)
      return this.measuredLevel === LEVEL_NONE ? ANSWER_CLOSE : ANSWER_ACROSS
    }
    return isNested ? this.#answerNested(own) : this.#answerByAll(own)
  }

  #answerByAll(own: number): number {
    this.measuredLevel = this.#provenLevel(own)
    if (this.measuredLevel === LEVEL_NONE) return ANSWER_CLOSE
    return this.measuredLevel === own ? ANSWER_SAFE : ANSWER_ACROSS
  }

  #answerNested(own: number): number {
    let up = Infinity
    let upError = 0
    if (own < this.#count) {
      up = this.#slackOver(own + 1)
      upError = this.#levels.error
    }
    let down = Infinity
    let downError = 0
    if (own > 0) {
      down = this.#slackToLeave(own)
      downError = this.#levels.error
    }
    if (up < -upError || down < -downError) {
      this.measuredLevel = this.#provenLevel(own)
      return ANSWER_ACROSS
    }
    if (!(up > upError && down > downError)) {
      this.measuredLevel = LEVEL_NONE
      return ANSWER_CLOSE
    }
    this.measuredLevel = own
    this.#spareUp = up - upError
    this.#spareDown = down - downError
    return ANSWER_SAFE
  }

  /** Makes the sums those of the measured account at the prices of that level. False when a mark is missing. */
  #isSummedAt(place: number): boolean {
    const levels = this.#levels
    if (levels.pricesAt(place) === this.#summedAt) return true
    if (this.#measured === NONE || !levels.sumUp(this.#measured, place)) return false
    this.#summedAt = levels.pricesAt(place)
    return true
  }

  /** Below 0: the level is reached. */
  #slackOver(level: number): number {
    const levels = this.#levels
    this.#isSummedAt(this.#places + level)
    return levels.ratioAt(this.#places + level) * levels.marginBalance - levels.maintenanceMargin
  }

  /** Above 0: the level is not left yet. */
  #slackToLeave(level: number): number {
    const levels = this.#levels
    this.#isSummedAt(this.#places + level)
    const ratio = levels.ratioAt(this.#places + level)
    return levels.release * levels.maintenanceMargin - ratio * levels.marginBalance
  }

  /** The level that the measured account holds, coming from `current`; LEVEL_NONE when f64 does not decide it. */
  #provenLevel(current: number): number {
    if (this.#isAlways) return LEVEL_NONE
    const levels = this.#levels
    let reached = this.#count
    for (; reached > 0; reached--) {
      const slack = this.#slackOver(reached)
      if (slack < -levels.error) break
      if (!(slack > levels.error)) return LEVEL_NONE
    }
    for (let held = current; held > reached; held--) {
      const slack = this.#slackToLeave(held)
      if (slack > levels.error) return held
      if (!(slack < -levels.error)) return LEVEL_NONE
    }
    return reached
  }

  #armMeasured(): void {
    const level = this.measuredLevel
    const next = level < this.#count ? this.#places + level + 1 : NONE
    const own = level > 0 ? this.#places + level : NONE
    this.#triggers.arm(this.#measured, next, own, this.#spareUp, this.#spareDown)
  }
}
