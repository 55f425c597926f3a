import { accountVersionsSince } from '../book/index.ts'
import type { Config } from '../config.ts'
import { type PublishedLevel, publishedSince } from '../delivery/index.ts'
import type {
  BackfillOutcome,
  BackfillRequest,
  Clock,
  EventLogCounters,
  Gap,
  KeptGap,
  LevelName,
  Random,
  VenueId,
} from '../domain/index.ts'
import { counted } from '../domain/index.ts'
import { MarkHistoryReader, VenueRequests } from '../feed/index.ts'
import type { Log } from '../log.ts'
import type { Steps } from '../margin/index.ts'
import type { Monitor } from '../monitor/index.ts'
import type { RedisCommands, ShardKeys } from '../redis/index.ts'
import { httpGet, httpPost, Slices, waitAtMost } from '../system/index.ts'
import { historyCarrying, VENUE_NAMES } from '../venues/index.ts'
import { every } from './every.ts'
import { changesFromMs, type Filled, GapFiller } from './gap-filler.ts'
import { KeptGaps } from './kept-gaps.ts'
import { publishedIn } from './published-in-gap.ts'
import { SharedVersions } from './shared-versions.ts'

/** Watermarks and gaps are kept so often. */
const KEEP_EVERY_MS = 1_000
/** Gaps that are filled at a time. Requests to a venue have a limit of their own. */
const FILLED_AT_A_TIME = 16
/** Gaps that wait to be filled. Further ones are published as not filled. */
export const GAPS_OPEN_MAX = 10_000
/** At the end of a worker Redis may take so long to keep the last watermarks. */
const CLOSE_WAIT_MS = 500

export interface WorkerBackfillOptions {
  readonly config: Pick<Config, 'streamUrls'>
  readonly redis: RedisCommands
  readonly keys: Pick<ShardKeys, 'accounts' | 'changes' | 'events' | 'gaps'>
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Runs what reaches the monitor, and ends the worker if it throws. */
  readonly guard: (action: () => void) => void
  readonly counters: () => Pick<EventLogCounters, 'published' | 'streamed'>
}

interface OpenGap {
  readonly gap: Gap
  /** Levels that were published by its prices before this worker. */
  readonly published: BackfillRequest['published']
}

/** A gap that is judged, and whose events may not be in the stream yet. */
interface JudgedGap {
  readonly kept: KeptGap
  /** The number of published events that must be in the stream; undefined while events wait for the log. */
  until: number | undefined
}

/**
 * Keeps how far each market is evaluated, and fills gaps: those of connections, and that between the last worker and this one. A gap
 * stays open until its events are in the stream, so that the next worker goes on with those of one that is killed.
 */
export class WorkerBackfill {
  /** By which records of venues are read; what else is asked of them goes through it too. */
  readonly requests: VenueRequests
  readonly #options: WorkerBackfillOptions
  readonly #kept: KeptGaps
  readonly #filler: GapFiller
  readonly #reader: MarkHistoryReader
  readonly #versions: SharedVersions
  #monitor!: Monitor
  readonly #waiting: OpenGap[] = []
  #filling = 0
  readonly #judged: JudgedGap[] = []
  #published: readonly PublishedLevel[] = []
  #startedMs = 0
  /** The request that the monitor has, and those behind it. */
  #judging: Promise<unknown> = Promise.resolve()
  readonly #waits = new Set<() => void>()
  #isClosed = false
  #cancel: () => void = () => undefined

  constructor(options: WorkerBackfillOptions) {
    const { config, redis, keys, clock, random, log } = options
    const { streamUrls: urls } = config
    this.#options = options
    this.requests = new VenueRequests({ clock, random, machine: { httpGet, httpPost } })
    this.#reader = new MarkHistoryReader({ requests: this.requests, log, urls })
    this.#kept = new KeptGaps({ redis, key: keys.gaps, log })
    this.#versions = new SharedVersions((sinceMs) =>
      accountVersionsSince(redis, keys.changes, VENUE_NAMES, sinceMs),
    )
    this.#filler = new GapFiller({
      clock,
      log,
      versionsSince: (sinceMs) => this.#versions.since(sinceMs),
      historyCarrying: (venue, symbol) => historyCarrying(venue, symbol, urls),
      read: (...of) => this.#reader.read(...of),
      beside: (...of) => inSlices(this.#monitor.missed.besideSteps(...of), clock),
      judge: (request) => this.#judge(request),
      sleep: (ms) => this.#sleep(ms),
    })
  }

  /** Gives the monitor what earlier workers evaluated last. Call before the book is loaded. */
  async restore(monitor: Monitor): Promise<void> {
    const { redis, keys, clock, log } = this.#options
    this.#monitor = monitor
    this.#startedMs = clock.nowMs()
    const { watermarks, open } = await this.#kept.load()
    const times = [...watermarks.map(({ eventTimeMs }) => eventTimeMs), ...open.map(({ fromMs }) => fromMs)]
    if (times.length === 0) return
    const { levels, isWhole } = await publishedSince(redis, keys.events, Math.min(...times))
    this.#published = levels
    if (!isWhole)
      log.warn(
        {},
        'the stream of events does not reach back to the last evaluated prices; what was published then may be published again',
      )
    for (const watermark of watermarks) monitor.missed.restoreWatermark(watermark)
    if (watermarks.length > 0)
      monitor.missed.restoreHeardUntil(Math.max(...watermarks.map(({ eventTimeMs }) => eventTimeMs)))
    for (const gap of open) this.#add({ ...gap, held: new Map() })
  }

  /**
   * Up to which time of the venue marks of the market may have been evaluated, by a worker that ended before it kept the last ones;
   * 0 if none was.
   */
  judgedUntilMs(venue: VenueId, symbol: string): number {
    const watermarkMs = this.#kept.watermarkMsOf({ venue, symbol })
    return watermarkMs === 0 ? 0 : watermarkMs + KEEP_EVERY_MS
  }

  /** Call when the book is loaded. */
  open(): void {
    const { clock } = this.#options
    this.#cancel = every(clock, KEEP_EVERY_MS, () => this.#keep())
    this.#fillNext()
  }

  /** A gap whose end was heard. */
  found(gap: Gap): void {
    this.#add(gap)
    this.#fillNext()
  }

  /** Ends every wait: nothing more is given to the monitor. Gaps that are open are left to the next worker. Call before it stops. */
  end(): void {
    this.#isClosed = true
    for (const end of [...this.#waits]) end()
  }

  /** Keeps how far the markets are evaluated. */
  async close(): Promise<void> {
    this.#cancel()
    this.end()
    this.requests.close()
    if (this.#monitor === undefined) return
    this.#endJudged()
    await waitAtMost(this.#options.clock, this.#kept.keep(this.#monitor), CLOSE_WAIT_MS)
  }

  #add(gap: Gap): void {
    const { log } = this.#options
    const { venue, symbol, fromMs, toMs } = gap
    const isEarlier = fromMs < this.#startedMs
    const published = isEarlier ? publishedIn(gap, this.#published) : new Map<string, LevelName[]>()
    this.#kept.open(gap)
    const span = { fromMs, toMs, seconds: Math.round((toMs - fromMs) / 1_000) }
    log.info({ venue, symbol, ...span }, 'marks were not heard; the record of the venue is asked for them')
    if (this.#waiting.length < GAPS_OPEN_MAX) this.#waiting.push({ gap, published })
    else this.#end(gap, { found: 0, undecided: 0, reasons: ['too-many'] })
  }

  #fillNext(): void {
    while (!this.#isClosed && this.#filling < FILLED_AT_A_TIME) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#filling++
      void this.#fill(next).finally(() => {
        this.#filling--
        this.#fillNext()
      })
    }
  }

  async #fill({ gap, published }: OpenGap): Promise<void> {
    try {
      const filled = await this.#filler.fill(gap, published)
      if (!this.#isClosed) this.#end(gap, filled)
    } catch (error) {
      // A worker that stops leaves the gap to the next one.
      if (!this.#isClosed) this.#fail(gap, error as Error)
    }
  }

  #fail({ venue, symbol }: Gap, error: Error): void {
    this.#options.log.error({ venue, symbol, error: error.message }, 'a gap cannot be filled')
    this.#options.guard(() => {
      throw error
    })
  }

  #end(gap: Gap, filled: Filled): void {
    const { guard, log } = this.#options
    const { venue, symbol, fromMs, toMs } = gap
    const { found, undecided, reasons } = filled
    const isFilled = reasons.length === 0
    const fields = { venue, symbol, fromMs, toMs, found, reasons }
    if (isFilled)
      log.info(fields, `the gap is filled: ${counted(found, 'margin account')} reached a level in it`)
    else {
      log.warn(fields, 'the gap is not filled, or not all of it; what happened in it is not known')
      guard(() => this.#monitor.missed.publishUnfilled(venue, symbol, { fromMs, toMs, reasons, undecided }))
    }
    const kept = this.#kept.ended(gap, filled, isFilled ? 'filled' : 'unfilled')
    this.#judged.push({ kept, until: undefined })
  }

  /** By the terms that accounts had until now. */
  async #judge(request: Omit<BackfillRequest, 'done' | 'versions'>): Promise<BackfillOutcome> {
    const { missed } = this.#monitor
    missed.expect()
    try {
      const versions = await this.#versions.since(changesFromMs(request.gap))
      return await this.#judgeInTurn({ ...request, versions })
    } finally {
      missed.expectNoMore()
    }
  }

  #judgeInTurn(request: Omit<BackfillRequest, 'done'>): Promise<BackfillOutcome> {
    const judged = this.#judging.then(
      () =>
        new Promise<BackfillOutcome>((resolve, reject) => {
          if (this.#isClosed) return reject(stopped())
          this.#options.guard(() => this.#monitor.missed.judge({ ...request, done: resolve }))
        }),
    )
    // The next request goes on whatever becomes of this one, which its caller hears of.
    this.#judging = judged.catch(() => undefined)
    return judged
  }

  #keep(): void {
    this.#endJudged()
    void this.#kept.keep(this.#monitor)
  }

  /** Ends the gaps whose events are in the stream. */
  #endJudged(): void {
    const { published, streamed } = this.#options.counters()
    for (const judged of this.#judged.splice(0)) {
      if (this.#monitor.unpublished === 0) judged.until ??= published
      if (judged.until !== undefined && streamed >= judged.until) this.#kept.set(judged.kept)
      else this.#judged.push(judged)
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = () => {
        cancel()
        this.#waits.delete(end)
        reject(stopped())
      }
      const cancel = this.#options.clock.after(ms, () => {
        this.#waits.delete(end)
        resolve()
      })
      this.#waits.add(end)
      if (this.#isClosed) end()
    })
  }
}

async function inSlices<Answer>(steps: Steps<Answer>, clock: Clock): Promise<Answer> {
  const slices = new Slices(clock)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    if (slices.isOver) await slices.next()
  }
}

function stopped(): Error {
  return new Error('the worker stops')
}
