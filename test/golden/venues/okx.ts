// OKX: samples of the interface, help pages and freqtrade's formula. The fee of closing at the mark is part of the line.
import { differenceOf, inverseOf, productOf, quotientOf } from '../fractions.ts'
import {
  cross,
  type Example,
  type Figures,
  type GoldenCase,
  goldenCase,
  isolated,
  rateRules,
} from '../golden-case.ts'
import { printedF64 } from '../support.ts'
import { printedPrices } from '../tick.ts'

const FEE = { closingFee: 'at-mark', takerFeeRate: '0.0005' }

// The printed mark does not belong to the printed PnL. This one is implied by the return on margin, to twelve digits.
const SAMPLE_PNL = productOf('-0.0025490556801078', '0.0003896645377994')
export const SAMPLE_MARK = inverseOf(quotientOf(differenceOf(quotientOf('10', '2566.31'), SAMPLE_PNL), '10'))

/** The sample prints the maintenance margin without the fee, and the price one tick of 0.01 before the line. */
const SAMPLE: Example = {
  id: 'okx 1: ETH-USD-210430',
  source: 'documentation, sample of GET /account/positions',
  rules: {
    X: rateRules('0.008', { contribution: 'inverse', multiplier: '10', settlementAsset: 'ETH', ...FEE }),
  },
  account: isolated('1', '2566.31', { isolatedMargin: '0.0003896645377994' }),
  marks: { X: SAMPLE_MARK },
  printed: {
    unrealizedPnl: '-0.0000009932766034',
    'maintenance margin without the fee': '0.0000311811092368',
    'return on margin': '-0.00254905568011',
    mgnRatio: '11.731726509588',
    liqPx: '2352.8496681818',
  },
  derived: (figures) => ({
    'maintenance margin without the fee': differenceOf(
      figures.maintenanceMargin!,
      quotientOf(figures.notional!, '2000'),
    ),
    'return on margin': quotientOf(figures.unrealizedPnl!, figures['account.walletBalance']!),
    mgnRatio: inverseOf(figures['account.marginRatio']!),
    liqPx: printedPrices('long', '0.01', 'tick-before')(figures).liquidationPrice!,
  }),
}

/**
 * A position as OKX prints it: the maintenance margin without the fee, and mgnRatio; of a cross position the balance follows
 * from the ratio. `liqPx` of a cross position is the line, of an isolated one a tick before it.
 */
function withoutFee(rules: Readonly<Record<string, object>>): (figures: Figures) => Figures {
  const { takerFeeRate } = rules.X as { takerFeeRate: string }
  return ({ maintenanceMargin, notional, ...figures }) => ({
    'maintenance margin without the fee': differenceOf(
      maintenanceMargin!,
      productOf(notional!, takerFeeRate),
    ),
    mgnRatio: inverseOf(figures['account.marginRatio']!),
  })
}

const SIGNAL_RULES = { X: rateRules('0.008', { multiplier: '0.01', ...FEE }) }
const COIN_RULES = {
  X: rateRules('0.004', {
    contribution: 'inverse',
    multiplier: '100',
    settlementAsset: 'BTC',
    closingFee: 'at-mark',
    takerFeeRate: '0.0003',
  }),
}

/** freqtrade: margin 10/leverage, rate 1 %, fee 0.06 %. */
function freqtrade(venue: string, size: string, leverage: string, liquidationPrice: string): Example {
  return {
    id: `okx 5: ${venue} ${size} at ${leverage}x`,
    source: 'freqtrade, unit table',
    rules: { X: rateRules('0.01', { ...FEE, takerFeeRate: '0.0006' }) },
    account: isolated(size, '10', { leverage }),
    marks: { X: '10' },
    printed: { liquidationPrice: printedF64(liquidationPrice) },
  }
}

export const OKX_EXAMPLES: readonly Example[] = [
  SAMPLE,
  {
    id: 'okx 3: BTC-USDT-SWAP cross',
    source: 'ccxt pull request 23455',
    rules: { X: rateRules('0.004', { multiplier: '0.001', ...FEE }) },
    account: cross('USDT', '100', '0.6', '60082.256', { leverage: '3' }),
    marks: { X: '60087.9' },
    printed: { initialMargin: '12.01758' },
  },
  {
    id: 'okx 8: ETH-USDT-SWAP cross, 15 contracts of 0.01',
    source: 'documentation, sample of GET /tradingBot/signal/positions',
    rules: SIGNAL_RULES,
    account: cross(
      'USDT',
      differenceOf(productOf('11.719278420807477', '2.02002075'), '-2.0115'),
      '15',
      '1597.74',
      { leverage: '10' },
    ),
    marks: { X: '1584.33' },
    printed: {
      unrealizedPnl: '-2.0115',
      initialMargin: '23.76495',
      'maintenance margin without the fee': '1.901196',
      mgnRatio: '11.719278420807',
      liquidationPrice: '1438.7380360728',
    },
    derived: withoutFee(SIGNAL_RULES),
  },
  {
    id: 'okx 9: BTC-USD-SWAP isolated, fee 0.03 %',
    source: 'recorded position, 2024-11-27',
    rules: COIN_RULES,
    account: isolated('1', '93511.7', { isolatedMargin: '0.0002138769800998', leverage: '5' }),
    marks: { X: '93516.3' },
    printed: {
      unrealizedPnl: '0.0000000526022794',
      'maintenance margin without the fee': '0.0000042773291929',
      mgnRatio: '46.525355824765',
      liqPx: '78261.600258334',
    },
    derived: (figures) => ({
      ...withoutFee(COIN_RULES)(figures),
      liqPx: printedPrices('long', '0.1', 'tick-before')(figures).liquidationPrice!,
    }),
  },
  freqtrade('OKX', '-1', '3', '13.193482419684678'),
  freqtrade('OKX', '1', '3', '6.738090425173506'),
  freqtrade('Gate', '-1', '5', '11.87413417771621'),
  freqtrade('Gate', '1', '5', '8.085708510208207'),
  {
    id: 'okx 7: 1 BTC at 10,000 and 10x, in USDT',
    source: 'help page',
    rules: { X: rateRules('0.004', FEE) },
    account: cross('USDT', '2000', '1', '10000', { leverage: '10' }),
    marks: { X: '10000' },
    printed: { initialMargin: '1000' },
  },
  {
    id: 'okx 7: 1 BTC at 10,000 and 10x, in coin',
    source: 'help page',
    rules: {
      X: rateRules('0.004', { contribution: 'inverse', multiplier: '100', settlementAsset: 'BTC', ...FEE }),
    },
    account: cross('BTC', '1', '100', '10000', { leverage: '10' }),
    marks: { X: '10000' },
    printed: { initialMargin: '0.1' },
  },
]

export const OKX_CASES: readonly GoldenCase[] = OKX_EXAMPLES.map(goldenCase)
