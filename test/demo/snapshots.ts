import type { Headline } from '../../src/demo/screen/headlines.ts'
import type { DemoSnapshot } from '../../src/demo/screen/snapshot.ts'

export const LIQUIDATION: Headline = {
  distance: null,
  kind: 'liquidation',
  level: '1',
  account: 'demo-0012345',
  marginMode: 'isolated',
  settle: 'USDT',
  worst: { symbol: 'BTCUSDT', isLong: true, markPrice: '58024.30000000' },
  positions: 1,
  marginRatio: '1.25',
  shortfall: '812.391',
  topUp: '1902.1',
  reduction: { symbol: 'BTCUSDT', size: '0.123' },
  receivedTimeMs: 1_000_000,
}

const VENUE_NAMES = [
  'bybit',
  'binance',
  'okx',
  'kraken',
  'deribit',
  'bitmex',
  'hyperliquid',
  'dydx',
  'coinbase',
  'cme',
]

/** Figures as long as they get. */
export const LARGE: DemoSnapshot = {
  phase: 'crash',
  isMarketOpen: true,
  nowMs: 1_003_100,
  elapsedMs: 17_250,
  durationMs: 32_000,
  accounts: 1_000_000,
  accountsWanted: 1_000_000,
  positions: 3_000_000,
  venues: VENUE_NAMES.map((venue) => ({
    venue,
    accounts: 1_000_000,
    markets: 123,
    pricesPerSecond: 12_345,
    events: 1_234_567,
    mark: { symbol: 'ETH_USDC-PERPETUAL', markPrice: '60421.12345678', changePercent: -12.345 },
  })),
  ticks: 12_345_678,
  frames: 12_345_678,
  ticksPerSecond: 12_345,
  suspects: 1_234_567,
  exactChecks: 123_456,
  standing: [
    { level: '0', marginAccounts: 1_234_567 },
    { level: '0.5', marginAccounts: 12_345 },
    { level: '0.7', marginAccounts: 12_345 },
    { level: '0.9', marginAccounts: 12_345 },
    { level: '1', marginAccounts: 12_345 },
  ],
  unknownMarginAccounts: 12_345,
  warningLevel: '0.5',
  events: { warning: 123_456, liquidation: 123_456, recovered: 123_456 },
  eventsPerSecond: 12_345,
  latencyMs: { detectP50: 0.012, detectP99: 1.25, queueP50: 2.5, queueP99: 1234.5 },
  nearest: Array.from({ length: 12 }, () => ({
    marginAccount: 'demo-0001234:isolated:1000BONKUSDT:short-and-much-longer-than-it-may-be',
    venue: 'binance',
    marginRatio: '0.98765',
    distance: '0.0001234',
  })),
  headlines: Array.from({ length: 12 }, () => LIQUIDATION),
  delivery: { made: 370_368, queued: 370_000, delivered: 369_999 },
  replay: null,
  notes: ['first', 'second', `third ${'x'.repeat(200)}`],
}

export const PREPARATION: DemoSnapshot = {
  ...LARGE,
  phase: 'storing the accounts',
  isMarketOpen: false,
  accounts: 40_000,
  accountsWanted: 100_000,
  ticks: 0,
  venues: LARGE.venues.map((line) => ({ ...line, mark: null })),
  nearest: [],
  standing: [],
  headlines: [],
  notes: [],
}
