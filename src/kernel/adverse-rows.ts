import { add, type MarginAccountPart, parseDecimal, type Rational, sign, ZERO } from '../margin/index.ts'
import type { RowTerms } from './kernel-terms.ts'

/** Whether no instrument is held on both sides. */
export function isOneSided({ positions }: MarginAccountPart): boolean {
  return (
    positions.length === 1 ||
    new Set(positions.map(({ position }) => position.symbol)).size === positions.length
  )
}

/**
 * The rows with the way in which x moves against the account, by its net in each instrument: as `adverseOfSlope` of src/margin
 * says. Each row is stated with the way that is against it alone.
 */
export function movedByNet<Row extends RowTerms>(
  rows: readonly Row[],
  part: MarginAccountPart,
): readonly Row[] {
  if (isOneSided(part)) return rows
  const nets = new Map<string, Rational>()
  for (const { position } of part.positions)
    nets.set(position.symbol, add(nets.get(position.symbol) ?? ZERO, parseDecimal(position.size)))
  return rows.map((row) => {
    const net = sign(nets.get(row.symbol)!)
    return { ...row, isFallAdverse: row.coordinate === 'price' ? net > 0 : net < 0 }
  })
}
