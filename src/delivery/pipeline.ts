import type { EventLogCounters, EventRecord, LeftBehind, RestoredProgress } from '../domain/index.ts'
import { assert, type PlimsollError } from '../errors.ts'
import { LatencyHistogram } from '../metrics/index.ts'
import { Waiter, waitAtMost } from '../system/index.ts'
import { withDeadline } from './connection.ts'
import { fenced, outage } from './faults.ts'
import type { Lease } from './lease.ts'
import type { EventLogOptions, RedisEventLog } from './log-types.ts'
import { Loop } from './loop.ts'
import { Outbox } from './outbox.ts'
import { Position } from './position.ts'
import { QueueStage } from './queue-stage.ts'
import type { EventQueues } from './queues.ts'
import { type EarlierProgress, handOn } from './restore.ts'
import type { EventStream, TakeOver } from './stream.ts'
import { StreamStage } from './stream-stage.ts'

const CLOSE_WAIT_MS = 2_000
/** Longest wait at the end for Redis to say what arrived of a batch whose reply was lost. */
const LAST_LOOK_MS = 300
const FLUSH_POLL_MS = 5

/** What a worker that owns the stream needs to deliver events. */
export interface PipelineParts {
  readonly stream: EventStream
  readonly queues: EventQueues
  readonly lease: Lease
  readonly taken: TakeOver
  readonly cursor: string
  readonly earlier: EarlierProgress
}

/**
 * The worker's side of delivery, in three stages:
 *
 * 1. `outbox.ts`: records in order, with one cursor for each later stage.
 * 2. `stream-stage.ts`: compare-and-append to the Redis stream, under ids `<fence>-<sequence>`.
 * 3. `queue-stage.ts`: jobs of 1 to 100 events for every queue, of events that are in the stream.
 *
 * Stages 2 and 3 run in a loop each (`loop.ts`). Both act on one view of Redis (`position.ts`), which is read again whenever
 * it may be wrong.
 */
export class DeliveryPipeline implements RedisEventLog {
  readonly #options: EventLogOptions
  readonly #parts: PipelineParts
  readonly #outbox: Outbox
  readonly #position: Position
  readonly #streamStage: StreamStage
  readonly #streamLoop: Loop
  readonly #queueStage: QueueStage
  readonly #queueLoop: Loop
  readonly #running: Promise<unknown>
  readonly #latency = new LatencyHistogram()
  #floor: number
  #earlier: EarlierProgress['stored']
  #retries = 0
  #stopped = false
  #fenced: PlimsollError | undefined
  readonly #doubt = () => this.#doubtPosition()

  constructor(options: EventLogOptions, parts: PipelineParts) {
    const { stream, queues, taken, cursor, earlier } = parts
    const { clock, keys, fault } = options
    this.#options = options
    this.#parts = parts
    this.#outbox = new Outbox(options.outboxLimits)
    this.#position = new Position(options, stream, taken, cursor)
    const { fence } = this.#position
    // The fence is at least the wall time in ms, and no subject has had that many events: sequences above it are new.
    this.#floor = earlier.unreadable > 0 ? Math.max(taken.floor, fence) : taken.floor
    this.#earlier = earlier.stored
    const shared = {
      outbox: this.#outbox,
      position: this.#position,
      stream,
      enqueued: (sequence: number) => this.#acknowledge(sequence),
    }
    this.#streamStage = new StreamStage({
      ...shared,
      eventsKey: keys.events,
      fault,
      succeeded: () => this.#streamLoop.succeeded(),
      advanced: () => this.#queueLoop.notify(),
      fenced: () => this.#reportFenced(),
    })
    this.#queueStage = new QueueStage({
      ...shared,
      queues,
      logId: taken.logId,
      shard: keys.shard,
      succeeded: () => this.#queueLoop.succeeded(),
      doubted: () => this.#doubtPosition(),
    })
    const loop = (name: string, step: () => Promise<boolean>) =>
      new Loop({ clock, step, failed: (error, first) => this.#repeat(name, error, first) })
    this.#streamLoop = loop('stream', () => this.#streamStage.step())
    this.#queueLoop = loop('queue', () => this.#queueStage.step())
    options.redis.on('ready', this.#doubt)
    this.#running = Promise.all([this.#streamLoop.run(), this.#queueLoop.run()])
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
    this.#outbox.push(records, this.#options.clock.monotonicMs())
    for (const { event, progress } of records) {
      if (progress === null) this.#floor = Math.max(this.#floor, event.sequence)
    }
    this.#streamLoop.notify()
  }

  async flush(timeoutMs: number): Promise<boolean> {
    const { clock } = this.#options
    const target = this.#outbox.published
    const deadlineMs = clock.monotonicMs() + timeoutMs
    const poll = new Waiter()
    while (!this.#hasDelivered(target)) {
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
    await waitAtMost(clock, this.#running, CLOSE_WAIT_MS)
    await this.#lastLook()
    await this.#parts.lease.close()
    try {
      await this.#parts.queues.close()
    } catch (error) {
      fault(outage('queue', this.#outbox.pending, error))
    }
    return this.leftBehind()
  }

  counters(): EventLogCounters {
    const { published, streamed, enqueued, pending, waitingBytes } = this.#outbox
    return {
      published,
      streamed,
      enqueued,
      recovered: this.#queueStage.recovered,
      jobs: this.#queueStage.jobs,
      retries: this.#retries,
      rewinds: this.#streamStage.rewinds,
      leaseFailures: this.#parts.lease.failures,
      queueP50Ms: this.#latency.quantileMs(0.5),
      queueP99Ms: this.#latency.quantileMs(0.99),
      outbox: pending,
      outboxBytes: waitingBytes,
    }
  }

  /** The connection of the queues failed. */
  queueFailed(error: Error): void {
    this.#queueLoop.fail(error)
  }

  /** Another owner may hold the lease; the stream is asked whether it does. */
  leaseLost(): void {
    this.#doubtPosition()
  }

  #acknowledge(last: number): void {
    const nowMs = this.#options.clock.monotonicMs()
    for (let sequence = this.#outbox.enqueued + 1; sequence <= last; sequence++) {
      this.#latency.record(nowMs - this.#outbox.record(sequence).publishedMs)
    }
    this.#outbox.advanceEnqueued(last)
  }

  #hasDelivered(sequence: number): boolean {
    const isViewRight = !this.#position.isDoubtful && this.#position.hasCaughtUp
    return isViewRight && this.#outbox.enqueued >= sequence
  }

  /** Asks Redis what it holds, so that a batch whose reply was lost is not counted as left behind. */
  async #lastLook(): Promise<void> {
    if (!this.#position.isDoubtful || this.#fenced !== undefined) return
    const { clock } = this.#options
    const look = withDeadline(clock, this.#streamStage.readPosition(), LAST_LOOK_MS, 'the last look')
    // When Redis does not answer, only acknowledged events count as arrived.
    await look.catch(() => undefined)
  }

  #doubtPosition(): void {
    this.#position.doubt()
    this.#streamLoop.notify()
  }

  #stop(): void {
    this.#stopped = true
    this.#streamLoop.stop()
    this.#queueLoop.stop()
  }

  #repeat(stage: string, error: unknown, first: boolean): void {
    this.#retries++
    this.#doubtPosition()
    if (first) this.#options.fault(outage(stage, this.#outbox.pending, error))
  }

  #reportFenced(): void {
    const { keys, fault } = this.#options
    this.#fenced = fenced(keys.events, this.#position.top, this.#position.fence, this.#outbox.pending)
    this.#stop()
    fault(this.#fenced)
  }
}
