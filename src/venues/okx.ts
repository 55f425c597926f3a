import { type InstrumentRules, type Venue, venueId, type WholeTier } from '../domain/index.ts'
import { add, compare, formatDecimal, mul, ONE, parseDecimal, type Rational } from '../margin/index.ts'
import { bookOf, type RulesFrom } from './book.ts'
import { endOfNumberedDayMs } from './expiry.ts'
import { OKX_ASSUMPTIONS, OKX_TAKER_FEE_RATE, okxImport } from './imports/okx.ts'
import { leverageOf } from './imports/tiers.ts'
import { IndexCarriers } from './index-names.ts'
import { okxInstruments } from './instruments/okx.ts'
import { okxMarkHistory } from './okx-mark-history.ts'
import { OKX_INDEXES, okxStream } from './okx-stream.ts'

const OKX = venueId('okx')

/** BTC-USDT-SWAP, BTC-USD-241220, BTC-USD_UM-SWAP. */
const SYMBOL = /^[\p{Lu}\p{Lo}\d]+-[A-Z\d_]+-(SWAP|\d{6})$/u

const indexes = new IndexCarriers(OKX_INDEXES)

/** Tiers of a public table: contracts, maintenance margin rate, initial margin rate; then the step of all further ones. */
interface Ladder {
  readonly tiers: readonly (readonly [contracts: string, maintenanceRate: string, initialRate: string])[]
  /** Contracts that each further tier adds; its rates are half a percentage point above those of the one before. */
  readonly step: string
  readonly assumptions?: readonly string[]
}

const STEP_RATE = '0.005'
const TIERS_MAX = 200

function tiersOf({ tiers, step }: Ladder): WholeTier[] {
  const exact: (readonly [Rational, Rational, Rational])[] = tiers.map(
    ([contracts, maintenance, initial]) =>
      [parseDecimal(contracts), parseDecimal(maintenance), parseDecimal(initial)] as const,
  )
  const rateStep = parseDecimal(STEP_RATE)
  for (let [cap, maintenance, initial] = exact.at(-1)!; exact.length < TIERS_MAX; ) {
    cap = add(cap, parseDecimal(step))
    maintenance = add(maintenance, rateStep)
    initial = add(initial, rateStep)
    if (compare(initial, ONE) > 0) break
    exact.push([cap, maintenance, initial])
  }
  return exact.map(([cap, maintenance, initial]) => ({
    cap: formatDecimal(cap),
    maintenanceMarginRate: formatDecimal(maintenance),
    maxLeverage: leverageOf(initial),
  }))
}

/** `contractSize`: coins of a contract. `asOf`: absent where the table bears no day. */
/** Steps of prices. */
const TICK_SIZES: Readonly<Record<string, string>> = {
  BTC: '0.1',
  ETH: '0.01',
  CHZ: '0.00001',
  '1INCH': '0.0001',
  ADA: '0.00001',
  AAVE: '0.01',
}

function swap(coin: string, contractSize: string, ladder: Ladder, asOf?: string): InstrumentRules {
  return {
    baseAsset: coin,
    contribution: 'linear',
    multiplier: contractSize,
    settlementAsset: 'USDT',
    takerFeeRate: OKX_TAKER_FEE_RATE,
    tickSize: TICK_SIZES[coin]!,
    ...(asOf === undefined ? {} : { asOf }),
    maintenance: { kind: 'whole-tiers', basis: 'contracts', tiers: tiersOf(ladder) },
    assumptions: [...OKX_ASSUMPTIONS, ...(ladder.assumptions ?? [])],
  }
}

const ANNOUNCED = 'announcement of the venue'

/** Of 2026 only the first tier is public. In no known ladder do the rates rise faster for its size than this one. */
function firstTierOf2026(contracts: string): Ladder {
  return {
    tiers: [[contracts, '0.004', '0.01']],
    step: contracts,
    assumptions: [
      `only the tier up to ${contracts} contracts is known; each further ${contracts} are taken to ask for ${formatDecimal(mul(parseDecimal(STEP_RATE), { n: 100n, d: 1n }))} percentage points more`,
    ],
  }
}

function announced(from: string, coin: string, contractSize: string, ladder: Ladder): RulesFrom {
  return { from, rules: swap(coin, contractSize, ladder, from), source: ANNOUNCED }
}

function of2026(coin: string, contractSize: string, contracts: string): RulesFrom {
  const rules = swap(coin, contractSize, firstTierOf2026(contracts))
  return { from: '2026-01-01', rules, source: '/api/v5/public/position-tiers, first tier, 2026' }
}

const ETH_OF_2021: Ladder = {
  tiers: [
    ['3000', '0.004', '0.008'],
    ['6000', '0.005', '0.01'],
    ['12000', '0.01', '0.015'],
  ],
  step: '12000',
}
const CHZ_OF_2021: Ladder = {
  tiers: [
    ['5000', '0.01', '0.013'],
    ['7500', '0.015', '0.02'],
    ['15000', '0.02', '0.05'],
  ],
  step: '15000',
}
const ONE_INCH_OF_2022: Ladder = {
  tiers: [
    ['1000', '0.01', '0.013'],
    ['2500', '0.015', '0.02'],
    ['25000', '0.02', '0.05'],
    ['50000', '0.025', '0.055'],
  ],
  step: '25000',
}
const ADA_OF_2023: Ladder = {
  tiers: [
    ['1500', '0.005', '0.0133'],
    ['3000', '0.0075', '0.02'],
    ['6000', '0.01', '0.025'],
  ],
  step: '6000',
}
const AAVE_OF_2023: Ladder = {
  tiers: [
    ['1000', '0.0065', '0.02'],
    ['3000', '0.01', '0.025'],
    ['8000', '0.015', '0.05'],
  ],
  step: '8000',
}

/**
 * OKX swaps. The rate of a tier is that of the whole position, and the taker fee of closing at the mark is part of the
 * threshold. Sizes and ticks of contracts: `/api/v5/public/instruments`, state of July 2021.
 */
export const okx: Venue = {
  id: OKX,
  names: [OKX, 'okx-public'],
  symbol: SYMBOL,
  expiryMsOf: (symbol) => endOfNumberedDayMs(symbol.split('-')[2] ?? ''),
  sources: [okxStream(SYMBOL)],
  markHistory: [okxMarkHistory(SYMBOL, (symbol) => indexes.contractOf(symbol))],
  instruments: okxInstruments,
  rulesImport: okxImport,
  ruleBook: bookOf({
    venue: OKX,
    version: 'okx-2021-to-2026',
    defaults: {
      closingFee: 'at-mark',
      liquidation: 'reached',
      venueRatio: { cross: 'balance-over-maintenance', isolated: 'balance-over-maintenance' },
      tiersPerLiquidationStep: 2,
      printedPrice: 'tick-before',
      // Its formula of the ratio does not say what a debt asks for.
      debtMargin: 'by-asset',
      // Changes `margin` of an isolated position.
      funding: { perpetual: /-SWAP$/, payment: 'at-mark', isolated: 'own-margin' },
    },
    read: () => ({
      'BTC-USDT-SWAP': [of2026('BTC', '0.01', '1000')],
      'ETH-USDT-SWAP': [announced('2021-06-11', 'ETH', '0.1', ETH_OF_2021), of2026('ETH', '0.1', '5000')],
      'CHZ-USDT-SWAP': [announced('2021-04-01', 'CHZ', '10', CHZ_OF_2021)],
      '1INCH-USDT-SWAP': [announced('2022-03-01', '1INCH', '1', ONE_INCH_OF_2022)],
      'ADA-USDT-SWAP': [announced('2023-05-19', 'ADA', '100', ADA_OF_2023)],
      'AAVE-USDT-SWAP': [announced('2023-05-19', 'AAVE', '0.1', AAVE_OF_2023)],
    }),
  }),
}
