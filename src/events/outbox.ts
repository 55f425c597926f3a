import type { EventRecord } from '../domain/index.ts'
import { assert, PlimsollError } from '../errors.ts'

/** Records that may wait for stream and queue. Beyond it `publish` throws OUTBOX_FULL. About 3 kB each. */
export const OUTBOX_EVENTS_MAX = 200_000
/**
 * Records kept after they reached the queue, to send them again when Redis comes back without them: more
 * than two seconds (what `appendfsync everysec` may lose) of a cascade. Older ones are forgotten.
 */
export const RECENT_EVENTS_MAX = 50_000
const SLOTS = OUTBOX_EVENTS_MAX + RECENT_EVENTS_MAX

/**
 * A ring of records with three cursors: `enqueued ≤ streamed ≤ published`, sequences from 1. Each cursor is
 * the last sequence that got so far; `forgotten` is the last that is no longer held.
 */
export class Outbox {
  readonly #slots = new Array<EventRecord | undefined>(SLOTS)
  readonly #publishedMs = new Float64Array(SLOTS)
  #published = 0
  #streamed = 0
  #enqueued = 0
  #forgotten = 0

  get published(): number {
    return this.#published
  }
  get streamed(): number {
    return this.#streamed
  }
  get enqueued(): number {
    return this.#enqueued
  }
  get pending(): number {
    return this.#published - this.#enqueued
  }

  /** Takes all records or, where they do not fit, none (OUTBOX_FULL). */
  push(records: readonly EventRecord[], publishedMs: number): void {
    const waiting = this.pending + records.length
    if (waiting > OUTBOX_EVENTS_MAX) {
      throw new PlimsollError(
        'OUTBOX_FULL',
        `${records.length} more events would make ${waiting} waiting for Redis; the limit is ${OUTBOX_EVENTS_MAX} (OUTBOX_EVENTS_MAX)`,
      )
    }
    for (const record of records) {
      const slot = this.#published % SLOTS
      this.#slots[slot] = record
      this.#publishedMs[slot] = publishedMs
      this.#published++
    }
  }

  record(sequence: number): EventRecord {
    const record = this.#slots[(sequence - 1) % SLOTS]
    assert(record !== undefined && sequence > this.#forgotten, `record ${sequence} is no longer held`)
    return record
  }

  publishedMs(sequence: number): number {
    return this.#publishedMs[(sequence - 1) % SLOTS]!
  }

  advanceStreamed(sequence: number): void {
    assert(
      sequence >= this.#streamed && sequence <= this.#published,
      `streamed cannot advance to ${sequence}`,
    )
    this.#streamed = sequence
  }

  advanceEnqueued(sequence: number): void {
    assert(sequence >= this.#enqueued && sequence <= this.#streamed, `enqueued cannot advance to ${sequence}`)
    this.#enqueued = sequence
    while (this.#forgotten < sequence - RECENT_EVENTS_MAX) {
      this.#slots[this.#forgotten % SLOTS] = undefined
      this.#forgotten++
    }
  }

  /** Puts the cursors back to what Redis holds. Returns how many records the stream lacks that are no longer held. */
  rewind(streamed: number, enqueued: number): number {
    const missing = Math.max(0, this.#forgotten - streamed)
    this.#streamed = Math.max(Math.min(streamed, this.#streamed), this.#forgotten)
    this.#enqueued = Math.max(Math.min(enqueued, this.#enqueued, this.#streamed), this.#forgotten)
    return missing
  }
}
