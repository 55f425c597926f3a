// Binance: FAQ on liquidation prices, documentation and SDK samples of USDⓈ-M and COIN-M.
import {
  cross,
  type Example,
  type GoldenCase,
  goldenCase,
  isolated,
  marginalRules,
  NO_CAP,
  type Tier,
} from '../golden-case.ts'

function linear(rate: string, deduction = '0') {
  return marginalRules([[NO_CAP, rate, deduction]])
}

// One cross wallet, an ETHUSDT and a BTCUSDT long, each in one bracket.
const FAQ_SOURCE = 'USDⓈ-M FAQ on the liquidation price'
const FAQ = {
  source: FAQ_SOURCE,
  rules: { X: linear('0.1', '135365'), Y: linear('0.025', '16300') },
  marks: { X: '1335.18', Y: '31967.27' },
}
const FAQ_ETH = { symbol: 'X', size: '3683.979', entryPrice: '1456.84' }
const FAQ_BTC = { symbol: 'Y', size: '109.488', entryPrice: '32481.98' }

function faqCross(first: object, second: object) {
  return {
    collateral: [{ asset: 'USDT', amount: '1535443.01' }],
    positions: [first, second].map((position) => ({ ...position, marginMode: 'cross' })),
  }
}

function faqIsolated(position: object) {
  return { positions: [{ ...position, marginMode: 'isolated', isolatedMargin: '1535443.01' }] }
}

// In coin.
const COINM_BTCUSD: readonly Tier[] = [
  ['5', '0.004', '0'],
  ['10', '0.005', '0.005'],
  ['20', '0.01', '0.055'],
  ['50', '0.025', '0.355'],
  ['100', '0.05', '1.605'],
  ['200', '0.1', '6.605'],
  ['400', '0.125', '11.605'],
]
// The last levels of an older edition, of which the FAQ quotes 1.81 and 11.81.
const COINM_BTCUSD_2021: readonly Tier[] = [
  ['50', '0.025', '0.56'],
  ['100', '0.05', '1.81'],
  ['200', '0.1', '6.81'],
  ['400', '0.125', '11.81'],
]

function coinm(tiers: readonly Tier[]) {
  return { X: marginalRules(tiers, { kind: 'inverse', settle: 'BTC', multiplier: '100' }) }
}

function usdsmExamples(): Example[] {
  return [
    {
      id: 'binance 1: ETH leg of a cross pool',
      ...FAQ,
      account: faqCross(FAQ_ETH, FAQ_BTC),
      printed: {
        liquidationPrice: '1153.26',
        unrealizedPnl: '-448192.89',
        maintenanceMargin: '356512.508122',
      },
    },
    {
      id: 'binance 2: BTC leg of a cross pool',
      ...FAQ,
      account: faqCross(FAQ_BTC, FAQ_ETH),
      printed: {
        liquidationPrice: '26316.89',
        unrealizedPnl: '-56354.57',
        maintenanceMargin: '71200.811444',
      },
    },
    {
      id: 'binance 3: ETH isolated',
      ...FAQ,
      account: faqIsolated(FAQ_ETH),
      printed: { liquidationPrice: '1114.784963746' },
    },
    {
      id: 'binance 4: BTC isolated',
      ...FAQ,
      account: faqIsolated(FAQ_BTC),
      printed: { liquidationPrice: '18778.725932171' },
    },
    {
      id: 'binance 9: ADAUSDT position risk',
      source: 'SDK, sample of v3 positionRisk',
      rules: { X: linear('0.0065') },
      account: isolated('30', '0.385', { leverage: '20' }),
      marks: { X: '0.4104759' },
      printed: {
        notional: '12.314277',
        unrealizedPnl: '0.764277',
        initialMargin: '0.61571385',
        maintenanceMargin: '0.0800428',
      },
    },
    {
      id: 'binance 12: ratio at which the margin call is sent',
      source: 'user stream, sample of MARGIN_CALL: PnL −1.166074, maintenance margin 1.614445',
      rules: { X: linear('0.0065') },
      account: cross('USDT', '3.16812045', '1.327', '188.04999905727'),
      marks: { X: '187.17127' },
      printed: {
        unrealizedPnl: '-1.166074',
        maintenanceMargin: '1.614445',
        'account.marginRatio': '0.8064',
        'account.verdict': 'warning',
        'account.level': '0.7',
      },
    },
  ]
}

function coinmExamples(): Example[] {
  return [
    {
      id: 'binance 7: 100 COIN-M contracts at 25,000',
      source: 'COIN-M FAQ',
      rules: coinm(COINM_BTCUSD),
      account: isolated('100', '25000', { leverage: '10' }),
      marks: { X: '25000' },
      printed: { notional: '0.4', maintenanceMargin: '0.0016' },
    },
    ...(
      [
        ['later edition', COINM_BTCUSD, '25.895'],
        ['2021 edition', COINM_BTCUSD_2021, '25.69'],
      ] as const
    ).map(([edition, tiers, maintenanceMargin]) => ({
      id: `binance 7: 300 BTC at 12.5 %, ${edition}`,
      source: 'COIN-M FAQ',
      rules: coinm(tiers),
      account: isolated('75000', '25000', { leverage: '2' }),
      marks: { X: '25000' },
      printed: { notional: '300', maintenanceMargin },
    })),
    {
      id: 'binance 11: COIN-M delivery contract',
      source: 'COIN-M positionRisk sample; the wallet is implied, to ten decimals',
      rules: coinm(COINM_BTCUSD),
      account: cross('BTC', '0.0000636127', '1', '11707.70000003', { leverage: '125' }),
      marks: { X: '11788.66626667' },
      printed: { unrealizedPnl: '0.00005866', liquidationPrice: '11667.635' },
    },
  ]
}

/** Isolated with the stake given, otherwise size·entry/leverage; rate 1 %, deduction 0.01. */
function stake(
  size: string,
  entryPrice: string,
  leverage: string,
  liquidationPrice: string,
  margin: { isolatedMargin?: string } = {},
): Example {
  return {
    id: `binance 13: ${size} at ${entryPrice}, ${leverage}x`,
    source: 'freqtrade, unit table',
    rules: { X: linear('0.01', '0.01') },
    account: isolated(size, entryPrice, { leverage, ...margin }),
    marks: { X: entryPrice },
    printed: { liquidationPrice },
  }
}

function freqtradeExamples(): Example[] {
  return [
    stake('-1', '10', '5', '11.89108910891089'),
    stake('-1', '10', '3', '13.211221122079207', { isolatedMargin: '3.3333333333' }),
    stake('-1', '8', '5', '9.514851485148514'),
    stake('-0.6', '10', '5', '11.897689768976898'),
    stake('1', '10', '5', '8.070707070707071'),
    stake('1', '8', '5', '6.454545454545454'),
    stake('1', '10', '3', '6.723905723905723'),
    stake('0.6', '10', '5', '8.063973063973064'),
  ]
}

/** One unit of an asset in a pool of Multi-Assets Mode, owned or owed, counts as the bid or the ask of its asset index. */
function assetIndex(
  asset: string,
  index: string,
  share: string,
  bid: string,
  ask: string | undefined,
): Example[] {
  const line = {
    source: 'asset index of Multi-Assets Mode, sample of the stream',
    rules: { X: linear('0.01') },
    marks: { X: '1' },
    indexPrices: { [asset]: index },
  }
  const pool = (amount: string) => ({
    pool: { currency: 'USD' },
    // Without a position or a debt nothing can be liquidated; the dollar that is owed is there.
    collateral: [
      { asset, amount },
      { asset: 'USD', amount: '1' },
    ],
    liabilities: [{ asset: 'USD', amount: '1' }],
  })
  const tiers = [{ cap: NO_CAP, ratio: (1 - Number(share)).toFixed(4) }]
  const collateralRules = { [asset]: { tiers, liabilityRatio: (1 + Number(share)).toFixed(4) } }
  const examples: Example[] = [
    {
      id: `binance 15: bid of ${asset} at ${share}`,
      ...line,
      collateralRules,
      account: pool('1'),
      printed: { 'account.marginBalance': bid },
    },
  ]
  if (ask !== undefined)
    examples.push({
      id: `binance 15: ask of ${asset} at ${share}`,
      ...line,
      collateralRules,
      account: pool('-1'),
      printed: { 'account.marginBalance': `-${ask}` },
    })
  return examples
}

export const BINANCE_EXAMPLES: readonly Example[] = [
  ...usdsmExamples(),
  ...coinmExamples(),
  ...freqtradeExamples(),
  ...assetIndex('ADA', '0.27462452', '0.10', '0.24716207', '0.30208698'),
  ...assetIndex('ADA', '0.27462452', '0.05', '0.26089330', '0.28835575'),
  ...assetIndex('USDT', '0.99987691', '0.0001', '0.99977692', undefined),
]

export const BINANCE_CASES: readonly GoldenCase[] = BINANCE_EXAMPLES.map(goldenCase)
