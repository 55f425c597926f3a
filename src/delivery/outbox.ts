import { counted, type EventRecord, PUBLISH_RECORDS_MAX } from '../domain/index.ts'
import { assert, PlimsollError } from '../errors.ts'
import { type PackedRecord, pack } from './packed.ts'

/** Most bytes of records that wait for stream and queues. Beyond it `publish` throws OUTBOX_FULL. */
export const OUTBOX_BYTES_MAX = 256 * 1024 * 1024
/** The largest record, in bytes, that `hasRoom` expects. The record of an account with 1,000 positions has about 400 kB. */
export const RECORD_BYTES_MAX = 512 * 1024
/**
 * Most bytes of records kept after they reached the queues. They are sent again when Redis comes back without them. What
 * Redis loses beyond them is reported as lost for good; with `appendfsync always` it loses nothing.
 */
export const RECENT_BYTES_MAX = 64 * 1024 * 1024

export interface OutboxLimits {
  readonly outboxBytesMax: number
  readonly recordBytesMax: number
  readonly recentBytesMax: number
}

export const OUTBOX_LIMITS: OutboxLimits = {
  outboxBytesMax: OUTBOX_BYTES_MAX,
  recordBytesMax: RECORD_BYTES_MAX,
  recentBytesMax: RECENT_BYTES_MAX,
}

/** The list gives up its forgotten places when they are this many and more than half of it. */
const COMPACT_RECORDS_MIN = 4_096

/**
 * A queue of records with three cursors, `enqueued ≤ streamed ≤ published`. Sequences count from 1. Each cursor is the
 * last sequence that got so far; `forgotten` is the last sequence whose record is no longer held.
 */
export class Outbox {
  readonly #limits: OutboxLimits
  #records: (PackedRecord | undefined)[] = []
  /** Sequence of the record at place 0. */
  #firstSequence = 1
  #published = 0
  #streamed = 0
  #enqueued = 0
  #forgotten = 0
  #waitingBytes = 0
  #recentBytes = 0

  constructor(limits: OutboxLimits = OUTBOX_LIMITS) {
    this.#limits = limits
  }

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
  /** Bytes of the records that wait. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }
  /** Bytes of all records that are held. */
  get heldBytes(): number {
    return this.#waitingBytes + this.#recentBytes
  }

  /** Whether PUBLISH_RECORDS_MAX more records of RECORD_BYTES_MAX fit. */
  get hasRoom(): boolean {
    const { outboxBytesMax, recordBytesMax } = this.#limits
    return this.#waitingBytes + PUBLISH_RECORDS_MAX * recordBytesMax <= outboxBytesMax
  }

  /** Takes all records, or none when they do not fit (OUTBOX_FULL). */
  push(records: readonly EventRecord[], publishedMs: number): void {
    const packed = records.map((record) => pack(record, publishedMs))
    const waitingBytes = packed.reduce((sum, { bytes }) => sum + bytes, this.#waitingBytes)
    const { outboxBytesMax } = this.#limits
    if (waitingBytes > outboxBytesMax) {
      throw new PlimsollError(
        'OUTBOX_FULL',
        `${counted(records.length, 'more event')} would make ${waitingBytes} bytes waiting for Redis; the limit is ${outboxBytesMax} (OUTBOX_BYTES_MAX)`,
      )
    }
    for (const record of packed) this.#records.push(record)
    this.#waitingBytes = waitingBytes
    this.#published += packed.length
  }

  record(sequence: number): PackedRecord {
    const record = this.#records[sequence - this.#firstSequence]
    assert(record !== undefined, `record ${sequence} is no longer held`)
    return record
  }

  /**
   * The next batch from `first` on: at least one record, none after `last`, at most `recordsMax` records and `bytesMax`
   * bytes.
   */
  batch(first: number, last: number, recordsMax: number, bytesMax: number): PackedRecord[] {
    const batch: PackedRecord[] = []
    let bytes = 0
    for (let sequence = first; sequence <= last && batch.length < recordsMax; sequence++) {
      const record = this.record(sequence)
      bytes += record.bytes
      if (bytes > bytesMax && batch.length > 0) break
      batch.push(record)
    }
    return batch
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
    while (this.#enqueued < sequence) {
      const { bytes } = this.record(++this.#enqueued)
      this.#waitingBytes -= bytes
      this.#recentBytes += bytes
    }
    while (this.#recentBytes > this.#limits.recentBytesMax) this.#forgetOldest()
  }

  /**
   * Puts the cursors back to what Redis holds. Returns how many records the stream lacks and this outbox no longer holds.
   */
  rewind(streamed: number, enqueued: number): number {
    const missing = Math.max(0, this.#forgotten - streamed)
    this.#streamed = Math.max(Math.min(streamed, this.#streamed), this.#forgotten)
    const target = Math.max(Math.min(enqueued, this.#enqueued, this.#streamed), this.#forgotten)
    for (; this.#enqueued > target; this.#enqueued--) {
      const { bytes } = this.record(this.#enqueued)
      this.#recentBytes -= bytes
      this.#waitingBytes += bytes
    }
    return missing
  }

  #forgetOldest(): void {
    const sequence = this.#forgotten + 1
    this.#recentBytes -= this.record(sequence).bytes
    const place = sequence - this.#firstSequence
    this.#records[place] = undefined
    this.#forgotten = sequence
    const forgottenPlaces = place + 1
    if (forgottenPlaces < COMPACT_RECORDS_MIN || forgottenPlaces * 2 < this.#records.length) return
    this.#records = this.#records.slice(forgottenPlaces)
    this.#firstSequence += forgottenPlaces
  }
}
