import {
  FUNDING_RECORDS_JOINED,
  FUNDING_RECORDS_MAX,
  type FundingRecord,
  type Position,
  type VenueId,
} from '../domain/index.ts'
import { FULL_MINUTES, lastDueMs } from '../margin/index.ts'

interface NumberedRecord {
  /** Counts records and minutes, in the order in which they took effect. */
  readonly number: number
  readonly record: FundingRecord
}

/**
 * Full minutes that are remembered. An account for which interest or a rollover falls due takes the number of a new one within
 * four hours and the seconds of a pass over all accounts.
 */
const MINUTES_MAX = 1_000

interface NumberedMinute {
  readonly number: number
  readonly minuteMs: number
}

/**
 * The funding records, and the full minutes up to which interest and rollovers are due, in force: numbered in their order. An account sees those up to the number
 * that was applied to it, so that its balances change at one moment, whatever comes meanwhile.
 */
export class FundingHistory {
  readonly #byVenue = new Map<VenueId, Map<string, NumberedRecord[]>>()
  readonly #minutes: NumberedMinute[] = []
  #last = 0

  /** Number of the last record or minute; 0 without one. */
  get last(): number {
    return this.#last
  }

  /** False for a funding time of which a record is in force. */
  add(record: FundingRecord): boolean {
    const records = this.#require(record)
    if (records.some((known) => known.record.fundingTimeMs === record.fundingTimeMs)) return false
    records.push({ number: ++this.#last, record })
    if (records.length === 2 * FUNDING_RECORDS_MAX) {
      // An account that lacks fewer than FUNDING_RECORDS_JOINED of the newest sees what it saw.
      const joined = records.splice(0, FUNDING_RECORDS_JOINED)
      records.unshift(unknownUntil(joined))
    }
    return true
  }

  /** False for a time whose full minute is in force, or is before the last one: a clock that goes back takes nothing back. */
  addMinuteOf(nowMs: number): boolean {
    const minuteMs = lastDueMs(FULL_MINUTES, nowMs)
    if (minuteMs <= this.minuteMs(this.#last)) return false
    this.#minutes.push({ number: ++this.#last, minuteMs })
    if (this.#minutes.length > MINUTES_MAX) this.#minutes.shift()
    return true
  }

  /** The last full minute up to that number, Unix milliseconds; 0 without one. */
  minuteMs(upTo: number): number {
    for (let at = this.#minutes.length - 1; at >= 0; at--) {
      if (this.#minutes[at]!.number <= upTo) return this.#minutes[at]!.minuteMs
    }
    return 0
  }

  /** Up to when the funding of a market is in the records up to that number; 0 without one. */
  coveredMs(venue: VenueId, symbol: string, upTo = this.#last): number {
    const records = this.#byVenue.get(venue)?.get(symbol) ?? []
    return latestOf(records.filter(({ number }) => number <= upTo))
  }

  /** The records of a market after `asOfMs`, of those up to that number; earlier ones beyond the limit are unknown. */
  recordsOf(venue: VenueId, symbol: string, asOfMs: number, upTo: number): FundingRecord[] {
    const records = this.#byVenue.get(venue)?.get(symbol) ?? []
    const seen = records.filter(({ number, record }) => number <= upTo && record.fundingTimeMs > asOfMs)
    const beyond = seen.splice(0, Math.max(0, seen.length - FUNDING_RECORDS_MAX))
    const known = seen.map(({ record }) => record)
    return beyond.length === 0 ? known : [unknownUntil(beyond).record, ...known]
  }

  /** Whether a record with a number above `from` and up to `to` is of a position of the account and after its balances. */
  concern(
    { venue, positions }: { readonly venue: VenueId; readonly positions: readonly Position[] },
    asOfMs: number,
    from: number,
    to: number,
  ): boolean {
    const bySymbol = this.#byVenue.get(venue)
    if (bySymbol === undefined) return false
    return positions.some(({ symbol }) => {
      const records = bySymbol.get(symbol) ?? []
      for (let at = records.length - 1; at >= 0 && records[at]!.number > from; at--) {
        if (records[at]!.number <= to && records[at]!.record.fundingTimeMs > asOfMs) return true
      }
      return false
    })
  }

  #require({ venue, symbol }: FundingRecord): NumberedRecord[] {
    let bySymbol = this.#byVenue.get(venue)
    if (bySymbol === undefined) {
      bySymbol = new Map()
      this.#byVenue.set(venue, bySymbol)
    }
    let records = bySymbol.get(symbol)
    if (records === undefined) {
      records = []
      bySymbol.set(symbol, records)
    }
    return records
  }
}

function latestOf(records: readonly NumberedRecord[]): number {
  return records.reduce((latest, { record }) => Math.max(latest, record.fundingTimeMs), 0)
}

/** What stands for records of one market that are not kept: nothing is known up to the last of them. */
function unknownUntil(records: readonly NumberedRecord[]): NumberedRecord {
  const { number, record } = records.at(-1)!
  const { venue, symbol } = record
  return { number, record: { venue, symbol, fundingTimeMs: latestOf(records), terms: 'unknown' } }
}
