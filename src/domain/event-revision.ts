import { z } from 'zod'
import { positiveDecimalSchema } from './decimal.ts'
import { envelope, eventKindSchema } from './event-envelope.ts'
import { text, timeMs } from './event-fields.ts'
import { levelNameSchema } from './level.ts'

const confidenceSchema = z.enum(['confirmed', 'retracted', 'undecided'])

const revisedMarketSchema = z.object({
  symbol: text("Venue's name of the contract, or of the index price."),
  markPrice: positiveDecimalSchema.describe('The price that was suspect.'),
  confidence: confidenceSchema.describe('What has become of this price.'),
  by: z
    .enum(['own-marks', 'own-index', 'other-venues', 'market-back', 'time', 'restart', 'too-many'])
    .describe(
      'Why. `own-marks`: further marks of the market stood at it. `own-index`: the index price of the venue was there too. `other-venues`: so were enough other venues. `market-back`: it stood for one mark, the market is back and nothing else was there. `time`: none of these until the limit. `restart`: the worker that watched it ended before the limit. `too-many`: more prices were suspect than are watched.',
    ),
  marks: z
    .int()
    .nonnegative()
    .optional()
    .describe('Of `own-marks` and `market-back`: the further marks that say so.'),
  reference: positiveDecimalSchema.optional().describe('Of `own-index`: the index price.'),
  agree: z.int().positive().optional().describe('Of `other-venues`: venues whose price is within `limit`.'),
  venues: z.int().positive().optional().describe('Of `other-venues`: the fresh ones.'),
  limit: text('Of `own-index` and `other-venues`: the difference that agrees, a fraction.').optional(),
})
/** What has become of a price that was suspect. */
export type RevisedMarket = Readonly<z.infer<typeof revisedMarketSchema>>

const revised = {
  ...envelope,
  id: envelope.id.describe('Id of the event that is revised.'),
  episode: envelope.episode.describe('Of the event that is revised.'),
  sequence: envelope.sequence.describe('Of the event that is revised: a revision has no number of its own.'),
  account: text('Id of the account as it was imported.'),
  marginAccount: text('As in the event that is revised.'),
  revisedKind: eventKindSchema.describe('Kind of the event that is revised.'),
  level: levelNameSchema.describe('Its level.'),
  integrityRules: text('Version of the rules of price integrity that decided, with a hash of their terms.'),
}

export const revisionEventSchema = z
  .object({
    ...revised,
    kind: z
      .literal('revision')
      .describe('`revision`: it is now known, or given up, whether its prices are right.'),
    revision: z.literal(1).describe('Number of the revision; the event itself is 0. It has one at most.'),
    confidence: confidenceSchema.describe(
      '`confirmed`: all of its suspect prices are right. `retracted`: one of them was none of the market. `undecided`: neither is known, and nothing further will come.',
    ),
    markets: z.array(revisedMarketSchema).min(1).describe('Its suspect prices, and what has become of each.'),
    receivedTimeMs: timeMs('when the frame was received that decided it, or the time limit was reached.'),
  })
  .meta({
    title: 'RevisionEvent',
    description:
      'What has become of a suspect event. It changes nothing of the standing of the margin account. Readers ignore fields they do not know.',
  })
export type RevisionEvent = Readonly<z.infer<typeof revisionEventSchema>>

/** What is kept of a suspect event until it is revised, so that a worker that starts meanwhile does it. */
export const openRevisionSchema = z.object({
  ...revised,
  untilMs: timeMs('when it is undecided, if nothing decides it before.'),
  markets: z.array(revisedMarketSchema.pick({ symbol: true, markPrice: true })).min(1),
})
export type OpenRevision = Readonly<z.infer<typeof openRevisionSchema>>

/** Under which name it is kept. The space cannot be part of a margin account's id. */
export function revisionSubject(eventId: string): string {
  return `revision ${eventId}`
}

/** The name under which an inbox notes that the event took effect: a revision is no repeat of its event. */
export function inboxId(event: { readonly id: string; readonly revision?: number }): string {
  return event.revision === undefined ? event.id : `${event.id}/${event.revision}`
}
