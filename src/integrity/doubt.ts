import type { Decimal } from '../domain/index.ts'

/** A rule that a mark may break. The reason on an event is `price-` and its name. */
export type IntegrityRule = 'jump' | 'index' | 'cross-venue' | 'scale' | 'clock'

/** That a mark breaks a rule, with what the rule compared. */
export interface IntegrityFinding {
  readonly rule: IntegrityRule
  /** The price that the mark was compared with; null of `clock`. */
  readonly reference: Decimal | null
  /** What the rule allows: a fraction, of `scale` a factor, of `clock` milliseconds. */
  readonly limit: string
  /** Of `clock`: time of the venue less the time of receipt, milliseconds. */
  readonly skewMs?: number
}

/** A mark that breaks a rule, and what has become of it. One object a mark: all events of the mark share it. */
export interface Doubt {
  /** Number of the market. */
  readonly instrument: number
  readonly symbol: string
  readonly markPrice: Decimal
  /** Time of the venue, Unix milliseconds. */
  readonly eventTimeMs: number
  /** Number of the mark among those of its market. */
  readonly mark: number
  /** The last accepted mark when it came; empty if there was none. */
  readonly accepted: Decimal
  /**
   * The last mark before it that was not off scale, accepted or not. If there was none: of a mark that is off scale what other
   * venues first agreed on, else empty.
   */
  readonly base: Decimal
  readonly findings: readonly IntegrityFinding[]
  /** Other venues of the same underlying that were fresh. Below `venuesMin` they say nothing. */
  readonly otherVenues: number
  /** It may be none of the market: it stood for one mark, apart from the accepted ones around it. undefined until the next one. */
  isSpike: boolean | undefined
}

export function breaksScale({ findings }: Pick<Doubt, 'findings'>): boolean {
  return findings.some(({ rule }) => rule === 'scale')
}

/** Whether the findings are of the rules that the mark of the doubt broke. */
export function breaksTheSame(doubt: Doubt, findings: readonly IntegrityFinding[]): boolean {
  return (
    doubt.findings.length === findings.length &&
    doubt.findings.every(({ rule }, at) => rule === findings[at]!.rule)
  )
}

/** Why a suspect price is right all the same. */
export type Evidence =
  | { readonly by: 'own-index'; readonly reference: Decimal; readonly limit: Decimal }
  | { readonly by: 'other-venues'; readonly agree: number; readonly venues: number; readonly limit: Decimal }
