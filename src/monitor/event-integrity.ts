import { type EventIntegrity, type MarginEvent, PRICE_REASON } from '../domain/index.ts'
import { breaksScale, type Doubt, type IntegrityRules } from '../integrity/index.ts'
import type { SeenMark } from './market.ts'

const NO_DOUBTS: readonly Doubt[] = []

function isVerdict(kind: MarginEvent['kind']): boolean {
  return kind !== 'unknown' && kind !== 'closed'
}

/** What is doubtful of the prices of a verdict. Where there is no verdict no price is. */
export function doubtsOf(kind: MarginEvent['kind'], marks: readonly SeenMark[]): readonly Doubt[] {
  if (!isVerdict(kind) || !marks.some(({ doubt }) => doubt !== undefined)) return NO_DOUBTS
  return marks.flatMap(({ doubt }) => doubt ?? [])
}

/** The marks of a verdict of which other venues do not say yet whether they are off scale. Of one that is so they have. */
export function uncomparedOf(kind: MarginEvent['kind'], marks: readonly SeenMark[]): readonly SeenMark[] {
  if (!isVerdict(kind)) return []
  return marks.filter(({ uncompared, doubt }) => uncompared !== undefined && !(doubt && breaksScale(doubt)))
}

/** The reasons of an event, each once. */
export function priceReasons(doubts: readonly Doubt[]): string[] {
  return [...new Set(doubts.flatMap(({ findings }) => findings.map(({ rule }) => `${PRICE_REASON}${rule}`)))]
}

export function integrityFields(doubts: readonly Doubt[], rules: IntegrityRules): EventIntegrity {
  return {
    rules: rules.version,
    markets: doubts.map(({ symbol, markPrice, otherVenues, findings }) => ({
      symbol,
      markPrice,
      otherVenues,
      findings: findings.map((finding) => ({ ...finding })),
    })),
  }
}
