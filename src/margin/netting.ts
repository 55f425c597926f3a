// The maintenance margin of the positions of a margin account, where a venue nets those of one underlying.
import { type Algebra, sumOf } from './algebra.ts'
import type { RuledPosition } from './position-value.ts'

/** A netting group is asked for margin on its larger side alone. */
export interface Netting {
  readonly group: string
  readonly side: 'long' | 'short'
}

/** undefined where the position counts by itself. */
export function nettingOf({ position, rules }: RuledPosition): Netting | undefined {
  const { nettingGroup: group } = rules
  return group === undefined ? undefined : { group, side: position.size.startsWith('-') ? 'short' : 'long' }
}

export interface AskedMargin<N> {
  readonly netting: Netting | undefined
  readonly maintenanceMargin: N
}

/** The sum of all that is asked; of a netting group only its larger side. */
export function nettedMaintenanceOf<N>(algebra: Algebra<N>, asked: readonly AskedMargin<N>[]): N {
  const counted: N[] = []
  const groups = new Map<string, { long: N[]; short: N[] }>()
  for (const { netting, maintenanceMargin } of asked) {
    if (netting === undefined) {
      counted.push(maintenanceMargin)
      continue
    }
    const sides = groups.get(netting.group) ?? { long: [], short: [] }
    groups.set(netting.group, sides)
    sides[netting.side].push(maintenanceMargin)
  }
  for (const { long, short } of groups.values()) {
    counted.push(algebra.larger(sumOf(algebra, long), sumOf(algebra, short)))
  }
  return sumOf(algebra, counted)
}

/** Whether any group holds both sides, so that which of them counts may change. */
export function areSidesNetted(positions: readonly RuledPosition[]): boolean {
  const found = sidesNetted.get(positions) ?? holdsBothSides(positions)
  sidesNetted.set(positions, found)
  return found
}

const sidesNetted = new WeakMap<readonly RuledPosition[], boolean>()

function holdsBothSides(positions: readonly RuledPosition[]): boolean {
  const sides = new Map<string, Netting['side']>()
  return positions.some((ruled) => {
    const netting = nettingOf(ruled)
    if (netting === undefined) return false
    const known = sides.get(netting.group)
    sides.set(netting.group, netting.side)
    return known !== undefined && known !== netting.side
  })
}
