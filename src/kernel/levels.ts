import { COORDINATE_FALLS, COORDINATE_PRICE, COORDINATE_RECIPROCAL } from '../../assembly/layout.ts'
import { add, div, type Level, type LevelRule, ONE, type Rational, sub, toFloat } from '../margin/index.ts'

/** A level as the kernel knows it. */
export interface KernelLevel {
  readonly ratio: number
  /** What x of a curve is multiplied by at the prices of the level, by coordinate of the layout. All 1: the present prices. */
  readonly factors: readonly [number, number, number, number]
}

/** The levels of a rule, each figure correctly rounded. */
export function kernelLevelsOf({ levels }: LevelRule): KernelLevel[] {
  return levels.map(kernelLevelOf)
}

/** Levels that are ratios at the present prices. */
export function ratioLevels(ratios: readonly number[]): KernelLevel[] {
  return ratios.map((ratio) => ({ ratio, factors: [1, 1, 1, 1] }))
}

function kernelLevelOf({ ratio, distance }: Level): KernelLevel {
  const risen = add(ONE, distance)
  const fallen = sub(ONE, distance)
  const factors: [number, number, number, number] = [1, 1, 1, 1]
  const set = (coordinate: number, factor: Rational) => {
    factors[coordinate] = toFloat(factor)
  }
  set(COORDINATE_PRICE, risen)
  set(COORDINATE_PRICE + COORDINATE_FALLS, fallen)
  // One over a price rises when the price falls.
  set(COORDINATE_RECIPROCAL, div(ONE, fallen))
  set(COORDINATE_RECIPROCAL + COORDINATE_FALLS, div(ONE, risen))
  return { ratio: toFloat(ratio), factors }
}
