// How far the prices of a margin account are from its line. Of straight pieces it is a division a piece.
import type { Decimal } from '../domain/index.ts'
import { adverseMarks } from './adverse.ts'
import { slackIsConcave } from './curve.ts'
import { distanceStepsByFormula } from './formula-distance.ts'
import { type FurtherPrices, type Known, knownOf, type MarkOf } from './formula-figures.ts'
import type { MarginAccount } from './margin-account.ts'
import { distanceByLegs } from './moved-legs.ts'
import { type Rational, ZERO } from './rational.ts'
import { textOf } from './state-text.ts'
import { resultOf, type Steps } from './steps.ts'
import { straightLegsOf } from './straight-legs.ts'
import { summedAt } from './sums.ts'
import { distanceBySums } from './sums-distance.ts'
import { slackOf } from './symbol-slack.ts'

/**
 * The largest equal relative move of all prices, each against the account, that leaves it above its line, as a fraction; 0 on
 * and below it. What `distanceByFormula` gives, but never rounded where the pieces are straight. undefined if no move
 * brings it there, beside a short option, or while a price is not known.
 */
export function distanceOf(
  marginAccount: MarginAccount,
  markOf: MarkOf,
  further?: FurtherPrices,
): Rational | undefined {
  return resultOf(distanceSteps(marginAccount, markOf, further))
}

/** As it is printed. */
export function distanceTextOf(
  marginAccount: MarginAccount,
  markOf: MarkOf,
  further?: FurtherPrices,
): Decimal | null {
  return textOf(distanceOf(marginAccount, markOf, further))
}

/** The same in steps, for accounts whose work is long. The prices are those of the first step. */
export function* distanceTextSteps(
  marginAccount: MarginAccount,
  markOf: MarkOf,
  further?: FurtherPrices,
): Steps<Decimal | null> {
  return textOf(yield* distanceSteps(marginAccount, markOf, further))
}

function* distanceSteps(
  marginAccount: MarginAccount,
  markOf: MarkOf,
  further?: FurtherPrices,
): Steps<Rational | undefined> {
  const { formula, isPlain, curves } = marginAccount
  if (isPlain && curves.every(slackIsConcave)) {
    const summed = summedAt(marginAccount, markOf)
    if (summed === undefined) return undefined
    if (summed.sums.slack <= 0n) return ZERO
    const distance = distanceBySums(summed)
    if (distance !== 'not-straight') return distance
  }
  const known = knownOf(formula, markOf, further)
  return known && (yield* distanceStepsOfKnown(known))
}

/** The same of an account whose prices are known. */
export function distanceOfKnown(known: Known): Rational | undefined {
  return resultOf(distanceStepsOfKnown(known))
}

function* distanceStepsOfKnown(known: Known): Steps<Rational | undefined> {
  if (slackOf(known.figures).n <= 0n) return ZERO
  const legs = known.isTraced === true ? undefined : straightLegsOf(known)
  if (legs?.every(({ curve }) => slackIsConcave(curve)) !== true) return yield* distanceStepsByFormula(known)
  return distanceByLegs(known, legs, adverseMarks(known))
}
