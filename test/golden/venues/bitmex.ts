// BitMEX: API documentation, support pages and real rows. The venue counts in satoshi (1e-8 XBT) or in 1e-6 USDT.
import { div, formatDecimal, parseDecimal } from '../../../src/margin/index.ts'
import {
  cross,
  type Example,
  type GoldenCase,
  givenCase,
  goldenCase,
  isolated,
  NO_CAP,
  rateRules,
} from '../golden-case.ts'
import { printedPrices } from '../tick.ts'

/** 12345678 satoshi as XBT. */
function xbt(satoshi: string): string {
  return formatDecimal(div(parseDecimal(satoshi), parseDecimal('100000000')), 8)
}

function lots(unit: string, lotSize: string) {
  return { rounding: { unit, per: 'lot', lotSize } }
}

const INVERSE = { contribution: 'inverse', settlementAsset: 'XBT' }

interface InstrumentRow {
  readonly symbol: string
  readonly multiplier: string
  readonly lotSize: string
  readonly markPrice: string
  readonly openInterest: string
  /** In satoshi. */
  readonly openValue: string
  readonly contribution?: 'inverse' | 'quanto' | 'linear'
}

/** The open value is the value of a position of the whole open interest. */
function openValue(id: string, row: InstrumentRow, source: string): Example {
  const { symbol, multiplier, lotSize, markPrice, openInterest, contribution = 'inverse' } = row
  return {
    id: `bitmex ${id}: open value of ${symbol}`,
    source,
    rules: {
      X: rateRules('0.005', {
        contribution,
        settlementAsset: 'XBT',
        multiplier,
        ...lots('0.00000001', lotSize),
      }),
    },
    account: cross('XBT', '1', openInterest, markPrice),
    marks: { X: markPrice },
    printed: { notional: xbt(row.openValue) },
  }
}

// symbol, kind, multiplier (XBT of a contract and a unit of price, dollars or euros of an inverse contract), lot, mark, open
// interest, open value in satoshi
const INSTRUMENTS_OF_2021 = `
  XBTUSD inverse 1 100 32184.89 574264600 1784268825430
  XBTU21 inverse 1 100 32350.84 164864000 509612759040
  XBTEURU21 inverse 1 100 27414.81 2711700 9891359622
  ETHUSDU21 quanto 0.000001 1 2233.4 497246 111054921640
  LTCUSD quanto 0.000002 1 119.78 590277 14140675812
  LINKUSDT quanto 0.0001 1 15.8322 50672 8022492384
  AAVEUSDT quanto 0.000001 1 273.1 42995 1174193450
  ETHU21 linear 1 1 0.06212 5582 34675384000
`

function openValues(): Example[] {
  const ofRow = (line: string): InstrumentRow => {
    const [symbol, contribution, multiplier, lotSize, markPrice, openInterest, value] = line
      .trim()
      .split(' ') as [string, 'inverse' | 'quanto' | 'linear', string, string, string, string, string]
    return { symbol, contribution, multiplier, lotSize, markPrice, openInterest, openValue: value }
  }
  const xbtusd = { symbol: 'XBTUSD', multiplier: '1' }
  return [
    ...INSTRUMENTS_OF_2021.trim()
      .split('\n')
      .map((line) => openValue('G1', ofRow(line), 'instrument table of 2021-07-22')),
    openValue(
      'G1, 2020-01-29',
      {
        ...xbtusd,
        lotSize: '1',
        markPrice: '9277.2',
        openInterest: '967826984',
        openValue: '10432207060536',
      },
      'instrument row of 2020-01-29',
    ),
    openValue(
      'G1, 2024-11-24',
      {
        ...xbtusd,
        lotSize: '100',
        markPrice: '97849.76',
        openInterest: '411647400',
        openValue: '420691293378',
      },
      'instrument row of 2024-11-24',
    ),
  ]
}

/** The maintenance margin that BitMEX calls posMaint: on the value at entry, with the fee at cost and the funding to pay. */
function positionRules(rate: string, takerFeeRate: string, more: object): Example['rules'] {
  return {
    X: rateRules(rate, {
      maintenancePrice: 'entry',
      fundingInMaintenance: true,
      closingFee: 'at-cost',
      takerFeeRate,
      ...more,
    }),
  }
}

const LONG_ETHUSDT: Example = {
  id: 'bitmex G2: ETHUSDT long',
  source: 'position row of 2022-05-21 in ccxt, isolated, in USDT',
  rules: positionRules('0.01', '0.00075', { multiplier: '0.00001', ...lots('0.000001', '1000') }),
  account: isolated('2000', '1963', { leverage: '3' }),
  marks: { X: '1964.195' },
  fundingRates: { X: '0.0001' },
  printed: {
    initialMargin: '13.086667',
    maintenanceMargin: '0.435787',
    notional: '39.283900',
    unrealizedPnl: '0.023900',
    'account.walletBalance': '13.125928',
    'account.marginBalance': '13.149828',
    liquidationPrice: '1328.50',
    bankruptcyPrice: '1308.70',
  },
  derived: printedPrices('long', '0.05', 'next-tick'),
}

const SHORT_XBTUSD: Example = {
  id: 'bitmex G4: XBTUSD short',
  source:
    'position row of the testnet, 2019-02-09, isolated; its loss at entry, posLoss, is not part of the margin',
  rules: positionRules('0.005', '0.00075', { ...INVERSE, ...lots('0.00000001', '1') }),
  account: isolated('-20', '3349.5', { leverage: '10', isolatedMargin: xbt('59161') }),
  marks: { X: '3608.44' },
  fundingRates: { X: '-0.00375' },
  printed: {
    initialMargin: xbt('59710'),
    maintenanceMargin: xbt('5718'),
    notional: xbt('554260'),
    unrealizedPnl: xbt('-42840'),
    'account.marginBalance': xbt('16321'),
    liquidationPrice: '3678.5',
    bankruptcyPrice: '3714.0',
  },
  derived: printedPrices('short', '0.5', 'next-tick'),
}

const CROSS_XBTUSD = {
  source: 'position row of 2021-12-18, cross; the wallet is implied by the bankruptcy price',
  rules: positionRules('0.0035', '0.0005', { ...INVERSE, ...lots('0.00000001', '100') }),
  account: cross('XBT', xbt('1418200'), '100', '46976', { leverage: '100' }),
  marks: { X: '46960.3' },
  fundingRates: { X: '0.0001' },
}

function crossExamples(): Example[] {
  return [
    {
      id: 'bitmex G6: XBTUSD long in a cross wallet',
      ...CROSS_XBTUSD,
      printed: {
        initialMargin: xbt('2129'),
        notional: xbt('212946'),
        unrealizedPnl: xbt('-71'),
        liquidationPrice: '6134.5',
        bankruptcyPrice: '6131.5',
      },
      derived: printedPrices('long', '0.5', 'next-tick'),
    },
    {
      id: 'bitmex G6: maintenance margin',
      ...CROSS_XBTUSD,
      printed: { maintenanceMargin: xbt('876') },
    },
  ]
}

function documentExamples(): Example[] {
  const riskLimits = (
    first: string,
    tiers: readonly (readonly [string, string])[],
    value: string,
    margin: string,
  ) => ({
    id: `bitmex G9: ${value} XBT, base limit ${first}`,
    source: 'page of the risk limits',
    rules: {
      X: rateRules('0', {
        ...INVERSE,
        maintenance: {
          kind: 'whole-tiers',
          basis: 'coin',
          tiers: tiers.map(([cap, maintenanceMarginRate]) => ({ cap, maintenanceMarginRate })),
        },
      }),
    },
    account: cross('XBT', '10', `${Number(value) * 50_000}`, '50000'),
    marks: { X: '50000' },
    printed: { maintenanceMargin: margin },
  })
  const now = [
    ['200', '0.005'],
    ['350', '0.01'],
    ['500', '0.015'],
    [NO_CAP, '0.02'],
  ] as const
  const gap = {
    source: 'support page on isolated and cross margin',
    rules: { X: rateRules('0.01', { maintenancePrice: 'entry', settlementAsset: 'XBT' }) },
    marks: { X: '94' },
  }
  // The sample of the documentation treats ETHUSD as inverse.
  const message = {
    source: 'messages of a liquidation in the documentation',
    rules: { X: rateRules('0.005', { ...INVERSE, ...lots('0.00000001', '1') }) },
    account: cross('XBT', '1', '1', '1145.7'),
  }
  return [
    riskLimits('200', now, '180', '0.90'),
    riskLimits('200', now, '230', '2.30'),
    riskLimits(
      '100',
      [
        ['100', '0.005'],
        [NO_CAP, '0.01'],
      ],
      '80',
      '0.4',
    ),
    {
      id: 'bitmex G11: isolated loses its margin',
      ...gap,
      account: isolated('1', '100', { isolatedMargin: '4' }),
      printed: { liquidationPrice: '97', 'account.walletBalance': '4', 'account.verdict': 'breach' },
    },
    {
      id: 'bitmex G11: cross loses what the gap costs',
      ...gap,
      account: cross('XBT', '100', '1', '100'),
      printed: { unrealizedPnl: '-6', 'account.verdict': 'safe' },
    },
    {
      id: 'bitmex G13: value and PnL at the liquidation',
      ...message,
      marks: { X: '1136.88' },
      printed: { notional: xbt('87960'), unrealizedPnl: xbt('-677') },
    },
    {
      id: 'bitmex G13: value and PnL at the execution',
      ...message,
      marks: { X: '1134.37' },
      printed: { notional: xbt('88155'), unrealizedPnl: xbt('-872') },
    },
  ]
}

export const BITMEX_EXAMPLES: readonly Example[] = [
  ...openValues(),
  LONG_ETHUSDT,
  SHORT_XBTUSD,
  ...crossExamples(),
  ...documentExamples(),
]

export const BITMEX_CASES: readonly GoldenCase[] = [
  ...BITMEX_EXAMPLES.map(goldenCase),
  givenCase('bitmex G15: fair price'),
]
