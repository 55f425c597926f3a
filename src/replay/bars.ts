import { compareDecimals, type Decimal } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import type { Bar } from './klines.ts'

/** Bars of one replay, all in memory at some 330 bytes each: a day of 690 contracts in bars of a minute. */
export const BARS_MAX = 1_000_000

/**
 * The way through a bar, whose order of high and low nobody knows: one that rises, or stays, by its low first and one that falls by
 * its high first (`direction`), or all by the same one first.
 */
export const BAR_ORDERS = ['direction', 'low-first', 'high-first'] as const
export type BarOrder = (typeof BAR_ORDERS)[number]

/** Prices of one moment. */
export interface ReplayInstant {
  readonly timeMs: number
  readonly marks: readonly (readonly [symbol: string, markPrice: Decimal])[]
  /** Contracts that had a bar before and have none here: they have no mark from this moment on. */
  readonly silent: readonly string[]
}

/** The prices of a bar in their order. */
const STEPS = 4

/** Bars of several contracts, of one length. */
export class Bars {
  readonly #barsMax: number
  readonly #byTime = new Map<number, Map<string, Bar>>()
  readonly #symbols = new Set<string>()
  readonly #statedMs = new Set<number>()
  #count = 0
  #intervalMs: number | undefined

  /** `barsMax`: as BARS_MAX; a smaller one for tests. */
  constructor(barsMax = BARS_MAX) {
    this.#barsMax = barsMax
  }

  get count(): number {
    return this.#count
  }

  get symbols(): string[] {
    return [...this.#symbols].sort()
  }

  /** From the first bar to the end of the last one, Unix milliseconds. */
  get span(): { readonly fromMs: number; readonly toMs: number } {
    const times = this.#times
    return { fromMs: times[0] ?? 0, toMs: (times.at(-1) ?? 0) + this.intervalMs }
  }

  /**
   * Length of a bar: the shortest time between two of one contract; where each contract has one bar, what the files state.
   * @throws PlimsollError INPUT_INVALID where they state none, or several.
   */
  get intervalMs(): number {
    this.#intervalMs ??= this.#shortestMs() ?? this.#onlyStatedMs()
    return this.#intervalMs
  }

  #shortestMs(): number | undefined {
    let shortestMs = Number.POSITIVE_INFINITY
    const lastMs = new Map<string, number>()
    for (const timeMs of this.#times) {
      for (const symbol of this.#byTime.get(timeMs)!.keys()) {
        shortestMs = Math.min(shortestMs, timeMs - (lastMs.get(symbol) ?? Number.NEGATIVE_INFINITY))
        lastMs.set(symbol, timeMs)
      }
    }
    return Number.isFinite(shortestMs) ? shortestMs : undefined
  }

  #onlyStatedMs(): number {
    const [first, ...others] = this.#statedMs
    if (first !== undefined && others.length === 0) return first
    const rule =
      first === undefined
        ? 'one bar of a contract tells no length: give two of one contract, or state it in the name of the file, such as BTCUSDT-1m-2025-10-10.csv'
        : `the names of the files state bars of ${[first, ...others].map((ms) => `${ms / 1_000} s`).join(' and ')}: replay those of one length at a time`
    throw new PlimsollError('INPUT_INVALID', rule)
  }

  get #times(): number[] {
    return [...this.#byTime.keys()].sort((a, b) => a - b)
  }

  /**
   * `statedMs`: the length of the bar as its file states it.
   * @throws PlimsollError INPUT_INVALID for a second bar of one contract and time, and for more than BARS_MAX.
   */
  add(bar: Bar, statedMs?: number): void {
    const { symbol, openTimeMs } = bar
    if (this.#count === this.#barsMax)
      throw new PlimsollError(
        'INPUT_INVALID',
        `the files hold more than ${this.#barsMax} bars: replay fewer at a time`,
      )
    let own = this.#byTime.get(openTimeMs)
    if (own === undefined) {
      own = new Map()
      this.#byTime.set(openTimeMs, own)
    }
    if (own.has(symbol)) {
      const time = new Date(openTimeMs).toISOString()
      throw new PlimsollError('INPUT_INVALID', `the files hold two bars of ${symbol} at ${time}`)
    }
    own.set(symbol, bar)
    this.#count++
    this.#symbols.add(symbol)
    if (statedMs !== undefined) this.#statedMs.add(statedMs)
    this.#intervalMs = undefined
  }

  /** The first price of each contract. */
  firstPrices(): Map<string, Decimal> {
    const prices = new Map<string, Decimal>()
    for (const time of this.#times) {
      for (const [symbol, { open }] of this.#byTime.get(time)!)
        if (!prices.has(symbol)) prices.set(symbol, open)
    }
    return prices
  }

  /**
   * All prices in time: of each bar four, at its open time, after a third and two thirds of it and a millisecond before its end. The
   * bars of one time go together.
   * @throws PlimsollError INPUT_INVALID for a bar that stands inside of another one.
   */
  *instants(order: BarOrder): Generator<ReplayInstant> {
    const { intervalMs } = this
    let heard: ReadonlySet<string> = new Set()
    let endMs = Number.NEGATIVE_INFINITY
    for (const barMs of this.#times) {
      if (barMs < endMs) {
        const rule = `the bars are of ${intervalMs / 1_000} s, and one at ${new Date(barMs).toISOString()} begins inside of another`
        throw new PlimsollError('INPUT_INVALID', rule)
      }
      if (barMs > endMs && heard.size > 0) yield { timeMs: endMs, marks: [], silent: [...heard] }
      const own = this.#byTime.get(barMs)!
      const symbols = [...own.keys()].sort()
      const paths = symbols.map((symbol) => pathOf(own.get(symbol)!, order))
      const silent = barMs === endMs ? [...heard].filter((symbol) => !own.has(symbol)) : []
      for (let step = 0; step < STEPS; step++) {
        const isLast = step === STEPS - 1
        const timeMs = isLast ? barMs + intervalMs - 1 : barMs + Math.floor((step * intervalMs) / (STEPS - 1))
        const marks = symbols.map((symbol, index) => [symbol, paths[index]![step]!] as const)
        yield { timeMs, marks, silent: step === 0 ? silent : [] }
      }
      heard = new Set(own.keys())
      endMs = barMs + intervalMs
    }
  }
}

function pathOf({ open, high, low, close }: Bar, order: BarOrder): readonly Decimal[] {
  const isLowFirst = order === 'direction' ? compareDecimals(close, open) >= 0 : order === 'low-first'
  return isLowFirst ? [open, low, high, close] : [open, high, low, close]
}
