// The sums of a margin account at prices moved against it.
import type { Evaluation, MarginAccount } from './account.ts'
import { knownAgainst } from './adverse.ts'
import { type FurtherPrices, knownOf, type MarkOf } from './formula-figures.ts'
import { keptByDistance } from './kept-by-distance.ts'
import type { EvaluationAt } from './levels.ts'
import { evaluationOf, summedAt } from './sums.ts'

/** Computes each distance once; undefined when a price is missing. */
export function evaluationsOf(
  marginAccount: MarginAccount,
  markOf: MarkOf,
  further?: FurtherPrices,
): EvaluationAt | undefined {
  const { formula, isPlain } = marginAccount
  if (isPlain) {
    const present = summedAt(marginAccount, markOf)
    if (present === undefined) return undefined
    return keptByDistance(evaluationOf(present), (distance) =>
      evaluationOf(summedAt(marginAccount, markOf, distance)!),
    )
  }
  const known = knownOf(formula, markOf, further)
  if (known === undefined) return undefined
  return keptByDistance<Evaluation>(known.figures, (distance) => knownAgainst(known, distance).figures)
}
