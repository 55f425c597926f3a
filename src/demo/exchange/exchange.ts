import type { Clock, Random } from '../../domain/index.ts'
import { BYBIT_CADENCE_MS } from './bybit-exchange.ts'
import type { DemoInstrument } from './instrument.ts'
import { createMarket, type MarketPhase } from './market.ts'
import type { Simulator } from './simulator.ts'
import { openSimulators } from './simulators.ts'
import type { StreamCount } from './stream-count.ts'

/** Binance pings every 3 min. A demo may be shorter, so the simulator pings more often. */
export const PING_EVERY_MS = 5_000
/** Most steps that the market catches up at once after the process was stopped; the others are delayed. */
const STEPS_AT_ONCE_MAX = 20

export interface ExchangeStatus {
  readonly phase: MarketPhase | 'waiting'
  readonly elapsedMs: number
  readonly counts: Readonly<Record<string, StreamCount>>
}

/** The simulated venues over one market. Marks do not move before `start` and after the end of the market. */
export interface Exchange {
  /** Stream id → URL, in the form of the worker's configuration. */
  readonly urls: Readonly<Record<string, string>>
  /**
   * Says which markets accounts hold, `venue:symbol`; all unless it is called. A channel of every market sends prices of others too,
   * which are no ticks.
   */
  count(markets: readonly string[]): void
  start(): void
  /** Resolves at the end of the market. */
  readonly over: Promise<void>
  status(): ExchangeStatus
  /** Stops sending market data and returns the final counts. Connections stay open. */
  hold(): ExchangeStatus
  stop(): Promise<void>
}

/** Opens the venues of the instruments, and no others. */
export async function openExchange(options: {
  readonly seed: number
  readonly seconds: number
  readonly instruments: readonly DemoInstrument[]
  readonly clock: Clock
  readonly random: Random
  readonly pingEveryMs?: number
}): Promise<Exchange> {
  const { clock, random, pingEveryMs = PING_EVERY_MS } = options
  const market = createMarket(options.seed, options.seconds, options.instruments)
  let held: ReadonlySet<string> | undefined
  const isHeld = (place: number): boolean => {
    const { venue, symbol } = market.instruments[place]!
    return held?.has(`${venue}:${symbol}`) ?? true
  }
  const simulators = await openSimulators({ market, clock, random, pingEveryMs, isHeld })
  const ofAll = <T>(figures: (simulator: Simulator) => Readonly<Record<string, T>>): Record<string, T> =>
    Object.assign({}, ...simulators.map(figures))

  const openedMs = clock.monotonicMs()
  let stepsDone = 0
  let moving = false
  let cancel = (): void => {}
  let announceOver = (): void => {}
  const over = new Promise<void>((resolve) => {
    announceOver = resolve
  })

  const step = (): void => {
    stepsDone += 1
    const changed = moving ? market.step(BYBIT_CADENCE_MS) : []
    for (const simulator of simulators) simulator.step(changed, stepsDone * BYBIT_CADENCE_MS)
    if (moving && market.phase === 'over') {
      moving = false
      announceOver()
    }
  }

  const wake = (): void => {
    const due = Math.floor((clock.monotonicMs() - openedMs) / BYBIT_CADENCE_MS)
    if (due - stepsDone > STEPS_AT_ONCE_MAX) stepsDone = due - STEPS_AT_ONCE_MAX
    while (stepsDone < due) step()
    const nextMs = openedMs + (stepsDone + 1) * BYBIT_CADENCE_MS
    cancel = clock.after(Math.max(1, nextMs - clock.monotonicMs()), wake)
  }
  wake()

  const status = (): ExchangeStatus => ({
    phase: moving || market.phase === 'over' ? market.phase : 'waiting',
    elapsedMs: market.elapsedMs,
    counts: ofAll(({ counts }) => counts),
  })

  return {
    urls: ofAll(({ urls }) => urls),
    count(markets) {
      held = new Set(markets)
    },
    start() {
      moving = market.phase !== 'over'
    },
    over,
    status,
    hold() {
      cancel()
      for (const simulator of simulators) simulator.hold?.()
      return status()
    },
    async stop() {
      cancel()
      await Promise.all(simulators.map((simulator) => simulator.stop()))
    },
  }
}
