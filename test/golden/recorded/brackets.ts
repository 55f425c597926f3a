// Binance brackets of October 2024: both brackets of a cap ask for the same maintenance margin there.
import { tieredMaintenanceAt } from '../../../src/margin/curve.ts'
import { exactTiers, formatDecimal, parseDecimal } from '../../../src/margin/index.ts'
import type { GoldenCase } from '../golden-case.ts'
import { NO_CAP } from '../golden-case.ts'
import { extraOf, type Row, rowsOf } from './rows.ts'

function bracketCase(row: Row): GoldenCase {
  const cap = extraOf(row, 'notional')!
  const tiers = [
    { cap, maintenanceMarginRate: row.maintenanceMarginRate!, maintenanceDeduction: row.maintenanceAmount! },
    {
      cap: NO_CAP,
      maintenanceMarginRate: extraOf(row, 'nextRate')!,
      maintenanceDeduction: extraOf(row, 'nextAmount')!,
    },
  ]
  const printed = formatDecimal(parseDecimal(row.expected.maintenanceMargin!))
  return {
    id: row.id,
    source: row.source,
    printed: { below: printed, above: printed },
    computed: () => {
      const exact = exactTiers(row.symbol!, tiers)
      const at = (own: typeof exact) => formatDecimal(tieredMaintenanceAt(own, parseDecimal(cap)))
      return { below: at(exact), above: at(exact.slice(1)) }
    },
  }
}

export const BRACKETS: readonly GoldenCase[] = rowsOf('tiers_binance_continuity.jsonl').map(bracketCase)
