import type { MarginMode, VenueId } from '../domain/index.ts'

/** The margin account that an event is about. */
export interface Subject {
  /** As `marginAccountId` makes it. */
  readonly id: string
  /** Id of the account that it is part of. */
  readonly account: string
  readonly venue: VenueId
  readonly marginMode: MarginMode
  readonly currency: string
}
