// Coinbase: US futures (A6) and the International exchange (B5).
import { differenceOf } from '../fractions.ts'
import { cross, type Example, type GoldenCase, givenCase, goldenCase, rateRules } from '../golden-case.ts'

/** Rates of both sides in one session window. */
function window(long: string, short: string, multiplier = '0.01'): Example['rules'] {
  return {
    X: {
      contribution: 'linear',
      settlementAsset: 'USD',
      multiplier,
      maintenance: { kind: 'side-rates', long, short },
      initial: { kind: 'side-rates', long, short },
      closingFee: 'none',
      liquidation: 'reached',
    },
  }
}

const OVERNIGHT = ['0.245625', '0.306375'] as const
const INTRADAY = ['0.1000185', '0.1000008'] as const

function usExamples(): Example[] {
  return [
    ...(
      [
        ['overnight', '1', OVERNIGHT, '169.3093125'],
        ['overnight', '-1', OVERNIGHT, '211.1842875'],
        ['intraday', '1', INTRADAY, '68.94275205'],
        ['intraday', '-1', INTRADAY, '68.93055144'],
      ] as const
    ).map(([session, size, [long, short], initialMargin]) => ({
      id: `coinbase C1: ${size} BIP ${session}`,
      source: 'product of 2026-04-07',
      rules: window(long, short),
      account: cross('USD', '1000', size, '68930'),
      marks: { X: '68930' },
      printed: { notional: '689.30', initialMargin },
    })),
    {
      id: 'coinbase C3: PnL of 3 short',
      source: 'sample of the documentation',
      rules: window(...OVERNIGHT),
      account: cross('USD', '1000', '-3', '51000'),
      marks: { X: '50000' },
      printed: { unrealizedPnl: '30.00' },
    },
    {
      id: 'coinbase C3: PnL of 2 long',
      source: 'sample of the documentation',
      rules: window(...OVERNIGHT),
      account: cross('USD', '1000', '2', '50000'),
      marks: { X: '51000' },
      printed: { unrealizedPnl: '20' },
    },
    {
      id: 'coinbase C5: liquidation buffer',
      source: 'sample of balance_summary: available 7,500, threshold 300',
      rules: window('0.3', '0.3', '1'),
      account: cross('USD', '7500', '1', '1000'),
      marks: { X: '1000' },
      printed: { maintenanceMargin: '300', 'liquidation buffer': '7200' },
      derived: (figures) => ({
        'liquidation buffer': differenceOf(
          figures['account.marginBalance']!,
          figures['account.maintenanceMargin']!,
        ),
      }),
    },
  ]
}

/** MM = ⅔·IM; the line of the close-out, max(⅓·IM, MM − 12 %), is a rate of its own. */
function international(
  id: string,
  initialRate: string,
  maintenanceRate: string,
  closeOutRate: string,
): Example[] {
  const at = (rate: string) => ({
    source: 'documents of the International exchange',
    rules: {
      X: rateRules(rate, { settlementAsset: 'USDC', initial: { kind: 'rate', rate: initialRate } }),
    },
    account: cross('USDC', '100', '1', '100'),
    marks: { X: '100' },
  })
  const printed = { '0.2': ['20', '13.333', '6.667'], '0.1': ['10', '6.667', '3.333'] }[initialRate]!
  return [
    {
      id: `coinbase ${id}: initial and maintenance margin`,
      ...at(maintenanceRate),
      printed: { initialMargin: printed[0]!, maintenanceMargin: printed[1]! },
    },
    {
      id: `coinbase ${id}: close-out margin`,
      ...at(closeOutRate),
      printed: { maintenanceMargin: printed[2]! },
    },
  ]
}

export const COINBASE_EXAMPLES: readonly Example[] = [
  ...usExamples(),
  ...international('I1', '0.2', '2/15', '1/15'),
  ...international('I3', '0.1', '1/15', '1/30'),
]

export const COINBASE_CASES: readonly GoldenCase[] = [
  ...COINBASE_EXAMPLES.map(goldenCase),
  givenCase('coinbase I5: cap on the notional of a retail account'),
]
