// The figures of the positions of a margin account, summed where they count together.
import type { StillPositions } from './account-formulas.ts'
import { exactNumbers, sumOf } from './algebra.ts'
import type { Known } from './formula-figures.ts'
import { nettingOf } from './netting.ts'
import type { RuledPosition } from './position-value.ts'
import { add, neg, type Rational, reduce } from './rational.ts'

type Amounts = Pick<StillPositions, 'contribution' | 'unrealizedPnl' | 'maintenanceMargin'>
type Group = Pick<StillPositions, 'asset' | 'netting'>

const totals = new WeakMap<Known, ReadonlyMap<string, StillPositions>>()

/** The sums of all positions that count together, those that stay included. */
export function totalsOf(known: Known): ReadonlyMap<string, StillPositions> {
  const cached = totals.get(known)
  if (cached !== undefined) return cached
  const { positions, still = [] } = known.formula
  const groups = new Map<string, { readonly group: Group; readonly amounts: Amounts[] }>()
  const put = (group: Group, amounts: Amounts) => {
    const key = keyOf(group)
    const one = groups.get(key) ?? { group, amounts: [] }
    groups.set(key, one)
    one.amounts.push(amounts)
  }
  for (const one of still) put(one, one)
  positions.forEach((ruled, place) => {
    put(groupOf(ruled), known.figures.positions[place]!)
  })
  const sums = new Map([...groups].map(([key, { group, amounts }]) => [key, summed(group, amounts)]))
  totals.set(known, sums)
  return sums
}

/** The same without the positions at these places. */
export function totalsWithout(known: Known, places: readonly number[]): readonly StillPositions[] {
  const rest = new Map(totalsOf(known))
  for (const place of places) {
    const own = known.figures.positions[place]!
    const key = keyOf(groupOf(known.formula.positions[place]!))
    const all = rest.get(key)!
    rest.set(key, {
      ...all,
      contribution: less(all.contribution, own.contribution),
      unrealizedPnl: less(all.unrealizedPnl, own.unrealizedPnl),
      maintenanceMargin: less(all.maintenanceMargin, own.maintenanceMargin),
    })
  }
  return [...rest.values()]
}

function less(all: Rational, own: Rational): Rational {
  return reduce(add(all, neg(own)))
}

/** Positions count together if they settle in one asset and are on one side of one netting group, or in none. */
export function keyOf({ asset, netting }: Group): string {
  return JSON.stringify([asset, netting?.group, netting?.side])
}

export function groupOf(ruled: RuledPosition): Group {
  return { asset: ruled.rules.settlementAsset, netting: nettingOf(ruled) }
}

function summed({ asset, netting }: Group, amounts: readonly Amounts[]): StillPositions {
  const sum = (of: (one: Amounts) => Rational) => sumOf(exactNumbers, amounts.map(of))
  return {
    asset,
    netting,
    contribution: sum(({ contribution }) => contribution),
    unrealizedPnl: sum(({ unrealizedPnl }) => unrealizedPnl),
    maintenanceMargin: sum(({ maintenanceMargin }) => maintenanceMargin),
  }
}

const slacks = new WeakMap<Known, Rational>()

/** marginBalance − maintenanceMargin, as every question about a position asks for it. */
export function slackIn(known: Known): Rational {
  const { marginBalance, maintenanceMargin } = known.figures
  const slack = slacks.get(known) ?? reduce(add(marginBalance, neg(maintenanceMargin)))
  slacks.set(known, slack)
  return slack
}
