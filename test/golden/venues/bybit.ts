// Bybit: help centre and documentation of the API, rules since July 2025 unless a case says otherwise.
import {
  cross,
  type Example,
  type GoldenCase,
  goldenCase,
  isolated,
  marginalRules,
  NO_CAP,
  rateRules,
} from '../golden-case.ts'
import { printedPrices } from '../tick.ts'

type Rules = Example['rules']

const FEE = { closingFee: 'at-bankruptcy-price' }

function linear(rate: string, takerFeeRate: string, deduction = '0'): Rules {
  return { X: marginalRules([[NO_CAP, rate, deduction]], { ...FEE, takerFeeRate }) }
}

function inverse(rate: string, takerFeeRate: string): Rules {
  return {
    X: marginalRules([[NO_CAP, rate, '0']], { ...FEE, kind: 'inverse', settle: 'BTC', takerFeeRate }),
  }
}

// Until July 2025: maintenance margin on the value at entry.
function legacy(rate: string, more: object = {}): Rules {
  return { X: rateRules(rate, { maintenancePrice: 'entry', ...more }) }
}

const LEGACY_INVERSE = { contribution: 'inverse', settlementAsset: 'BTC' }

// BTCUSDT, copy of the API of 2026-08-05, first rows.
const BTCUSDT = {
  X: marginalRules(
    [
      ['2000000', '0.005', '0'],
      ['2600000', '0.0056', '1200'],
      ['3200000', '0.0063', '3020'],
    ],
    FEE,
  ),
}

export const BYBIT_EXAMPLES: readonly Example[] = [
  {
    id: 'bybit 1: long with extra margin',
    source: 'help centre, isolated liquidation price under the mark-price rules',
    rules: linear('0.005', '0.00055'),
    account: isolated('1', '40000', { leverage: '50', isolatedMargin: '3821.56' }),
    marks: { X: '40000' },
    printed: {
      'account.walletBalance': '3821.56',
      'account.verdict': 'safe',
      initialMargin: '821.56',
      maintenanceMargin: '221.56',
      liquidationPrice: '36380.250343719',
    },
  },
  {
    id: 'bybit 3: bankruptcy price of a long',
    source: 'help centre',
    rules: linear('0.005', '0.00055'),
    account: isolated('1', '60000', { leverage: '50' }),
    marks: { X: '60000' },
    printed: { bankruptcyPrice: '58800' },
  },
  {
    id: 'bybit 3: bankruptcy price of a short',
    source: 'mirror of the example of the help centre',
    rules: linear('0.005', '0.00055'),
    account: isolated('-1', '60000', { leverage: '50' }),
    marks: { X: '60000' },
    printed: { bankruptcyPrice: '61200' },
  },
  ...(
    [
      ['2000000', '10000'],
      ['2000000.01', '10000.000056'],
      ['2600000', '13360'],
    ] as const
  ).map(([markPrice, maintenanceMargin]) => ({
    id: `bybit 5: position value ${markPrice} at a tier boundary`,
    source: 'help centre, table of maintenance margins',
    rules: BTCUSDT,
    account: cross('USDT', '300000', '1', '2000000', { leverage: '10' }),
    marks: { X: markPrice },
    printed: { maintenanceMargin },
  })),
  {
    id: 'bybit 7: bankruptcy price of an inverse cross pool',
    source: 'help centre 360039261334',
    rules: inverse('0.005', '0.00075'),
    account: cross('BTC', '0.5', '10000', '8000'),
    marks: { X: '8000' },
    printed: { bankruptcyPrice: '5718.5714' },
  },
  {
    id: 'bybit 7: liquidation price of an inverse cross pool',
    // The wallet of a legacy inverse contract backs one position, and the fee is that at its bankruptcy price.
    source: 'help centre 360039261334, rules until July 2025',
    rules: legacy('0.005', {
      ...LEGACY_INVERSE,
      ...FEE,
      takerFeeRate: '0.00075',
    }),
    account: isolated('10000', '8000', { isolatedMargin: '0.5' }),
    marks: { X: '8000' },
    // The page prints the next tick of 0.5 above 5,739.0835.
    printed: { 'price before rounding': '5739.0835', liquidationPrice: '5739.50' },
    derived: (figures) => ({
      'price before rounding': figures.liquidationPrice!,
      ...printedPrices('long', '0.5', 'next-tick')(figures),
    }),
  },
  {
    id: 'bybit 9: margins of an inverse short at its entry price',
    source: 'help page of the testnet, isolated mode (UTA)',
    rules: inverse('0.005', '0'),
    account: isolated('-60000', '50000', { leverage: '10' }),
    marks: { X: '50000' },
    printed: { notional: '1.2', initialMargin: '0.12', maintenanceMargin: '0.006' },
  },
  {
    id: 'bybit 9: liquidation price of an inverse short',
    source: 'help page of the testnet, isolated mode (UTA), rules until July 2025',
    rules: legacy('0.005', LEGACY_INVERSE),
    account: isolated('-60000', '50000', { leverage: '10' }),
    marks: { X: '50000' },
    printed: { liquidationPrice: '55248.62' },
  },
  ...(
    [
      ['short', '-10', {}, '0', '110'],
      ['short with deduction 5', '-10', {}, '5', '110.5'],
      ['short with 50 extra', '-10', { isolatedMargin: '150' }, '0', '115'],
      ['long', '10', {}, '0', '90'],
    ] as const
  ).map(([what, size, more, deduction, liquidationPrice]) => ({
    id: `bybit 11: ${what}`,
    source: 'public test of the formula of the liquidation price',
    rules: linear('0', '0', deduction),
    account: isolated(size, '100', { leverage: '10', ...more }),
    marks: { X: '100' },
    printed: { liquidationPrice },
  })),
  ...(
    [
      ['1', '1', '0.1000000'],
      ['1', '3', '6.7666666'],
      ['1', '5', '8.1000000'],
      ['1', '10', '9.1000000'],
      ['-1', '1', '19.9000000'],
      ['-1', '3', '13.233333'],
      ['-1', '5', '11.9000000'],
      ['-1', '10', '10.9000000'],
    ] as const
  ).map(([size, leverage, liquidationPrice]) => ({
    id: `bybit 13: ${size} at ${leverage}x`,
    source: 'freqtrade, rules until July 2025 without a fee',
    rules: legacy('0.01'),
    account: isolated(size, '10', { leverage }),
    marks: { X: '10' },
    printed: { liquidationPrice },
  })),
  {
    id: 'bybit 15: PnL of an inverse short',
    source: 'documentation of v5, sample of a position list',
    rules: inverse('0.005', '0'),
    account: isolated('-300', '27464.50441675', { leverage: '10' }),
    marks: { X: '28224.50' },
    printed: { unrealizedPnl: '-0.00029413' },
  },
  {
    id: 'bybit 15: position value of an inverse short at entry',
    source: 'documentation of v5, sample of a position list',
    rules: inverse('0.005', '0'),
    account: isolated('-300', '27464.50441675', { leverage: '10' }),
    marks: { X: '27464.50441675' },
    printed: { notional: '0.01092319' },
  },
  {
    id: 'bybit 15: margins of an inverse short',
    source: 'documentation of v5, sample of a position list',
    rules: inverse('0.005', '0'),
    account: isolated('-300', '27464.50441675', { leverage: '10' }),
    marks: { X: '27464.50441675' },
    printed: { initialMargin: '0.00010923', maintenanceMargin: '0.0000015' },
  },
  {
    id: 'bybit 16: margins of an isolated short, entered below the mark',
    source: 'position list of the API, recorded 2025-05-06, rules until July 2025',
    rules: legacy('0.02', { ...FEE, takerFeeRate: '0.00055' }),
    account: isolated('-2000', '0.008866', { leverage: '1', isolatedMargin: '17.7515052' }),
    marks: { X: '0.008869' },
    printed: { unrealizedPnl: '-0.006', initialMargin: '17.7515052', maintenanceMargin: '0.3741452' },
  },
  {
    id: 'bybit 17: margins of a cross long, entered above the mark',
    source: 'position list of the API, recorded 2024-07, rules until July 2025',
    rules: legacy('0.005', { ...FEE, takerFeeRate: '0.00055' }),
    account: cross('USDT', '1000', '0.002', '57034', { leverage: '10' }),
    marks: { X: '56872.71' },
    printed: { unrealizedPnl: '-0.32258', initialMargin: '11.46326366', maintenanceMargin: '0.62680366' },
  },
  {
    id: 'bybit 18: margins of a cross long under the mark-price rules',
    source: 'position list of the API, recorded 2025-11-08',
    rules: linear('0.005', '0.00055'),
    account: cross('USDT', '1000', '0.001', '101890', { leverage: '10' }),
    marks: { X: '101910.23' },
    printed: { unrealizedPnl: '0.02023', initialMargin: '10.24145855', maintenanceMargin: '0.5599867' },
  },
]

export const BYBIT_CASES: readonly GoldenCase[] = BYBIT_EXAMPLES.map(goldenCase)
