/** Public API. */

export {
  type FollowOptions,
  follow,
  type OpenBookOptions,
  type OpenedBook,
  openBook,
  type ReadGapsOptions,
  readGaps,
  type SubscribeOptions,
  subscribe,
} from './api/index.ts'
export type { Book, ListOptions } from './book/index.ts'
export { type Config, loadConfig } from './config.ts'
export type {
  Account,
  AccountView,
  AccountWrite,
  Clock,
  Cure,
  Decimal,
  EventKind,
  GapLogEntries,
  GapReason,
  InstrumentRules,
  KeptGap,
  MarginAccountPage,
  MarginAccountQuery,
  MarginEvent,
  MarginState,
  MarketEvent,
  MarketEventKind,
  MarketFeed,
  MarketView,
  PlimsollEvent,
  Position,
  PositionState,
  ReadModel,
  RevisionEvent,
  RiskTier,
  RuleBook,
  Venue,
  VenueEvent,
  VenueEventKind,
  VenueId,
  Verdict,
  Watermark,
  WorkerCounters,
  WriteResult,
} from './domain/index.ts'
export {
  EVENTS_QUEUE_NAME,
  inboxId,
  instrumentRulesSchema,
  marginEventJsonSchema,
  marginEventSchema,
  marketEventSchema,
  plimsollEventSchema,
  queueNameOf,
  revisionEventSchema,
  venueEventSchema,
} from './domain/index.ts'
export { type FaultCode, PlimsollError } from './errors.ts'
export { KERNEL_VARIANTS, type Kernel, type KernelVariant, openKernel } from './kernel/index.ts'
export { levelRule, marginAccountsOf, marginStateOf } from './margin/index.ts'
export { keysOf } from './redis/index.ts'
export { withRules } from './rules/index.ts'
export {
  type EventContext,
  type FollowedEvent,
  fileInbox,
  type Inbox,
  memoryInbox,
  once,
  type StartedLog,
  type Subscription,
  type SubscriptionStats,
} from './subscriber/index.ts'
export { systemClock } from './system/index.ts'
export { accountSchema, binance, bybit, parseVenueId, ruleBookOf, VENUES, venueOf } from './venues/index.ts'
export { startWorker, type Worker, type WorkerOptions } from './worker/index.ts'
