// Positions as venues' interfaces and documents state them.
import {
  cross,
  type Example,
  type Figures,
  figuresOf,
  type GoldenCase,
  givenCase,
  isolated,
  marginalRules,
  NO_CAP,
  rateRules,
} from '../golden-case.ts'
import { type Row, rowsOf, sizeOf } from './rows.ts'

type Stated = Pick<Example, 'rules' | 'account' | 'marks'>

/** The printed figures of a row under our names. */
function printedOf({ expected }: Row, names: Readonly<Record<string, string>>): Figures {
  return Object.fromEntries(Object.entries(names).map(([ours, theirs]) => [ours, expected[theirs]!]))
}

function caseOf(row: Row, printed: Figures, computed: () => Figures): GoldenCase {
  return { id: row.id, source: row.source, printed, computed }
}

function leverageOf({ leverage }: Row): Record<string, string> {
  return leverage === null ? {} : { leverage }
}

/** OKX states the maintenance margin without the fee of closing, which counts in the liquidation price. */
function okxFigures(row: Row, account: object): Figures {
  const stated = (more: object): Stated => ({
    rules: { X: rateRules(row.maintenanceMarginRate!, { multiplier: row.contractSize!, ...more }) },
    account,
    marks: { X: row.markPrice! },
  })
  const { liquidationPrice } = figuresOf(
    stated({ closingFee: 'at-mark', takerFeeRate: row.takerFeeRate ?? '0.0005' }),
  )
  return { ...figuresOf(stated({})), liquidationPrice: liquidationPrice! }
}

function okxNear(row: Row): GoldenCase[] {
  const names = {
    unrealizedPnl: 'unrealisedPnl',
    maintenanceMargin: 'maintenanceMargin',
    liquidationPrice: 'liquidationPrice',
  }
  const account = isolated(sizeOf(row), row.entryPrice!, { isolatedMargin: row.collateral! })
  return [caseOf(row, printedOf(row, names), () => okxFigures(row, account))]
}

function okxGrid(row: Row): GoldenCase[] {
  const names = {
    unrealizedPnl: 'unrealisedPnl',
    maintenanceMargin: 'maintenanceMargin',
    initialMargin: 'initialMargin',
  }
  // Cut to the twelve digits of f64 that the sum in the document keeps.
  const printed = Object.fromEntries(
    Object.entries(printedOf(row, names)).map(([name, value]) => [name, Number(value).toFixed(10)]),
  )
  const account = cross('USDT', '0', sizeOf(row), row.entryPrice!, leverageOf(row))
  return [caseOf(row, printed, () => okxFigures(row, account)), givenCase(`${row.id}: liquidation price`)]
}

/** Bitget: as OKX, the fee of closing at the mark counts; the ratio is that of the engine. */
function bitget(row: Row): GoldenCase[] {
  const names = {
    unrealizedPnl: 'unrealisedPnl',
    liquidationPrice: 'liquidationPrice',
    'account.marginRatio': 'marginRatio',
  }
  const computed = () =>
    figuresOf({
      rules: {
        X: rateRules(row.maintenanceMarginRate!, { closingFee: 'at-mark', takerFeeRate: row.takerFeeRate! }),
      },
      account: isolated(sizeOf(row), row.entryPrice!, { isolatedMargin: row.collateral! }),
      marks: { X: row.markPrice! },
    })
  return [caseOf(row, printedOf(row, names), computed)]
}

/** Bybit until July 2025: margins at the entry price, with the fee at the bankruptcy price. */
function bybitXrp(row: Row): GoldenCase[] {
  const names = {
    notional: 'notional',
    initialMargin: 'initialMargin',
    maintenanceMargin: 'maintenanceMargin',
    unrealizedPnl: 'unrealisedPnl',
  }
  const stated = (mark: string): Stated => ({
    rules: {
      X: marginalRules([[NO_CAP, row.maintenanceMarginRate!, '0']], {
        closingFee: 'at-bankruptcy-price',
        takerFeeRate: row.takerFeeRate!,
      }),
    },
    account: cross('USDT', '0', sizeOf(row), row.entryPrice!, leverageOf(row)),
    marks: { X: mark },
  })
  const computed = () => {
    const { unrealizedPnl } = figuresOf(stated(row.markPrice!))
    return { ...figuresOf(stated(row.entryPrice!)), unrealizedPnl: unrealizedPnl! }
  }
  return [caseOf(row, printedOf(row, names), computed)]
}

/** Its initial and maintenance margin do not follow from its leverage: see "bybit 15" in ../venues/bybit.ts. */
function bybitInverse(row: Row): GoldenCase[] {
  const stated = (mark: string): Stated => ({
    rules: { X: rateRules('0.005', { contribution: 'inverse', settlementAsset: 'BTC' }) },
    account: cross('BTC', '0', sizeOf(row), row.entryPrice!),
    marks: { X: mark },
  })
  const printed = printedOf(row, { notional: 'notional', unrealizedPnl: 'unrealisedPnl' })
  const computed = () => {
    const { unrealizedPnl } = figuresOf(stated(row.markPrice!))
    return { ...figuresOf(stated(row.entryPrice!)), unrealizedPnl: unrealizedPnl! }
  }
  return [caseOf(row, printed, computed)]
}

/** The wallet is implied by the liquidation price; its eight decimals leave four of the price. */
function binanceCross(row: Row): GoldenCase[] {
  const printed = {
    ...printedOf(row, { notional: 'notional', unrealizedPnl: 'unrealisedPnl' }),
    liquidationPrice: Number(row.expected.liquidationPrice).toFixed(4),
  }
  const computed = () =>
    figuresOf({
      rules: { X: marginalRules([[NO_CAP, '0.004', '0']]) },
      account: cross('USDT', '2.53267053', sizeOf(row), row.entryPrice!),
      marks: { X: row.markPrice! },
    })
  return [caseOf(row, printed, computed)]
}

/** Calls itself cross and states an isolated margin, which contains the PnL. */
function binanceCoinm(row: Row): GoldenCase[] {
  const printed = printedOf(row, { unrealizedPnl: 'unrealisedPnl', liquidationPrice: 'liquidationPrice' })
  const wallet = (Number(row.collateral) - Number(row.expected.unrealisedPnl)).toFixed(8)
  const computed = () =>
    figuresOf({
      rules: {
        X: marginalRules([[NO_CAP, row.maintenanceMarginRate!, '0']], {
          kind: 'inverse',
          settle: 'BTC',
          multiplier: row.contractSize!,
        }),
      },
      account: cross('BTC', wallet, sizeOf(row), row.entryPrice!, leverageOf(row)),
      marks: { X: row.markPrice! },
    })
  return [caseOf(row, printed, computed)]
}

/**
 * Parameters of before 2022. Its floating PnL is that since the last settlement, whose price is not in the row. Its margins
 * are a case of their own: they follow from no parameters that Deribit published.
 */
function deribit(row: Row): GoldenCase[] {
  const computed = () =>
    figuresOf({
      rules: {
        X: {
          contribution: 'inverse',
          settlementAsset: 'BTC',
          maintenance: { kind: 'size-rate', base: '0.00525', increment: '0.00005' },
          initial: { kind: 'size-rate', base: '0.01', increment: '0.00005' },
        },
      },
      account: cross('BTC', '0', sizeOf(row), row.entryPrice!),
      marks: { X: row.markPrice! },
    })
  const margins = { initialMargin: 'initialMargin', maintenanceMargin: 'maintenanceMargin' }
  return [
    caseOf(row, printedOf(row, { unrealizedPnl: 'totalPnl', notional: 'sizeCurrency' }), computed),
    { ...caseOf(row, printedOf(row, margins), computed), id: `${row.id}: margins` },
  ]
}

/** A calculator that asks for the maintenance margin on the value at the mark, without fee and funding. */
function bitmexCalculator(row: Row): GoldenCase[] {
  const printed = printedOf(row, { liquidationPrice: 'liquidationPrice', initialMargin: 'initialMargin' })
  const computed = () =>
    figuresOf({
      rules: {
        X: rateRules(row.maintenanceMarginRate!, { contribution: 'inverse', settlementAsset: 'BTC' }),
      },
      account: isolated(sizeOf(row), row.entryPrice!, {
        ...leverageOf(row),
        isolatedMargin: row.collateral!,
      }),
      marks: { X: row.entryPrice! },
    })
  return [caseOf(row, printed, computed)]
}

const READINGS: Readonly<Record<string, (row: Row) => GoldenCase[]>> = {
  'ft-okx-near-2022': okxNear,
  'okx-docs-grid-cross-1': okxGrid,
  'bitget-docs-iso-long': bitget,
  'bybit-xrp-20221230': bybitXrp,
  'bybit-docs-inverse-short': bybitInverse,
  'binance-docs-cross-long': binanceCross,
  'binance-coinm-docs-long': binanceCoinm,
  'deribit-docs-inverse-long': deribit,
  'bitmex-calc-long': bitmexCalculator,
}

export const POSITIONS: readonly GoldenCase[] = rowsOf('venue_positions.jsonl').flatMap((row) => {
  const reading = READINGS[row.id]
  if (reading === undefined) throw new Error(`row ${row.id} of venue_positions.jsonl has no reading`)
  return reading(row)
})
