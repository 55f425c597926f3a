import { describe, expect, it } from 'vitest'
import { parseVenueId, venueOf } from '../../src/venues/index.ts'
import { framesOf, RECORDED_VENUES, recordedFiles } from '../support/recordings.ts'
import { sharedPath } from '../support/shared.ts'
import { type Reading, type RecordedTick, read } from './record.ts'

/** A frame's kind alone, the tick that it holds, or the market whose mark a delta leaves as it is. */
/** `ticks` alone: an index price and no mark. */
type Expected = Reading['kind'] | RecordedTick | readonly RecordedTick[] | { readonly unchanged: string }

const perpetual2023: RecordedTick = {
  symbol: 'BTCUSDT',
  markPrice: '17217.33',
  fundingRate: '-0.000212',
  nextFundingTimeMs: 1_673_280_000_000,
  eventTimeMs: 1_673_272_861_686,
}
const option2023: RecordedTick = {
  symbol: 'BTC-6JAN23-17500-C',
  markPrice: '7.86976724',
  eventTimeMs: 1_672_917_511_074,
}
const perpetual2019: RecordedTick = {
  symbol: 'BTCUSDT',
  markPrice: '11794.15000000',
  fundingRate: '0.00038167',
  nextFundingTimeMs: 1_562_306_400_000,
  eventTimeMs: 1_562_305_380_000,
}
const perpetual2024 = { symbol: 'BTCUSDT', fundingRate: '0.00008055', nextFundingTimeMs: 1_715_760_000_000 }

const future2019: RecordedTick = {
  symbol: 'LTC-USD-190628',
  markPrice: '0.1',
  eventTimeMs: 1_597_026_383_085,
}

/** What each recording holds, read by eye. A recording that is not listed fails. */
const HELD: Readonly<Record<string, readonly Expected[]>> = {
  'dydx/ws-control/nautilus-ws_error.json': ['rejected'],
  'dydx/ws-mark/nautilus-ws_markets_status_update.json': ['ignored'],
  'dydx/ws-mark/nautilus-ws_markets_subscribed.json': [
    [
      { symbol: 'BTC-USD', markPrice: '43250.00', fundingRate: '0.0001' },
      { symbol: 'ETH-USD', markPrice: '2250.00', fundingRate: '0.00008' },
    ],
  ],
  'dydx/ws-mark/nautilus-ws_markets_update.json': [
    ['BTC-USD 43300.00', 'ETH-USD 2255.00'].map((text) => {
      const [symbol = '', markPrice = ''] = text.split(' ')
      return { symbol, markPrice, nextFundingTimeMs: 1_704_070_800_000, eventTimeMs: 1_704_067_260_000 }
    }),
  ],
  'dydx/ws-private/nautilus-ws_subaccounts_subscribed.json': ['ignored'],
  'dydx/ws-private/nautilus-ws_subaccounts_update.json': ['ignored'],
  // Its contexts are named by their place in a list that it does not hold.
  'hyperliquid/ws-mark/nautilus-ws_all_dexs_asset_ctxs.json': ['ignored'],
  'hyperliquid/ws-private/nautilus-ws_user_fill_liquidation.json': ['ignored'],
  'hyperliquid/ws-ticker/jkorf-subscriptions-bookticker.txt': ['ignored', 'ignored'],
  'hyperliquid/ws-ticker/jkorf-subscriptions-prices.txt': ['ignored', 'ignored'],
  'hyperliquid/ws-ticker/nautilus-ws_allmids.json': ['ignored'],
  'coinbase-cfm/ws-control/nautilus-ws_heartbeats.json': ['heartbeat'],
  'coinbase-cfm/ws-control/nautilus-ws_subscriptions.json': ['ignored'],
  'coinbase-cfm/ws-ticker/nautilus-ws_ticker.json': [
    {
      symbol: 'BTC-USD',
      markPrice: '68900.5',
      eventTimeMs: 1_775_572_203_000,
      markSource: 'book-middle',
    },
  ],
  // Of Advanced Trade, whose streams have no mark of the International exchange.
  'coinbase-intx/ws-ticker/jkorf-subscriptions-advancedtrade-batchticker.txt': ['ignored', 'ignored'],
  'coinbase-intx/ws-ticker/jkorf-subscriptions-advancedtrade-symbol.txt': ['ignored', 'ignored'],
  'coinbase-intx/ws-ticker/jkorf-subscriptions-advancedtrade-ticker.txt': [
    'acknowledged',
    {
      symbol: 'ETH-USDT',
      markPrice: '21932.98',
      eventTimeMs: 1_675_974_637_167,
      markSource: 'book-middle',
    },
  ],
  'bybit/ws-control/nautilus-ws_auth_failure.json': ['rejected'],
  'bybit/ws-control/nautilus-ws_auth_success.json': ['ignored'],
  'bybit/ws-control/nautilus-ws_subscription_ack.json': ['acknowledged'],
  'bybit/ws-control/nautilus-ws_subscription_failure.json': ['rejected'],
  'bybit/ws-liquidation/jkorf-allLiquidation.txt': ['acknowledged', 'ignored'],
  'bybit/ws-private/gct-wsAuth.jsonl': Array(7).fill('ignored'),
  'bybit/ws-private/hirokisan-position.json': ['ignored'],
  'bybit/ws-private/hirokisan-wallet.json': ['ignored'],
  'bybit/ws-private/jkorf-position.txt': ['ignored', 'acknowledged', 'ignored'],
  'bybit/ws-private/jkorf-wallet.txt': ['ignored', 'acknowledged', 'ignored'],
  'bybit/ws-private/nautilus-ws_account_execution_adl.json': ['ignored'],
  'bybit/ws-private/nautilus-ws_account_position.json': ['ignored'],
  'bybit/ws-private/nautilus-ws_account_position_short.json': ['ignored'],
  'bybit/ws-private/nautilus-ws_account_position_with_open_time.json': ['ignored'],
  'bybit/ws-private/nautilus-ws_account_wallet.json': ['ignored'],
  'bybit/ws-private/nautilus-ws_account_wallet_locked_exceeds_total.json': ['ignored'],
  'bybit/ws-private/nautilus-ws_account_wallet_small_order.json': ['ignored'],
  'bybit/ws-private/xchange-position.json': ['ignored'],
  'bybit/ws-ticker/gct-wsTicker.jsonl': [
    'ignored',
    {
      symbol: 'BTC-28JUN24-60000-P',
      markPrice: '3502.0715721',
      eventTimeMs: 1_715_742_949_283,
    },
    { ...perpetual2024, markPrice: '61875.25', eventTimeMs: 1_715_748_762_463 },
    { ...perpetual2024, markPrice: '61875.06', eventTimeMs: 1_715_748_763_063 },
    {
      symbol: 'BTCPERP',
      markPrice: '61943.58',
      fundingRate: '0.00004979',
      nextFundingTimeMs: 1_715_760_000_000,
      eventTimeMs: 1_715_756_612_118,
    },
    { unchanged: 'BTCPERP' },
    {
      symbol: 'BTCUSD',
      markPrice: '61894.00',
      fundingRate: '0.0001',
      nextFundingTimeMs: 1_715_760_000_000,
      eventTimeMs: 1_715_757_637_952,
    },
    { unchanged: 'BTCUSD' },
  ],
  // A library's re-serialisation, which the venue never sends.
  'bybit/ws-ticker/hirokisan-ticker-inverse.json': ['ignored'],
  'bybit/ws-ticker/hirokisan-ticker-option.json': [option2023],
  'bybit/ws-ticker/jkorf-ticker-linear.txt': ['acknowledged', perpetual2023],
  'bybit/ws-ticker/nautilus-ws_ticker_linear.json': [perpetual2023],
  'bybit/ws-ticker/nautilus-ws_ticker_option.json': [option2023],
  'binance-usdm/ws-liquidation/jkorf-forceOrder.txt': ['acknowledged', 'ignored'],
  'binance-usdm/ws-liquidation/nautilus-liquidation_stream.json': ['ignored'],
  'binance-usdm/ws-mark/jkorf-markPrice.txt': ['acknowledged', perpetual2019],
  'binance-usdm/ws-mark/nautilus-mark_price_stream.json': [perpetual2019],
  'binance-usdm/ws-private/jkorf-accountUpdate.txt': ['acknowledged', 'ignored'],
  'binance-usdm/ws-private/jkorf-marginCall.txt': ['acknowledged', 'ignored'],
  'binance-usdm/ws-private/nautilus-account_update.json': ['ignored'],
  'binance-usdm/ws-private/nautilus-account_update_bnfcr.json': ['ignored'],
  'binance-usdm/ws-private/nautilus-order_update_adl.json': ['ignored'],
  'binance-usdm/ws-private/nautilus-order_update_calculated.json': ['ignored'],
  'binance-usdm/ws-private/nautilus-order_update_insurance.json': ['ignored'],
  'binance-usdm/ws-ticker/nautilus-ticker_stream.json': ['ignored'],
  'okx/ws-funding/jkorf-subscriptions-unified-exchangedata-fundingrate.txt': ['ignored', 'ignored'],
  'okx/ws-funding/nautilus-ws_funding_rate.json': ['ignored'],
  'okx/ws-instrument/nautilus-ws_instruments.json': ['ignored'],
  'okx/ws-liquidation/jkorf-subscriptions-unified-trading-liquidationwarning.txt': Array(3).fill('ignored'),
  'okx/ws-private/gct-wsOrders.jsonl': Array(4).fill('ignored'),
  'okx/ws-private/jkorf-positions.txt': Array(3).fill('ignored'),
  'okx/ws-private/nautilus-ws_account.json': ['ignored'],
  'okx/ws-private/nautilus-ws_account_empty.json': ['ignored'],
  'okx/ws-private/nautilus-ws_orders_adl.json': ['ignored'],
  'okx/ws-private/nautilus-ws_orders_liquidation.json': ['ignored'],
  'okx/ws-ticker/gct-pushdata.jsonl': [
    ...Array(16).fill('ignored'),
    future2019,
    ...Array(8).fill('ignored'),
    'ticks',
    ...Array(12).fill('ignored'),
    'rejected',
    'ignored',
  ],
  'okx/ws-ticker/jkorf-subscriptions-unified-exchangedata-estimatedprice.txt': ['ignored', 'ignored'],
  'okx/ws-ticker/jkorf-subscriptions-unified-exchangedata-indexticker.txt': ['acknowledged', 'ticks'],
  'okx/ws-ticker/jkorf-subscriptions-unified-exchangedata-interest.txt': ['ignored', 'ignored'],
  'okx/ws-ticker/jkorf-subscriptions-unified-exchangedata-markprice.txt': ['acknowledged', future2019],
  'okx/ws-ticker/jkorf-subscriptions-unified-exchangedata-markpriceklines.txt': ['ignored', 'ignored'],
  'okx/ws-ticker/jkorf-subscriptions-unified-exchangedata-pricelimit.txt': ['ignored', 'ignored'],
  'okx/ws-ticker/jkorf-subscriptions-unified-exchangedata-symbol.txt': ['ignored', 'ignored'],
  'okx/ws-ticker/jkorf-subscriptions-unified-exchangedata-ticker.txt': ['ignored', 'ignored'],
  // Without the channel, as a library keeps it.
  'okx/ws-ticker/nautilus-ws_opt_summary.json': ['malformed'],
  'okx/ws-ticker/nautilus-ws_tickers.json': ['ignored'],
  'kraken-futures/ws-ticker/jkorf-subscriptions-futures-ticker.txt': [
    'acknowledged',
    {
      symbol: 'PF_ETHUSD',
      markPrice: '1751.97553924942',
      fundingRate: '0.0000186711875',
      nextFundingTimeMs: 1_783_591_200_000,
      eventTimeMs: 1_783_587_648_112,
    },
  ],
  'kraken-futures/ws-ticker/nautilus-ws_futures_ticker.json': [
    {
      symbol: 'PI_XBTUSD',
      markPrice: '21979.68641534714',
      fundingRate: '-0.000001380384722222',
      nextFundingTimeMs: 1_676_394_000_000,
      eventTimeMs: 1_676_393_235_406,
    },
  ],
  'deribit/ws-control/nautilus-ws_error.json': ['rejected'],
  'deribit/ws-private/nautilus-ws_portfolio.json': ['ignored'],
  'deribit/ws-ticker/gct-pushdata.jsonl': [
    ...Array(26).fill('ignored'),
    {
      symbol: 'BTC-PERPETUAL',
      markPrice: '36446.51',
      eventTimeMs: 1_623_060_194_301,
    },
  ],
  'deribit/ws-ticker/nautilus-ws_quote.json': ['ignored'],
  'deribit/ws-ticker/nautilus-ws_ticker.json': [
    {
      symbol: 'BTC-PERPETUAL',
      markPrice: '92281.78',
      eventTimeMs: 1_765_541_474_086,
    },
  ],
  'deribit/ws-ticker/nautilus-ws_volatility_index.json': ['ignored'],
  // Rows of its tables without the table around them, as libraries keep them.
  'bitmex/ws-funding/nautilus-ws_funding_rate.json': ['ignored'],
  'bitmex/ws-instrument/nautilus-ws_instrument.json': ['ignored'],
  'bitmex/ws-instrument/nautilus-ws_instrument_index_update.json': ['ignored'],
  'bitmex/ws-instrument/nautilus-ws_instrument_mark_update.json': ['ignored'],
  'bitmex/ws-liquidation/nautilus-ws_liquidation.json': ['ignored'],
  'bitmex/ws-private/gct-position-frames.jsonl': Array(12).fill('ignored'),
  'bitmex/ws-private/nautilus-ws_margin.json': ['ignored'],
  'bitmex/ws-private/nautilus-ws_position.json': ['ignored'],
  'bitmex/ws-private/xchange-position_initial.json': ['ignored'],
  'bitmex/ws-private/xchange-position_update-close.json': ['ignored'],
  'bitmex/ws-private/xchange-position_update-open.json': ['ignored'],
  'bitmex/ws-ticker/jkorf-subscriptions-exchange-bookticker.txt': ['ignored', 'ignored'],
}

/** Live captures: their frames, how many hold a mark, and the first that does. */
const CAPTURED: Readonly<Record<string, { frames: number; ticks: number; first?: RecordedTick }>> = {
  'kraken-futures/ws-noise/cryptofeed-kraken_futures.ws.1.0.jsonl': { frames: 600, ticks: 0 },
  // The short form of the ticker, which has no mark.
  'kraken-futures/ws-ticker/cryptofeed-kraken_futures.ws.1.0.jsonl': { frames: 141, ticks: 0 },
  'deribit/ws-ticker/cryptofeed-deribit.ws.1.0.jsonl': {
    frames: 136,
    ticks: 89,
    first: {
      symbol: 'ETH-30JUL21-2800-C',
      markPrice: '0.001972',
      eventTimeMs: 1_626_993_723_632,
    },
  },
  'bitmex/ws-noise/cryptofeed-bitmex.ws.1.0.jsonl': { frames: 2, ticks: 0 },
  'bitmex/ws-ticker/cryptofeed-bitmex.ws.1.0.jsonl': { frames: 141, ticks: 0 },
}

/** The index prices that the frames of a file hold. */
const INDEX_PRICES: Readonly<Record<string, Reading['indexPrices']>> = {
  'bybit/ws-ticker/gct-wsTicker.jsonl': [
    ['BTC/USDT index', '61903.73', 1_715_748_762_463],
    ['BTC/USDT index', '61903.59', 1_715_748_763_063],
    ['BTC/USDC index', '61942.85', 1_715_756_612_118],
    // As recorded: a digit of the time is missing.
    ['BTC/USDC index', '61942.85', 171_575_661_221],
    ['BTC/USD index', '61923.36', 1_715_757_637_952],
    ['BTC/USD index', '61923.36', 1_715_757_638_152],
  ],
  'bybit/ws-ticker/jkorf-ticker-linear.txt': [['BTC/USDT index', '17227.36', 1_673_272_861_686]],
  'bybit/ws-ticker/nautilus-ws_ticker_linear.json': [['BTC/USDT index', '17227.36', 1_673_272_861_686]],
  'binance-usdm/ws-mark/jkorf-markPrice.txt': [['BTC/USDT index', '11784.62659091', 1_562_305_380_000]],
  'binance-usdm/ws-mark/nautilus-mark_price_stream.json': [
    ['BTC/USDT index', '11784.62659091', 1_562_305_380_000],
  ],
  'okx/ws-ticker/gct-pushdata.jsonl': [['BTC/USDT index', '0.1', 1_597_026_383_085]],
  'okx/ws-ticker/jkorf-subscriptions-unified-exchangedata-indexticker.txt': [
    ['BTC/USDT index', '0.1', 1_597_026_383_085],
  ],
  'kraken-futures/ws-ticker/jkorf-subscriptions-futures-ticker.txt': [
    ['ETH/USD index', '1751.75', 1_783_587_648_112],
  ],
  'kraken-futures/ws-ticker/nautilus-ws_futures_ticker.json': [
    ['XBT/USD index', '21984.54', 1_676_393_235_406],
  ],
  'deribit/ws-ticker/gct-pushdata.jsonl': [['BTC/USD index', '36441.64', 1_623_060_194_301]],
  'deribit/ws-ticker/nautilus-ws_ticker.json': [['BTC/USD index', '92263.55', 1_765_541_474_086]],
}

/** Of one frame; a longer one is cut at fewer places, evenly. */
const CUTS_MAX = 4_096

const recordings = sharedPath('recordings')
const suffix = recordings === undefined ? ' (skipped: no recordings beside the project)' : ''

describe.skipIf(recordings === undefined)(`recorded frames${suffix}`, () => {
  it('are all listed with what they hold', () => {
    expect(recordedFiles(recordings!).sort()).toEqual([...Object.keys(HELD), ...Object.keys(CAPTURED)].sort())
  })

  it.each(Object.keys(HELD))('%s decodes to what it holds', (file) => {
    const readings = readAll(file, framesOf(recordings!, file))
    expect(readings.map(({ indexPrices: _, ...reading }) => reading)).toEqual(HELD[file]!.map(readingOf))
    const indexPrices = readings.flatMap((reading) => reading.indexPrices)
    expect(indexPrices).toEqual(INDEX_PRICES[file] ?? [])
  })

  it.each(Object.keys(CAPTURED))(
    '%s, a live capture, holds so many marks and no frame that cannot be read',
    (file) => {
      const readings = readAll(file, framesOf(recordings!, file))
      const ticked = readings.filter(({ ticks }) => ticks.length > 0)
      const [first] = ticked[0]?.ticks ?? []
      expect({
        frames: readings.length,
        ticks: ticked.length,
        ...(first === undefined ? {} : { first }),
      }).toEqual(CAPTURED[file])
      expect(readings.filter(({ kind }) => kind === 'malformed' || kind === 'rejected')).toEqual([])
    },
  )

  it.each(Object.keys(HELD))('%s, cut anywhere, gives no tick that it does not hold', (file) => {
    for (const frame of framesOf(recordings!, file)) {
      const whole = JSON.stringify(readAll(file, [frame])[0]!.ticks)
      for (let length = 0; length < frame.length; length += Math.ceil(frame.length / CUTS_MAX)) {
        const { ticks } = readAll(file, [frame.slice(0, length)])[0]!
        if (ticks.length > 0)
          expect({ length, ticks: JSON.stringify(ticks) }).toEqual({ length, ticks: whole })
      }
    }
  })
})

function readAll(file: string, frames: readonly string[]) {
  const parser = venueOf(parseVenueId(RECORDED_VENUES[file.split('/')[0]!]!)).sources[0]!.createParser()
  return frames.map((frame) => read(parser, frame))
}

function readingOf(expected: Expected): Omit<Reading, 'indexPrices'> {
  if (typeof expected === 'string') return { kind: expected, ticks: [], unchanged: [] }
  if (isList(expected)) return { kind: 'ticks', ticks: expected, unchanged: [] }
  if ('unchanged' in expected) return { kind: 'ticks', ticks: [], unchanged: [expected.unchanged] }
  return { kind: 'ticks', ticks: [expected], unchanged: [] }
}

const isList = (expected: Expected): expected is readonly RecordedTick[] => Array.isArray(expected)
