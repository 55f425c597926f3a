import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { sharedPath } from '../../support/shared.ts'

// The rows hold JSON numbers and strings; both are read as the decimal that they print.
const figure = z
  .union([z.string(), z.number(), z.boolean()])
  .nullable()
  .transform((value) => (value === null ? null : String(value)))

const rowSchema = z.object({
  id: z.string(),
  venue: z.string(),
  symbol: z.string().nullable(),
  contract: z.enum(['linear', 'inverse']),
  marginMode: z.enum(['isolated', 'cross']).nullable(),
  side: z.enum(['long', 'short']).nullable(),
  qty: figure,
  contractSize: figure,
  entryPrice: figure,
  markPrice: figure,
  walletBalance: figure,
  collateral: figure,
  otherMaintenanceMargin: figure,
  maintenanceMarginRate: figure,
  maintenanceAmount: figure,
  takerFeeRate: figure,
  leverage: figure,
  extra: z.record(z.string(), z.unknown()).nullable(),
  expected: z.record(z.string(), figure.or(z.unknown().transform(() => null))),
  source: z.string(),
})

/** A row of ../shared/golden: what somebody recorded or printed, and its inputs. */
export type Row = z.infer<typeof rowSchema>

/** The rows of a file; none where the folder is not beside the project. */
export function rowsOf(file: string): Row[] {
  const path = sharedPath(`golden/${file}`)
  if (path === undefined) return []
  const lines = readFileSync(path, 'utf8').trim().split('\n')
  return lines.map((line) => rowSchema.parse(JSON.parse(line)))
}

/** A decimal of the further fields of a row; undefined where it is absent. */
export function extraOf({ extra }: Row, field: string): string | undefined {
  const value = extra?.[field]
  return value === undefined || value === null ? undefined : String(value)
}

export function sizeOf({ side, qty }: Row): string {
  return side === 'short' ? `-${qty}` : qty!
}
