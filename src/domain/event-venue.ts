import { z } from 'zod'
import { decimalSchema, positiveDecimalSchema } from './decimal.ts'
import { envelope } from './event-envelope.ts'
import { text, timeMs } from './event-fields.ts'
import { integrityRuleSchema } from './event-integrity.ts'

/** Suspect markets that an event of a venue lists; it counts all. */
export const VENUE_MARKETS_LISTED_MAX = 20

export const venueEventKindSchema = z.enum(['venue-suspect', 'venue-clear'])
/** `venue-suspect`: many markets of the venue are suspect at once. `venue-clear`: they are not any more, or nobody holds them. */
export type VenueEventKind = z.infer<typeof venueEventKindSchema>

const suspectMarketSchema = z.object({
  symbol: text("Venue's name of the contract, or of the index price."),
  markPrice: positiveDecimalSchema.describe('Its last suspect price.'),
  rules: z.array(integrityRuleSchema).min(1).describe('The rules that it breaks.'),
})

const limitsSchema = z.object({
  share: decimalSchema.describe('Share of `heldMarkets`, a fraction.'),
  marketsMin: z.int().positive().describe('Least number of them.'),
  withinMs: z.number().describe('Milliseconds in which they have to have a suspect price.'),
  quietMs: z.number().describe('Milliseconds for which fewer have to be suspect, until it is over.'),
})

export const venueEventSchema = z
  .object({
    ...envelope,
    venue: text('Id of the venue.'),
    episode: envelope.episode.describe('Counts the anomalies of the venue; grows, not always from 1.'),
    sequence: envelope.sequence.describe(
      'Counts the events of the venue, without gaps; grows, not always from 1.',
    ),
    kind: venueEventKindSchema.describe(
      '`venue-suspect`: many of its markets are suspect at once. `venue-clear`: that is over.',
    ),
    sinceMs: timeMs('when the first of these suspect prices was received.'),
    suspectMarkets: z
      .int()
      .positive()
      .describe(
        'Markets with a suspect price within `limits.withinMs`; of `venue-clear` the most that this worker saw at once.',
      ),
    heldMarkets: z
      .int()
      .nonnegative()
      .describe('Markets of the venue that margin accounts hold and that have a price.'),
    brokenRules: z
      .array(
        z.object({
          rule: integrityRuleSchema.describe('A rule of price integrity.'),
          markets: z.int().positive().describe('Suspect markets whose price breaks it.'),
        }),
      )
      .describe('What is doubtful of their prices; empty of `venue-clear`.'),
    markets: z
      .array(suspectMarketSchema)
      .max(VENUE_MARKETS_LISTED_MAX)
      .describe(
        `The first ${VENUE_MARKETS_LISTED_MAX} suspect markets, by symbol; empty of \`venue-clear\`.`,
      ),
    limits: limitsSchema.describe('From when on many markets are suspect.'),
    integrityRules: text('Version of the rules of price integrity, with a hash of their terms.'),
    endedBy: z
      .enum(['quiet', 'unheld'])
      .optional()
      .describe(
        'Only of `venue-clear`. `quiet`: fewer markets were suspect for `limits.quietMs`. `unheld`: nobody holds a market of the venue any more.',
      ),
    receivedTimeMs: timeMs(
      'when the frame was received that began or ended it, or the last margin account left.',
    ),
  })
  .meta({
    title: 'VenueEvent',
    description:
      'Prices of many markets of a venue are suspect at once, or that is over. Events of margin accounts are published as ever. Readers ignore fields they do not know.',
  })
export type VenueEvent = Readonly<z.infer<typeof venueEventSchema>>

/** Under which name the progress of a venue is kept. The space cannot be part of a margin account's id. */
export function venueSubject(venue: string): string {
  return `venue ${venue}`
}
