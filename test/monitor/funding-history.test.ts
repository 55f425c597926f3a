import { describe, expect, it } from 'vitest'
import {
  FUNDING_RECORDS_JOINED,
  FUNDING_RECORDS_MAX,
  type FundingRecord,
  venueId,
} from '../../src/domain/index.ts'
import { FundingHistory } from '../../src/monitor/funding-history.ts'
import { crossPosition } from '../support/accounts.ts'

const BINANCE = venueId('binance')
const record = (fundingTimeMs: number, symbol = 'AUSDT'): FundingRecord => ({
  venue: BINANCE,
  symbol,
  fundingTimeMs,
  terms: { fundingRate: '0.01', markPrice: '1' },
})

describe('the history of funding', () => {
  it('shows an account the records after its balances, up to the last that was applied to it', () => {
    const history = new FundingHistory()
    for (const timeMs of [10, 20, 30]) expect(history.add(record(timeMs))).toBe(true)
    expect(history.add(record(20))).toBe(false)
    expect(history.last).toBe(3)
    const times = (asOfMs: number, upTo: number) =>
      history.recordsOf(BINANCE, 'AUSDT', asOfMs, upTo).map(({ fundingTimeMs }) => fundingTimeMs)
    expect([times(9, 3), times(10, 3), times(9, 2), times(30, 3)]).toEqual([
      [10, 20, 30],
      [20, 30],
      [10, 20],
      [],
    ])
    expect([history.coveredMs(BINANCE, 'AUSDT'), history.coveredMs(BINANCE, 'BUSDT')]).toEqual([30, 0])
  })

  it('says which records concern the positions of an account', () => {
    const history = new FundingHistory()
    history.add(record(10))
    history.add(record(10, 'BUSDT'))
    const concern = (symbol: string, asOfMs: number, from: number, to: number) =>
      history.concern({ venue: BINANCE, positions: [crossPosition(symbol)] }, asOfMs, from, to)
    expect(concern('AUSDT', 9, 0, 2)).toBe(true)
    expect(concern('AUSDT', 10, 0, 2)).toBe(false)
    expect(concern('AUSDT', 9, 1, 2)).toBe(false)
    expect(concern('BUSDT', 9, 1, 2)).toBe(true)
    expect(concern('BUSDT', 9, 0, 1)).toBe(false)
    expect(concern('CUSDT', 9, 0, 2)).toBe(false)
  })

  it('shows the newest 1,000, and that nothing is known before them; the same once older ones are joined', () => {
    const history = new FundingHistory()
    const first = 2 * FUNDING_RECORDS_MAX - 1
    for (let timeMs = 1; timeMs <= first; timeMs++) history.add(record(timeMs))
    const seen = (upTo: number) => history.recordsOf(BINANCE, 'AUSDT', 0, upTo)
    const before = seen(first)
    expect(before).toHaveLength(FUNDING_RECORDS_MAX + 1)
    expect(before.slice(0, 2)).toMatchObject([
      { fundingTimeMs: first - FUNDING_RECORDS_MAX, terms: 'unknown' },
      { fundingTimeMs: first - FUNDING_RECORDS_MAX + 1, terms: { fundingRate: '0.01' } },
    ])
    const behind = seen(first - FUNDING_RECORDS_JOINED + 1)
    // Joins the oldest. Accounts that have not had the last ones see what they saw.
    history.add(record(first + 1))
    expect(seen(first)).toEqual(before)
    expect(seen(first - FUNDING_RECORDS_JOINED + 1)).toEqual(behind)
  })

  it('numbers full minutes among the records; a time of the same minute, or of an earlier one, is none', () => {
    const history = new FundingHistory()
    const minuteMs = 60_000
    expect(history.minuteMs(0)).toBe(0)
    expect([minuteMs + 1, 2 * minuteMs - 1, 0].map((nowMs) => history.addMinuteOf(nowMs))).toEqual([
      true,
      false,
      false,
    ])
    history.add(record(10))
    expect(history.addMinuteOf(4 * minuteMs)).toBe(true)
    expect([0, 1, 2, 3, 9].map((upTo) => history.minuteMs(upTo) / minuteMs)).toEqual([0, 1, 1, 4, 4])
    for (let minute = 5; minute < 3_000; minute++) history.addMinuteOf(minute * minuteMs)
    expect([history.last, history.minuteMs(history.last) / minuteMs]).toEqual([2_998, 2_999])
    expect(history.minuteMs(history.last - 999) / minuteMs).toBe(2_000)
  })
})
