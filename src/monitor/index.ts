export { ContractEnds } from './contract-ends.ts'
export { eventId, marketEventId } from './event-id.ts'
export { isHeld } from './market.ts'
export type { UnfilledGap } from './market-transition.ts'
export { Monitor } from './monitor.ts'
export type {
  LogIdentity,
  MonitorObserver,
  MonitorOptions,
  ObservedMark,
} from './options.ts'
export { TRANSITIONS_WAITING_MAX } from './outbox-full.ts'
export { PENDING_TICKS_MAX } from './pending-ticks.ts'
export { SLICE_MS } from './turns.ts'
