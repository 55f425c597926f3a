// A margin account in which only some prices move: the other positions are kept as sums, so that an account of a thousand
// positions costs for each of its symbols what the positions of that symbol cost.
import type { AccountFormula, StillPositions } from './account-formulas.ts'
import type { Known } from './formula-figures.ts'
import { nettingOf } from './netting.ts'
import type { RuledPosition } from './position-value.ts'
import { add, neg, type Rational, reduce, ZERO } from './rational.ts'

/** The same account with the positions at these places alone, and the others as sums of their figures at known prices. */
export function focusOn(known: Known, places: readonly number[]): Known {
  const { formula, figures } = known
  if (places.length === formula.positions.length) return known
  const rest = new Map(totalsOf(known))
  for (const place of places) {
    const ruled = formula.positions[place]!
    const key = keyOf(ruled)
    rest.set(
      key,
      combined(rest.get(key)!, figures.positions[place]!, (sum, own) => reduce(add(sum, neg(own)))),
    )
  }
  const positions = places.map((place) => formula.positions[place]!)
  return { ...known, formula: { ...formula, positions, still: [...rest.values()] } }
}

const totals = new WeakMap<Known, ReadonlyMap<string, StillPositions>>()

/** The sums of all positions that count together. */
function totalsOf(known: Known): ReadonlyMap<string, StillPositions> {
  const cached = totals.get(known)
  if (cached !== undefined) return cached
  const sums = new Map<string, StillPositions>()
  known.formula.positions.forEach((ruled, place) => {
    const key = keyOf(ruled)
    const before = sums.get(key) ?? emptyOf(ruled)
    sums.set(key, combined(before, known.figures.positions[place]!, add))
  })
  totals.set(known, sums)
  return sums
}

/** Positions count together if they settle in one asset and are on one side of one netting group, or in none. */
function keyOf(ruled: RuledPosition): string {
  const { group, side } = nettingOf(ruled) ?? {}
  return JSON.stringify([ruled.rules.settlementAsset, group, side])
}

function emptyOf(ruled: RuledPosition): StillPositions {
  const amounts = { contribution: ZERO, unrealizedPnl: ZERO, maintenanceMargin: ZERO }
  return { asset: ruled.rules.settlementAsset, netting: nettingOf(ruled), ...amounts }
}

type Amounts = Pick<StillPositions, 'contribution' | 'unrealizedPnl' | 'maintenanceMargin'>

function combined(
  still: StillPositions,
  own: Amounts,
  combine: (sum: Rational, own: Rational) => Rational,
): StillPositions {
  return {
    ...still,
    contribution: combine(still.contribution, own.contribution),
    unrealizedPnl: combine(still.unrealizedPnl, own.unrealizedPnl),
    maintenanceMargin: combine(still.maintenanceMargin, own.maintenanceMargin),
  }
}

/** Places of the positions whose figures move with the mark of one of these symbols, in their order. */
export function placesOn(
  { positions }: Pick<AccountFormula, 'positions'>,
  symbols: ReadonlySet<string>,
): readonly number[] {
  const bySymbol = placesBySymbol(positions)
  if (symbols.size === 1) {
    const [symbol] = symbols
    return bySymbol.get(symbol!) ?? []
  }
  const places = new Set([...symbols].flatMap((symbol) => bySymbol.get(symbol) ?? []))
  return [...places].sort((a, b) => a - b)
}

const placesKept = new WeakMap<readonly RuledPosition[], ReadonlyMap<string, readonly number[]>>()

function placesBySymbol(positions: readonly RuledPosition[]): ReadonlyMap<string, readonly number[]> {
  const kept = placesKept.get(positions)
  if (kept !== undefined) return kept
  const bySymbol = new Map<string, number[]>()
  const put = (symbol: string, place: number) => {
    const places = bySymbol.get(symbol)
    if (places === undefined) bySymbol.set(symbol, [place])
    else places.push(place)
  }
  positions.forEach(({ position, rules: { option } }, place) => {
    put(position.symbol, place)
    if (option !== undefined && option.underlying !== position.symbol) put(option.underlying, place)
  })
  placesKept.set(positions, bySymbol)
  return bySymbol
}
