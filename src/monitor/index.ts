export { TRANSITIONS_WAITING_MAX } from './announcer.ts'
export { eventId } from './event-id.ts'
export { ExpiryTimes } from './expiry-times.ts'
export { Monitor } from './monitor.ts'
export type {
  LogIdentity,
  MonitorObserver,
  MonitorOptions,
  ObservedMark,
} from './options.ts'
export { PENDING_TICKS_MAX } from './pending-ticks.ts'
export { SLICE_MS } from './turns.ts'
