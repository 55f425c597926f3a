import type { Decimal } from '../domain/index.ts'
import { isBeyond, isOffScale } from './compare.ts'
import type { IntegrityFinding } from './doubt.ts'
import type { IntegrityTerms } from './rules.ts'

/** A mark and all that it is compared with. An empty text: not known. Times are Unix milliseconds. */
export interface Comparison {
  readonly mark: Decimal
  readonly eventTimeMs: number
  readonly receivedTimeMs: number
  /** The last accepted mark, and its time of the venue. */
  readonly accepted: Decimal
  readonly acceptedTimeMs: number
  /** The last mark that was not off scale, accepted or not. */
  readonly base: Decimal
  /** The fresh index price of the venue. */
  readonly index: Decimal
  /** The median of the other venues, if enough are fresh. */
  readonly median: Decimal
  /** The middle one of the other venues, if most of them agree on its scale. */
  readonly agreed: Decimal
  /** What is allowed for this market. */
  readonly jump: Decimal
  readonly toIndex: Decimal
  readonly crossVenue: Decimal
}

/** The rules that the mark breaks. Exact. */
export function brokenRules(of: Comparison, terms: IntegrityTerms): IntegrityFinding[] {
  const { mark, accepted, index, median, eventTimeMs } = of
  const findings: IntegrityFinding[] = []
  const scale = brokenScale(of, terms)
  if (scale !== undefined) findings.push(scale)
  const isRecent = accepted !== '' && eventTimeMs - of.acceptedTimeMs <= terms.jumpWithinMs
  if (isRecent && isBeyond(mark, accepted, of.jump))
    findings.push({ rule: 'jump', reference: accepted, limit: of.jump })
  if (index !== '' && isBeyond(mark, index, of.toIndex))
    findings.push({ rule: 'index', reference: index, limit: of.toIndex })
  if (median !== '' && isBeyond(mark, median, of.crossVenue))
    findings.push({ rule: 'cross-venue', reference: median, limit: of.crossVenue })
  const skewMs = eventTimeMs - of.receivedTimeMs
  if (Math.abs(skewMs) > terms.clockSkewMaxMs)
    findings.push({ rule: 'clock', reference: null, limit: String(terms.clockSkewMaxMs), skewMs })
  return findings
}

/** A fault of units of one venue may be in its index too: other venues go before it, and far enough off it says nothing. */
function brokenScale(
  { mark, base, accepted, index, agreed }: Comparison,
  { scale, scaleDespiteIndex }: IntegrityTerms,
): IntegrityFinding | undefined {
  const withoutIndex = [base, accepted, agreed].filter((reference) => reference !== '')
  const all = agreed === '' && index !== '' ? [...withoutIndex, index] : withoutIndex
  if (isOffScaleOfAll(mark, all, scale)) return { rule: 'scale', reference: all[0]!, limit: scale }
  if (!isOffScaleOfAll(mark, withoutIndex, scaleDespiteIndex)) return undefined
  return { rule: 'scale', reference: all[0]!, limit: scaleDespiteIndex }
}

/** False where nothing is known. */
export function isOffScaleOfAll(mark: Decimal, known: readonly Decimal[], scale: Decimal): boolean {
  return known.length > 0 && known.every((reference) => isOffScale(mark, reference, scale))
}
