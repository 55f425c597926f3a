/** Bytes of one frame; the largest known is an array of all Binance marks, 81 kB. A larger one ends the connection. */
export const FRAME_BYTES_MAX = 4 * 1024 * 1024
/** Fragments of one frame, and chunks that wait to be read; beyond these the connection ends. */
export const FRAGMENTS_MAX = 1_024
export const BUFFERED_CHUNKS_MAX = 4_096
/** Single markets refused in a row, none taken, after which the connection ends: the venue refuses everything. */
export const REFUSED_ALONE_MAX = 3
/** Requests for a market that the venue leaves out of its answers; after them the market counts as refused. */
export const ASKED_BY_NAME_MAX = 3
/** Bytes that we sent and the venue has not read. Beyond them a reply to the venue ends the connection. */
export const UNSENT_BYTES_MAX = 1_048_576
/** Each wait before a request of a polled URL is the cadence, shortened or extended by up to this share. */
export const POLL_JITTER_SHARE = 0.1
/** No request of a source for so long, milliseconds, after status 418 or 429 without `Retry-After`. */
export const LIMITED_PAUSE_MS = 60_000
/** Most turns of the event loop for which a late check waits while frames keep coming; then it judges. */
export const READ_TURNS_MAX = 64
/** A venue time further ahead of our clock than this, milliseconds, orders nothing. A clock set by NTP errs far less. */
export const TIME_AHEAD_MAX_MS = 1_000
/** Most characters of a venue's reply in a fault or a log line. */
export const REPLY_CHARACTERS_MAX = 300

/** Every wait of a feed in milliseconds, and what happens at its end. */
export interface FeedLimits {
  /** Connecting and the upgrade. Then the attempt fails. */
  readonly connectTimeoutMs: number
  /**
   * From a request to its reply. Then the feed reconnects, or requests again by name if the venue answers symbol by
   * symbol.
   */
  readonly acknowledgementTimeoutMs: number
  /**
   * From the last reply to the first tick. Then the feed reconnects if no market ticked; if some did, the others stay
   * unknown.
   */
  readonly firstTickTimeoutMs: number
  /** From a market's subscription to its first mark. Then the market is reported to have no mark. */
  readonly firstMarkMs: number
  /**
   * A refused market is requested again after `first · factor^(refusals − 1)`, at most the cap. The same holds for a
   * venue that refuses everything.
   */
  readonly refusalFirstMs: number
  readonly refusalFactor: number
  readonly refusalCapMs: number
  /** From a client ping to the venue's pong. Then the feed reconnects. */
  readonly pongTimeoutMs: number
  /** After this long without a frame a connection that has answered a ping of the protocol is sent another one. */
  readonly lifePingAfterMs: number
  /** From that ping to its pong, or to a frame. Then the feed reconnects. */
  readonly lifePongTimeoutMs: number
  /**
   * After three cadences, and at least this long, without a frame on a connection that ticked, the feed reconnects. The deadline
   * is `checkEveryMs` earlier, because a check may come so much later.
   */
  readonly silenceMinMs: number
  /** The same on a connection that answers pings of the protocol. */
  readonly livingSilenceMinMs: number
  /** After five cadences, and at least this long, without a tick a market is stale; `checkEveryMs` earlier, as above. */
  readonly stalenessMinMs: number
  /** A market silent for this long gets its connection renewed, at most once every `renewalEveryMs`. */
  readonly renewalAfterMs: number
  readonly renewalEveryMs: number
  /** A second socket opens this long before the venue closes the first. */
  readonly overlapMs: number
  /** Full jitter: up to base·2^attempt, never above the cap. */
  readonly backoffBaseMs: number
  readonly backoffCapMs: number
  /** After a connection that lived this long the back-off starts again from its first step. */
  readonly stableAfterMs: number
  /** If more frames of a window than this share are malformed, and at least the minimum, the feed reconnects. */
  readonly malformedWindowMs: number
  readonly malformedShareMax: number
  readonly malformedFramesMin: number
  /** Pause between two log lines of a connection that stays unstable, and of refusals that belong to no request. */
  readonly outageLineEveryMs: number
  /** From a polite close to a hard one. */
  readonly closeTimeoutMs: number
  /** From the request of a polled URL to the end of its body. Then the request fails. */
  readonly pollTimeoutMs: number
  /** A request that failed is repeated after the cadence and a full jitter up to `backoffBaseMs`·2^attempt, at most this. */
  readonly pollBackoffCapMs: number
  /**
   * A failed answer's `Retry-After` counts up to this, and so long all feeds of the source ask nothing. The longest ban of Binance is
   * three days.
   */
  readonly pollPauseMaxMs: number
  /** Pause between two checks of a file that has not grown. */
  readonly followEveryMs: number
  /** How often all of the above is checked. Each check requests at most one refused market again. */
  readonly checkEveryMs: number
  /** A check later than this was delayed: the sockets are read first, and no deadline counts the time. */
  readonly checkLateMs: number
}

/**
 * A half-open connection is found in 3 s, a silent market of a stream of 1 Hz in 5 s: 250 ms of each are those until the next
 * check. Recorded streams of 1 Hz pause for up to 2.4 s. Staleness: BingX calls a mark stale after 5 s, Binance after 10 s, dYdX after 30 s; the earliest is taken. Back-off:
 * the budget of connects prevents storms, so the cap may be short.
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
  lifePingAfterMs: 1_250,
  lifePongTimeoutMs: 1_250,
  silenceMinMs: 2_750,
  livingSilenceMinMs: 4_750,
  stalenessMinMs: 4_750,
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
  pollPauseMaxMs: 259_200_000,
  followEveryMs: 100,
  checkEveryMs: 250,
  checkLateMs: 500,
}
