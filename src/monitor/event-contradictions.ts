import type { MarginEvent } from '../domain/index.ts'
import type { SeenMark } from './market.ts'

/** What an event without a verdict says of terms that venues state otherwise than the rules. */
export function contradictionFields(
  kind: MarginEvent['kind'],
  marks: readonly SeenMark[],
): Pick<MarginEvent, 'contradictions'> {
  if (kind !== 'unknown') return {}
  const contradictions = marks.flatMap(({ symbol, contradictions: of }) =>
    of.map((contradiction) => ({ symbol, ...contradiction })),
  )
  return contradictions.length === 0 ? {} : { contradictions }
}
