import { type BackfillRequest, compareDecimals, type HeardRange, type MarkBar } from '../domain/index.ts'
import {
  compare,
  evaluationsOf,
  type FurtherPrices,
  heldLevel,
  type LevelRule,
  type MarginAccount,
  type Rational,
  type Steps,
  sub,
  ZERO,
} from '../margin/index.ts'
import { PastPrices } from './past-prices.ts'

/** A margin account by terms of the past. */
export interface PastAccount {
  readonly exact: MarginAccount
  readonly rule: LevelRule
  /** Symbols and names of index prices on which it depends. */
  readonly symbols: readonly string[]
  readonly fundingRateOf: NonNullable<FurtherPrices['fundingRateOf']>
  /** The level of the rule at which it stands, from which a level is held. */
  readonly level: number
}

/** The highest level that was reached in some minutes, where it was reached first. */
export interface MissedLevel {
  readonly level: number
  readonly minuteMs: number
  readonly prices: PastPrices
  /** Several markets are at extremes of their bars, which may not have come at one moment. */
  readonly isOfExtremes: boolean
}

type Extreme = 'low' | 'high'

/**
 * The highest level above `above` that the account reached in these minutes; undefined where it reached none, `unknown` where prices
 * are missing and it reached none at the others. In steps of a minute.
 *
 * Of one market the low and the high are exact: the level depends on one price, and no price of the minute was worse than the worse
 * of both. Of several markets the opens came at one moment. Their extremes may not have: each market is taken at its worse one, than
 * which no moment was worse, and a level that is found there alone is `isOfExtremes`.
 */
export function* missedLevelSteps(
  account: PastAccount,
  { gap, bars }: Pick<BackfillRequest, 'gap' | 'bars'>,
  minutes: readonly number[],
  above: number,
): Steps<MissedLevel | undefined | 'unknown'> {
  const { symbols, rule } = account
  const search = new Search(account, above)
  const worst = new WorstExtremes()
  let isUnknown = false
  for (const minuteMs of minutes) {
    const bar = bars.get(gap.symbol)?.get(minuteMs)
    const prices = PastPrices.of(bars, symbols, minuteMs)
    if (bar === undefined || prices === undefined) isUnknown = true
    else {
      const missed = missedIn(
        bar,
        gap.heard.find((range) => range.minuteMs === minuteMs),
      )
      const isLooked =
        symbols.length === 1
          ? search.lookAtEach(prices, minuteMs, worst.beyond(bar, missed))
          : missed.length === 0 || search.lookAtAll(prices, minuteMs)
      if (!isLooked) isUnknown = true
    }
    if (search.found?.level === rule.levels.length) break
    yield
  }
  return search.found ?? (isUnknown ? 'unknown' : undefined)
}

/** The extremes of a bar that were not heard. */
export function missedIn({ low, high }: MarkBar, heard: HeardRange | undefined): readonly Extreme[] {
  if (heard === undefined) return ['low', 'high']
  const missed: Extreme[] = []
  if (compareDecimals(low, heard.low) < 0) missed.push('low')
  if (compareDecimals(high, heard.high) > 0) missed.push('high')
  return missed
}

/** The extremes of the bars that were looked at. A price within them reaches no level that they do not. */
class WorstExtremes {
  #low: string | undefined
  #high: string | undefined

  /** Those of the missed extremes that are beyond them, which they then include. */
  beyond({ low, high }: MarkBar, missed: readonly Extreme[]): readonly Extreme[] {
    const beyond: Extreme[] = []
    if (missed.includes('low') && (this.#low === undefined || compareDecimals(low, this.#low) < 0)) {
      this.#low = low
      beyond.push('low')
    }
    if (missed.includes('high') && (this.#high === undefined || compareDecimals(high, this.#high) > 0)) {
      this.#high = high
      beyond.push('high')
    }
    return beyond
  }
}

class Search {
  readonly #account: PastAccount
  #above: number
  found: MissedLevel | undefined

  constructor(account: PastAccount, above: number) {
    this.#account = account
    this.#above = above
  }

  /** False where no verdict is possible. */
  lookAtEach(prices: PastPrices, minuteMs: number, extremes: readonly Extreme[]): boolean {
    return extremes.every((extreme) => this.#look(prices.allAt(extreme), minuteMs, false))
  }

  lookAtAll(prices: PastPrices, minuteMs: number): boolean {
    if (!this.#look(prices.allAt('open'), minuteMs, false)) return false
    const worst = this.#worstOf(prices)
    const isLooked = (at: PastPrices | undefined) => at !== undefined && this.#look(at, minuteMs, true)
    return isLooked(worst) && isLooked(prices.allAt('low')) && isLooked(prices.allAt('high'))
  }

  /** Each market at that extreme at which the account has less to spare, the others at their opens. */
  #worstOf(prices: PastPrices): PastPrices | undefined {
    const worst = new Map<string, Extreme>()
    for (const symbol of this.#account.symbols) {
      const [low, high] = (['low', 'high'] as const).map((extreme) =>
        this.#slackAt(prices.at(new Map([[symbol, extreme]]))),
      )
      if (low === undefined || high === undefined) return undefined
      worst.set(symbol, compare(low, high) <= 0 ? 'low' : 'high')
    }
    return prices.at(worst)
  }

  #slackAt(prices: PastPrices): Rational | undefined {
    const evaluation = this.#evaluationsAt(prices)?.(ZERO)
    return evaluation && sub(evaluation.marginBalance, evaluation.maintenanceMargin)
  }

  #look(prices: PastPrices, minuteMs: number, isOfExtremes: boolean): boolean {
    const { exact, rule, level: present } = this.#account
    const evaluationAt = this.#evaluationsAt(prices)
    if (evaluationAt === undefined) return false
    const level = heldLevel(evaluationAt, exact, rule, present)
    if (level > this.#above) {
      this.found = { level, minuteMs, prices, isOfExtremes }
      this.#above = level
    }
    return true
  }

  #evaluationsAt(prices: PastPrices) {
    const { exact, fundingRateOf } = this.#account
    return evaluationsOf(exact, prices.markOf, prices.further(fundingRateOf))
  }
}
