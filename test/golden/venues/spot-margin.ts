// Spot margin: Kraken, whose margin level is equity over used margin, and Binance, whose level is assets over debts.
import { accountWithRollovers, formatDecimal } from '../../../src/margin/index.ts'
import { differenceOf, productOf, quotientOf, sumOf } from '../fractions.ts'
import {
  cross,
  type Example,
  exampleOf,
  type Figures,
  figureCase,
  type GoldenCase,
  givenCase,
  goldenCase,
} from '../golden-case.ts'

/** Liquidated at a margin level of 40 %. */
const KRAKEN: Example['rules'] = {
  X: {
    contribution: 'linear',
    settlementAsset: 'USD',
    maintenance: { kind: 'used-margin', share: '0.4' },
    initial: { kind: 'used-margin', share: '1' },
    closingFee: 'none',
    liquidation: 'reached',
  },
}

/** Level in per cent and free margin, as TradeBalance prints them. */
function tradeBalance(figures: Figures): Figures {
  const equity = figures['account.marginBalance']!
  const used = figures.initialMargin!
  return { level: productOf(quotientOf(equity, used), '100'), 'free margin': differenceOf(equity, used) }
}

function krakenLine(equity: string, size: string, entryPrice: string, leverage: string, mark: string) {
  return {
    rules: KRAKEN,
    account: cross('USD', equity, size, entryPrice, { leverage }),
    marks: { X: mark },
    derived: tradeBalance,
  }
}

function krakenExamples(): Example[] {
  const margin = 'support page on margin level'
  return [
    {
      id: 'spot K1: short of 10,000 at 5x',
      source: margin,
      ...krakenLine('5000', '-0.2', '50000', '5', '50000'),
      printed: { initialMargin: '2000', level: '250' },
    },
    {
      id: 'spot K1: the same short at 65,200',
      source: margin,
      ...krakenLine('5000', '-0.2', '50000', '5', '65200'),
      printed: {
        unrealizedPnl: '-3040',
        'account.marginBalance': '1960',
        initialMargin: '2608',
        level: '75',
      },
    },
    {
      id: 'spot K3: long of 45,000 at 5x',
      source: margin,
      ...krakenLine('10000', '1.5', '30000', '5', '28133.3'),
      printed: {
        initialMargin: '9000',
        unrealizedPnl: '-2800.05',
        'account.marginBalance': '7199.95',
        level: '80',
      },
    },
    {
      // One position with the printed used margin and PnL.
      id: 'spot K5: trade balance',
      source: 'documentation, TradeBalance',
      ...krakenLine('392.2264', '1', '21.1062', '3', '11.0830'),
      printed: {
        initialMargin: '7.0354',
        unrealizedPnl: '-10.0232',
        'account.marginBalance': '382.2032',
        'free margin': '375.1678',
        level: '5432.57',
      },
    },
    ...(
      [
        ['104610.52842', '258797.5', '20922.10568', '154186.9728'],
        ['145756.76856', '240124.0', '29151.35371', '94367.2314'],
      ] as const
    ).map(([cost, value, initialMargin, unrealizedPnl]) => ({
      id: `spot K7: cost ${cost}`,
      source: 'documentation, OpenPositions',
      ...krakenLine('100000', '1', cost, '5', value),
      printed: { initialMargin, notional: value, unrealizedPnl },
    })),
  ]
}

/** A position of 10,000 that is held for 74 hours. The trading fees of both sides are those that the source states. */
function feesOfK9(): GoldenCase {
  const [openedMs, heldMs] = [1_600_000_000_000, 74 * 3_600_000]
  const tradingFees = ['16', '26']
  const rolled = { leverage: '5', fourHourlyRolloverRate: '0.0001', rolloverTimeMs: openedMs }
  return figureCase(
    'spot K9: fees of a position held for 74 hours',
    'forum of Kraken',
    { 'opening fee': '1', rollovers: '18', 'rollover fees': '18', 'all fees': '61' },
    () => {
      const { account, book } = exampleOf({
        rules: KRAKEN,
        account: cross('USD', '5000', '1', '10000', rolled),
      })
      const feesIn = (afterMs: number, upToMs: number) =>
        accountWithRollovers(account, book, afterMs, upToMs).charged[0]!
      const { rollovers, amount } = feesIn(openedMs, openedMs + heldMs)
      // The opening fee has the rate of a rollover.
      const opening = formatDecimal(feesIn(openedMs - 1, openedMs).amount)
      const fees = formatDecimal(amount)
      return {
        'opening fee': opening,
        rollovers: String(rollovers),
        'rollover fees': fees,
        'all fees': [opening, ...tradingFees].reduce(sumOf, fees),
      }
    },
  )
}

const AS_IT_IS = { tiers: [{ cap: '999999999', ratio: '1' }] }

/** The level at which a pool would be liquidated, over its ratio, is its margin level. */
function levelOf(liquidationLevel: string) {
  return (figures: Figures) => ({
    'margin level': quotientOf(liquidationLevel, figures['account.marginRatio']!),
    'liquidation price': productOf(differenceOf('1', figures['account.distance']!), '30000'),
  })
}

function binanceExamples(): Example[] {
  const isolated = (debt: string, printed: Figures): Example => ({
    id: `spot B5: 1 BTC at 30,000 with a debt of ${debt}`,
    source: 'isolated margin of 10x, tier 1: liquidated at 1.05; computed from the formula',
    rules: {},
    account: {
      pool: { currency: 'USDT', kind: 'spot-margin', liquidationLevel: '1.05' },
      collateral: [{ asset: 'BTC', amount: '1' }],
      liabilities: [{ asset: 'USDT', amount: debt }],
    },
    marks: {},
    indexPrices: { BTC: '30000' },
    collateralRules: { BTC: AS_IT_IS },
    printed,
    derived: levelOf('1.05'),
  })
  return [
    {
      id: 'spot B1: cross margin level',
      // Eight decimals of assets and debts leave six of their quotient: the venue prints 11.64405625.
      source: 'SDK, sample of margin/account',
      rules: {},
      account: {
        pool: { currency: 'BTC', kind: 'spot-margin', liquidationLevel: '1.1' },
        collateral: [{ asset: 'BTC', amount: '6.82728457' }],
        liabilities: [{ asset: 'BTC', amount: '0.58633215' }],
      },
      marks: {},
      printed: { 'margin level': '11.644056', 'account.walletBalance': '6.24095242' },
      derived: (figures) => ({ 'margin level': quotientOf('1.1', figures['account.marginRatio']!) }),
    },
    isolated('27000', { 'margin level': '1.1111', 'liquidation price': '28350' }),
    isolated('27100', { 'liquidation price': '28455' }),
  ]
}

export const SPOT_EXAMPLES: readonly Example[] = [...krakenExamples(), ...binanceExamples()]

export const SPOT_CASES: readonly GoldenCase[] = [
  ...SPOT_EXAMPLES.map(goldenCase),
  feesOfK9(),
  givenCase('spot B3: yearly interest rate'),
]
