import type { ConnectionOptions } from 'bullmq'

/** Name of the BullMQ queue of events when no consumer is named. */
export const EVENTS_QUEUE_NAME = 'margin-events'

/** Anything that BullMQ takes as a connection: an ioredis instance or its options. */
export type QueueConnection = ConnectionOptions

/** Name of the queue of a named consumer; without a name, of the only queue. */
export function queueNameOf(consumer?: string): string {
  return consumer === undefined ? EVENTS_QUEUE_NAME : `${EVENTS_QUEUE_NAME}-${consumer}`
}
