import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { venueId } from '../../src/domain/index.ts'
import type { FeedLimits } from '../../src/feed/index.ts'
import { MarketData, type MarketDataOptions } from '../../src/feed/market-data.ts'
import { connectSocket, httpGet, openFollowed, systemClock } from '../../src/system/index.ts'
import { sourceCarrying } from '../../src/venues/index.ts'
import type { ScriptedVenue } from '../support/scripted-venue.ts'
import { until } from '../support/until.ts'
import { CADENCE_MS, confirmation, RecordingLog, SHORT_LIMITS, snapshot, startExchange } from './harness.ts'

/** What the monitor hears, in order and in short. */
class RecordingMonitor implements Pick<MarketDataOptions, 'monitor'> {
  readonly heard: string[] = []
  /** Symbols that nobody holds. */
  readonly unheld = new Set<string>()
  readonly monitor = {
    frameStart: () => {},
    tick: (venue: string, symbol: string, mark: string) => void this.heard.push(`${venue} ${symbol} ${mark}`),
    unchanged: (venue: string, symbol: string) => void this.heard.push(`${venue} ${symbol} unchanged`),
    indexPrice: (venue: string, name: string, price: string) =>
      void this.heard.push(`${venue} ${name} beside ${price}`),
    frameEnd: () => {},
    marketInterrupted: () => undefined,
    marketStale: (venue: string, symbol: string) => void this.heard.push(`${venue} ${symbol} stale`),
    isHeld: (_venue: string, symbol: string) => !this.unheld.has(symbol),
    unknownMarginAccounts: 7,
  }

  count(what: string): number {
    return this.heard.filter((one) => one === what).length
  }
}

let exchange: ScriptedVenue
let log: RecordingLog
let recorder: RecordingMonitor
let marketData: MarketData | undefined

beforeEach(async () => {
  exchange = await startExchange()
  log = new RecordingLog()
  recorder = new RecordingMonitor()
})
afterEach(async () => {
  await marketData?.close()
  await exchange.stop()
})

/** Market data of Bybit's linear stream, opened with these markets. */
function openWith(symbols: readonly string[], limits: Partial<FeedLimits> = {}): MarketData {
  marketData = new MarketData({
    monitor: recorder.monitor,
    sourceCarrying,
    streamUrls: { 'bybit-linear': exchange.url },
    clock: systemClock,
    random: () => 0.5,
    machine: { connect: connectSocket, httpGet, openFollowed },
    log,
    limits: { ...SHORT_LIMITS, renewalAfterMs: 1e9, ...limits },
    failed: (error) => {
      throw error
    },
  })
  for (const symbol of symbols) marketData.add(venueId('bybit'), symbol)
  marketData.open()
  return marketData
}

const lineOf = (message: string) => log.lines.filter((line) => line.message.startsWith(message))

describe('a market without a mark', () => {
  it('that no stream carries is reported at once, when it is there at the start and when it comes later', async () => {
    const data = openWith(['BTCUSDT', 'BTC-28JUN24-60000-P'])
    expect(recorder.heard).toEqual(['bybit BTC-28JUN24-60000-P stale'])
    expect(data.blind()).toContainEqual({
      venue: 'bybit',
      symbol: 'BTC-28JUN24-60000-P',
      state: 'uncarried',
      reason: 'no stream of the venue carries it',
    })
    data.add(venueId('bybit'), 'ETH-28JUN24-3000-C')
    await until(() => recorder.count('bybit ETH-28JUN24-3000-C stale') === 1)
    expect(lineOf('no stream carries').map(({ fields }) => fields)).toEqual([
      { markets: 1, symbols: ['bybit BTC-28JUN24-60000-P'], unknownMarginAccountsInAll: 7 },
      { markets: 1, symbols: ['bybit ETH-28JUN24-3000-C'], unknownMarginAccountsInAll: 7 },
    ])
  })

  it('has a deadline of its own from the time when it was added, and one line of the log with others', async () => {
    exchange.script.unserved = ['AUSDT', 'BUSDT', 'CUSDT']
    const data = openWith(['BTCUSDT', 'AUSDT', 'BUSDT'], { firstMarkMs: 500 })
    await until(() => recorder.count('bybit AUSDT stale') === 1 && recorder.count('bybit BUSDT stale') === 1)
    const { counter } = exchange
    data.add(venueId('bybit'), 'CUSDT')
    await until(() => recorder.count('bybit CUSDT stale') === 1)
    expect((exchange.counter - counter) * CADENCE_MS).toBeGreaterThan(300)
    expect(recorder.count('bybit AUSDT stale')).toBe(1)
    expect(recorder.count('bybit BTCUSDT stale')).toBe(0)
    expect(data.blind().map(({ symbol, reason }) => `${symbol}: ${reason}`)).toEqual([
      'AUSDT: there has been no mark yet',
      'BUSDT: there has been no mark yet',
      'CUSDT: there has been no mark yet',
    ])
    await until(() => lineOf('markets have had no mark yet').length > 0)
    expect(lineOf('markets have had no mark yet')[0]!.fields.symbols).toContain('AUSDT')
  })

  it('that the venue refuses is named in the words of the venue, in one line, and in another when it comes', async () => {
    exchange.script.refused = ['FOOUSDT']
    const data = openWith(['BTCUSDT', 'FOOUSDT'], { firstMarkMs: 500 })
    await until(() => recorder.count('bybit FOOUSDT stale') === 1)
    expect(data.blind()).toMatchObject([
      { symbol: 'FOOUSDT', state: 'refused', reason: expect.stringContaining('handler not found') },
    ])
    exchange.script.refused = []
    await until(() => recorder.heard.some((one) => /FOOUSDT \d/.test(one)))
    await until(() => lineOf('markets have a fresh mark again').length === 1)
    expect(lineOf('the venue refuses markets')).toHaveLength(1)
    expect(lineOf('the venue takes markets')).toHaveLength(1)
    expect(data.blind()).toEqual([])
  })
})

describe('a market that nobody holds', () => {
  it('is not blind, has no line of the log, and is still reported to the monitor', async () => {
    exchange.script.unserved = ['AUSDT', 'BUSDT']
    recorder.unheld.add('AUSDT')
    const data = openWith(['BTCUSDT', 'AUSDT', 'BUSDT'], { firstMarkMs: 500 })
    await until(() => recorder.count('bybit AUSDT stale') === 1 && recorder.count('bybit BUSDT stale') === 1)
    expect(data.blind().map(({ symbol }) => symbol)).toEqual(['BUSDT'])
    await until(() => lineOf('markets have had no mark yet').length > 0)
    expect(log.lines.flatMap(({ fields }) => fields.symbols ?? [])).toEqual(['BUSDT'])
    recorder.unheld.clear()
    expect(data.blind().map(({ symbol }) => symbol)).toEqual(['AUSDT', 'BUSDT'])
  })
})

describe('a market whose mark is confirmed', () => {
  it('is confirmed to the monitor, after staleness too', async () => {
    exchange.script.sendsPrices = false
    const data = openWith(['BTCUSDT'], { livingSilenceMinMs: 60_000, firstTickTimeoutMs: 60_000 })
    await until(() => exchange.requests.length > 0)
    exchange.send(snapshot('BTCUSDT', '100', 1))
    exchange.send(confirmation('BTCUSDT', 2))
    await until(() => recorder.heard.length === 3)
    exchange.send(confirmation('BTCUSDT', 3))
    await until(() => recorder.heard.length === 4)
    expect(recorder.heard).toEqual([
      'bybit BTCUSDT 100',
      'bybit BTCUSDT unchanged',
      'bybit BTCUSDT stale',
      'bybit BTCUSDT unchanged',
    ])
    const [market] = data.markets()
    expect(market).toMatchObject({ state: 'fresh', eventTimeMs: 3, refusal: null, source: 'bybit-linear' })
    expect(market!.statedAgeMs).toBeGreaterThan(market!.seenAgeMs!)
  })
})

describe('contracts that expire', () => {
  const bybit = venueId('bybit')
  const expired = (...symbols: readonly string[]) => symbols.map((symbol) => ({ venue: bybit, symbol }))

  it('are unsubscribed in one request, are named as expired, and are never called stale', async () => {
    const data = openWith(['BTCUSDT', 'AUSDT', 'BUSDT', 'BTC-28JUN24-60000-P'])
    await until(() => data.markets().filter(({ state }) => state === 'fresh').length === 3)
    recorder.heard.length = 0
    data.end(expired('AUSDT', 'BUSDT', 'BTC-28JUN24-60000-P'), 'expired')
    await until(() => exchange.ended.length > 0)
    const { counter } = exchange
    await until(() => exchange.counter > counter + (2 * SHORT_LIMITS.stalenessMinMs) / CADENCE_MS)
    expect(exchange.ended).toEqual([['AUSDT', 'BUSDT']])
    expect(recorder.heard.filter((one) => !one.startsWith('bybit BTCUSDT'))).toEqual([])
    expect(data.markets().map(({ symbol, state }) => `${symbol} ${state}`)).toEqual([
      'BTCUSDT fresh',
      'AUSDT expired',
      'BUSDT expired',
      'BTC-28JUN24-60000-P expired',
    ])
    expect(data.blind()[0]).toEqual({
      venue: 'bybit',
      symbol: 'AUSDT',
      state: 'expired',
      reason: 'the contract has expired',
    })
    expect(exchange.connections).toBe(1)
  })

  it('are not asked for if they expire before the start, or while they are gathered', async () => {
    const data = openWith(['BTCUSDT'])
    data.add(bybit, 'AUSDT')
    data.end(expired('AUSDT'), 'expired')
    data.add(bybit, 'BUSDT')
    await until(() => exchange.isHeard('BUSDT'))
    expect(exchange.requests.flat()).toEqual(['BTCUSDT', 'BUSDT'])
    expect(exchange.ended).toEqual([])
  })

  it('leave a connection that has no other market, which is closed; a later market opens one again', async () => {
    const data = openWith(['AUSDT'])
    await until(() => exchange.isHeard('AUSDT'))
    data.end(expired('AUSDT'), 'expired')
    await until(() => exchange.open === 0)
    const { counter } = exchange
    await until(() => exchange.counter > counter + (2 * SHORT_LIMITS.silenceMinMs) / CADENCE_MS)
    expect(exchange.connections).toBe(1)
    data.add(bybit, 'BUSDT')
    await until(() => exchange.isHeard('BUSDT'))
    expect(exchange.connections).toBe(2)
  })
})

it('says of every market how its mark comes', async () => {
  exchange.script.unserved = ['MUTEUSDT']
  exchange.script.refused = ['FOOUSDT']
  const data = openWith(['BTCUSDT', 'MUTEUSDT', 'FOOUSDT', 'BTC-28JUN24-60000-P'])
  const states = () => Object.fromEntries(data.markets().map(({ symbol, state }) => [symbol, state]))
  await until(() => states().BTCUSDT === 'fresh' && states().FOOUSDT === 'refused')
  expect(states()).toEqual({
    BTCUSDT: 'fresh',
    MUTEUSDT: 'unknown',
    FOOUSDT: 'refused',
    'BTC-28JUN24-60000-P': 'uncarried',
  })
  const bySymbol = Object.fromEntries(data.markets().map((market) => [market.symbol, market]))
  expect(bySymbol.FOOUSDT).toMatchObject({ source: 'bybit-linear', seenAgeMs: null, eventTimeMs: null })
  expect(bySymbol['BTC-28JUN24-60000-P']).toMatchObject({ source: null, refusal: null })
  exchange.script.sendsPrices = false
  await until(() => states().BTCUSDT === 'stale')
  expect(data.blind()).toHaveLength(4)
})
