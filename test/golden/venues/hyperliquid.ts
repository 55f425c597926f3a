// Hyperliquid: documentation, mainnet rows and freqtrade's fixtures of 2024.
import { differenceOf, productOf, quotientOf } from '../fractions.ts'
import { cross, type Example, type GoldenCase, goldenCase, isolated, rateRules } from '../golden-case.ts'

const USDC = { settlementAsset: 'USDC', liquidation: 'passed' }
/** The maintenance margin rate is half of 1/maxLeverage, of the position where it states one. */
const OWN_LEVERAGE: Example['rules'] = {
  X: {
    ...USDC,
    contribution: 'linear',
    closingFee: 'none',
    maintenanceShare: '1/2',
    maintenance: {
      kind: 'marginal-tiers',
      basis: 'notional',
      tiers: [{ cap: '999999999999999', maintenanceMarginRate: '0.5', maintenanceDeduction: '0' }],
    },
  },
}

function tiered(first: string, cap: string, second: string, deduction: string): Example['rules'] {
  return {
    X: {
      contribution: 'linear',
      settlementAsset: 'USDC',
      maintenance: {
        kind: 'marginal-tiers',
        basis: 'notional',
        tiers: [
          { cap, maintenanceMarginRate: first, maintenanceDeduction: '0' },
          { cap: '999999999999999', maintenanceMarginRate: second, maintenanceDeduction: deduction },
        ],
      },
      closingFee: 'none',
      liquidation: 'passed',
    },
  }
}

function documentExamples(): Example[] {
  return [
    {
      id: 'hyperliquid 1: ETH isolated at 20x',
      source: 'documentation, schema of clearinghouseState; rawUsd −95.059824',
      rules: OWN_LEVERAGE,
      account: isolated('0.0335', '2986.3', {
        leverage: '20',
        maxLeverage: '50',
        isolatedMargin: differenceOf(productOf('0.0335', '2986.3'), '95.059824'),
      }),
      marks: { X: '2985.9' },
      printed: {
        notional: '100.02765',
        unrealizedPnl: '-0.0134',
        'account.marginBalance': '4.967826',
        // The six decimals of rawUsd leave four of the price: the venue prints 2866.26936529.
        liquidationPrice: '2866.2693',
      },
    },
    ...(
      [
        ['BTC', '0.26876', '64706.0', '17390.38456', '869.519228'],
        ['ETH', '23.8678', '1869.3', '44616.07854', '2230.803927'],
      ] as const
    ).map(([coin, size, markPrice, notional, initialMargin]) => ({
      id: `hyperliquid 3: ${coin}`,
      source: 'mainnet row of 2026-07-19',
      rules: OWN_LEVERAGE,
      account: cross('USDC', '100000', size, markPrice, { leverage: '20', maxLeverage: '40' }),
      marks: { X: markPrice },
      printed: { notional, initialMargin },
    })),
    {
      id: 'hyperliquid 33: maintenance margin and the line of the backstop',
      source: 'hyperliquid-math, worked example',
      rules: OWN_LEVERAGE,
      account: cross('USDC', '20', '2', '100', { maxLeverage: '10' }),
      marks: { X: '100' },
      printed: { maintenanceMargin: '10', 'backstop line': '6.6667' },
      derived: (figures) => ({ 'backstop line': quotientOf(figures.maintenanceMargin!, '1.5') }),
    },
    {
      id: 'hyperliquid 33: liquidation price of an isolated long',
      source: 'hyperliquid-math, worked example',
      rules: { X: rateRules('0.05', USDC) },
      account: isolated('1', '100', { isolatedMargin: '20' }),
      marks: { X: '100' },
      printed: { liquidationPrice: '84.2105263' },
    },
    {
      id: 'hyperliquid 35: margin used and withdrawable',
      source: 'state of a mainnet account: notional 24,094.9691 at 25x, account value 1,736.030875',
      rules: OWN_LEVERAGE,
      account: cross('USDC', '1736.030875', '24094.9691', '1', { leverage: '25', maxLeverage: '50' }),
      marks: { X: '1' },
      printed: { initialMargin: '963.798764', withdrawable: '772.232111', totalRawUsd: '-22358.938225' },
      derived: (figures) => ({
        withdrawable: differenceOf(figures['account.marginBalance']!, figures.initialMargin!),
        totalRawUsd: differenceOf(figures['account.marginBalance']!, figures.notional!),
      }),
    },
    ...(
      [
        ['AAPL', '0.5', '250', '25', '210.526'],
        ['GOOGL', '-0.5', '190', '9.5', '199.0476'],
        ['TSLA', '1', '350', '50', '315.789'],
      ] as const
    ).map(([stock, size, entryPrice, isolatedMargin, liquidationPrice]) => ({
      id: `hyperliquid 37: ${stock}`,
      source: 'test of a deployer under HIP-3, greatest leverage 10',
      rules: OWN_LEVERAGE,
      account: isolated(size, entryPrice, { isolatedMargin, maxLeverage: '10' }),
      marks: { X: entryPrice },
      printed: { liquidationPrice },
    })),
    ...(
      [
        ['4000', '50000', '3125000'],
        ['1', '149999999.99', '1874999.999875'],
      ] as const
    ).map(([size, markPrice, maintenanceMargin]) => ({
      id: `hyperliquid 39: BTC, ${size} at ${markPrice}`,
      source: 'margin table 56 of the documentation: 40x, from 150 million 20x',
      rules: tiered('0.0125', '150000000', '0.025', '1875000'),
      account: cross('USDC', '50000000', size, markPrice),
      marks: { X: markPrice },
      printed: { maintenanceMargin },
    })),
  ]
}

// coin, side, entry price, size, collateral, liquidation price; maxLeverage 50 for BTC and ETH, 20 for SOL and DOGE
const FIXTURES = `
  ETH L 2458.5 0.015 36.864593 0.86915825
  BTC L 63287 0.00039 24.673292 22.37166537
  SOL L 146.82 0.16 23.482979 0.05269872
  DOGE L 0.11586 437 25.29769 0.05945697
  ETH S 2642.8 0.019 25.091876 3924.18322043
  SOL S 155.89 0.32 24.924941 228.07847866
  SOL L 173.06 0.6 20.735658 142.05186667
  ETH L 2545.5 0.0329 20.909894 1929.23322895
  BTC S 67400 0.00031 20.887308 133443.97317151
  ETH L 2521.9 0.0237 19.902091 1699.14071943
  BTC S 68139 0.00145 19.72573 80933.61590987
  SOL S 178.29 0.11 19.605036 347.82205322
  ETH S 2518.4 0.007 17.62263 4986.05799151
  ETH L 2533.2 0.0347 17.555195 2047.7642302
  DOGE L 0.13284 360 15.943218 0.09082388
`

function fixtures(): Example[] {
  return FIXTURES.trim()
    .split('\n')
    .map((line, index) => {
      const [coin, side, entryPrice, size, isolatedMargin, liquidationPrice] = line.trim().split(' ') as [
        string,
        string,
        string,
        string,
        string,
        string,
      ]
      const maxLeverage = coin === 'BTC' || coin === 'ETH' ? '50' : '20'
      return {
        id: `hyperliquid ${index + 4}: ${coin} ${side === 'L' ? 'long' : 'short'} at ${entryPrice}`,
        source: 'freqtrade, tests/exchange/test_hyperliquid.py',
        rules: OWN_LEVERAGE,
        account: isolated(side === 'L' ? size : `-${size}`, entryPrice, { isolatedMargin, maxLeverage }),
        marks: { X: entryPrice },
        printed: { liquidationPrice: shortened(liquidationPrice, size) },
      }
    })
}

/** The six decimals of the collateral, over the size, are what the price can be known to. */
function shortened(price: string, size: string): string {
  const decimals = Math.floor(Math.log10(Number(size) * 1e6))
  const stated = price.split('.')[1]!.length
  return decimals < stated ? Number(price).toFixed(decimals) : price
}

export const HYPERLIQUID_EXAMPLES: readonly Example[] = [...documentExamples(), ...fixtures()]

export const HYPERLIQUID_CASES: readonly GoldenCase[] = HYPERLIQUID_EXAMPLES.map(goldenCase)
