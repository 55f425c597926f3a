// Liquidation prices of isolated positions as freqtrade's tests print them, and those of the Binance documents.
import { figuresOf, type GoldenCase, marginalRules, NO_CAP, rateRules } from '../golden-case.ts'
import { printedF64 } from '../support.ts'
import { extraOf, type Row, rowsOf, sizeOf } from './rows.ts'

/** freqtrade's formula for each of its venues. */
function rulesFor(row: Row): object {
  const rate = row.maintenanceMarginRate ?? '0'
  const takerFeeRate = row.takerFeeRate ?? '0'
  // OKX and Gate: the fee of closing at the mark is in the threshold.
  if (row.venue === 'okx' || row.venue === 'gate')
    return rateRules(rate, { closingFee: 'at-mark', takerFeeRate })
  // Bybit until July 2025: maintenance margin on the value at entry, without a fee.
  if (row.venue === 'bybit') return rateRules(rate, { maintenancePrice: 'entry' })
  return marginalRules([[NO_CAP, rate, row.maintenanceAmount ?? '0']])
}

function isolatedPriceOf(row: Row): string | null {
  const position = {
    symbol: 'X',
    marginMode: 'isolated',
    size: sizeOf(row),
    entryPrice: row.entryPrice!,
    isolatedMargin: row.collateral!,
  }
  const figures = figuresOf({
    rules: { X: rulesFor(row) },
    account: { positions: [position] },
    marks: { X: row.entryPrice! },
  })
  return figures.liquidationPrice!
}

/** freqtrade moves its liquidation price towards the entry by a share of the distance, on top of the venue's. */
function buffered(price: string | null, row: Row): string | null {
  const buffer = Number(extraOf(row, 'liquidationBuffer') ?? 0)
  if (price === null || buffer === 0) return price
  return (Number(price) + buffer * (Number(row.entryPrice) - Number(price))).toFixed(15)
}

function isolatedCase(row: Row): GoldenCase {
  return {
    id: row.id,
    source: row.source,
    printed: { liquidationPrice: printedF64(row.expected.liquidationPrice!) },
    computed: () => ({ liquidationPrice: buffered(isolatedPriceOf(row), row) }),
  }
}

function documentCase(row: Row): GoldenCase {
  if (row.marginMode === 'isolated') return isolatedCase(row)
  const other = row.extra!.otherPosition as Record<string, string | number>
  const text = (field: string) => String(other[field])
  const rules = {
    X: rulesFor(row),
    Y: marginalRules([[NO_CAP, text('maintenanceMarginRate'), text('maintenanceAmount')]]),
  }
  const account = {
    collateral: [{ asset: 'USDT', amount: row.walletBalance! }],
    positions: [
      { symbol: 'X', marginMode: 'cross', size: sizeOf(row), entryPrice: row.entryPrice! },
      { symbol: 'Y', marginMode: 'cross', size: text('qty'), entryPrice: text('entryPrice') },
    ],
  }
  return {
    id: row.id,
    source: row.source,
    printed: { liquidationPrice: row.expected.liquidationPrice! },
    computed: () => figuresOf({ rules, account, marks: { X: row.markPrice!, Y: text('markPrice') } }),
  }
}

export const LIQUIDATION_PRICES: readonly GoldenCase[] = [
  ...rowsOf('liqprice_freqtrade_isolated.jsonl').map(isolatedCase),
  ...rowsOf('liqprice_binance_docs.jsonl').map(documentCase),
]
