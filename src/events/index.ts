export type { EventRedis } from './connection.ts'
export { type FollowedEvent, type FollowOptions, type FollowRedis, followEvents } from './follow.ts'
export { type FileInboxOptions, fileInbox } from './inbox-file.ts'
export { INBOX_IDS_MAX, memoryInbox } from './inbox-memory.ts'
export { type EventLogOptions, type EventLogStats, openEventLog, type RedisEventLog } from './log.ts'
export { type Inbox, once } from './once.ts'
export { OUTBOX_EVENTS_MAX, RECENT_EVENTS_MAX } from './outbox.ts'
export { EVENTS_QUEUE_NAME, type QueueConnection } from './queue.ts'
export { JOB_EVENTS_MAX, type JobData, jobDataSchema, marginEventJsonSchema } from './schema.ts'
export { EVENTS_LENGTH_MAX, type EventStreamKeys } from './stream.ts'
export {
  type EventContext,
  HANDLER_CALLS_MAX,
  type SubscribeOptions,
  type Subscription,
  type SubscriptionStats,
  subscribe,
} from './subscriber.ts'
