export { noCounts } from './counts.ts'
export {
  type FollowedEvent,
  type FollowOptions,
  type FollowRedis,
  followEvents,
  parseEvent,
  refuseBadStart,
} from './follow.ts'
export { type FileInboxOptions, fileInbox } from './inbox-file.ts'
export { INBOX_IDS_MAX, memoryInbox } from './inbox-memory.ts'
export { type EventContext, HANDLER_CALLS_MAX } from './job-handler.ts'
export type { StartedLog } from './known-logs.ts'
export { type Inbox, once } from './once.ts'
export {
  openSubscription,
  type Subscription,
  type SubscriptionOptions,
  type SubscriptionStats,
} from './subscription.ts'
