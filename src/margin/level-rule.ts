// Which levels a margin account is judged by.
import {
  counted,
  DECIMAL_PATTERN,
  type Decimal,
  isDistance,
  type LevelName,
  levelFaultOf,
  PERCENT,
  WARNING_LEVELS_MAX,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { compare, formatDecimal, mul, ONE, parseDecimal, type Rational, ZERO } from './rational.ts'

export const DEFAULT_LEVELS: readonly LevelName[] = ['10%', '5%', '2%']
export const DEFAULT_HYSTERESIS: Decimal = '0.01'

/**
 * A level is reached when ratio·marginBalance ≤ maintenanceMargin at prices moved against the account by the distance. A
 * margin ratio is judged at the present prices; a distance and the line have the ratio 1.
 */
export interface Level {
  readonly ratio: Rational
  /** A fraction of each price; 0 for the present prices. */
  readonly distance: Rational
}

/** The levels of a margin account. Level i > 0 is `levels[i − 1]`; level 0 is safe. */
export interface LevelRule {
  /** Warning levels, the farthest from the line first, then the line. */
  readonly levels: readonly Level[]
  /** `0`, then the text of each level: `0`, `10%`, `5%`, `2%`, `1`, or `0`, `0.5`, `0.7`, `0.9`, `1`. */
  readonly names: readonly LevelName[]
  /** A level is left only when the margin balance is this share above what would reach it. */
  readonly hysteresis: Rational
  /** Whether its warning levels are distances. */
  readonly isByDistance: boolean
}

const LINE: Level = { ratio: ONE, distance: ZERO }
const HUNDRED: Rational = { n: 100n, d: 1n }

/**
 * The rule for the given warning levels, the farthest from the line first: all of them margin ratios, or all distances.
 * @throws PlimsollError CONFIGURATION, with the path of the level, for what `levelFaultOf` finds; for more than
 * WARNING_LEVELS_MAX; for a hysteresis outside of [0, 1].
 */
export function levelRule(
  levels: readonly LevelName[] = DEFAULT_LEVELS,
  hysteresis: Decimal = DEFAULT_HYSTERESIS,
): LevelRule {
  if (levels.length > WARNING_LEVELS_MAX)
    throw refusal(
      'levels',
      `levels has ${counted(levels.length, 'entry', 'entries')}, the most is ${WARNING_LEVELS_MAX}`,
    )
  const fault = levelFaultOf(levels)
  if (fault !== undefined) {
    const path = `levels[${fault.index}]`
    throw refusal(path, `${path} is ${levels[fault.index]}, ${fault.rule}`)
  }
  if (!DECIMAL_PATTERN.test(hysteresis))
    throw refusal('hysteresis', `hysteresis is "${hysteresis}", it must be a decimal number`)
  const share = parseDecimal(hysteresis)
  if (compare(share, ZERO) < 0 || compare(share, ONE) > 0)
    throw refusal('hysteresis', `hysteresis is ${hysteresis}, it must be between 0 and 1`)
  const warnings = levels.map(levelOf)
  return {
    levels: [...warnings, LINE],
    names: ['0', ...warnings.map(nameOf), '1'],
    hysteresis: share,
    isByDistance: levels.some(isDistance),
  }
}

/** Lists of own levels whose rules `ownRulesOver` keeps; the rule of a further list is made for each account. */
const OWN_RULES_KEPT_MAX = 10_000

/** Gives the rule for an account by the levels that it carries: without any the standard one, whose hysteresis all have. */
export function ownRulesOver(standard: LevelRule): (own: readonly LevelName[] | undefined) => LevelRule {
  const hysteresis = formatDecimal(standard.hysteresis)
  const kept = new Map<string, LevelRule>()
  return (own) => {
    if (own === undefined) return standard
    const key = own.join(',')
    let rule = kept.get(key)
    if (rule === undefined) {
      rule = levelRule(own, hysteresis)
      if (kept.size < OWN_RULES_KEPT_MAX) kept.set(key, rule)
    }
    return rule
  }
}

/**
 * Orders levels of different rules, the worse first: the line, then distances, the nearest first, then margin ratios, the
 * highest first.
 */
export function worseLevelFirst(left: Level, right: Level): number {
  const [isFar, isOtherFar] = [left.distance.n !== 0n, right.distance.n !== 0n]
  if (isFar && isOtherFar) return compare(left.distance, right.distance)
  if (!isFar && !isOtherFar) return compare(right.ratio, left.ratio)
  const isLine = compare((isFar ? right : left).ratio, ONE) === 0
  return isLine === isFar ? 1 : -1
}

/** The highest level of the rule that is not nearer to the line than the named one; 0 if none is, or if they are of two kinds. */
export function levelUpTo({ levels, names, isByDistance }: LevelRule, name: LevelName): number {
  const exact = names.indexOf(name)
  if (exact >= 0) return exact
  if (isDistance(name) !== isByDistance) return 0
  const { ratio, distance } = levelOf(name)
  const isUpTo = (level: Level) =>
    isByDistance ? compare(level.distance, distance) >= 0 : compare(level.ratio, ratio) <= 0
  return levels.slice(0, -1).findLastIndex(isUpTo) + 1
}

function levelOf(name: LevelName): Level {
  if (!isDistance(name)) return { ratio: parseDecimal(name), distance: ZERO }
  const percent = parseDecimal(name.slice(0, -PERCENT.length))
  return { ratio: ONE, distance: { n: percent.n, d: percent.d * HUNDRED.n } }
}

function nameOf({ ratio, distance }: Level): LevelName {
  return distance.n === 0n ? formatDecimal(ratio) : formatDecimal(mul(distance, HUNDRED)) + PERCENT
}

function refusal(path: string, message: string): PlimsollError {
  return new PlimsollError('CONFIGURATION', message, { path })
}
