export * from './account.ts'
export * from './asset.ts'
export type { AccountVersion, BackfillOutcome, BackfillRequest } from './backfill.ts'
export * from './clock.ts'
export * from './collateral.ts'
export type { ContractSink } from './contract-sink.ts'
export * from './contradiction.ts'
export * from './counted.ts'
export * from './counters.ts'
export * from './decimal.ts'
export * from './event.ts'
export { EVENT_SCHEMA_VERSION, type EventKind, eventKindSchema } from './event-envelope.ts'
export { type EventIntegrity, PRICE_REASON } from './event-integrity.ts'
export {
  JOB_BYTES_MAX,
  JOB_EVENTS_MAX,
  type JobData,
  jobDataSchema,
  marginEventJsonSchema,
} from './event-job.ts'
export * from './event-log.ts'
export type { EventPool, PooledAsset } from './event-pool.ts'
export { EVENTS_QUEUE_NAME, type QueueConnection, queueNameOf } from './event-queue.ts'
export {
  inboxId,
  type OpenRevision,
  openRevisionSchema,
  type RevisedMarket,
  type RevisionEvent,
  revisionEventSchema,
  revisionSubject,
} from './event-revision.ts'
export { type EventRules, eventRulesOf, rulesOfEvent, takePlaces, withPlaces } from './event-rules.ts'
export * from './event-venue.ts'
export * from './fault.ts'
export * from './funding.ts'
export {
  type Gap,
  type GapLogEntries,
  type GapReason,
  gapReasonSchema,
  gapTermsSchema,
  type HeardRange,
  type KeptGap,
  minuteOf,
  type Watermark,
  watermarkTermsSchema,
} from './gap.ts'
export * from './index-price.ts'
export * from './instrument.ts'
export * from './instrument-list.ts'
export * from './level.ts'
export * from './liability.ts'
export * from './margin.ts'
export type { FundingRule, MarginDefaults, PrintedPrice, VenueRatio } from './margin-defaults.ts'
export {
  type Contribution,
  type Liquidation,
  type Maintenance,
  type MarginModel,
  marginalTiers,
  type RiskTier,
  type WholeTier,
} from './margin-model.ts'
export * from './mark-sink.ts'
export { type MarkSource, markSourceSchema } from './mark-source.ts'
export * from './market-feed.ts'
export { ownText } from './own-text.ts'
export * from './progress.ts'
export * from './read-model.ts'
export { FOUR_HOURLY_ROLLOVER_RATE_MAX, ROLLOVER_EVERY_MS } from './rollover.ts'
export { ruleSourceSchema } from './rule-origin.ts'
export * from './rules-import.ts'
export { KnownNames, suggestionOf } from './similar.ts'
export * from './store.ts'
export {
  compareStreamIds,
  EMPTY_STREAM,
  formatStreamId,
  isEarlierId,
  isStreamStart,
  parseStreamId,
  readStreamId,
  STREAM_START_RULE,
  type StreamId,
} from './stream-id.ts'
export type { Underlying, UnderlyingOf } from './underlying.ts'
export * from './venue.ts'
