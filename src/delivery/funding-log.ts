import {
  type Clock,
  counted,
  describeIssue,
  FUNDING_RECORDS_JOINED,
  FUNDING_RECORDS_MAX,
  type FundingLog,
  type FundingRecord,
  type FundingSchedule,
  fundingTermsSchema,
  IN_OUR_WORDS,
  venueId,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { jsonOf } from '../input/index.ts'
import { type RedisCommands, scanHash } from '../redis/index.ts'
import { sleep, waitAtMost } from '../system/index.ts'
import { Loop } from './loop.ts'
import { WRITE_FUNDING } from './scripts.ts'

/** Writes that may wait for Redis; one more stops the worker with OUTBOX_FULL. 1,000 markets have so many in a week. */
export const FUNDING_WRITES_MAX = 100_000
/** Writes of one script. */
const BATCH_WRITES = 200
const READ_BATCH = 1_000
/** `close` waits so long for what is not written. */
const CLOSE_WAIT_MS = 500
const CLOSE_POLL_MS = 10

const RECORD = 'record'
const NEXT = 'next'
const UNKNOWN = 'unknown'

export interface FundingLogOptions {
  readonly redis: RedisCommands
  /** The hash: `record <venue> <symbol> <fundingTimeMs>` → terms, `next <venue> <symbol>` → nextFundingTimeMs. */
  readonly key: string
  readonly clock: Clock
  /** Gets records once they are kept, each with the terms that are kept. */
  readonly kept: (records: readonly FundingRecord[]) => void
  readonly fault: (error: PlimsollError) => void
  /** A bug: the log ends. */
  readonly failed: (error: Error) => void
}

/** `first`: only if the field is not there. */
type Mode = 'first' | 'set' | 'delete'

interface Write {
  readonly mode: Mode
  readonly field: string
  readonly value: string
  readonly record?: FundingRecord
}

/** The funding times in Redis. What a worker kept first holds for every worker after it: nothing overwrites a record. */
export class RedisFundingLog implements FundingLog {
  readonly #options: FundingLogOptions
  readonly #waiting: Write[] = []
  readonly #loop: Loop
  readonly #running: Promise<void>
  /** The times that are kept, by market. */
  readonly #kept = new Map<string, number[]>()

  constructor(options: FundingLogOptions) {
    const { clock, fault, failed } = options
    this.#options = options
    this.#loop = new Loop({
      clock,
      step: () => this.#step(),
      failed: (error, first) => {
        if (first) fault(this.#outage(error))
      },
    })
    this.#running = this.#loop.run().catch(failed)
  }

  /** What earlier workers kept. Call before anything is recorded. A record that cannot be read is reported, and unknown. */
  async load(): Promise<{ records: FundingRecord[]; schedules: FundingSchedule[] }> {
    const records = new Map<string, FundingRecord>()
    const schedules = new Map<string, FundingSchedule>()
    for await (const page of scanHash(this.#options.redis, this.#options.key, () => READ_BATCH)) {
      for (const [field, text] of page) {
        const entry = entryOf(field, text)
        if ('fault' in entry) this.#options.fault(entry.fault)
        if (entry.record !== undefined) records.set(field, entry.record)
        if (entry.schedule !== undefined) schedules.set(field, entry.schedule)
      }
    }
    const inOrder = [...records.values()].sort((left, right) => left.fundingTimeMs - right.fundingTimeMs)
    for (const record of inOrder) this.#count(record)
    return { records: inOrder, schedules: [...schedules.values()] }
  }

  record(record: FundingRecord): void {
    this.#push({ mode: 'first', field: fieldOf(record), value: JSON.stringify(record.terms), record })
    this.#join(record)
  }

  schedule({ venue, symbol, nextFundingTimeMs }: FundingSchedule): void {
    this.#push({ mode: 'set', field: `${NEXT} ${venue} ${symbol}`, value: String(nextFundingTimeMs) })
  }

  /** Writes what waits, if Redis answers in time. What is left is found as unknown by the next start. */
  async close(): Promise<void> {
    const { clock } = this.#options
    const deadlineMs = clock.monotonicMs() + CLOSE_WAIT_MS
    while (this.#waiting.length > 0 && clock.monotonicMs() < deadlineMs) await sleep(clock, CLOSE_POLL_MS)
    this.#loop.stop()
    await waitAtMost(clock, this.#running, CLOSE_WAIT_MS)
  }

  async #step(): Promise<boolean> {
    if (this.#waiting.length === 0) return false
    const { redis, key, kept } = this.#options
    const batch = this.#waiting.slice(0, BATCH_WRITES)
    const args = batch.flatMap(({ mode, field, value }) => [mode, field, value])
    const found = (await redis.call('EVAL', WRITE_FUNDING, 1, key, ...args)) as (string | Buffer)[]
    this.#waiting.splice(0, batch.length)
    this.#loop.succeeded()
    const records = batch.flatMap(({ field, record }, at) =>
      record === undefined ? [] : [entryOf(field, String(found[at])).record!],
    )
    if (records.length > 0) kept(records)
    return true
  }

  #push(write: Write): void {
    if (this.#waiting.length === FUNDING_WRITES_MAX) {
      const message = `more than ${FUNDING_WRITES_MAX} funding times wait for Redis (FUNDING_WRITES_MAX), so the worker stops`
      throw new PlimsollError('OUTBOX_FULL', message)
    }
    this.#waiting.push(write)
    this.#loop.notify()
  }

  /** Joins the oldest records of a market to an unknown one, as the monitor does, when there are twice as many as count. */
  #join(record: FundingRecord): void {
    const times = this.#count(record)
    if (times.length < 2 * FUNDING_RECORDS_MAX) return
    const joined = times.splice(0, FUNDING_RECORDS_JOINED)
    const lastMs = joined.pop()!
    times.unshift(lastMs)
    for (const fundingTimeMs of joined) {
      this.#push({ mode: 'delete', field: fieldOf({ ...record, fundingTimeMs }), value: '' })
    }
    const field = fieldOf({ ...record, fundingTimeMs: lastMs })
    this.#push({ mode: 'set', field, value: JSON.stringify(UNKNOWN) })
  }

  #count({ venue, symbol, fundingTimeMs }: FundingRecord): number[] {
    const market = `${venue} ${symbol}`
    const times = this.#kept.get(market) ?? []
    this.#kept.set(market, times)
    if (!times.includes(fundingTimeMs)) times.push(fundingTimeMs)
    return times
  }

  #outage(error: unknown): PlimsollError {
    const reason = error instanceof Error ? error.message : String(error)
    const message = `funding waits (${counted(this.#waiting.length, 'entry', 'entries')} now), no account is charged before Redis keeps it: ${reason}`
    return new PlimsollError('REDIS_UNAVAILABLE', message, { cause: error })
  }
}

function fieldOf({ venue, symbol, fundingTimeMs }: Omit<FundingRecord, 'terms'>): string {
  return `${RECORD} ${venue} ${symbol} ${fundingTimeMs}`
}

const TIME = /^[1-9]\d{0,15}$/
const VENUE = /^[a-z][a-z0-9-]{0,31}$/

/** What an entry of the hash says; with a fault, a record whose terms cannot be read is unknown. */
interface Entry {
  readonly record?: FundingRecord
  readonly schedule?: FundingSchedule
  readonly fault?: PlimsollError
}

function entryOf(field: string, text: string): Entry {
  const [kind, venue = '', symbol = '', time = ''] = field.split(' ')
  if (!VENUE.test(venue) || symbol === '') return { fault: unreadable(field, 'it is no entry of funding') }
  const market = { venue: venueId(venue), symbol }
  if (kind === NEXT && TIME.test(text)) return { schedule: { ...market, nextFundingTimeMs: Number(text) } }
  if (kind !== RECORD || !TIME.test(time)) return { fault: unreadable(field, 'it is no entry of funding') }
  const unknown: FundingRecord = { ...market, fundingTimeMs: Number(time), terms: UNKNOWN }
  const value = jsonOf(text)
  if (value === UNKNOWN) return { record: unknown }
  const parsed = fundingTermsSchema.safeParse(value, IN_OUR_WORDS)
  if (parsed.success) return { record: { ...unknown, terms: parsed.data } }
  return { record: unknown, fault: unreadable(field, describeIssue(parsed.error)) }
}

function unreadable(field: string, rule: string): PlimsollError {
  const message = `stored funding ${JSON.stringify(field)} is not valid (${rule}); a payment of that time is unknown: import the accounts anew with a later asOfMs`
  return new PlimsollError('INPUT_INVALID', message, { path: field })
}
