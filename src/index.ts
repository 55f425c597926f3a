/** Public API. */

export type { AccountWrite, Book, ListOptions, WriteResult } from './book/index.ts'
export { systemClock } from './clock.ts'
export { type Config, loadConfig } from './config.ts'
export type {
  Account,
  Clock,
  Cure,
  Decimal,
  EventKind,
  InstrumentRules,
  MarginEvent,
  MarginState,
  MarketEvent,
  MarketEventKind,
  PlimsollEvent,
  Position,
  PositionState,
  RiskTier,
  RuleBook,
  Venue,
  VenueId,
  Verdict,
} from './domain/index.ts'
export {
  accountSchema,
  instrumentRulesSchema,
  marginEventSchema,
  marketEventSchema,
  plimsollEventSchema,
} from './domain/index.ts'
export { type FaultCode, PlimsollError } from './errors.ts'
export {
  EVENTS_QUEUE_NAME,
  type EventContext,
  type FollowedEvent,
  fileInbox,
  type Inbox,
  marginEventJsonSchema,
  memoryInbox,
  once,
  queueNameOf,
  type StartedLog,
  type Subscription,
  type SubscriptionStats,
} from './events/index.ts'
export { type FollowOptions, follow } from './follow.ts'
export { KERNEL_VARIANTS, type Kernel, type KernelVariant, openKernel } from './kernel/index.ts'
export { levelRule, marginAccountsOf, marginStateOf } from './margin/index.ts'
export { type OpenBookOptions, type OpenedBook, openBook } from './open-book.ts'
export { keysOf } from './redis/index.ts'
export { type SubscribeOptions, subscribe } from './subscribe.ts'
export { binance, bybit, ruleBookOf, VENUES, venueOf, withRules } from './venues/index.ts'
export { startWorker, type Worker, type WorkerOptions, type WorkerStats } from './worker.ts'
