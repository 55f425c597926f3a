import { describe, expect, it, onTestFinished } from 'vitest'
import { RedisFundingLog } from '../../src/delivery/index.ts'
import {
  FUNDING_RECORDS_JOINED,
  FUNDING_RECORDS_MAX,
  type FundingRecord,
  type FundingTerms,
  venueId,
} from '../../src/domain/index.ts'
import { systemClock } from '../../src/system/index.ts'
import { useTestRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'

const harness = useTestRedis()
const KEY = 'funding'
const BINANCE = venueId('binance')

const terms = (fundingRate: string): FundingTerms => ({ fundingRate, markPrice: '100' })
const record = (fundingTimeMs: number, of: FundingRecord['terms'] = terms('0.01')): FundingRecord => ({
  venue: BINANCE,
  symbol: '币安人生USDT',
  fundingTimeMs,
  terms: of,
})

/** A log that closes with the test. `isBroken`: Redis answers nothing. */
function openLog(state = { isBroken: false }) {
  const kept: FundingRecord[] = []
  const faults: string[] = []
  const log = new RedisFundingLog({
    redis: {
      call: async (command, ...args) => {
        if (state.isBroken) throw new Error('Connection is closed.')
        return await harness.probe.call(command, ...args)
      },
    },
    key: KEY,
    clock: systemClock,
    kept: (records) => kept.push(...records),
    fault: ({ code, message }) => faults.push(`${code} ${message}`),
    failed: (error) => {
      throw error
    },
  })
  onTestFinished(() => log.close())
  return { log, kept, faults }
}

describe('the log of funding', () => {
  it('gives records back once they are kept, and to the worker after it', async () => {
    const first = openLog()
    first.log.record(record(2, 'unknown'))
    first.log.record(record(1))
    first.log.schedule({ venue: BINANCE, symbol: 'AUSDT', nextFundingTimeMs: 3 })
    first.log.schedule({ venue: BINANCE, symbol: 'AUSDT', nextFundingTimeMs: 4 })
    expect(first.kept).toEqual([])
    await first.log.close()
    expect(first.kept).toEqual([record(2, 'unknown'), record(1)])
    expect(await openLog().log.load()).toEqual({
      records: [record(1), record(2, 'unknown')],
      schedules: [{ venue: BINANCE, symbol: 'AUSDT', nextFundingTimeMs: 4 }],
    })
  })

  it('keeps the first record of a time: a second worker gets that one', async () => {
    const [first, second] = [openLog(), openLog()]
    first.log.record(record(1, terms('0.01')))
    await until(() => first.kept.length === 1)
    second.log.record(record(1, terms('0.02')))
    await until(() => second.kept.length === 1)
    expect(second.kept).toEqual([record(1, terms('0.01'))])
  })

  it('waits while Redis is away, says so once, and goes on', async () => {
    const state = { isBroken: true }
    const { log, kept, faults } = openLog(state)
    log.record(record(1))
    await until(() => faults.length > 0)
    log.record(record(2))
    state.isBroken = false
    await until(() => kept.length === 2)
    expect(faults).toEqual([
      'REDIS_UNAVAILABLE funding waits (1 entry now), no account is charged before Redis keeps it: Connection is closed.',
    ])
  })

  it('takes a record that cannot be read for unknown, and says so', async () => {
    await harness.probe.hset(KEY, 'record binance AUSDT 5', '{"fundingRate":"x"}', 'more', '1')
    const { log, faults } = openLog()
    const { records, schedules } = await log.load()
    expect({ records, schedules }).toEqual({
      records: [{ venue: BINANCE, symbol: 'AUSDT', fundingTimeMs: 5, terms: 'unknown' }],
      schedules: [],
    })
    expect(faults.sort()).toEqual([
      expect.stringContaining('INPUT_INVALID stored funding "more" is not valid (it is no entry of funding)'),
      expect.stringContaining('INPUT_INVALID stored funding "record binance AUSDT 5" is not valid'),
    ])
  })

  it('joins the oldest records of a market to one that is unknown', async () => {
    const { log, kept } = openLog()
    for (let timeMs = 1; timeMs < 2 * FUNDING_RECORDS_MAX; timeMs++) log.record(record(timeMs))
    await until(() => kept.length === 2 * FUNDING_RECORDS_MAX - 1)
    expect(await harness.probe.hlen(KEY)).toBe(2 * FUNDING_RECORDS_MAX - 1)
    log.record(record(2 * FUNDING_RECORDS_MAX))
    await until(() => kept.length === 2 * FUNDING_RECORDS_MAX)
    await log.close()
    const { records } = await openLog().log.load()
    expect(records).toHaveLength(2 * FUNDING_RECORDS_MAX - FUNDING_RECORDS_JOINED + 1)
    expect(records.slice(0, 2)).toEqual([
      record(FUNDING_RECORDS_JOINED, 'unknown'),
      record(FUNDING_RECORDS_JOINED + 1),
    ])
  })
})
