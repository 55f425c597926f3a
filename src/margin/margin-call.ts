// What an account has to pay in where its venue calls for margin before it liquidates.
import { type Known, knownInitialMargin } from './formula-figures.ts'
import { add, compare, type Rational, sub, ZERO } from './rational.ts'

/**
 * In the settlement asset, what brings the account back to its initial margin once it is below its maintenance margin (CME Rule
 * 930). undefined where it is not below, where the venue makes no such call, and where the initial margin is not known.
 */
export function marginCallOf(known: Known): Rational | undefined {
  const { positions } = known.formula
  if (!positions.some(({ defaults }) => defaults.marginCall === 'to-initial-margin')) return undefined
  const { marginBalance, maintenanceMargin } = known.figures
  if (compare(marginBalance, maintenanceMargin) >= 0) return undefined
  let asked: Rational = ZERO
  for (const place of positions.keys()) {
    const initialMargin = knownInitialMargin(known, place)
    if (initialMargin === undefined) return undefined
    asked = add(asked, initialMargin)
  }
  return sub(asked, marginBalance)
}
