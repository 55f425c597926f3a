import type { AccountProgress, Clock, EventLog, EventRecord } from '../domain/index.ts'
import { assert, type PlimsollError } from '../errors.ts'
import { LatencyHistogram } from '../histogram.ts'
import type { EventRedis } from './connection.ts'
import { fenced, lostForGood, outage } from './faults.ts'
import { Outbox } from './outbox.ts'
import { ADD_JOBS_MAX, EventQueue, jobsOf, type QueueConnection, type QueuedEvent } from './queue.ts'
import { JOB_EVENTS_MAX } from './schema.ts'
import { Stage, Waiter } from './stage.ts'
import { parseJson, parseProgress } from './stored.ts'
import { APPEND_RECORDS_MAX, EventStream, type EventStreamKeys } from './stream.ts'
import { formatStreamId, parseStreamId } from './stream-id.ts'

const ENQUEUE_EVENTS_MAX = ADD_JOBS_MAX * JOB_EVENTS_MAX
const PROGRESS_BATCH = 1_000
const CLOSE_WAIT_MS = 2_000
const FLUSH_POLL_MS = 5

export interface EventLogOptions {
  /** For stream and progress: commands must fail, not wait, while Redis is away. */
  readonly redis: EventRedis
  readonly queueConnection: QueueConnection
  readonly keys: EventStreamKeys & { readonly queuePrefix: string }
  readonly queueName: string
  readonly clock: Clock
  /** Called once per outage of stream or queue (REDIS_UNAVAILABLE), once when another owner took over (STREAM_FENCED), and when Redis lost events that are no longer held (REDIS_NO_AOF). */
  readonly fault: (error: PlimsollError) => void
}

export interface EventLogStats {
  readonly published: number
  readonly streamed: number
  readonly enqueued: number
  /** Events of an earlier owner that were in the stream but not in the queue. */
  readonly recovered: number
  readonly jobs: number
  /** Steps that failed and were repeated. */
  readonly retries: number
  /** Times that Redis was found to hold less than it had acknowledged. */
  readonly rewinds: number
  /** From `publish` to the acknowledged job, milliseconds. */
  readonly queueP50Ms: number
  readonly queueP99Ms: number
  /** Events that are not in the queue yet. */
  readonly outbox: number
}

export interface RedisEventLog extends EventLog {
  stats(): EventLogStats
}

/**
 * Takes over the stream and starts both stages: outbox → stream (one script per batch) → queue (what is in
 * the stream only). Rejects where Redis cannot be reached. The connections stay the caller's to close.
 */
export async function openEventLog(options: EventLogOptions): Promise<RedisEventLog> {
  const stream = new EventStream(options.redis, options.keys, options.clock)
  const top = await stream.takeOver()
  return new StreamedEventLog(options, stream, top, (await stream.position()).cursor)
}

class StreamedEventLog implements RedisEventLog {
  readonly #options: EventLogOptions
  readonly #clock: Clock
  readonly #stream: EventStream
  readonly #queue: EventQueue
  readonly #outbox = new Outbox()
  readonly #latency = new LatencyHistogram()
  readonly #streaming: Stage
  readonly #enqueuing: Stage
  readonly #running: Promise<unknown>
  readonly #fence: number
  /** Top and cursor as last seen in Redis: the expected values of the next compare-and-set. */
  #top: string
  #cursor: string
  #positionDoubtful = false
  /** Counts the doubts: what was begun before one may have been undone by Redis. */
  #doubts = 0
  /** Last sequence of the batch that begins after the one enqueued last: repeated as it was, its jobs are known to BullMQ. */
  #attempt = { first: 0, last: 0 }
  #stopped = false
  #fenced: PlimsollError | undefined
  #recovered = 0
  #jobs = 0
  #retries = 0
  #rewinds = 0
  readonly #reconnected = () => this.#doubtPosition()

  constructor(options: EventLogOptions, stream: EventStream, top: string, cursor: string) {
    this.#options = options
    this.#clock = options.clock
    this.#stream = stream
    this.#top = top
    this.#cursor = cursor
    this.#fence = parseStreamId(top).fence
    const { queueConnection, keys, queueName, clock } = options
    const stage = (name: string, step: () => Promise<boolean>) =>
      new Stage({ clock, step, failed: (error, first) => this.#repeat(name, error, first) })
    this.#streaming = stage('stream', () => this.#stepStream())
    this.#enqueuing = stage('queue', () => this.#stepQueue())
    this.#queue = new EventQueue(queueConnection, keys.queuePrefix, queueName, clock, (error) =>
      this.#enqueuing.fail(error),
    )
    options.redis.on('ready', this.#reconnected)
    this.#running = Promise.all([this.#streaming.run(), this.#enqueuing.run()])
  }

  get pending(): number {
    return this.#outbox.pending
  }

  async restore(into: (account: string, progress: AccountProgress) => void): Promise<void> {
    for await (const [account, text] of this.#stream.progress(PROGRESS_BATCH)) {
      into(account, parseProgress(account, text))
    }
  }

  publish(records: readonly EventRecord[]): void {
    if (this.#fenced !== undefined) throw this.#fenced
    assert(!this.#stopped, 'publish after close')
    // A journal on the local disk belongs here: records enter the outbox once they are durable in it.
    this.#outbox.push(records, this.#clock.monotonicMs())
    this.#streaming.notify()
  }

  async flush(timeoutMs: number): Promise<boolean> {
    const target = this.#outbox.published
    const deadlineMs = this.#clock.monotonicMs() + timeoutMs
    const poll = new Waiter()
    while (!this.#settledTo(target)) {
      if (this.#stopped || this.#clock.monotonicMs() >= deadlineMs) return false
      await poll.wait(this.#clock, FLUSH_POLL_MS)
    }
    return true
  }

  async close(): Promise<void> {
    this.#stop()
    this.#options.redis.off('ready', this.#reconnected)
    const limit = new Waiter()
    await Promise.race([this.#running, limit.wait(this.#clock, CLOSE_WAIT_MS)])
    limit.notify()
    try {
      await this.#queue.close()
    } catch (error) {
      this.#options.fault(outage('queue', this.#outbox.pending, error))
    }
  }

  stats(): EventLogStats {
    return {
      published: this.#outbox.published,
      streamed: this.#outbox.streamed,
      enqueued: this.#outbox.enqueued,
      recovered: this.#recovered,
      jobs: this.#jobs,
      retries: this.#retries,
      rewinds: this.#rewinds,
      queueP50Ms: this.#latency.quantileMs(0.5),
      queueP99Ms: this.#latency.quantileMs(0.99),
      outbox: this.#outbox.pending,
    }
  }

  async #stepStream(): Promise<boolean> {
    if (this.#positionDoubtful) return this.#readPosition()
    const first = this.#outbox.streamed + 1
    const last = Math.min(this.#outbox.published, first + APPEND_RECORDS_MAX - 1)
    if (last < first) return false
    const records: EventRecord[] = []
    for (let sequence = first; sequence <= last; sequence++) records.push(this.#outbox.record(sequence))
    const top = await this.#stream.append(this.#top, this.#fence, first, records)
    this.#streaming.succeeded()
    if (top === formatStreamId(this.#fence, last)) {
      this.#top = top
      this.#outbox.advanceStreamed(last)
      this.#enqueuing.notify()
    } else {
      this.#doubtPosition()
    }
    return true
  }

  /** Takes over what Redis holds: more than known where a reply was lost, less where Redis went back in time. */
  async #readPosition(): Promise<boolean> {
    this.#positionDoubtful = false
    const doubts = this.#doubts
    const found = await this.#stream.position()
    const [top, cursor] = [parseStreamId(found.top), parseStreamId(found.cursor)]
    if (top.fence > this.#fence || cursor.fence > this.#fence) {
      this.#reportFenced(found.top)
      return true
    }
    // A reconnect while the reply was on its way: what it says may be gone already.
    if (doubts !== this.#doubts) return true
    this.#top = found.top
    this.#cursor = found.cursor
    const streamed = top.fence === this.#fence ? top.sequence : 0
    const enqueued = cursor.fence === this.#fence ? Math.min(cursor.sequence, streamed) : 0
    this.#moveTo(streamed, enqueued)
    // Where events wait, writing decides: a Redis that is full still answers reads.
    if (this.#outbox.streamed === this.#outbox.published) this.#streaming.succeeded()
    this.#enqueuing.notify()
    return true
  }

  #moveTo(streamed: number, enqueued: number): void {
    if (streamed < this.#outbox.streamed || enqueued < this.#outbox.enqueued) {
      this.#rewinds++
      const missing = this.#outbox.rewind(streamed, enqueued)
      if (missing > 0) this.#options.fault(lostForGood(this.#options.keys.events, this.#top, missing))
    }
    if (streamed > this.#outbox.streamed) this.#outbox.advanceStreamed(streamed)
    if (enqueued > this.#outbox.enqueued) this.#acknowledge(enqueued)
  }

  async #stepQueue(): Promise<boolean> {
    if (this.#positionDoubtful) return false
    if (parseStreamId(this.#cursor).fence < this.#fence) return this.#recover()
    const first = this.#outbox.enqueued + 1
    const streamed = this.#outbox.streamed
    if (streamed < first) return false
    if (this.#attempt.first !== first || this.#attempt.last > streamed) {
      this.#attempt = { first, last: Math.min(streamed, first + ENQUEUE_EVENTS_MAX - 1) }
    }
    const { last } = this.#attempt
    const events: QueuedEvent[] = []
    for (let sequence = first; sequence <= last; sequence++) {
      events.push({ id: formatStreamId(this.#fence, sequence), event: this.#outbox.record(sequence).event })
    }
    if (await this.#enqueue(events, formatStreamId(this.#fence, last))) this.#acknowledge(last)
    return true
  }

  /** Enqueues what earlier owners put into the stream only; ends with the cursor on this owner's entry. */
  async #recover(): Promise<boolean> {
    const { events, last } = await this.#stream.readBetween(this.#cursor, this.#fence, ENQUEUE_EVENTS_MAX)
    const queued = events.map(({ id, event }): QueuedEvent => ({ id, event: parseJson(event) }))
    const done = await this.#enqueue(queued, last ?? formatStreamId(this.#fence, 0))
    if (done) this.#recovered += queued.length
    return true
  }

  /**
   * Adds the jobs, then moves the cursor. False where Redis may have restarted in between, taking the jobs
   * back, or held another cursor than the expected one: the position is read first.
   */
  async #enqueue(events: readonly QueuedEvent[], cursor: string): Promise<boolean> {
    const doubts = this.#doubts
    const jobs = jobsOf(events)
    if (jobs.length > 0) await this.#queue.add(jobs)
    if (doubts !== this.#doubts) return false
    const found = await this.#stream.moveCursor(this.#cursor, cursor)
    this.#enqueuing.succeeded()
    if (found !== cursor || doubts !== this.#doubts) {
      this.#doubtPosition()
      return false
    }
    this.#jobs += jobs.length
    this.#cursor = cursor
    return true
  }

  #acknowledge(last: number): void {
    const nowMs = this.#clock.monotonicMs()
    for (let sequence = this.#outbox.enqueued + 1; sequence <= last; sequence++) {
      this.#latency.record(nowMs - this.#outbox.publishedMs(sequence))
    }
    this.#outbox.advanceEnqueued(last)
  }

  #settledTo(sequence: number): boolean {
    const settled = !this.#positionDoubtful && parseStreamId(this.#cursor).fence === this.#fence
    return settled && this.#outbox.enqueued >= sequence
  }

  #doubtPosition(): void {
    this.#positionDoubtful = true
    this.#doubts++
    this.#streaming.notify()
  }

  #stop(): void {
    this.#stopped = true
    this.#streaming.stop()
    this.#enqueuing.stop()
  }

  #repeat(stage: string, error: unknown, first: boolean): void {
    this.#retries++
    this.#doubtPosition()
    if (first) this.#options.fault(outage(stage, this.#outbox.pending, error))
  }

  #reportFenced(top: string): void {
    this.#fenced = fenced(this.#options.keys.events, top, this.#fence, this.#outbox.pending)
    this.#stop()
    this.#options.fault(this.#fenced)
  }
}
