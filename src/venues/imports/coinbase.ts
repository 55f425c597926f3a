import {
  type InstrumentRules,
  marginalTiers,
  NO_CAP,
  type RulesImport,
  type SessionWindow,
} from '../../domain/index.ts'
import { div, formatRate, mul, ONE, parseDecimal, parseRate } from '../../margin/index.ts'
import { isObject } from '../frame.ts'
import {
  type BodyRecord,
  baseAssetField,
  pageAt,
  positiveIn,
  recordsOf,
  refuse,
  symbolIn,
  Taken,
  textOrUndefined,
} from './body.ts'
import { leverageOf } from './tiers.ts'

/** `/api/v3/brokerage/market/products`, and `/api/v1/instruments` of the International Exchange. */
export const coinbaseImport: RulesImport = {
  source: '/api/v3/brokerage/market/products',
  endpoint: {
    url: 'https://api.coinbase.com',
    first: [{ path: '/api/v3/brokerage/market/products?product_type=FUTURE' }],
    following: (request, answer) => pageAt(request, nextCursorIn(answer)),
    objectionOf: (answer) =>
      hasNext(answer) && nextCursorIn(answer) === undefined
        ? 'that a further page follows, without its next_cursor'
        : undefined,
    pauseMs: 0,
  },
  read(bodies, { asOf, window }) {
    const taken = new Taken()
    for (const product of recordsOf(bodies, ({ product_id }) => typeof product_id === 'string')) {
      taken.take(symbolIn(product, 'product_id'), () => productOf(product, window, asOf))
    }
    for (const instrument of recordsOf(bodies, isInternational)) {
      const symbol = symbolIn(instrument, 'symbol')
      taken.take(symbol, () => perpetualOf(symbol, instrument, asOf))
    }
    return taken
  },
}

function paginationIn(answer: unknown): BodyRecord {
  return isObject(answer) && isObject(answer.pagination) ? answer.pagination : {}
}

function hasNext(answer: unknown): boolean {
  return paginationIn(answer).has_next === true
}

function nextCursorIn(answer: unknown): string | undefined {
  return hasNext(answer) ? textOrUndefined(paginationIn(answer), 'next_cursor') : undefined
}

function isInternational({ symbol, base_imf, baseImf }: BodyRecord): boolean {
  return typeof symbol === 'string' && (base_imf ?? baseImf) !== undefined
}

function perpetualOf(symbol: string, instrument: BodyRecord, asOf: string): InstrumentRules {
  const { type } = instrument
  if (type !== undefined && type !== 'PERP') refuse(`its type is ${type}; PERP is read`)
  const baseRate = positiveIn(instrument, 'base_imf', 'baseImf')
  return internationalRules({ coin: symbol.split('-')[0], baseRate, asOf })
}

/** The same endpoint lists futures of the US exchange and perpetuals of the International one, whose code is empty. */
function productOf(product: BodyRecord, window: SessionWindow, asOf: string): InstrumentRules {
  const details = product.future_product_details
  if (!isObject(details)) refuse('it has no future_product_details: it is not a future')
  if (textOrUndefined(details, 'contract_code') !== undefined) return futureOf(details, window, asOf)
  const { perpetual_details: perpetual } = details
  if (!isObject(perpetual)) refuse('its contract_code and perpetual_details are missing')
  return internationalRules({
    coin: textOrUndefined(details, 'contract_root_unit'),
    baseRate: formatRate(div(ONE, parseDecimal(positiveIn(perpetual, 'max_leverage')))),
    asOf,
  })
}

function futureOf(details: BodyRecord, window: SessionWindow, asOf: string): InstrumentRules {
  const rates = details[`${window}_margin_rate`]
  if (!isObject(rates)) refuse(`its ${window}_margin_rate is missing`)
  return coinbaseRules({
    coin: textOrUndefined(details, 'contract_root_unit'),
    multiplier: positiveIn(details, 'contract_size'),
    long: positiveIn(rates, 'long_margin_rate', 'long'),
    short: positiveIn(rates, 'short_margin_rate', 'short'),
    window,
    asOf,
  })
}

export interface CoinbaseFuture {
  readonly coin: string | undefined
  /** Coins of one contract. */
  readonly multiplier: string
  readonly long: string
  readonly short: string
  readonly window: SessionWindow
  readonly asOf: string
}

/** US futures. */
export function coinbaseRules({
  coin,
  multiplier,
  long,
  short,
  window,
  asOf,
}: CoinbaseFuture): InstrumentRules {
  return {
    ...baseAssetField(coin),
    contribution: 'linear',
    multiplier,
    settlementAsset: 'USD',
    takerFeeRate: '0',
    asOf,
    maintenance: { kind: 'side-rates', long, short },
    initial: { kind: 'side-rates', long, short },
    closingFee: 'none',
    liquidation: 'reached',
    assumptions: [
      'the maintenance margin is the initial one, since the venue does not publish its rate',
      `the rates are those of the ${window} window`,
    ],
  }
}

const TWO_THIRDS = { n: 2n, d: 3n }

export interface InternationalPerpetual {
  readonly coin: string | undefined
  readonly baseRate: string
  readonly asOf?: string
}

/** Perpetuals of the International Exchange: the maintenance margin is two thirds of the initial one. */
export function internationalRules({ coin, baseRate, asOf }: InternationalPerpetual): InstrumentRules {
  const initialRate = parseRate(baseRate)
  const tier = {
    cap: NO_CAP,
    maintenanceMarginRate: formatRate(mul(initialRate, TWO_THIRDS)),
    maintenanceDeduction: '0',
    maxLeverage: leverageOf(initialRate),
  }
  return {
    ...baseAssetField(coin),
    contribution: 'linear',
    multiplier: '1',
    settlementAsset: 'USDC',
    takerFeeRate: '0',
    ...(asOf === undefined ? {} : { asOf }),
    maintenance: marginalTiers('linear', [tier]),
    initial: { kind: 'rate', rate: baseRate },
    closingFee: 'none',
    liquidation: 'passed',
    assumptions: ['the initial margin is the base rate; the venue asks for more of a large position'],
  }
}
