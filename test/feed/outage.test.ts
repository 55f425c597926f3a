import { describe, expect, it } from 'vitest'
import { FEED_LIMITS } from '../../src/feed/index.ts'
import { OutageLog } from '../../src/feed/outage.ts'
import { until } from '../support/until.ts'
import { RecordingLog, SHORT_LIMITS, stateOf, useExchange } from './harness.ts'

const { exchange, open } = useExchange()

describe('the log of a connection', () => {
  it('has one line when an outage begins and one when it ends, however many attempts lie between', async () => {
    const log = new RecordingLog()
    const { feed, sink } = open(['BTCUSDT'], { log, limits: { ...SHORT_LIMITS, stableAfterMs: 100 } })
    await until(() => log.messages.includes('connection live'))
    const { counter } = exchange()
    await until(() => exchange().counter > counter + 10)
    exchange().script.acknowledges = false
    exchange().drop()
    await until(() => sink.lost.length >= 4)
    exchange().script.acknowledges = true
    await until(() => log.messages.length >= 4 && stateOf(feed, 'BTCUSDT') === 'fresh')
    expect(log.messages).toEqual(['connecting', 'connection live', 'connection lost', 'connection live'])
    expect(log.lines[3]!.fields).toMatchObject({ losses: sink.lost.length })
  })

  it('repeats an outage once a minute, with its figures', () => {
    const log = new RecordingLog()
    const outage = new OutageLog('test', FEED_LIMITS, log)
    for (let second = 0; second <= 130; second += 2) outage.lost('refused', second * 1_000)
    expect(log.lines.map(({ message, fields }) => [message, fields.losses, fields.outageMs])).toEqual([
      ['connection failed', undefined, undefined],
      ['connection still not stable', 31, 60_000],
      ['connection still not stable', 61, 120_000],
    ])
  })

  it('takes a connection that is lost before it was stable for the same outage', () => {
    const log = new RecordingLog()
    const outage = new OutageLog('test', FEED_LIMITS, log)
    for (let second = 0; second <= 65; second += 5) {
      outage.lost('closed', second * 1_000)
      outage.live('1 of 1 markets', second * 1_000 + 1_000)
    }
    const flapping = [
      'connection failed',
      'connection live',
      'connection still not stable',
      'connection live',
    ]
    expect(log.messages).toEqual(flapping)
    outage.lost('closed', 100_000)
    expect(log.messages).toEqual([...flapping, 'connection lost'])
  })
})
