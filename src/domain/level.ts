import { z } from 'zod'

/**
 * A level as text: `0` is safe, `1` is the line. Between them it is a margin ratio, such as `0.7`, or a distance from the
 * line, such as `5%`: the account would be liquidated at prices moved by so much against it.
 */
export type LevelName = string

/** Sign of a level that is a distance. */
export const PERCENT = '%'

/** More warning levels than this are refused. */
export const WARNING_LEVELS_MAX = 16
/** Lowest margin ratio that can be a warning level. Above every fee rate, so that a top-up always helps. */
export const WARNING_LEVEL_MIN: LevelName = '0.05'
/** Farthest and nearest distance from the line that can be a warning level. */
export const WARNING_DISTANCE_MAX: LevelName = '90%'
export const WARNING_DISTANCE_MIN: LevelName = '0.01%'

/** A distance has few decimals, so that two of them differ in f64 wherever the kernel adds them to 1. */
const LEVEL_PATTERN = /^(?:\d{1,15}(?:\.\d{1,18})?|\d{1,2}(?:\.\d{1,4})?%)$/
const LEVEL_RULE = 'must be a margin ratio, such as 0.8, or a distance with at most 4 decimals, such as 5%'
const RATIO_RULE = `levels must rise, the first at least ${WARNING_LEVEL_MIN}, the last below 1`
const DISTANCE_RULE = `distances must fall, the first at most ${WARNING_DISTANCE_MAX}, the last at least ${WARNING_DISTANCE_MIN}`
const ONE_KIND_RULE = 'levels must be all margin ratios or all distances'

export const levelNameSchema = z.string({ error: 'must be a string' }).regex(LEVEL_PATTERN, LEVEL_RULE)

export function isDistance(level: LevelName): boolean {
  return level.endsWith(PERCENT)
}

/**
 * The first warning level that breaks a rule of the list, and the rule: the farthest from the line comes first, all are
 * ratios or all distances. Values are compared as f64, which is what the kernel computes with.
 */
export function levelFaultOf(
  levels: readonly LevelName[],
): { readonly index: number; readonly rule: string } | undefined {
  for (const [index, level] of levels.entries()) {
    const rule = ruleBrokenBy(level, levels[0]!, levels[index - 1])
    if (rule !== undefined) return { index, rule }
  }
  return undefined
}

function ruleBrokenBy(level: LevelName, first: LevelName, before: LevelName | undefined): string | undefined {
  if (!LEVEL_PATTERN.test(level)) return LEVEL_RULE
  if (isDistance(level) !== isDistance(first)) return ONE_KIND_RULE
  const value = figureOf(level)
  if (isDistance(level)) {
    const isNearer = before === undefined ? value <= figureOf(WARNING_DISTANCE_MAX) : value < figureOf(before)
    return isNearer && value >= figureOf(WARNING_DISTANCE_MIN) ? undefined : DISTANCE_RULE
  }
  const isHigher = before === undefined ? value >= figureOf(WARNING_LEVEL_MIN) : value > figureOf(before)
  return isHigher && value < 1 ? undefined : RATIO_RULE
}

function figureOf(level: LevelName): number {
  return Number(isDistance(level) ? level.slice(0, -PERCENT.length) : level)
}

/** The warning levels of an account. Of a list with several faults the first is named. */
export const warningLevelsSchema = z
  .array(z.string({ error: 'must be a string' }), { error: 'must be a list' })
  .max(WARNING_LEVELS_MAX, `must hold at most ${WARNING_LEVELS_MAX} levels`)
  .superRefine((levels, context) => {
    const fault = levelFaultOf(levels)
    if (fault !== undefined) context.addIssue({ code: 'custom', path: [fault.index], message: fault.rule })
  })
