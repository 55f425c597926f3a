// Positions of Hyperliquid as its interface states them.

import { differenceOf, productOf, quotientOf } from '../fractions.ts'
import { type Figures, figuresOf, type GoldenCase, isolated, rateRules } from '../golden-case.ts'
import { extraOf, type Row, rowsOf, sizeOf } from './rows.ts'

const RULES = { settlementAsset: 'USDC', liquidation: 'passed' }
/** A position whose maintenance margin is that of all the others; its mark never moves. */
const OTHERS = 'OTHERS'

/**
 * Decimals that rounded inputs leave: six decimals of the account value over the size of the liquidation price, and four
 * decimals of the entry price times the size of the PnL.
 */
const DECIMALS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'hl-sdk-20230327-BTC': { liquidationPrice: 4 },
  'hl-sdk-20230327-ATOM': { liquidationPrice: 5 },
  'hl-ccxt-isolated-short-HYPE': { unrealizedPnl: 3 },
}

function printedOf({ id, expected }: Row): Figures {
  const { liquidationPrice, unrealisedPnl, initialMargin, collateral } = expected
  const figures: Figures = {
    liquidationPrice: liquidationPrice!,
    unrealizedPnl: unrealisedPnl!,
    ...(initialMargin === undefined ? {} : { initialMargin }),
    ...(collateral === undefined ? {} : { 'account.marginBalance': collateral }),
  }
  const shortened = Object.entries(DECIMALS[id] ?? {}).map(([figure, decimals]) => [
    figure,
    Number(figures[figure]).toFixed(decimals),
  ])
  return { ...figures, ...Object.fromEntries(shortened) }
}

/** `rawUsd` is the cash, borrowed money included: the margin at entry is rawUsd + size·entryPrice. */
function isolatedFigures(row: Row): Figures {
  const margin = differenceOf(
    extraOf(row, 'rawUsd')!,
    productOf(`-${sizeOf(row)}`.replace('--', ''), row.entryPrice!),
  )
  return figuresOf({
    rules: { X: rateRules(row.maintenanceMarginRate!, RULES) },
    account: isolated(sizeOf(row), row.entryPrice!, { leverage: row.leverage!, isolatedMargin: margin }),
    marks: { X: row.markPrice! },
  })
}

/**
 * The account value at the mark is the wallet of a position that is entered there; the others are one position that asks for
 * their maintenance margin. In 2023 the margin of a position did not move with the mark until its next check.
 */
function crossFigures(row: Row): Figures {
  const isOld = row.id.startsWith('hl-sdk-2023')
  const rate =
    row.maintenanceMarginRate ?? quotientOf('1', productOf('2', extraOf(row, 'positionMaxLeverage')!))
  const position = { symbol: 'X', marginMode: 'cross', size: sizeOf(row), leverage: row.leverage! }
  const rules = {
    X: rateRules(rate, isOld ? { ...RULES, maintenancePrice: 'entry' } : RULES),
    [OTHERS]: rateRules('1', RULES),
  }
  const others = {
    symbol: OTHERS,
    marginMode: 'cross',
    size: row.otherMaintenanceMargin ?? othersOf(row, rate),
    entryPrice: '1',
  }
  const account = (entryPrice: string) => ({
    collateral: [{ asset: 'USDC', amount: row.collateral! }],
    positions: [{ ...position, entryPrice }, others],
  })
  const marks = { X: row.markPrice!, [OTHERS]: '1' }
  const { unrealizedPnl } = figuresOf({ rules, account: account(row.entryPrice!), marks })
  return { ...figuresOf({ rules, account: account(row.markPrice!), marks }), unrealizedPnl: unrealizedPnl! }
}

function othersOf(row: Row, rate: string): string {
  const own = productOf(productOf(row.qty!, row.markPrice!), rate)
  return differenceOf(extraOf(row, 'crossMaintenanceMarginUsed')!, own)
}

export const HYPERLIQUID: readonly GoldenCase[] = rowsOf('venue_positions_hyperliquid.jsonl').map((row) => ({
  id: row.id,
  source: row.source,
  printed: printedOf(row),
  computed: () => (row.marginMode === 'isolated' ? isolatedFigures(row) : crossFigures(row)),
}))
