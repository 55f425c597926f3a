import type { Decimal, MarginState, ReadModel } from '../../domain/index.ts'
import type { NearestLine } from './snapshot.ts'

/** The margin accounts at warning levels with the highest ratios, each with the distance to its liquidation price. */
export async function nearestLines(
  read: ReadModel,
  warningLevels: readonly Decimal[],
  count: number,
): Promise<NearestLine[]> {
  const { lines } = await read.marginAccounts({ levels: warningLevels, limit: count })
  return lines.flatMap(({ id, account, venue, marginRatio }) => {
    if (marginRatio === null) return []
    const state = read.account(account)?.marginAccounts.find((marginAccount) => marginAccount.id === id)
    const distancePercent = state === undefined ? null : distanceOf(state)
    return [{ marginAccount: id, venue, marginRatio: Number(marginRatio), distancePercent }]
  })
}

/** Distance of the nearest position to its liquidation price, in percent of its mark; null when no position has one. */
export function distanceOf({ positions }: Pick<MarginState, 'positions'>): number | null {
  const distances = positions.flatMap(({ markPrice, liquidationPrice }) =>
    markPrice === null || liquidationPrice === null
      ? []
      : [Math.abs(Number(liquidationPrice) / Number(markPrice) - 1) * 100],
  )
  return distances.length === 0 ? null : Math.min(...distances)
}
