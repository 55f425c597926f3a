import type { RuleBook, Venue, VenueId, VenueStream } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { binance } from './binance.ts'
import { bybit } from './bybit.ts'

export { binance } from './binance.ts'
export { bybit } from './bybit.ts'

/** Every venue that Plimsoll knows. A new venue is one line here. */
export const VENUES: readonly Venue[] = [bybit, binance]

const venues = new Map(VENUES.map((venue) => [venue.id, venue]))
const streams = new Map(VENUES.flatMap((venue) => venue.streams).map((stream) => [stream.id, stream]))

export function venueOf(id: VenueId): Venue {
  return venues.get(id)!
}

export function ruleBookOf(id: VenueId): RuleBook {
  return venueOf(id).ruleBook
}

/** @throws PlimsollError CONFIGURATION for an id that no venue has. */
export function streamOf(streamId: string): VenueStream {
  const stream = streams.get(streamId)
  if (stream !== undefined) return stream
  throw new PlimsollError(
    'CONFIGURATION',
    `stream ${streamId} is unknown; known are ${[...streams.keys()].join(', ')}`,
  )
}

/** The stream of the venue that carries the mark price of `symbol`; undefined where none does. */
export function streamCarrying(id: VenueId, symbol: string): VenueStream | undefined {
  return venueOf(id).streams.find((stream) => stream.carries(symbol))
}
