import type { Decimal, LevelName, ReadModel } from '../../domain/index.ts'
import { compare, parseDecimal } from '../../margin/index.ts'
import type { NearestLine } from './snapshot.ts'

/** Margin accounts of one level that are looked at. The highest margin ratios nominate them; their distances decide the order. */
export const CANDIDATES_MAX = 16

/**
 * The margin accounts at warning levels that are nearest to their line by distance. Levels come from the line outward, since
 * an account at a nearer level is nearer. `warningLevels`: the farthest from the line first.
 */
export async function nearestLines(
  read: Pick<ReadModel, 'marginAccounts' | 'distance'>,
  warningLevels: readonly LevelName[],
  count: number,
): Promise<NearestLine[]> {
  const found: NearestLine[] = []
  for (const level of warningLevels.toReversed()) {
    if (found.length >= count) break
    const { lines } = await read.marginAccounts({ levels: [level], limit: CANDIDATES_MAX })
    for (const { id, account, venue, marginRatio } of lines) {
      if (marginRatio === null) continue
      const distant = await read.distance(account, id)
      found.push({ marginAccount: id, venue, marginRatio, distance: distant?.distance ?? null })
    }
  }
  return found.sort((a, b) => compareDistances(a.distance, b.distance)).slice(0, count)
}

/** Exactly; an account without a distance comes last. */
function compareDistances(a: Decimal | null, b: Decimal | null): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null)
  return compare(parseDecimal(a), parseDecimal(b))
}
