import type { EventRecord, LeftBehind, RestoredProgress } from '../domain/index.ts'
import { formatStreamId } from '../domain/index.ts'
import { assert, type PlimsollError } from '../errors.ts'
import { LatencyHistogram } from '../histogram.ts'
import { Waiter } from '../system/index.ts'
import { withDeadline } from './connection.ts'
import { fenced, lostForGood, outage } from './faults.ts'
import { ENQUEUE_BYTES_MAX, ENQUEUE_EVENTS_MAX, jobsOf, type QueuedEvent } from './jobs.ts'
import type { Lease } from './lease.ts'
import type { EventLogOptions, EventLogStats, RedisEventLog } from './log-types.ts'
import { Outbox } from './outbox.ts'
import { type Arrived, Position } from './position.ts'
import type { EventQueues } from './queues.ts'
import { type EarlierProgress, handOn } from './restore.ts'
import { Stage } from './stage.ts'
import { readQueued } from './stored.ts'
import { APPEND_BYTES_MAX, APPEND_RECORDS_MAX, type EventStream, type TakeOver } from './stream.ts'

const CLOSE_WAIT_MS = 2_000
/** At the end, for asking Redis what arrived of a batch whose reply was lost. */
const LAST_LOOK_MS = 300
const FLUSH_POLL_MS = 5

export interface LogParts {
  readonly stream: EventStream
  readonly queues: EventQueues
  readonly lease: Lease
  readonly taken: TakeOver
  readonly cursor: string
  readonly earlier: EarlierProgress
}

/** The two stages of a log that owns its stream: outbox → stream → queues. */
export class StreamedEventLog implements RedisEventLog {
  readonly #options: EventLogOptions
  readonly #parts: LogParts
  readonly #outbox: Outbox
  readonly #latency = new LatencyHistogram()
  readonly #streaming: Stage
  readonly #enqueuing: Stage
  readonly #running: Promise<unknown>
  readonly #position: Position
  readonly #fence: number
  #floor: number
  #earlier: EarlierProgress['stored']
  /** Last sequence of the batch that begins after the one enqueued last: repeated as it was, its jobs are known to BullMQ. */
  #attempt = { first: 0, last: 0 }
  #stopped = false
  #fenced: PlimsollError | undefined
  #counts = { recovered: 0, jobs: 0, retries: 0, rewinds: 0 }
  readonly #doubt = () => this.#doubtPosition()

  constructor(options: EventLogOptions, parts: LogParts) {
    this.#options = options
    this.#parts = parts
    this.#outbox = new Outbox(options.outboxLimits)
    const { stream, taken, cursor, earlier } = parts
    this.#position = new Position(options, stream, taken, cursor)
    this.#fence = this.#position.fence
    // No subject has ever had as many events as milliseconds have passed since 1970: sequences above the fence are new.
    this.#floor = earlier.unreadable > 0 ? Math.max(taken.floor, this.#fence) : taken.floor
    this.#earlier = earlier.stored
    const { clock } = options
    const stage = (name: string, step: () => Promise<boolean>) =>
      new Stage({ clock, step, failed: (error, first) => this.#repeat(name, error, first) })
    this.#streaming = stage('stream', () => this.#stepStream())
    this.#enqueuing = stage('queue', () => this.#stepQueue())
    options.redis.on('ready', this.#doubt)
    this.#running = Promise.all([this.#streaming.run(), this.#enqueuing.run()])
  }

  get logId(): string {
    return this.#parts.taken.logId
  }
  get sequenceFloor(): number {
    return this.#floor
  }
  get pending(): number {
    return this.#outbox.pending
  }
  get hasRoom(): boolean {
    return this.#outbox.hasRoom
  }

  async restore(into: RestoredProgress): Promise<void> {
    handOn(this.#earlier, into)
    this.#earlier = []
  }

  publish(records: readonly EventRecord[]): void {
    if (this.#fenced !== undefined) throw this.#fenced
    assert(!this.#stopped, 'publish after close')
    // A journal on the local disk belongs here: records enter the outbox once they are durable in it.
    this.#outbox.push(records, this.#options.clock.monotonicMs())
    for (const { event, progress } of records) {
      if (progress === null) this.#floor = Math.max(this.#floor, event.sequence)
    }
    this.#streaming.notify()
  }

  async flush(timeoutMs: number): Promise<boolean> {
    const { clock } = this.#options
    const target = this.#outbox.published
    const deadlineMs = clock.monotonicMs() + timeoutMs
    const poll = new Waiter()
    while (!this.#settledTo(target)) {
      if (this.#stopped || clock.monotonicMs() >= deadlineMs) return false
      await poll.wait(clock, FLUSH_POLL_MS)
    }
    return true
  }

  leftBehind(): LeftBehind {
    const { published, streamed, enqueued } = this.#outbox
    return { notInStream: published - streamed, notInQueues: streamed - enqueued }
  }

  async close(): Promise<LeftBehind> {
    const { redis, clock, fault } = this.#options
    this.#stop()
    redis.off('ready', this.#doubt)
    const limit = new Waiter()
    await Promise.race([this.#running, limit.wait(clock, CLOSE_WAIT_MS)])
    limit.notify()
    await this.#lastLook()
    await this.#parts.lease.close()
    try {
      await this.#parts.queues.close()
    } catch (error) {
      fault(outage('queue', this.#outbox.pending, error))
    }
    return this.leftBehind()
  }

  stats(): EventLogStats {
    const { published, streamed, enqueued, pending, waitingBytes } = this.#outbox
    return {
      ...{ published, streamed, enqueued },
      ...this.#counts,
      leaseFailures: this.#parts.lease.failures,
      queueP50Ms: this.#latency.quantileMs(0.5),
      queueP99Ms: this.#latency.quantileMs(0.99),
      outbox: pending,
      outboxBytes: waitingBytes,
    }
  }

  /** The connection of the queues failed. */
  queueFailed(error: Error): void {
    this.#enqueuing.fail(error)
  }

  /** Another owner may hold the lease: the stream says whether it does. */
  leaseLost(): void {
    this.#doubtPosition()
  }

  async #stepStream(): Promise<boolean> {
    const position = this.#position
    if (position.isDoubtful) return this.#readPosition()
    const first = this.#outbox.streamed + 1
    const batch = this.#outbox.batch(first, this.#outbox.published, APPEND_RECORDS_MAX, APPEND_BYTES_MAX)
    if (batch.length === 0) return false
    const { stream } = this.#parts
    const last = first + batch.length - 1
    const top = await stream.append(position.top, this.#fence, first, batch, position.mustWithdrawLogId)
    this.#streaming.succeeded()
    if (top === formatStreamId(this.#fence, last)) {
      position.top = top
      this.#outbox.advanceStreamed(last)
      this.#enqueuing.notify()
    } else {
      this.#doubtPosition()
    }
    return true
  }

  async #readPosition(): Promise<boolean> {
    const arrived = await this.#position.look()
    if (arrived === 'fenced') this.#reportFenced()
    if (typeof arrived === 'string') return true
    this.#moveTo(arrived)
    // Where events wait, writing decides: a Redis that is full still answers reads.
    if (this.#outbox.streamed === this.#outbox.published) this.#streaming.succeeded()
    this.#enqueuing.notify()
    return true
  }

  #moveTo({ streamed, enqueued }: Arrived): void {
    if (streamed < this.#outbox.streamed || enqueued < this.#outbox.enqueued) {
      this.#counts.rewinds++
      const missing = this.#outbox.rewind(streamed, enqueued)
      if (missing > 0) {
        this.#position.mustWithdrawLogId = true
        this.#options.fault(lostForGood(this.#options.keys.events, this.#position.top, missing))
      }
    }
    if (streamed > this.#outbox.streamed) this.#outbox.advanceStreamed(streamed)
    if (enqueued > this.#outbox.enqueued) this.#acknowledge(enqueued)
  }

  async #stepQueue(): Promise<boolean> {
    if (this.#position.isDoubtful) return false
    if (!this.#position.hasCaughtUp) return this.#recover()
    const first = this.#outbox.enqueued + 1
    const { streamed } = this.#outbox
    const isRepeat = this.#attempt.first === first && this.#attempt.last <= streamed
    const until = isRepeat ? this.#attempt.last : streamed
    const batch = this.#outbox.batch(first, until, ENQUEUE_EVENTS_MAX, ENQUEUE_BYTES_MAX)
    if (batch.length === 0) return false
    const last = first + batch.length - 1
    this.#attempt = { first, last }
    const events = batch.map((record, index): QueuedEvent => {
      const id = formatStreamId(this.#fence, first + index)
      return { id, logId: this.logId, event: record.event, digest: record }
    })
    if (await this.#enqueue(events, formatStreamId(this.#fence, last))) {
      this.#acknowledge(last)
      await this.#parts.queues.reportUnread()
    }
    return true
  }

  /** Enqueues what earlier owners put into the stream only; ends with the cursor on this owner's entry. */
  async #recover(): Promise<boolean> {
    const { stream } = this.#parts
    const from = this.#position.cursor
    const found = await stream.readBetween(from, this.#fence, ENQUEUE_EVENTS_MAX, ENQUEUE_BYTES_MAX)
    const queued = found.events.map((event) => readQueued(event, this.logId))
    const done = await this.#enqueue(queued, found.last ?? formatStreamId(this.#fence, 0))
    if (done) this.#counts.recovered += queued.length
    return true
  }

  /**
   * Adds the jobs, then moves the cursor. False where Redis may have restarted in between, taking the jobs
   * back, or held another cursor than the expected one: the position is read first.
   */
  async #enqueue(events: readonly QueuedEvent[], cursor: string): Promise<boolean> {
    const position = this.#position
    const { generation } = position
    const { stream, queues } = this.#parts
    const jobs = jobsOf(events, this.#options.keys.shard)
    if (jobs.length > 0) await queues.add(jobs)
    if (generation !== position.generation) return false
    const found = await stream.moveCursor(position.cursor, cursor)
    this.#enqueuing.succeeded()
    if (found !== cursor || generation !== position.generation) {
      this.#doubtPosition()
      return false
    }
    this.#counts.jobs += jobs.length
    position.cursor = cursor
    return true
  }

  #acknowledge(last: number): void {
    const nowMs = this.#options.clock.monotonicMs()
    for (let sequence = this.#outbox.enqueued + 1; sequence <= last; sequence++) {
      this.#latency.record(nowMs - this.#outbox.record(sequence).publishedMs)
    }
    this.#outbox.advanceEnqueued(last)
  }

  #settledTo(sequence: number): boolean {
    const isSettled = !this.#position.isDoubtful && this.#position.hasCaughtUp
    return isSettled && this.#outbox.enqueued >= sequence
  }

  /** What is left behind is counted on what Redis holds, also where its last replies were lost. */
  async #lastLook(): Promise<void> {
    if (!this.#position.isDoubtful || this.#fenced !== undefined) return
    const look = withDeadline(this.#options.clock, this.#readPosition(), LAST_LOOK_MS, 'the last look')
    // Where Redis does not answer, what is known to have arrived is counted as such and nothing else.
    await look.catch(() => undefined)
  }

  #doubtPosition(): void {
    this.#position.doubt()
    this.#streaming.notify()
  }

  #stop(): void {
    this.#stopped = true
    this.#streaming.stop()
    this.#enqueuing.stop()
  }

  #repeat(stage: string, error: unknown, first: boolean): void {
    this.#counts.retries++
    this.#doubtPosition()
    if (first) this.#options.fault(outage(stage, this.#outbox.pending, error))
  }

  #reportFenced(): void {
    const { keys } = this.#options
    this.#fenced = fenced(keys.events, this.#position.top, this.#fence, this.#outbox.pending)
    this.#stop()
    this.#options.fault(this.#fenced)
  }
}
