import type { Contract, MarketFeed } from '../domain/index.ts'

/** A contract whose mark is not asked for any more, and why. */
export interface EndedContract extends Contract {
  readonly state: 'expired' | 'delisted'
}

/** Why a market has no fresh mark, for people. */
export function blindReason({ state, refusal }: MarketFeed): string {
  if (state === 'expired') return 'the contract has expired'
  if (state === 'delisted') return 'the venue does not list the contract any more'
  if (state === 'uncarried') return 'no stream of the venue carries it'
  if (refusal !== null) return `the venue refuses it: ${refusal}`
  return state === 'stale' ? 'its mark is stale' : 'there has been no mark yet'
}
