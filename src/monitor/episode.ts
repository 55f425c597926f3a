import type { EventKind, MarginAccountProgress } from '../domain/index.ts'
import type { MarginAccount } from '../margin/index.ts'

/** What a margin account is found to be: at a level of the rule (0 safe), without a verdict, or gone. */
export type Finding = number | 'unknown' | 'closed'

export interface Transition {
  readonly kind: EventKind
  readonly episode: number
  /** Level before and after, as indexes of the level rule. */
  readonly previousLevel: number
  readonly level: number
  /** The standing after it. */
  readonly open: boolean
  readonly unknown: boolean
}

/** Where a margin account stands. Changed in place: there is one for each watched margin account. */
export interface Standing {
  /** Number of the last episode; 0 before the first. */
  episode: number
  open: boolean
  level: number
  unknown: boolean
  /** The level that an earlier run told is below all present ones. */
  isForeign: boolean
}

/**
 * Applies a finding. Returns the transition to tell, or undefined where nothing changed.
 *
 * A rise opens an episode; inside one the level only rises, and `recovered`, `unknown` or `closed` ends it. So
 * one episode has each (kind, level) at most once, and the id of an event, made of these three, is unique.
 * After `unknown` everything is told afresh: an account that is still in breach must not look recovered.
 */
export function applyFinding(
  standing: Standing,
  finding: Finding,
  breachLevel: number,
): Transition | undefined {
  if (finding === 'closed') return close(standing)
  if (finding === 'unknown') {
    if (standing.unknown) return undefined
    standing.unknown = true
    return transition(standing, 'unknown', standing.level, true)
  }
  const { level, unknown } = standing
  if (finding === level && !isToldAfresh(standing)) return undefined
  standing.unknown = false
  if (finding === 0 || (finding < level && !unknown)) return transition(standing, 'recovered', finding, true)
  return transition(standing, finding === breachLevel ? 'liquidation' : 'warning', finding, false)
}

/** Whether the next verdict is told whatever it is: after `unknown`, and where the level told is not configured any more. */
export function isToldAfresh({ unknown, isForeign }: Standing): boolean {
  return unknown || isForeign
}

/** Whether a level above safe is told and not over. */
export function isToldAbove({ level, isForeign }: Standing): boolean {
  return level > 0 || isForeign
}

function close(standing: Standing): Transition | undefined {
  if (!isToldAbove(standing) && !standing.unknown) return undefined
  standing.unknown = false
  return transition(standing, 'closed', 0, true)
}

function transition(standing: Standing, kind: EventKind, level: number, ends: boolean): Transition {
  if (!standing.open) standing.episode++
  standing.open = !ends
  const previousLevel = standing.level
  standing.level = level
  standing.isForeign = false
  return { kind, episode: standing.episode, previousLevel, level, open: !ends, unknown: standing.unknown }
}

/** The level of a stored progress under the present rule: the highest level that is not above it. */
export function standingOf(
  progress: MarginAccountProgress | undefined,
  levelNames: readonly string[],
): Standing {
  if (progress === undefined) return { episode: 0, open: false, level: 0, unknown: false, isForeign: false }
  const { episode, open, unknown } = progress
  const exact = levelNames.indexOf(progress.level)
  const level =
    exact >= 0 ? exact : levelNames.findLastIndex((name) => Number(name) <= Number(progress.level))
  const isForeign = level === 0 && progress.level !== levelNames[0]
  return { episode, open, level, unknown, isForeign }
}

/** What of a transition must survive a restart. */
export function progressAfter(
  { episode, open, unknown, level }: Transition,
  { venue, marginMode, settle }: Pick<MarginAccount, 'venue' | 'marginMode' | 'settle'>,
  levelNames: readonly string[],
): MarginAccountProgress {
  return { episode, open, unknown, level: levelNames[level]!, venue, marginMode, settle }
}
