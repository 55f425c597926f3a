import type { Clock, Random } from '../../domain/index.ts'
import { type BinanceMarket, openBinanceExchange } from './binance-exchange.ts'
import { bitmexProtocol } from './bitmex-protocol.ts'
import { BYBIT_CADENCE_MS, openBybitExchange } from './bybit-exchange.ts'
import { deribitProtocol } from './deribit-protocol.ts'
import type { DemoInstrument } from './instrument.ts'
import { krakenProtocol } from './kraken-protocol.ts'
import { createMarket, type MarketPhase } from './market.ts'
import { type NamedExchange, openNamedExchange } from './named-exchange.ts'
import { okxProtocol } from './okx-protocol.ts'
import type { StreamCount } from './stream-count.ts'

/** Binance pings every 3 min. A demo may be shorter, so the simulator pings more often. */
export const PING_EVERY_MS = 5_000
/** Venues that answer by name. */
const NAMED = [okxProtocol, krakenProtocol, deribitProtocol, bitmexProtocol]
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
  /** URL of the USDⓈ-M host's legacy path, which acknowledges and sends no data. */
  readonly legacyUrl: string
  start(): void
  /** Resolves at the end of the market. */
  readonly over: Promise<void>
  status(): ExchangeStatus
  /** Stops sending market data and returns the final counts. Connections stay open. */
  hold(): ExchangeStatus
  stop(): Promise<void>
}

export async function openExchange(options: {
  readonly seed: number
  readonly seconds: number
  readonly instruments: readonly DemoInstrument[]
  readonly clock: Clock
  readonly random: Random
  readonly pingEveryMs?: number
}): Promise<Exchange> {
  const { clock } = options
  const market = createMarket(options.seed, options.seconds, options.instruments)
  const pingEveryMs = options.pingEveryMs ?? PING_EVERY_MS
  const openBinance = (id: BinanceMarket) => openBinanceExchange(id, market, clock, pingEveryMs)
  const bybit = await openBybitExchange(market, clock, options.random)
  const usdm = await openBinance('binance-usdm')
  const coinm = await openBinance('binance-coinm')
  const named = await Promise.all(
    NAMED.map(async (protocol) => ({
      streamId: protocol.streamId,
      exchange: await openNamedExchange(protocol, market, clock),
    })),
  )
  const ofNamed = <T>(figure: (exchange: NamedExchange) => T): Record<string, T> =>
    Object.fromEntries(named.map(({ streamId, exchange }) => [streamId, figure(exchange)]))

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
    bybit.step(changed)
    usdm.step(stepsDone * BYBIT_CADENCE_MS)
    coinm.step(stepsDone * BYBIT_CADENCE_MS)
    for (const { exchange } of named) exchange.step(changed)
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
    counts: {
      ...bybit.counts,
      'binance-usdm': usdm.count,
      'binance-coinm': coinm.count,
      ...ofNamed(({ count }) => count),
    },
  })

  return {
    urls: {
      ...bybit.urls,
      'binance-usdm': usdm.url,
      'binance-coinm': coinm.url,
      ...ofNamed(({ url }) => url),
    },
    legacyUrl: `${usdm.origin}/ws`,
    start() {
      moving = market.phase !== 'over'
    },
    over,
    status,
    hold() {
      cancel()
      return status()
    },
    async stop() {
      cancel()
      await Promise.all(
        [bybit, usdm, coinm, ...named.map(({ exchange }) => exchange)].map((one) => one.stop()),
      )
    },
  }
}
