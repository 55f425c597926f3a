import type {
  Clock,
  EventLog,
  EventLogCounters,
  LeftBehind,
  QueueConnection,
  Random,
} from '../domain/index.ts'
import type { PlimsollError } from '../errors.ts'
import type { EventRedis } from './connection.ts'
import type { OwnerProcess } from './lease.ts'
import type { OutboxLimits } from './outbox.ts'
import type { OpenQueue } from './queue.ts'
import type { EventStreamKeys, StreamLimits } from './stream.ts'

export interface EventLogOptions {
  /** Used for stream and progress. Its commands must fail, not wait, while Redis is away. */
  readonly redis: EventRedis
  readonly queueConnection: QueueConnection
  /** Default: queues of BullMQ over `queueConnection`. */
  readonly openQueue?: OpenQueue
  readonly keys: EventStreamKeys & { readonly queuePrefix: string }
  /**
   * Named consumers (see `consumersSchema`). Each gets every event in a queue of its own. Without names there is one
   * queue.
   */
  readonly consumers?: readonly string[]
  readonly clock: Clock
  readonly random: Random
  /** Become the owner at once. The present owner of the lease ends with STREAM_FENCED. */
  readonly takeOver?: boolean
  /** Gives up waiting for the lease: `openEventLog` rejects with its reason. */
  readonly signal?: AbortSignal | undefined
  /**
   * Receives faults. REDIS_UNAVAILABLE: once per outage of stream or queues. STREAM_FENCED: once, when another owner took
   * over. REDIS_NO_AOF: Redis lost events that the worker no longer holds. LOG_RENEWED: a new log begins because a part
   * of the old one is missing. INPUT_INVALID: a stored progress or the cursor cannot be read. QUEUE_UNREAD: no subscriber
   * reads a queue.
   */
  readonly fault: (error: PlimsollError) => void
  /** Receives one line for what is not a fault: a new log begins, the worker is a standby, a removed consumer left jobs. */
  readonly notice: (line: string) => void
  readonly owner?: OwnerProcess
  readonly outboxLimits?: OutboxLimits
  readonly streamLimits?: StreamLimits
}

export interface RedisEventLog extends EventLog {
  counters(): EventLogCounters
  /** What `close` would return now. */
  leftBehind(): LeftBehind
}
