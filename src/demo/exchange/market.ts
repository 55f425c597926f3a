import { assert } from '../../errors.ts'
import { normal, seededRandom } from '../../system/index.ts'
import type { DemoInstrument } from './instrument.ts'

export type MarketPhase = 'calm' | 'trend' | 'crash' | 'recovery' | 'over'

interface PhaseShape {
  readonly name: MarketPhase
  /** End of the phase as a share of the run. */
  readonly end: number
  /** Log return of the market factor over the whole phase. */
  readonly drift: number
  /** Standard deviation of the factor's log return over the whole phase. */
  readonly volatility: number
}

const PHASES: readonly PhaseShape[] = [
  { name: 'calm', end: 0.1, drift: 0, volatility: 0.003 },
  { name: 'trend', end: 0.3, drift: 0.03, volatility: 0.008 },
  { name: 'crash', end: 0.6, drift: -0.17, volatility: 0.02 },
  { name: 'recovery', end: 1, drift: 0.11, volatility: 0.014 },
]

/** Volatility of a coin's own returns relative to the factor's. */
const IDIOSYNCRATIC_SHARE = 0.5
/** Standard deviation of a venue's difference from the coin's price, and the share of it that is left after a second. */
const BASIS_DEVIATION = 0.0003
const BASIS_MEMORY_PER_SECOND = 0.8
/** Random stream of the market. */
const RANDOM_STREAM = 0x4d41524b
const MS_PER_SECOND = 1_000

/** A market that depends on its seed only: the same steps give the same marks in any process. */
export interface Market {
  readonly instruments: readonly DemoInstrument[]
  readonly phase: MarketPhase
  readonly elapsedMs: number
  readonly durationMs: number
  /** The mark of an instrument by its place in `instruments`, as its venue prints it. */
  markOf(index: number): string
  /** The index price that the venue states beside the mark: the coin's price without the venue's difference. */
  indexOf(index: number): string
  /** Advances time by `deltaMs`. Returns the places of the instruments whose printed mark changed. */
  step(deltaMs: number): readonly number[]
}

/**
 * One factor moves all coins by their beta. Each coin adds its own return, each instrument a small mean-reverting
 * difference. Phases scale with `seconds`: a short run crashes as far as a long one.
 */
export function createMarket(seed: number, seconds: number, instruments: readonly DemoInstrument[]): Market {
  assert(seconds > 0, 'a market lasts longer than 0 s')
  const random = seededRandom(seed, RANDOM_STREAM)
  const durationMs = seconds * MS_PER_SECOND
  const coins = [...new Set(instruments.map((instrument) => instrument.coin))]
  const coinAt = instruments.map((instrument) => coins.indexOf(instrument.coin))
  const betas = coins.map((coin) => instruments.find((instrument) => instrument.coin === coin)!.beta)
  const logReturns = new Float64Array(coins.length)
  const basis = new Float64Array(instruments.length)
  const marks = instruments.map((instrument) => instrument.startPrice.toFixed(instrument.markDecimals))
  let elapsedMs = 0

  const print = (index: number, withBasis: number): string => {
    const instrument = instruments[index]!
    const price = instrument.startPrice * Math.exp(logReturns[coinAt[index]!]! + withBasis)
    return Math.max(price, 10 ** -instrument.markDecimals).toFixed(instrument.markDecimals)
  }

  const move = (deltaMs: number): void => {
    const share = deltaMs / durationMs
    const shape = shapeAt(elapsedMs / durationMs)
    const length = shape.end - startOf(shape)
    const deviation = shape.volatility * Math.sqrt(share / length)
    const factor = (shape.drift * share) / length + deviation * normal(random)
    coins.forEach((_coin, index) => {
      const own = IDIOSYNCRATIC_SHARE * deviation * normal(random)
      logReturns[index]! += betas[index]! * (factor + own)
    })
    const memory = BASIS_MEMORY_PER_SECOND ** (deltaMs / MS_PER_SECOND)
    const noise = BASIS_DEVIATION * Math.sqrt(1 - memory * memory)
    instruments.forEach((_instrument, index) => {
      basis[index] = basis[index]! * memory + noise * normal(random)
    })
  }

  return {
    instruments,
    durationMs,
    get phase() {
      return elapsedMs >= durationMs ? 'over' : shapeAt(elapsedMs / durationMs).name
    },
    get elapsedMs() {
      return elapsedMs
    },
    markOf: (index) => marks[index]!,
    indexOf: (index) => print(index, 0),
    step(deltaMs) {
      if (elapsedMs >= durationMs) return []
      move(deltaMs)
      elapsedMs = Math.min(durationMs, elapsedMs + deltaMs)
      const changed: number[] = []
      instruments.forEach((_instrument, index) => {
        const mark = print(index, basis[index]!)
        if (mark === marks[index]) return
        marks[index] = mark
        changed.push(index)
      })
      return changed
    },
  }
}

function shapeAt(share: number): PhaseShape {
  return PHASES.find((phase) => share < phase.end) ?? PHASES.at(-1)!
}

function startOf(shape: PhaseShape): number {
  return PHASES[PHASES.indexOf(shape) - 1]?.end ?? 0
}
