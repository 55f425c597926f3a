import { KnownNames, type VenueId, type VenueSource } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { VENUE_NAMES, venueOf } from '../venues/index.ts'

export interface NamedStreams {
  readonly venue: VenueId
  /** All of the venue, at least one, or the one that has the name itself. */
  readonly streams: readonly VenueSource[]
}

/** @throws PlimsollError USAGE for a name that neither a venue nor a stream has. */
export function streamsNamed(name: string): NamedStreams {
  const venue = VENUE_NAMES.get(name)
  if (venue === undefined) {
    const known = [...VENUE_NAMES.keys()]
    const suggestion = new KnownNames(() => known, { withSlips: true }).suggestionFor(name)
    const message = `--venue ${name} is unknown; it must be one of ${known.join(', ')}${suggestion}`
    throw new PlimsollError('USAGE', message)
  }
  const { sources } = venueOf(venue)
  const own = sources.filter(({ id }) => id === name)
  return { venue, streams: own.length > 0 ? own : sources }
}
