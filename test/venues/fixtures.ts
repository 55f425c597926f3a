import type { FrameKind } from '../../src/domain/index.ts'
import type { RecordedTick } from './record.ts'

export interface FixtureFrame {
  readonly says: string
  readonly frame: string
  readonly kind: FrameKind
  readonly ticks?: readonly RecordedTick[]
  readonly unchanged?: readonly string[]
}

interface Fixture {
  readonly source: string
  readonly symbols: readonly string[]
  readonly foreign: readonly string[]
  /** Read in order by one parser. */
  readonly frames: readonly FixtureFrame[]
}

const bybitTicker = (symbol: string, type: string, data: object, cs: number, ts: number) =>
  JSON.stringify({ topic: `tickers.${symbol}`, type, data: { symbol, ...data }, cs, ts })

const bybitReply = (op: string, success: boolean, ret_msg: string) =>
  JSON.stringify({ success, ret_msg, conn_id: 'c1', req_id: 'subscribe-1', op })

function bybitFrames(symbol: string): readonly FixtureFrame[] {
  const funding = { fundingRate: '-0.005', nextFundingTime: '1760342400000' }
  const details = { indexPrice: '115418.19', fundingRate: '-0.005', nextFundingTimeMs: 1_760_342_400_000 }
  return [
    { says: 'an acknowledgement', frame: bybitReply('subscribe', true, ''), kind: 'acknowledged' },
    {
      says: 'a refusal',
      frame: bybitReply('subscribe', false, 'error:handler not found,topic:tickers.X'),
      kind: 'rejected',
    },
    { says: 'a pong', frame: bybitReply('ping', true, 'pong'), kind: 'heartbeat' },
    { says: 'a pong of the private stream', frame: bybitReply('pong', true, ''), kind: 'heartbeat' },
    { says: 'an accepted log-in', frame: bybitReply('auth', true, ''), kind: 'ignored' },
    { says: 'a refused log-in', frame: bybitReply('auth', false, 'Params Error'), kind: 'rejected' },
    {
      says: 'a position of the private stream',
      frame: JSON.stringify({ topic: 'position', creationTime: 1, data: [{ symbol, markPrice: '3641.33' }] }),
      kind: 'ignored',
    },
    { says: 'a text', frame: '"pong"', kind: 'malformed' },
    { says: 'a list', frame: '[1]', kind: 'malformed' },
    {
      says: 'a ticker that is neither snapshot nor delta',
      frame: bybitTicker(symbol, 'update', { markPrice: '1' }, 1, 1_760_325_052_000),
      kind: 'malformed',
    },
    {
      says: 'a ticker without data',
      frame: JSON.stringify({ topic: `tickers.${symbol}`, type: 'delta', cs: 1, ts: 1_760_325_052_000 }),
      kind: 'malformed',
    },
    {
      says: 'a ticker whose time is a text',
      frame: JSON.stringify({
        ...{ topic: `tickers.${symbol}`, type: 'snapshot', data: { symbol, markPrice: '1' } },
        ...{ cs: 1, ts: '1760325052000' },
      }),
      kind: 'malformed',
    },
    {
      says: 'a ticker whose sequence is a text',
      frame: JSON.stringify({
        ...{ topic: `tickers.${symbol}`, type: 'snapshot', data: { symbol, markPrice: '1' } },
        ...{ cs: '1', ts: 1_760_325_052_000 },
      }),
      kind: 'malformed',
    },
    {
      says: 'a delta before any snapshot, without a mark price',
      frame: bybitTicker(symbol, 'delta', { ask1Price: '1' }, 1, 1_760_325_052_000),
      kind: 'ticks',
    },
    {
      says: 'a snapshot',
      frame: bybitTicker(
        symbol,
        'snapshot',
        { lastPrice: '66666.60', markPrice: '66666.60', indexPrice: '115418.19', ...funding, preQty: '' },
        9_532_239_429,
        1_760_325_052_630,
      ),
      kind: 'ticks',
      ticks: [{ symbol, markPrice: '66666.60', eventTimeMs: 1_760_325_052_630, ...details }],
    },
    {
      says: 'a delta without a mark price',
      frame: bybitTicker(symbol, 'delta', { ask1Price: '66666.70' }, 9_532_239_430, 1_760_325_052_730),
      kind: 'ticks',
      unchanged: [symbol],
    },
    {
      says: 'a repeated delta',
      frame: bybitTicker(symbol, 'delta', { markPrice: '1.00' }, 9_532_239_430, 1_760_325_052_730),
      kind: 'ignored',
    },
    {
      says: 'a delta with a mark price; the rest is carried over',
      frame: bybitTicker(symbol, 'delta', { markPrice: '66667.00' }, 9_532_239_500, 1_760_325_052_830),
      kind: 'ticks',
      ticks: [{ symbol, markPrice: '66667.00', eventTimeMs: 1_760_325_052_830, ...details }],
    },
    {
      says: 'a second snapshot, which replaces everything whatever its sequence',
      frame: bybitTicker(symbol, 'snapshot', { markPrice: '66668', fundingRate: '' }, 5, 1_760_325_052_930),
      kind: 'ticks',
      ticks: [{ symbol, markPrice: '66668', eventTimeMs: 1_760_325_052_930 }],
    },
    {
      says: 'a snapshot without a mark price',
      frame: bybitTicker(symbol, 'snapshot', { lastPrice: '1' }, 6, 1_760_325_053_000),
      kind: 'ignored',
    },
    {
      says: 'the topic of one market with the data of another',
      frame: bybitTicker(symbol, 'delta', { symbol: 'ETHUSDT', markPrice: '1' }, 7, 1_760_325_053_000),
      kind: 'malformed',
    },
    {
      says: 'a liquidation, whose price is no mark price',
      frame: JSON.stringify({
        topic: `allLiquidation.${symbol}`,
        type: 'snapshot',
        ts: 1_739_502_303_204,
        data: [{ T: 1_739_502_302_929, s: symbol, S: 'Sell', v: '20000', p: '0.04499' }],
      }),
      kind: 'ignored',
    },
    ...UNPRICED.map(({ says, value }) => ({
      says: `a delta whose mark price is ${says}`,
      frame: bybitTicker(symbol, 'delta', { markPrice: value }, 8, 1_760_325_053_000),
      kind: 'malformed' as const,
    })),
  ]
}

/** What a venue, a proxy or a bug has put where a price belongs. */
export const UNPRICED: readonly { says: string; value: unknown }[] = [
  '',
  ' ',
  '0',
  '0.000',
  '-0',
  '-1',
  '+1',
  'NaN',
  'Infinity',
  '1e999',
  '1e3',
  '0x10',
  '1.',
  '.5',
  '1,5',
  '1 ',
  '١',
  '1000000000000000',
  '1.0000000000000000001',
  0,
  1.5,
  true,
  null,
  [],
  ['1'],
  {},
].map((value) => ({ says: JSON.stringify(value), value }))

interface MarkPriceUpdate {
  readonly s: string
  readonly p: unknown
  readonly r?: string
  readonly T?: number
}
const update = ({ s, p, r = '0.00038167', T = 1_562_306_400_000 }: MarkPriceUpdate) => ({
  ...{ e: 'markPriceUpdate', E: 1_562_305_380_000, s, p, i: '11784.62659091', P: '11784.25641265', r, T },
  ...{ ap: '11794.99000000', st: 1 },
})
const updated = (symbol: string, markPrice: string): RecordedTick => ({
  ...{ symbol, markPrice, eventTimeMs: 1_562_305_380_000, indexPrice: '11784.62659091' },
  ...{ fundingRate: '0.00038167', nextFundingTimeMs: 1_562_306_400_000 },
})

function binanceFrames(symbol: string, dated: string): readonly FixtureFrame[] {
  const stream = `${symbol.toLowerCase()}@markPrice@1s`
  const { fundingRate: _rate, nextFundingTimeMs: _time, ...unfunded } = updated(dated, '10934.62615417')
  return [
    { says: 'an acknowledgement', frame: '{"result":null,"id":1}', kind: 'acknowledged' },
    {
      says: 'a refusal',
      frame: '{"error":{"code":2,"msg":"Invalid request: unknown variant"},"id":1}',
      kind: 'rejected',
    },
    {
      says: 'a refusal in the older shape',
      frame: '{"code":2,"msg":"Invalid request: missing field"}',
      kind: 'rejected',
    },
    { says: 'a list of subscriptions', frame: '{"result":["x@markPrice"],"id":3}', kind: 'ignored' },
    {
      says: 'a wrapped update',
      frame: JSON.stringify({ stream, data: update({ s: symbol, p: '11794.15000000' }) }),
      kind: 'ticks',
      ticks: [updated(symbol, '11794.15000000')],
    },
    {
      says: 'a bare update of a dated contract, which has no funding',
      frame: JSON.stringify(update({ s: dated, p: '10934.62615417', r: '', T: 0 })),
      kind: 'ticks',
      ticks: [unfunded],
    },
    {
      says: 'an array with one entry that is no price',
      frame: JSON.stringify({
        stream: '!markPrice@arr@1s',
        data: [update({ s: symbol, p: '2.5' }), update({ s: dated, p: '' }), update({ s: dated, p: '3' })],
      }),
      kind: 'ticks',
      ticks: [updated(symbol, '2.5'), updated(dated, '3')],
    },
    {
      says: 'a bare array',
      frame: JSON.stringify([update({ s: symbol, p: '2.5' })]),
      kind: 'ticks',
      ticks: [updated(symbol, '2.5')],
    },
    { says: 'an empty array', frame: '[]', kind: 'ignored' },
    { says: 'a text', frame: '"pong"', kind: 'malformed' },
    { says: 'an array without an update', frame: '[1]', kind: 'malformed' },
    { says: 'a stream without data', frame: JSON.stringify({ stream, data: null }), kind: 'malformed' },
    { says: 'an event whose name is no text', frame: '{"e":7,"E":1}', kind: 'malformed' },
    {
      says: 'an update whose time is a text',
      frame: JSON.stringify({ ...update({ s: symbol, p: '1' }), E: '1562305380000' }),
      kind: 'malformed',
    },
    {
      says: 'an update without a usable index price, funding rate and funding time',
      frame: JSON.stringify({ ...update({ s: symbol, p: '7' }), i: '', r: 'n/a', T: '0' }),
      kind: 'ticks',
      ticks: [{ symbol, markPrice: '7', eventTimeMs: 1_562_305_380_000 }],
    },
    {
      says: 'an account update, whose prices are no marks',
      frame: JSON.stringify({ e: 'ACCOUNT_UPDATE', E: 1, T: 1, a: { P: [{ s: symbol, ep: '9910' }] } }),
      kind: 'ignored',
    },
    {
      says: 'a margin call',
      frame: JSON.stringify({ e: 'MARGIN_CALL', E: 1, cw: '3.16', p: [{ s: symbol, mp: '187.17127' }] }),
      kind: 'ignored',
    },
    {
      says: 'the stream of one market with the data of another',
      frame: JSON.stringify({ stream, data: update({ s: 'XRPUSDT', p: '1' }) }),
      kind: 'malformed',
    },
    {
      says: 'a symbol that is none',
      frame: JSON.stringify(update({ s: 'BTC USDT', p: '1' })),
      kind: 'malformed',
    },
    {
      says: 'a day ticker, whose p is a change of price',
      frame: JSON.stringify({ e: '24hrTicker', E: 1, s: symbol, p: '131.4', P: '0.786' }),
      kind: 'ignored',
    },
    {
      says: 'a forced order',
      frame: JSON.stringify({ e: 'forceOrder', E: 1, o: { s: symbol, p: '9910', T: 1 } }),
      kind: 'ignored',
    },
    ...UNPRICED.map(({ says, value }) => ({
      says: `an update whose mark price is ${says}`,
      frame: JSON.stringify(update({ s: symbol, p: value })),
      kind: 'malformed' as const,
    })),
  ]
}

/** One fixture a stream of the registry. Shapes: the venues' documentation; the figures of some are changed. */
export const FIXTURES: Readonly<Record<string, Fixture>> = {
  'bybit-linear': {
    source: 'Bybit v5 documentation, "Ticker", "Connect"',
    symbols: ['BTCUSDT', '1000PEPEUSDT', 'BTCPERP', 'BTC-26DEC25', 'BTCUSDT-26DEC25'],
    foreign: ['BTCUSD', 'BTCUSDZ25', 'BTC-28JUN24-60000-P', 'BTC', ''],
    frames: bybitFrames('BTCUSDT'),
  },
  'bybit-inverse': {
    source: 'Bybit v5 documentation, "Ticker", "Connect"',
    symbols: ['BTCUSD', 'ETHUSD', 'BTCUSDZ25'],
    foreign: ['BTCUSDT', 'BTCUSDC', 'BTCPERP', 'USD'],
    frames: bybitFrames('BTCUSD'),
  },
  'binance-usdm': {
    source: 'Binance USDⓈ-M documentation, "Mark Price Stream"',
    symbols: ['BTCUSDT', 'BTCUSDC', '1000PEPEUSDT', 'BTCUSDT_240628', 'ETHBTC'],
    foreign: ['BTCUSD_PERP', 'BTCUSD_201225', 'BTCUSD', 'BTC-26DEC25'],
    frames: binanceFrames('BTCUSDT', 'BTCUSDT_201225'),
  },
  'binance-coinm': {
    source: 'Binance COIN-M documentation, "Mark Price Stream"',
    symbols: ['BTCUSD_PERP', 'BTCUSD_201225', 'ETHUSD_PERP'],
    foreign: ['BTCUSDT', 'BTCUSD', 'BTCUSDT_240628'],
    frames: binanceFrames('BTCUSD_PERP', 'BTCUSD_201225'),
  },
}
