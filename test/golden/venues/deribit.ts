// Deribit: support articles, ccxt and rows of the interface; standard margin before August 2026.

import { differenceOf } from '../fractions.ts'
import { cross, type Example, type GoldenCase, givenCase, goldenCase, notComputed } from '../golden-case.ts'

/** Rate = base + increment · size in coin. */
function standard(
  initialBase: string,
  maintenanceBase: string,
  increment: string,
  more: object = {},
): object {
  return {
    contribution: 'linear',
    settlementAsset: 'USDC',
    maintenance: { kind: 'size-rate', base: maintenanceBase, increment },
    initial: { kind: 'size-rate', base: initialBase, increment },
    closingFee: 'none',
    liquidation: 'passed',
    ...more,
  }
}

const INVERSE = { contribution: 'inverse', settlementAsset: 'BTC' }

function futures(): Example[] {
  return [
    {
      id: 'deribit G1: SOL-PERPETUAL',
      // The row prints the mark as 49.72; its size in coin, 0.603420186, is that of this mark.
      source: 'ccxt pull request 13374',
      rules: { X: standard('0.04', '0.02', '0.000005', { ...INVERSE, settlementAsset: 'SOL' }) },
      account: cross('SOL', '10', '30', '49.81'),
      marks: { X: '49.7166' },
      printed: { notional: '0.603420186', initialMargin: '0.024138628', maintenanceMargin: '0.012070224' },
    },
    {
      id: 'deribit G3: 25 BTC at 100,000',
      source: 'support article 25944738177565',
      rules: { X: standard('0.02', '0.01', '0.00005') },
      account: cross('USDC', '100000', '25', '100000'),
      marks: { X: '100000' },
      printed: { initialMargin: '53125', maintenanceMargin: '28125' },
    },
    {
      id: 'deribit G5: 25 SOL at 200',
      source: 'support article 25944738177565',
      rules: { X: standard('0.04', '0.02', '0.000005') },
      account: cross('USDC', '1000', '25', '200'),
      marks: { X: '200' },
      printed: { initialMargin: '200.625', maintenanceMargin: '100.625' },
    },
  ]
}

function option(type: 'call' | 'put', size: string, printed: Example['printed']): Example {
  return {
    id: `deribit G7: ${size} ${type}`,
    source: 'test of an option margin model: underlying 10,000, strike 9,000, mark 0.025',
    rules: {
      X: {
        contribution: 'option',
        settlementAsset: 'BTC',
        maintenance: {
          kind: 'option-standard',
          maintenanceRate: '0.075',
          initialRate: '0.15',
          initialRateMin: '0.1',
        },
        option: { type, strike: '9000', underlying: 'U', pricedIn: 'coin' },
        closingFee: 'none',
        liquidation: 'passed',
      },
    },
    account: cross('BTC', '1', size, '0.025'),
    marks: { X: '0.025', U: '10000' },
    printed,
  }
}

const SUMMARY: Example = {
  id: 'deribit G11: account summary',
  // Eight decimals of each input leave seven of the sums.
  source:
    'get_account_summaries: balance and session PnL make the margin balance; of it the initial margin is not available',
  rules: {
    X: standard('0', '0', '0', {
      settlementAsset: 'BTC',
      maintenance: { kind: 'per-contract', amount: '0.8857841' },
      initial: { kind: 'per-contract', amount: '1.24669592' },
    }),
  },
  account: cross('BTC', differenceOf('302.60065765', '0.03258105'), '1', '1'),
  marks: { X: '1.05921555' },
  printed: { 'account.marginBalance': '302.6272921', 'available funds': '301.3805962' },
  derived: (figures) => ({
    'available funds': differenceOf(figures['account.marginBalance']!, figures.initialMargin!),
  }),
}

function perpetual(size: string, liquidationPrice: string, maintenanceMargin: string): Example[] {
  const line = {
    source: 'computed from the formula of the support article: 0.1 BTC behind 100,000 dollars at 50,000',
    rules: { X: standard('0.02', '0.01', '0.00005', INVERSE) },
    account: cross('BTC', '0.1', size, '50000'),
  }
  return [
    {
      id: `deribit G15: ${size} dollars, liquidation price`,
      ...line,
      marks: { X: '50000' },
      printed: { liquidationPrice },
    },
    {
      id: `deribit G15: ${size} dollars, maintenance margin there`,
      ...line,
      marks: { X: liquidationPrice },
      printed: { maintenanceMargin },
    },
  ]
}

export const DERIBIT_EXAMPLES: readonly Example[] = [
  ...futures(),
  option('call', '-1', { initialMargin: '0.175', maintenanceMargin: '0.10' }),
  option('put', '-1', { initialMargin: '0.125', maintenanceMargin: '0.10' }),
  option('call', '1', { initialMargin: '0', maintenanceMargin: '0' }),
  SUMMARY,
  ...perpetual('100000', '48100.188', '0.02100605'),
  ...perpetual('-100000', '52100.212', '0.01937798'),
]

export const DERIBIT_CASES: readonly GoldenCase[] = [
  ...DERIBIT_EXAMPLES.map(goldenCase),
  notComputed('deribit G8: simulated portfolio margin', 'PrivatePmeSimulateResponse'),
  givenCase('deribit G9: funding rate within the dead band'),
  givenCase('deribit G13: marks of options'),
]
