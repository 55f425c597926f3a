import type { Contradiction, Decimal, GapReason, MarketEventKind, MarketProgress } from '../domain/index.ts'
import { isHeld, type Market } from './market.ts'

/** A change of state of a market that is to be published. */
export interface MarketTransition {
  readonly venue: string
  readonly symbol: string
  readonly kind: MarketEventKind
  readonly episode: number
  readonly sequence: number
  readonly sinceMs: number
  readonly marginAccounts: number
  readonly markPrice: Decimal | null
  readonly gap?: UnfilledGap
  /** What stays published of the market, where the transition is none of its state. */
  readonly stays?: Pick<Market['published'], 'stale' | 'expired' | 'delisted' | 'contradictions'>
  /** Of an end that is no expiry. */
  readonly isDelisted?: boolean
  /** Of one without a mark because of them. */
  readonly contradictions?: readonly Contradiction[]
}

/** A gap of which not all is filled. */
export interface UnfilledGap {
  readonly fromMs: number
  readonly toMs: number
  readonly reasons: readonly GapReason[]
  /** Margin accounts of which it could not be said what happened to them, though the record was read. */
  readonly undecided: number
}

/**
 * The transition to publish when the mark of the market or its margin accounts have changed, and `published` after it;
 * undefined when what is published still holds. `sinceMs`: when the market had its last mark, Unix milliseconds. An expiry says
 * in its place when the contract ended.
 */
export function marketTransition(market: Market, sinceMs: number): MarketTransition | undefined {
  const { venue, symbol, published, marginAccounts, expiredMs } = market
  const kind = dueKind(market)
  if (kind === undefined) return undefined
  const isExpiry = kind === 'market-expired'
  const isContradicted = kind === 'market-contradicted'
  const isWithoutMark = isExpiry || isContradicted || kind === 'market-stale'
  // A contract that expires in a silence ends no episode: its market has no mark as before.
  if (isWithoutMark && !published.stale) published.episode++
  published.stale = isWithoutMark
  published.expired = isExpiry
  published.delisted = isExpiry && market.isDelisted
  published.contradictions = isContradicted ? market.contradictions : []
  published.sequence++
  const { episode, sequence } = published
  const markPrice = kind === 'market-fresh' ? market.markText : null
  const since = isExpiry ? expiredMs : sinceMs
  const { delisted: isDelisted, contradictions } = published
  return {
    venue,
    symbol,
    kind,
    episode,
    sequence,
    sinceMs: since,
    marginAccounts,
    markPrice,
    isDelisted,
    contradictions,
  }
}

/** What is to be published of a gap that is not filled, and `published` after it: it is no silence, and begins or ends none. */
export function gapTransition(market: Market, gap: UnfilledGap): MarketTransition {
  const { venue, symbol, published } = market
  published.episode = Math.max(1, published.episode)
  published.sequence++
  const { episode, sequence } = published
  const { fromMs: sinceMs } = gap
  // Where the record itself lacks something, nobody in the market has a whole verdict.
  const isRecordWhole = gap.reasons.every((reason) => reason === 'terms-unknown')
  const marginAccounts = isRecordWhole ? gap.undecided : Math.max(gap.undecided, market.marginAccounts)
  const kind = 'market-gap'
  const { stale, expired, delisted, contradictions } = published
  const stays = { stale, expired, delisted, contradictions }
  return { venue, symbol, kind, episode, sequence, sinceMs, marginAccounts, markPrice: null, gap, stays }
}

/** The end of a silence that an earlier run published, in a market that nobody holds any more. `nowMs`: Unix milliseconds. */
export function closedTransition(
  { venue, symbol, episode, sequence }: MarketProgress,
  nowMs: number,
): MarketTransition {
  return {
    venue,
    symbol,
    kind: 'market-closed',
    episode,
    sequence: sequence + 1,
    sinceMs: nowMs,
    marginAccounts: 0,
    markPrice: null,
  }
}

/** A market that nobody holds has no event, except the one that ends a published silence. */
function dueKind(market: Market): MarketEventKind | undefined {
  const { published, isStale, markText, expiredMs, contradictions } = market
  if (!isHeld(market)) return published.stale ? 'market-closed' : undefined
  if (expiredMs > 0) return published.expired ? undefined : 'market-expired'
  if (contradictions.length > 0)
    return published.contradictions.length > 0 ? undefined : 'market-contradicted'
  if (isStale) return published.stale ? undefined : 'market-stale'
  // A market that an earlier run left stale, and that has had no mark yet, stays stale.
  return published.stale && markText !== '' ? 'market-fresh' : undefined
}
