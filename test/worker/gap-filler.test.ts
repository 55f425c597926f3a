import { describe, expect, it } from 'vitest'
import {
  type BackfillRequest,
  type Gap,
  MARK_BAR_MS,
  type MarkBar,
  type MarkHistory,
  venueId,
} from '../../src/domain/index.ts'
import { PlimsollError } from '../../src/errors.ts'
import {
  BACKFILL_MINUTES_MAX,
  BAR_SETTLE_MS,
  BESIDE_MAX,
  GapFiller,
  type GapFillerOptions,
} from '../../src/worker/gap-filler.ts'
import { RecordingLog } from '../feed/harness.ts'
import { TestClock } from '../support/clock.ts'

const AT = 1_700_000_040_000
const VENUE = venueId('binance')
const HISTORY = { id: 'history' } as MarkHistory
const bar = (openTimeMs: number): MarkBar => ({ openTimeMs, open: '1', low: '1', high: '1', close: '1' })

function gapOf(fromS: number, toS: number): Gap {
  const times = { fromMs: AT + fromS * 1_000, toMs: AT + toS * 1_000 }
  return { venue: VENUE, symbol: 'AUSDT', ...times, heard: [], held: new Map() }
}

type Judged = Omit<BackfillRequest, 'done' | 'versions'>

/** A filler whose venue has all bars. The clock moves by what it sleeps. */
function filling(options: Partial<GapFillerOptions> = {}, nowS = 1_000) {
  const clock = new TestClock(AT + nowS * 1_000)
  const log = new RecordingLog()
  const judged: Judged[] = []
  const reads: string[] = []
  const slept: number[] = []
  const filler = new GapFiller({
    clock,
    log,
    historyCarrying: () => HISTORY,
    read: async (_, symbol, fromMs, toMs) => {
      reads.push(`${symbol} ${(fromMs - AT) / MARK_BAR_MS} ${(toMs - AT) / MARK_BAR_MS}`)
      const bars: MarkBar[] = []
      for (let at = fromMs; at <= toMs; at += MARK_BAR_MS) bars.push(bar(at))
      return bars
    },
    versionsSince: async () => new Map(),
    beside: async () => new Set(),
    judge: async (request) => {
      judged.push(request)
      return { found: 1, undecided: 0 }
    },
    sleep: async (ms) => {
      slept.push(ms)
      clock.advance(ms)
    },
    ...options,
  })
  const fill = (gap: Gap) => filler.fill(gap, new Map())
  return { fill, judged, reads, slept, log, clock }
}

describe('the filling of a gap', () => {
  it('reads the minutes from its beginning to its end at once when they have ended', async () => {
    const { fill, judged, reads, slept } = filling()
    expect(await fill(gapOf(5, 190))).toEqual({ found: 1, undecided: 0, reasons: [] })
    expect(reads).toEqual(['AUSDT 0 3'])
    expect(slept).toEqual([])
    expect(judged[0]!.minutes).toEqual([0, 1, 2, 3].map((minute) => AT + minute * MARK_BAR_MS))
  })

  it('judges the minutes that have ended first, and the one in which it ends when that has ended', async () => {
    const { fill, judged, reads, slept } = filling({}, 195)
    expect(await fill(gapOf(5, 190))).toEqual({ found: 2, undecided: 0, reasons: [] })
    expect(reads).toEqual(['AUSDT 0 2', 'AUSDT 3 3'])
    expect(judged.map(({ minutes }) => minutes.length)).toEqual([3, 1])
    expect(slept).toEqual([4 * MARK_BAR_MS + BAR_SETTLE_MS - 195_000])
  })

  it('fills the newest minutes of a long one, and says that the others are not filled', async () => {
    const minutes = BACKFILL_MINUTES_MAX + 10
    const { fill, reads } = filling({}, (minutes + 10) * 60)
    const filled = await fill(gapOf(0, minutes * 60))
    expect(filled.reasons).toEqual(['too-long'])
    expect(reads).toEqual([`AUSDT 11 ${minutes}`])
  })

  it('reads the bars of so many markets beside it', async () => {
    const beside = new Set(Array.from({ length: BESIDE_MAX + 1 }, (_, index) => `B${index}USDT`))
    const { fill, judged, reads } = filling({ beside: async () => beside })
    await fill(gapOf(5, 10))
    expect(reads).toHaveLength(1 + BESIDE_MAX)
    expect(judged[0]!.bars.has(`B${BESIDE_MAX - 1}USDT`)).toBe(true)
    expect(judged[0]!.bars.has(`B${BESIDE_MAX}USDT`)).toBe(false)
  })

  it('asks for the markets beside it by the terms that accounts had', async () => {
    const versions = new Map([['a', [{ fromMs: 0, account: undefined }]]])
    const asked: unknown[] = []
    const { fill } = filling({
      versionsSince: async (sinceMs) => {
        asked.push(sinceMs)
        return versions
      },
      beside: async (...of) => {
        asked.push(...of)
        return new Set()
      },
    })
    await fill(gapOf(5, 10))
    expect(asked).toEqual([AT, VENUE, 'AUSDT', versions])
  })

  it('is not done where the venue keeps no record, does not answer, or lacks minutes', async () => {
    const noRecord = filling({ historyCarrying: () => undefined })
    expect(await noRecord.fill(gapOf(5, 190))).toMatchObject({ reasons: ['no-record'] })
    const failed = new PlimsollError('HISTORY_UNAVAILABLE', 'the record does not answer')
    const unavailable = filling({ read: () => Promise.reject(failed) })
    expect(await unavailable.fill(gapOf(5, 190))).toMatchObject({ reasons: ['unavailable'] })
    expect(unavailable.log.messages).toEqual(['the record does not answer'])
    expect(unavailable.judged).toEqual([])
    const lacking = filling({ read: async () => [bar(AT)] })
    expect(await lacking.fill(gapOf(5, 190))).toMatchObject({ found: 1, reasons: ['bars-missing'] })
    expect(lacking.judged[0]!.minutes).toEqual([AT])
  })

  it('says that terms are unknown where accounts are not decided, and throws what is no fault of the venue', async () => {
    const undecided = filling({ judge: async () => ({ found: 0, undecided: 3 }) })
    expect(await undecided.fill(gapOf(5, 190))).toEqual({
      found: 0,
      undecided: 3,
      reasons: ['terms-unknown'],
    })
    const broken = filling({ read: () => Promise.reject(new TypeError('a bug')) })
    await expect(broken.fill(gapOf(5, 190))).rejects.toThrow('a bug')
  })

  it('does not wait for a minute that is far ahead of the clock', async () => {
    const { fill, slept } = filling({}, 0)
    await fill(gapOf(36_000, 36_001))
    expect(Math.max(...slept)).toBe(3 * MARK_BAR_MS)
  })
})
