// Closing a part of a position may turn the net of its instrument, and so the way in which its price moves against the account.
import { type Adverse, adverseOf } from './adverse.ts'
import { placesOn } from './formula-focus.ts'
import type { RuledPosition } from './position-value.ts'
import { abs, add, ceilTo, compare, parseDecimal, type Rational, sign, ZERO } from './rational.ts'

/** Closing more than `size` of a position turns the side of its instrument; with `isTurnedAt` closing just that does too. */
export interface Turn {
  readonly size: Rational
  readonly isTurnedAt: boolean
  /** Once it has turned. */
  readonly side: Adverse
  /** Places of the positions whose figures move with the price of the instrument. */
  readonly places: readonly number[]
}

/** What an account holds of one symbol. */
interface Held {
  /** Sum of the sizes of its positions. */
  net: Rational
  positions: number
}

const held = new WeakMap<readonly RuledPosition[], ReadonlyMap<string, Held>>()

function heldIn(positions: readonly RuledPosition[]): ReadonlyMap<string, Held> {
  const known = held.get(positions)
  if (known !== undefined) return known
  const bySymbol = new Map<string, Held>()
  const at = (symbol: string) => {
    const one = bySymbol.get(symbol) ?? { net: ZERO, positions: 0 }
    bySymbol.set(symbol, one)
    return one
  }
  for (const { position } of positions) {
    const own = at(position.symbol)
    own.net = add(own.net, parseDecimal(position.size))
    own.positions++
  }
  held.set(positions, bySymbol)
  return bySymbol
}

/** undefined if no part of the position that is closed turns the side. The work does not grow with the account. */
export function turnOf(positions: readonly RuledPosition[], index: number): Turn | undefined {
  const { position, rules } = positions[index]!
  const { net, positions: count } = heldIn(positions).get(position.symbol)!
  const places = placesOn({ positions }, new Set([position.symbol]))
  if (places.length === 1) return undefined
  const own = parseDecimal(position.size)
  // Options whose underlying the account does not hold any more lose when it rises.
  if (count === 1) return own.n > 0n ? { size: own, isTurnedAt: true, side: 'rise', places } : undefined
  if ((net.n !== 0n && sign(net) !== sign(own)) || compare(abs(net), abs(own)) > 0) return undefined
  const isInverse = rules.contribution === 'inverse'
  const side = adverseOf(-own.n, isInverse)
  if (adverseOf(net.n, isInverse) === side) return undefined
  return { size: abs(net), isTurnedAt: adverseOf(0n, isInverse) === side, side, places }
}

export function isTurned({ size, isTurnedAt }: Turn, closed: Rational): boolean {
  const order = compare(closed, size)
  return order > 0 || (order === 0 && isTurnedAt)
}

/** The smallest multiple of the step that turns the side. */
export function firstTurned(turn: Turn, step: Rational): Rational {
  const least = ceilTo(turn.size, step)
  return isTurned(turn, least) ? least : add(least, step)
}
