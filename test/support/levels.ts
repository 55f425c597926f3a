import { levelRule } from '../../src/margin/index.ts'

/** One rule of each kind of levels. */
export const RATIO_RULE = levelRule(['0.5', '0.7', '0.9'])
export const DISTANCE_RULE = levelRule(['10%', '5%', '2%'])

export const RULES = [
  ['margin ratio', RATIO_RULE],
  ['distance', DISTANCE_RULE],
] as const
