import { z } from 'zod'
import { plimsollEventSchema } from './event.ts'
import { EVENT_SCHEMA_VERSION } from './event-envelope.ts'

/** JSON Schema (2020-12) of the payload of every event. Fields that it does not name are allowed. */
export const marginEventJsonSchema = {
  $id: `urn:plimsoll:margin-event:${EVENT_SCHEMA_VERSION}`,
  ...z.toJSONSchema(plimsollEventSchema, { io: 'input' }),
}

/** Events in one job at most: one in quiet times, more in a cascade. */
export const JOB_EVENTS_MAX = 100
/** Bytes of the events of one job. A single larger event is a job of its own. */
export const JOB_BYTES_MAX = 1024 * 1024

/** The envelope of a job. Events are checked one by one, so that a bad one does not take the others with it. */
export const jobDataSchema = z.object({
  schemaVersion: z.literal(EVENT_SCHEMA_VERSION),
  /** The log that the events belong to. A log that starts anew has another id. */
  logId: z.string(),
  shard: z.string(),
  events: z.array(z.unknown()).min(1).max(JOB_EVENTS_MAX),
  /** Ids in the stream of the first and the last event of the job. */
  streamIds: z.object({ first: z.string(), last: z.string() }),
})
export type JobData = z.infer<typeof jobDataSchema>
