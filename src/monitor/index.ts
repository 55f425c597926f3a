export type { Watched, WatchedAccount } from './book.ts'
export { eventId } from './event-id.ts'
export { INBOX_TICKS_MAX } from './inbox.ts'
export {
  CHANGES_WAITING_MAX,
  Monitor,
  type MonitorCounters,
  type MonitorObserver,
  type MonitorOptions,
  SLICE_MS,
} from './monitor.ts'
export { type NearAccount, nearest } from './nearest.ts'
