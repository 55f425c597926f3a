import type { AccountProgress, EventRecord } from './event.ts'

/**
 * Where events go: the Redis stream first, then the queue. `publish` never blocks and never drops:
 * records wait in a bounded outbox; beyond its limit it throws `OUTBOX_FULL`.
 */
export interface EventLog {
  /** Progress of all accounts as left by earlier runs. Call once, before the first `publish`. */
  restore(into: (account: string, progress: AccountProgress) => void): Promise<void>
  publish(records: readonly EventRecord[]): void
  /** Records that have not reached the queue yet. */
  readonly pending: number
  /** Waits until everything published is in the stream and in the queue, at most `timeoutMs`. */
  flush(timeoutMs: number): Promise<boolean>
  close(): Promise<void>
}
