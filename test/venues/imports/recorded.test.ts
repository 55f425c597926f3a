import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readJsonKeepingDigits } from '../../../src/input/index.ts'
import { importRules, parseVenueId, ruleBookOf } from '../../../src/venues/index.ts'
import { sharedPath } from '../../support/shared.ts'

const RECORDINGS = sharedPath('recordings/')
/** Folders of the recordings; each is a name of its venue. */
const FOLDERS = [
  'bybit',
  'binance-usdm',
  'binance-coinm',
  'okx',
  'bitmex',
  'deribit',
  'kraken-futures',
  'coinbase-cfm',
  'coinbase-intx',
  'hyperliquid',
  'dydx',
]

interface Outcome {
  readonly taken: readonly string[]
  readonly refused: ReadonlyMap<string, string>
}

/** What the files say together. Those of cryptofeed are of July 2021. */
function outcomeOf(folder: string, files: readonly string[]): Outcome {
  const id = parseVenueId(folder)
  const bodies = files.map((file) => {
    const read = readJsonKeepingDigits(readFileSync(join(RECORDINGS!, file), 'utf8'))
    if (!('value' in read)) throw new Error(`${file} is no JSON`)
    return { name: file, value: read.value }
  })
  const asOf = files.some((file) => file.includes('cryptofeed')) ? '2021-07-22' : '2026-08-01'
  const { rules, refused } = importRules(id, bodies, { asOf, book: ruleBookOf(id), window: 'overnight' })
  return { taken: [...rules.keys()], refused }
}

/** One line a reason, with how many symbols it refuses; names and figures of the symbol are left out. */
function reasonsOf({ refused }: Outcome): string[] {
  const counts = new Map<string, number>()
  for (const [symbol, reason] of refused) {
    const common = reason.replaceAll(symbol, '…').replace(/instFamily \S+/, 'instFamily …')
    counts.set(common, (counts.get(common) ?? 0) + 1)
  }
  return [...counts].map(([reason, count]) => `${count}× ${reason}`)
}

function bodiesOf(folder: string, kind: string): string[] {
  const path = join(RECORDINGS!, folder, kind)
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return []
  return readdirSync(path)
    .filter((name) => name.endsWith('.json'))
    .sort()
    .map((name) => relative(RECORDINGS!, join(path, name)))
}

const RISK_LIMITS = 'its risk limits are missing: add the body of /v5/market/risk-limit'
const BRACKETS = 'its brackets are missing: add the body of leverageBracket, which needs an API key'
const TIERS = 'its tiers are missing: add the body of /api/v5/public/position-tiers of instFamily …'
const SPOT_MARGIN = 'its tiers are those of spot margin, which is not a contract'

/** Symbols taken, and the refused ones by reason. The three frames of BitMEX state no contract, only prices. */
const EXPECTED: Readonly<Record<string, readonly [taken: number, ...refused: string[]]>> = {
  'bybit/rest-tiers/gct-inverse-risk-limit.json': [1],
  'bybit/rest-tiers/gct-linear-risk-limit.json': [1],
  'bybit/rest-tiers/gct-usdc-risk-limit.json': [1],
  'bybit/rest-tiers/hirokisan-risk-limit-linear.json': [1],
  'bybit/rest-tiers/jkorf-risk-limit.json': [1],
  'bybit/rest-instruments/cryptofeed-v2-symbols.json': [0, `15× ${RISK_LIMITS}`],
  'bybit/rest-instruments/hirokisan-instruments-inverse.json': [0, `214× ${RISK_LIMITS}`],
  'bybit/rest-instruments/nautilus-http_get_instruments_inverse.json': [0, `1× ${RISK_LIMITS}`],
  'bybit/rest-instruments/nautilus-http_get_instruments_linear.json': [0, `2× ${RISK_LIMITS}`],
  'binance-usdm/rest-tiers/jkorf-leverageBracket.json': [1],
  'binance-usdm/rest-instruments/cryptofeed-exchangeInfo.json': [0, `122× ${BRACKETS}`],
  'binance-coinm/rest-tiers/jkorf-leverageBracket.json': [1],
  'binance-coinm/rest-instruments/cryptofeed-exchangeInfo.json': [0, `36× ${BRACKETS}`],
  'binance-coinm/rest-instruments/gct-exchangeInfo-0.json': [0, `25× ${BRACKETS}`],
  'okx/rest-tiers/jkorf-endpoints-unifiedapi-exchangedata-getpositiontiers.json': [0, `1× ${SPOT_MARGIN}`],
  'okx/rest-tiers/nautilus-http_get_position_tiers.json': [0, `1× ${SPOT_MARGIN}`],
  'okx/rest-instruments/cryptofeed-instruments-swap.json': [0, `166× ${TIERS}`],
  'okx/rest-instruments/nautilus-http_get_instruments_futures.json': [0, `6× ${TIERS}`],
  'okx/rest-instruments/nautilus-http_get_instruments_swap.json': [0, `3× ${TIERS}`],
  'okx/ws-instrument/nautilus-ws_instruments.json': [0, `1× ${TIERS}`],
  'bitmex/rest-instruments/cryptofeed-instrument-active.json': [34],
  'bitmex/rest-instruments/nautilus-http_get_instrument_xbtm26_xbtu26_spread.json': [
    0,
    '1× its typ is FFMCSX, a spread of two contracts',
  ],
  'bitmex/rest-instruments/nautilus-http_get_instrument_xbtusd.json': [1],
  'bitmex/rest-instruments/xchange-instrument-active.json': [0, '5× its typ is IFXXXP, a spot pair'],
  'bitmex/ws-instrument/nautilus-ws_instrument.json': [0],
  'bitmex/ws-instrument/nautilus-ws_instrument_index_update.json': [0],
  'bitmex/ws-instrument/nautilus-ws_instrument_mark_update.json': [0],
  'deribit/rest-instruments/cryptofeed-get_instruments-btc.json': [398],
  'deribit/rest-instruments/nautilus-http_get_instrument.json': [1],
  'deribit/rest-instruments/nautilus-http_get_instruments.json': [
    3,
    '1× it is a combination of futures; its legs are positions of their own',
  ],
  'kraken-futures/rest-tiers/cryptofeed-instruments.json': [
    17,
    '10× its type is spot index; futures_inverse and flexible_futures are read',
  ],
  'kraken-futures/rest-tiers/jkorf-instruments.json': [3],
  'kraken-futures/rest-tiers/nautilus-http_futures_instrument_no_fee_schedule.json': [1],
  'kraken-futures/rest-tiers/nautilus-http_futures_instruments.json': [4],
  'coinbase-cfm/rest-instruments/nautilus-http_products_future.json': [2],
  'hyperliquid/rest-tiers/hlsdk-get_info.json': [28],
  'hyperliquid/rest-tiers/nautilus-http_all_perp_metas_non_usdc_collateral.json': [3],
  'hyperliquid/rest-tiers/nautilus-http_meta_perp_sample.json': [3],
  'dydx/rest-tiers/nautilus-http_get_perpetual_markets.json': [3],
}

describe.skipIf(RECORDINGS === undefined)('recorded bodies of tiers and instruments', () => {
  it('are read: symbols taken and refused, with the reasons', () => {
    const found = FOLDERS.flatMap((folder) =>
      ['rest-tiers', 'rest-instruments', 'ws-instrument'].flatMap((kind) =>
        bodiesOf(folder, kind).map((file) => {
          const outcome = outcomeOf(folder, [file])
          return [file, [outcome.taken.length, ...reasonsOf(outcome)]]
        }),
      ),
    )
    expect(Object.fromEntries(found)).toEqual(EXPECTED)
  })

  it('that belong together are read together', () => {
    const { taken, refused } = outcomeOf('bybit', [
      'bybit/rest-tiers/hirokisan-risk-limit-linear.json',
      'bybit/rest-instruments/hirokisan-instruments-inverse.json',
    ])
    expect(taken).toEqual(['BTCUSDT'])
    expect(refused.size).toBe(213)
  })
})
