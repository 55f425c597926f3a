// CME: performance bonds in dollars a contract, from advisories and QuantConnect Lean.
import { differenceOf } from '../fractions.ts'
import { cross, type Example, type GoldenCase, goldenCase, notComputed } from '../golden-case.ts'

function outright(amount: string, initial: object, multiplier = '1'): Example['rules'] {
  return {
    X: {
      contribution: 'linear',
      settlementAsset: 'USD',
      multiplier,
      maintenance: { kind: 'per-contract', amount },
      initial,
      closingFee: 'none',
      liquidation: 'passed',
    },
  }
}

const SPECULATIVE = { kind: 'multiple', factor: '1.1', roundUpTo: '1' }

function bond(id: string, source: string, initialMargin: string, maintenanceMargin: string): Example {
  return {
    id: `cme ${id}: ${initialMargin} / ${maintenanceMargin}`,
    source,
    rules: outright(maintenanceMargin, SPECULATIVE),
    account: cross('USD', '100000', '1', '1000'),
    marks: { X: '1000' },
    printed: { initialMargin, maintenanceMargin },
  }
}

const LAUNCH: Example = {
  id: 'cme M1: BTC at its launch, 43 % of five coins at 19,100',
  source: 'QuantConnect Lean, 2017-12-18',
  rules: {
    X: {
      contribution: 'linear',
      settlementAsset: 'USD',
      multiplier: '5',
      maintenance: { kind: 'side-rates', long: '0.43', short: '0.43' },
      initial: SPECULATIVE,
      closingFee: 'none',
      liquidation: 'passed',
    },
  },
  account: cross('USD', '100000', '1', '19100'),
  marks: { X: '19100' },
  printed: { initialMargin: '45172', maintenanceMargin: '41065' },
}

function marginCall(markPrice: string, printed: Example['printed']): Example {
  return {
    id: `cme M9: a future of 1,200 at ${markPrice}`,
    source:
      'textbook example: initial margin 150, maintenance margin 75; a margin call restores the initial margin',
    rules: outright('75', { kind: 'per-contract', amount: '150' }),
    account: cross('USD', '150', '1', '1200'),
    marks: { X: markPrice },
    printed,
    derived: (figures) => ({
      'margin call': differenceOf(figures.initialMargin!, figures['account.marginBalance']!),
    }),
  }
}

const LEAN = 'QuantConnect Lean, margins of BTC'
const ADVISORY = 'advisory 15-030'

export const CME_EXAMPLES: readonly Example[] = [
  LAUNCH,
  bond('M3, 2018-02-01', LEAN, '21499', '19544'),
  bond('M3, 2018-06-29', LEAN, '13921', '12655'),
  bond('M3, 2019-09-03', LEAN, '21978', '19980'),
  bond('M3, 2020-04-28', LEAN, '14131', '12846'),
  bond('M3, 2020-12-31', LEAN, '53825', '48931'),
  bond('M3, after 2021-04-30, BTC', LEAN, '11979', '10890'),
  bond('M3, after 2021-04-30, MBT', LEAN, '244', '221'),
  bond('M5, MTF before', ADVISORY, '3135', '2850'),
  bond('M5, MTF after', ADVISORY, '3300', '3000'),
  bond('M5, MFF before', ADVISORY, '1540', '1400'),
  bond('M5, MFF after', ADVISORY, '1870', '1700'),
  bond('M5, QX before', ADVISORY, '1925', '1750'),
  bond('M5, QX after', ADVISORY, '2200', '2000'),
  marginCall('1180', { 'account.marginBalance': '130' }),
  marginCall('1120', {
    'account.marginBalance': '70',
    'account.verdict': 'breach',
    'margin call': '80',
  }),
]

export const CME_CASES: readonly GoldenCase[] = [
  ...CME_EXAMPLES.map(goldenCase),
  notComputed('cme M7: SPAN scan of a covered call', 'L. McMillan, SPAN example'),
]
