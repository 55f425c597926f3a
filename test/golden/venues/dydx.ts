// dYdX v4: documentation and unit tests of v4-chain. Money in quote quantums, 1e-6 USDC, where a case says so.
import { formatDecimal } from '../../../src/margin/index.ts'
import { bankruptcyQuoteOf } from '../dydx-closing.ts'
import { closedPart, type Held, QUANTUM, scaled, usdc } from '../dydx-units.ts'
import {
  cross,
  type Example,
  figureCase,
  type GoldenCase,
  goldenCase,
  isolated,
  noAccountCase,
  rateRules,
} from '../golden-case.ts'

const USDC = { settlementAsset: 'USDC', liquidation: 'passed' }
const QUANTUMS = { ...USDC, rounding: { unit: '0.000001', per: 'position' } }

function documentExamples(): Example[] {
  const short = {
    source: 'concepts/trading/liquidations',
    rules: { X: rateRules('0.05', USDC) },
    account: isolated('-3', '3000', { isolatedMargin: '1000' }),
  }
  const loss = { source: 'concepts/trading/contract-loss-mechanisms', rules: { X: rateRules('0.03', USDC) } }
  const long = { ...loss, account: cross('USDC', '100', '500', '1') }
  return [
    {
      id: 'dydx 1: liquidation price of 3 ETH short',
      ...short,
      marks: { X: '3000' },
      printed: { liquidationPrice: '3174.60' },
    },
    {
      id: 'dydx 1: equity at the liquidation price',
      ...short,
      marks: { X: '3174.603174603' },
      printed: { 'account.marginBalance': '476.2' },
    },
    {
      id: 'dydx 3: a long of 500 at 1',
      ...long,
      marks: { X: '1' },
      printed: { maintenanceMargin: '15', 'account.verdict': 'safe' },
    },
    {
      id: 'dydx 3: the long at 0.801',
      ...long,
      marks: { X: '0.801' },
      printed: { unrealizedPnl: '-99.5', 'account.marginBalance': '0.50', 'account.verdict': 'breach' },
    },
    {
      id: 'dydx 3: the long filled at 0.77 leaves 15 to the insurance fund',
      ...long,
      marks: { X: '0.77' },
      printed: { unrealizedPnl: '-115', 'account.marginBalance': '-15' },
    },
    {
      id: 'dydx 3: a short of 500 at 1, price 2',
      ...loss,
      account: cross('USDC', '100', '-500', '1'),
      marks: { X: '2' },
      printed: { 'account.marginBalance': '-400', bankruptcyPrice: '1.2' },
    },
  ]
}

/** Risk.IsLiquidatable: net collateral against the maintenance margin requirement of one position. */
function riskTable(): Example[] {
  const rows = [
    ['100', '0', 'safe'],
    ['0', '100', 'breach'],
    ['-100', '100', 'breach'],
    ['75', '100', 'breach'],
    ['100', '100', 'warning'],
    ['125', '100', 'warning'],
  ] as const
  return rows.map(([netCollateral, amount, verdict]) => ({
    id: `dydx 5: net collateral ${netCollateral}, requirement ${amount}`,
    source: 'lib/margin/risk_test.go, IsLiquidatable',
    rules: { X: rateRules('0', { ...USDC, maintenance: { kind: 'per-contract', amount } }) },
    account: cross('USDC', netCollateral, '1', '1000'),
    marks: { X: '1000' },
    printed: { 'account.maintenanceMargin': amount, 'account.verdict': verdict },
  }))
}

interface OpenInterest {
  readonly name: string
  readonly size: string
  readonly price: string
  readonly openInterest: string
  readonly caps: readonly [lower: string, upper: string]
  readonly initialMargin: string
  readonly maintenanceMargin: string
}

function openInterest(row: OpenInterest): Example {
  return {
    id: `dydx 7: ${row.name}`,
    source: 'x/perpetuals/lib/lib_test.go',
    rules: {
      X: rateRules('0.1', {
        ...QUANTUMS,
        initial: {
          kind: 'open-interest',
          rate: '0.2',
          lowerCap: row.caps[0],
          upperCap: row.caps[1],
          openInterest: row.openInterest,
        },
      }),
    },
    account: cross('USDC', '1000000', row.size, row.price),
    marks: { X: row.price },
    printed: { initialMargin: row.initialMargin, maintenanceMargin: row.maintenanceMargin },
  }
}

function openInterests(): Example[] {
  const small = { size: '0.012', price: '36750', maintenanceMargin: usdc('44100000') }
  const large = { size: '10000', price: '1234567.89123', maintenanceMargin: usdc('1234567891230000') }
  const tens = ['10000000', '20000000'] as const
  return [
    {
      ...small,
      name: 'open interest half way between the caps',
      openInterest: usdc('408163265'),
      caps: tens,
      initialMargin: usdc('264599559'),
    },
    {
      ...small,
      name: 'open interest above the upper cap',
      openInterest: usdc('1000000000'),
      caps: tens,
      initialMargin: usdc('441000000'),
    },
    {
      ...small,
      name: 'open interest between 25 and 50 million',
      openInterest: usdc('1123456789'),
      caps: ['25000000', '50000000'] as const,
      initialMargin: usdc('318042585'),
    },
    {
      ...large,
      name: 'one quantum of 10,000 units',
      openInterest: '0',
      caps: tens,
      initialMargin: usdc('2469135782460000'),
    },
    {
      ...large,
      name: 'one quantum of 10,000 units, open interest above the upper cap',
      openInterest: '1000000',
      caps: tens,
      initialMargin: usdc('12345678912300000'),
    },
  ].map(openInterest)
}

/** Base quantums to quote quantums, toward zero. */
function quoteQuantums(): Example[] {
  const rows = [
    ['1', -6, '1', 1, '10'],
    ['-100', -6, '1', 1, '1000'],
    ['5000000', -6, '7', -5, '350'],
    ['5000000', -6, '7', 0, '35000000'],
    ['5000000', -8, '7', 0, '350000'],
  ] as const
  return rows.map(([quantums, resolution, value, exponent, printed]) => ({
    id: `dydx 11: ${quantums} base quantums of 1e${resolution} at ${value}e${exponent}`,
    source: 'lib/quantums_test.go',
    rules: { X: rateRules('0.1', QUANTUMS) },
    account: cross('USDC', '1000', scaled(quantums, resolution), scaled(value, exponent)),
    marks: { X: scaled(value, exponent) },
    printed: { notional: usdc(printed) },
  }))
}

/** Positions of BTC at 50,000 and of ETH at 3,000, 10 % maintenance margin; `closed` is closed of the last of them. */
function bankruptcyQuotes(): GoldenCase[] {
  const [btc, eth] = ['50000', '3000']
  const rows: readonly (readonly [string, string, readonly Held[], string, string])[] = [
    ['long, cash −4,501', '-4501', [['0.1', btc]], '-0.1', '4501000000'],
    ['short, cash 5,499', '5499', [['-0.1', btc]], '0.1', '-5499000000'],
    ['long, cash −5,000', '-5000', [['0.1', btc]], '-0.1', '5000000000'],
    ['half of a long, cash −5,000', '-5000', [['0.1', btc]], '-0.05', '2500000000'],
    ['half of a short, cash 5,000', '5000', [['-0.1', btc]], '0.05', '-2500000000'],
    ['long, cash −5,100', '-5100', [['0.1', btc]], '-0.1', '5100000000'],
    ['short, cash 4,900', '4900', [['-0.1', btc]], '0.1', '-4900000000'],
    [
      'ETH of two longs, cash −490',
      '-490',
      [
        ['0.004', btc],
        ['0.1', eth],
      ],
      '-0.1',
      '294000000',
    ],
    [
      'ETH of two shorts, cash 510',
      '510',
      [
        ['-0.004', btc],
        ['-0.1', eth],
      ],
      '0.1',
      '-306000000',
    ],
    [
      'ETH short beside BTC long, cash 110',
      '110',
      [
        ['0.004', btc],
        ['-0.1', eth],
      ],
      '0.1',
      '-306000000',
    ],
    ['21,347 quantums of a long, cash −13', '-13', [['1', btc]], '-0.00021347', '2776'],
    ['21,347 quantums of a short, cash 13', '13', [['-1', btc]], '0.00021347', '-2775'],
    ['long, cash 1', '1', [['1', btc]], '-1', '-1000000'],
  ]
  return rows.map(([name, cash, held, change, quote]) =>
    figureCase(`dydx 9: ${name}`, 'clob/keeper/liquidations_test.go', { quote: usdc(quote) }, () => ({
      quote: formatDecimal(bankruptcyQuoteOf(closedPart(cash, held, change), QUANTUM)),
    })),
  )
}

export const DYDX_EXAMPLES: readonly Example[] = [
  ...documentExamples(),
  ...riskTable(),
  ...openInterests(),
  ...quoteQuantums(),
]

export const DYDX_CASES: readonly GoldenCase[] = [
  ...DYDX_EXAMPLES.map(goldenCase),
  ...['0', '-100'].map((netCollateral) =>
    noAccountCase(
      `dydx 5: net collateral ${netCollateral} without a position`,
      'lib/margin/risk_test.go, IsLiquidatable',
      { collateral: [{ asset: 'USDC', amount: netCollateral }] },
    ),
  ),
  ...bankruptcyQuotes(),
]
