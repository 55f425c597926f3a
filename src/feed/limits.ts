/** Bytes of one frame; the largest known is an array of all Binance marks, 81 kB. A larger one ends the connection. */
export const FRAME_BYTES_MAX = 4 * 1024 * 1024
/** Fragments of one frame, and chunks that wait to be read; beyond these the connection ends. */
export const FRAGMENTS_MAX = 1_024
export const BUFFERED_CHUNKS_MAX = 4_096
/** Markets that a connection is refused one by one, before it took any, until it ends: the venue refuses everything. */
export const REFUSED_ALONE_MAX = 3
/** Requests by name for a market that the venue leaves out when it answers; then the market counts as refused. */
export const ASKED_BY_NAME_MAX = 3
/** Bytes that we sent and the venue has not read; beyond them an answer to it ends the connection. */
export const UNSENT_BYTES_MAX = 1_048_576
/** Each wait before a request of a polled URL is the cadence, shortened or extended by up to this share. */
export const POLL_JITTER_SHARE = 0.1
/** Turns of the event loop that a late check gives the sockets while frames keep coming; then it judges all the same. */
export const READ_TURNS_MAX = 64
/** A venue time further ahead of our clock than this, milliseconds, orders nothing. A clock set by NTP errs far less. */
export const TIME_AHEAD_MAX_MS = 1_000
/** Characters of a venue's reply that are repeated in a fault or a log line. */
export const REPLY_CHARACTERS_MAX = 300

/** Every wait of a feed in milliseconds, and what ends with it. */
export interface FeedLimits {
  /** Connecting and the upgrade; else the attempt fails. */
  readonly connectTimeoutMs: number
  /** From a request to its reply; else reconnect, or ask again by name where the venue answers symbol by symbol. */
  readonly acknowledgementTimeoutMs: number
  /** From the last reply to the first tick. No market ticked: reconnect. Some did: the rest stays unknown. */
  readonly firstTickTimeoutMs: number
  /** From a market's subscription to its first mark; else the market is reported to be without one. */
  readonly firstMarkMs: number
  /** A refused market is asked for again after `first · factor^(refusals − 1)`, at most the cap; so is a venue that refuses everything. */
  readonly refusalFirstMs: number
  readonly refusalFactor: number
  readonly refusalCapMs: number
  /** From a client ping to the venue's pong; else reconnect. */
  readonly pongTimeoutMs: number
  /** No frame for three cadences, and at least this long, on a connection that ticked: reconnect. */
  readonly silenceMinMs: number
  /** No tick of a market for five cadences, and at least this long: the market is stale. */
  readonly stalenessMinMs: number
  /** A market silent for this long gets its connection renewed, at most once every `renewalEveryMs`. */
  readonly renewalAfterMs: number
  readonly renewalEveryMs: number
  /** A second socket opens this long before the venue closes the first. */
  readonly overlapMs: number
  /** Full jitter: up to base·2^attempt, never above the cap. */
  readonly backoffBaseMs: number
  readonly backoffCapMs: number
  /** After a connection that lived this long the back-off begins with its first step. */
  readonly stableAfterMs: number
  /** More malformed frames than this share of a window, and at least the minimum: reconnect. */
  readonly malformedWindowMs: number
  readonly malformedShareMax: number
  readonly malformedFramesMin: number
  /** A connection that stays unstable is one line of the log this often; so are refusals of what was not asked for. */
  readonly outageLineEveryMs: number
  /** From a polite close to a hard one. */
  readonly closeTimeoutMs: number
  /** From the request of a polled URL to the end of its body; else the request fails. */
  readonly pollTimeoutMs: number
  /** A request that failed is repeated after the cadence and a full jitter up to `backoffBaseMs`·2^attempt, at most this. */
  readonly pollBackoffCapMs: number
  /** Between two looks at a file that has not grown. */
  readonly followEveryMs: number
  /** How often all of the above is looked at, at most one refused market being asked for again each time. */
  readonly checkEveryMs: number
  /** A check later than this was held up: the sockets are read empty first, and no deadline counts the time. */
  readonly checkLateMs: number
}

/**
 * Staleness: BingX calls a mark stale after 5 s, Binance after 10 s, dYdX after 30 s; the earliest is taken.
 * Back-off: the budget of connects prevents storms, so that the cap need only be short after an outage.
 */
export const FEED_LIMITS: FeedLimits = {
  connectTimeoutMs: 10_000,
  acknowledgementTimeoutMs: 5_000,
  firstTickTimeoutMs: 5_000,
  firstMarkMs: 30_000,
  refusalFirstMs: 1_000,
  refusalFactor: 2,
  refusalCapMs: 10_000,
  pongTimeoutMs: 10_000,
  silenceMinMs: 5_000,
  stalenessMinMs: 5_000,
  renewalAfterMs: 30_000,
  renewalEveryMs: 300_000,
  overlapMs: 600_000,
  backoffBaseMs: 500,
  backoffCapMs: 4_000,
  stableAfterMs: 10_000,
  malformedWindowMs: 10_000,
  malformedShareMax: 0.01,
  malformedFramesMin: 3,
  outageLineEveryMs: 60_000,
  closeTimeoutMs: 1_000,
  pollTimeoutMs: 10_000,
  pollBackoffCapMs: 60_000,
  followEveryMs: 100,
  checkEveryMs: 250,
  checkLateMs: 500,
}
