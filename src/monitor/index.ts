export { TRANSITIONS_WAITING_MAX } from './announcer.ts'
export type { Watched, WatchedAccount } from './book.ts'
export { eventId } from './event-id.ts'
export { INBOX_TICKS_MAX } from './inbox.ts'
export { Monitor, SLICE_MS } from './monitor.ts'
export type {
  LogIdentity,
  MonitorCounters,
  MonitorObserver,
  MonitorOptions,
  ObservedMark,
} from './options.ts'
export { type NearAccount, nearest, type StandingCount, standingCounts } from './reader.ts'
