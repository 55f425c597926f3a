import { type Account, type Decimal, venueId, type Watermark } from '../../src/domain/index.ts'
import { FEED_LIMITS, MarketData } from '../../src/feed/index.ts'
import { type Connect, httpGet, openFollowed, type SocketEvents } from '../../src/system/index.ts'
import { sourceCarrying } from '../../src/venues/index.ts'
import type { TestClock } from '../support/clock.ts'
import { type openMonitor, restoreInto } from '../support/monitor.ts'
import { bybitDialect } from '../venues/fixtures/bybit.ts'
import { openScenarioMonitor, START_MS, storyOf } from './scenario.ts'

const BYBIT = venueId('bybit')
const SYMBOL = 'BTCUSDT'
/** A frame on the way, either direction. */
const TRANSIT_MS = 5
const STEP_MS = 100
/** So long after its watermark a mark may have been evaluated by a worker that ended. */
const KEPT_EVERY_MS = 1_000
const SILENT = { info: () => {}, warn: () => {}, error: () => {}, child: () => SILENT }

/** Bybit on the clock of the test: it takes every connection and subscription unless it is down. */
class SimulatedBybit {
  isDown = false
  readonly #clock: TestClock
  readonly #open = new Set<SocketEvents>()

  constructor(clock: TestClock) {
    this.#clock = clock
  }

  readonly connect: Connect = (_url, _limits, events) => {
    const end = () => {
      if (this.#open.delete(events)) events.closed(1006)
    }
    this.#open.add(events)
    this.#later(() => {
      if (!this.isDown) events.opened()
      else end()
    }, events)
    const { open } = this
    return {
      get isClosed() {
        return !open.has(events)
      },
      unsentBytes: 0,
      send: (frame) => this.#later(() => this.#received(frame, events), events),
      ping: () => this.#later(() => events.ponged(), events),
      close: end,
      terminate: end,
    }
  }

  get open(): ReadonlySet<SocketEvents> {
    return this.#open
  }

  /** A snapshot of the ticker. `markPrice` is JSON text, so that it can be anything. */
  state(markPrice: string, eventTimeMs: number): void {
    const data = `{"symbol":"${SYMBOL}","markPrice":${markPrice}}`
    const frame = `{"topic":"tickers.${SYMBOL}","type":"snapshot","ts":${eventTimeMs},"data":${data}}`
    for (const events of this.#open) this.#later(() => events.frame(frame, false), events)
  }

  /** A delta of the ticker that states no mark: it has not changed. */
  confirm(eventTimeMs: number): void {
    const frame = `{"topic":"tickers.${SYMBOL}","type":"delta","ts":${eventTimeMs},"data":{"symbol":"${SYMBOL}"}}`
    for (const events of this.#open) this.#later(() => events.frame(frame, false), events)
  }

  drop(): void {
    for (const events of [...this.#open]) {
      this.#open.delete(events)
      events.closed(1006)
    }
  }

  #received(frame: string, events: SocketEvents): void {
    const asked = bybitDialect.read(frame)
    if (asked.kind === 'ping') events.frame(bybitDialect.pong!(asked.id), false)
    else if (asked.kind === 'subscribe' && asked.symbols !== 'every')
      events.frame(bybitDialect.acknowledgement(asked.symbols, asked.id), false)
  }

  #later(action: () => void, events: SocketEvents): void {
    this.#clock.after(TRANSIT_MS, () => {
      if (this.#open.has(events)) action()
    })
  }
}

/** What a worker left in Redis: its events, and how far it has evaluated each market. */
interface Left {
  readonly records: ReturnType<typeof openMonitor>['records']
  readonly watermarks: readonly Watermark[]
}

/** The real feed and parser of Bybit before the real monitor, on one clock. `left`: what an earlier worker left. */
export function openFeedScenario(accounts: readonly Account[], startMs = START_MS, left?: Left) {
  const opened = openScenarioMonitor('BTC', [], { startMs, levels: ['0.5'] })
  const { monitor, clock, added, records } = opened
  if (left !== undefined) restoreInto(monitor, left.records)
  for (const watermark of left?.watermarks ?? []) monitor.missed.restoreWatermark(watermark)
  const venue = new SimulatedBybit(clock)
  const untilMs = new Map(left?.watermarks.map(({ symbol, eventTimeMs }) => [symbol, eventTimeMs]))
  const marketData = new MarketData({
    monitor,
    sourceCarrying,
    judgedUntilMs: (_venue, symbol) => (untilMs.get(symbol) ?? -KEPT_EVERY_MS) + KEPT_EVERY_MS,
    streamUrls: {},
    clock,
    random: () => 0.5,
    machine: { connect: venue.connect, httpGet, openFollowed },
    log: SILENT,
    failed: (error) => {
      throw error
    },
  })
  const put = (account: Account) => {
    monitor.apply({ kind: 'put', account })
    for (const market of added.splice(0)) marketData.add(BYBIT, market.slice('bybit:'.length))
  }
  for (const account of accounts) put(account)
  monitor.loaded()
  marketData.open()
  const pass = (seconds: number, stepMs = STEP_MS) => {
    const endMs = clock.nowMs() + seconds * 1_000
    while (clock.nowMs() < endMs) {
      clock.advance(stepMs)
      clock.runTurns()
    }
  }
  pass(0.2)
  /** The venue states each price a second after the one before, at the present time or always at that one. */
  const state = (prices: readonly (Decimal | string)[], eventTimeMs?: number) => {
    for (const price of prices) {
      venue.state(price, eventTimeMs ?? clock.nowMs())
      pass(1)
    }
  }
  /** Hours without a word. */
  const halt = (hours: number) => {
    venue.isDown = true
    venue.drop()
    pass(hours * 3_600, FEED_LIMITS.checkEveryMs)
    venue.isDown = false
    pass(10)
  }
  const leave = (): Left => {
    const watermarks = [...monitor.missed.watermarks()]
    void marketData.close()
    return { records, watermarks }
  }
  const counters = () => marketData.counters()['bybit-linear']![0]!
  const story = () => storyOf(opened, startMs)
  return { ...opened, venue, put, pass, state, halt, leave, counters, story }
}
