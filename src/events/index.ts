export type { EventRedis } from './connection.ts'
export { EVENTS_QUEUE_NAME, type QueueConnection, queueNameOf } from './event-queue.ts'
export {
  type FollowedEvent,
  type FollowOptions,
  type FollowRedis,
  followEvents,
  parseEvent,
} from './follow.ts'
export { type FileInboxOptions, fileInbox } from './inbox-file.ts'
export { INBOX_IDS_MAX, memoryInbox } from './inbox-memory.ts'
export { type EventContext, HANDLER_CALLS_MAX } from './job-handler.ts'
export type { StartedLog } from './known-logs.ts'
export { LEASE_MS, type OwnerProcess } from './lease.ts'
export type { EventLogOptions, EventLogStats, RedisEventLog } from './log-types.ts'
export { type Inbox, once } from './once.ts'
export { openEventLog } from './open.ts'
export { OUTBOX_BYTES_MAX, type OutboxLimits, RECENT_BYTES_MAX, RECORD_BYTES_MAX } from './outbox.ts'
export { UNREAD_JOBS_MAX } from './queues.ts'
export {
  JOB_BYTES_MAX,
  JOB_EVENTS_MAX,
  type JobData,
  jobDataSchema,
  marginEventJsonSchema,
} from './schema.ts'
export { EVENTS_BYTES_MAX, EVENTS_LENGTH_MAX, type EventStreamKeys, type StreamLimits } from './stream.ts'
export {
  openSubscription,
  type Subscription,
  type SubscriptionOptions,
  type SubscriptionStats,
} from './subscriber.ts'
