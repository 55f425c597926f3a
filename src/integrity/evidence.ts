import { isOffScaleOfAll } from './broken-rules.ts'
import { isBeyond, isOnSideOf } from './compare.ts'
import { breaksScale, type Doubt, type Evidence } from './doubt.ts'
import type { IntegrityTerms } from './rules.ts'
import type { Subject } from './subject.ts'

/** What is asked of a price when other prices may confirm it. */
export type StatedPrice = Pick<Doubt, 'instrument' | 'markPrice' | 'accepted' | 'base' | 'findings'>

/** Whether what other prices say at that monotonic time confirms a price that was doubtful. Exact. */
export function evidenceOf(
  price: StatedPrice,
  { index, marks, place, toIndex, crossVenue }: Subject,
  nowMs: number,
  { freshMs, venuesMin, venuesAgreeMin, scale }: IntegrityTerms,
): Evidence | undefined {
  const { markPrice, accepted, base } = price
  const venues = marks?.sortOthers(place, nowMs, freshMs) ?? 0
  if (marks !== undefined && venues >= venuesMin) {
    let agree = 0
    for (let at = 0; at < venues; at++) if (!isBeyond(markPrice, marks.freshAt(at), crossVenue.text)) agree++
    if (agree >= venuesAgreeMin) return { by: 'other-venues', agree, venues, limit: crossVenue.text }
  }
  if (index === undefined || nowMs - index.heardMs > freshMs) return undefined
  // A fault of scale of one venue may be in its index too. A first mark has only other prices to be off scale of.
  const own = [base, accepted].filter((reference) => reference !== '')
  if (breaksScale(price) || isOffScaleOfAll(markPrice, own, scale)) return undefined
  const isShared =
    !isBeyond(markPrice, index.text, toIndex.text) ||
    (accepted !== '' && isOnSideOf(index.text, markPrice, accepted))
  return isShared ? { by: 'own-index', reference: index.text, limit: toIndex.text } : undefined
}
