import type { EventKind, MarginAccountProgress } from '../domain/index.ts'
import { type LevelRule, levelUpTo } from '../margin/index.ts'
import type { Subject } from './subject.ts'

/** The result of a look at a margin account: a level of the rule (0 is safe), no verdict, or closed. */
export type Finding = number | 'unknown' | 'closed'

export interface Transition {
  readonly kind: EventKind
  readonly episode: number
  readonly sequence: number
  /** Level before and after, as indexes of the level rule. */
  readonly previousLevel: number
  readonly level: number
  /** Whether an episode is open after it, and whether the account is without a verdict. */
  readonly open: boolean
  readonly unknown: boolean
}

/** What is published of a margin account: its level, episode and numbers. `applyFinding` changes it in place. */
export interface Standing {
  /** Number of the last episode, and of the last event. */
  episode: number
  sequence: number
  open: boolean
  level: number
  unknown: boolean
  /** The published warning level is below all levels of the rule, or of another kind: it was published by another rule. */
  isForeign: boolean
  /** The last event says that a payment of funding is not known. */
  saysFundingUnknown: boolean
}

/**
 * Applies a finding. Returns the transition to publish, or undefined when nothing changed.
 *
 * A rise opens an episode. Inside an episode the level only rises; `recovered`, `unknown` or `closed` ends it. So an
 * episode has each (kind, level) at most once, and the id of an event, made of these three, is unique.
 * After `unknown` the next verdict is published even at an unchanged level, so that an account in breach does not look
 * recovered.
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
  if (finding === level && !mustRepublish(standing)) return undefined
  standing.unknown = false
  if (finding === 0 || (finding < level && !unknown)) return transition(standing, 'recovered', finding, true)
  return transition(standing, finding === breachLevel ? 'liquidation' : 'warning', finding, false)
}

/** The next verdict must be published even if the level is unchanged. */
export function mustRepublish({ unknown, isForeign }: Standing): boolean {
  return unknown || isForeign
}

/** Whether the last published level is above safe. */
export function isAboveSafe({ level, isForeign }: Standing): boolean {
  return level > 0 || isForeign
}

function close(standing: Standing): Transition | undefined {
  if (!isAboveSafe(standing) && !standing.unknown) return undefined
  standing.unknown = false
  return transition(standing, 'closed', 0, true)
}

function transition(standing: Standing, kind: EventKind, level: number, ends: boolean): Transition {
  if (!standing.open) standing.episode++
  standing.sequence++
  standing.open = !ends
  const previousLevel = standing.level
  standing.level = level
  standing.isForeign = false
  const { episode, sequence, unknown } = standing
  return { kind, episode, sequence, previousLevel, level, open: !ends, unknown }
}

/** The standing of a margin account without published history. Its numbers follow the highest that were forgotten. */
export function newStanding(sequenceFloor: number): Standing {
  return {
    episode: sequenceFloor,
    sequence: sequenceFloor,
    open: false,
    level: 0,
    unknown: false,
    isForeign: false,
    saysFundingUnknown: false,
  }
}

/** The standing of a stored progress. Its level is the highest of the rule that is not above the stored one. */
export function standingOf(progress: MarginAccountProgress, rule: LevelRule): Standing {
  const { episode, sequence, open, unknown, saysFundingUnknown = false } = progress
  const level = levelUpTo(rule, progress.level)
  const isForeign = level === 0 && progress.level !== rule.names[0]
  return { episode, sequence, open, level, unknown, isForeign, saysFundingUnknown }
}

/** Turns the level of a standing by one rule into that by another, as `standingOf` does. */
export function toOtherRule(standing: Standing, before: LevelRule, after: LevelRule): void {
  if (standing.level === 0) return
  standing.level = levelUpTo(after, before.names[standing.level]!)
  standing.isForeign = standing.level === 0
}

/** What must survive a restart; null when the account is safe, has a verdict and is in no episode. */
export function progressAfter(
  { episode, sequence, open, unknown, level, saysFundingUnknown }: Omit<Standing, 'isForeign'>,
  subject: Omit<Subject, 'id'>,
  { names }: Pick<LevelRule, 'names'>,
): MarginAccountProgress | null {
  if (level === 0 && !unknown && !open) return null
  const { account, venue, marginMode, currency: settle } = subject
  const numbers = { episode, sequence }
  const of = { account, venue, marginMode, settle }
  const progress = { ...numbers, ...of, open, unknown, level: names[level]! }
  return saysFundingUnknown ? { ...progress, saysFundingUnknown } : progress
}
