export { type ConnectBudget, connectBudget } from './backoff.ts'
export { openFeed } from './feed.ts'
export { type Feeds, openFeeds } from './feeds.ts'
export { GatheredLine } from './gathered.ts'
export { MarkHistoryReader, type MarkHistoryReaderOptions, missingMinutes } from './history.ts'
export { HISTORY_LIMITS, type HistoryLimits } from './history-limits.ts'
export { InstrumentReader, type InstrumentReading } from './instrument-reader.ts'
export { FEED_LIMITS, type FeedLimits } from './limits.ts'
export { MarketData } from './market-data.ts'
export type { MarketStatus } from './markets.ts'
export { Probe, type ProbedFrames, type ProbedMarket, ProbeLog } from './probe.ts'
export type {
  ConnectionState,
  Feed,
  FeedLog,
  FeedMachine,
  FeedOptions,
  FeedSink,
} from './types.ts'
export { RequestFailure, VenueRequests } from './venue-requests.ts'
