import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventId } from '../../src/monitor/index.ts'
import { longAt100 } from '../support/accounts.ts'
import { until } from '../support/until.ts'
import type { WorkerProcess } from '../support/worker.ts'
import { type Consumer, ONE_PERCENT, Servers, type Shard, told, withRate } from './harness.ts'

const STALE_LIMIT_MS = 15_000
const DELIVERY_LIMIT_MS = 30_000

let servers: Servers
let shard: Shard
let worker: WorkerProcess | undefined
let consumer: Consumer | undefined
beforeAll(async () => {
  servers = await Servers.start()
})
beforeEach(() => {
  shard = servers.nextShard()
})
afterEach(async () => {
  const end = await worker?.end('SIGTERM')
  await consumer?.subscription.close()
  worker = undefined
  consumer = undefined
  expect(end?.code).toBe(0)
  expect(JSON.parse(end?.stdout ?? '')).toMatchObject({ auditDisagreements: 0 })
})
afterAll(() => servers.stop())

async function startHearing(symbol: string, ...args: string[]): Promise<void> {
  worker = await shard.startWorker('--json', ...args)
  await until(() => servers.exchange.isHeard(symbol))
}

const delivered = (count: number) => until(() => (consumer?.effects.length ?? 0) >= count)

describe('a falling mark', () => {
  it('makes exactly the expected events, in the stream and at a subscriber, with exact figures', async () => {
    const { exchange } = servers
    exchange.setMark('AAAUSDT', '90')
    const imported = await shard.import([longAt100('desk/falls', '20'), longAt100('desk/stands', '60')])
    expect(imported).toMatchObject({ code: 0, summary: { imported: 2, refusedCount: 0 } })
    consumer = shard.subscribe()
    await startHearing('AAAUSDT')
    // Balance 20 + (x − 100), maintenance 1 % of x: levels at 81.632…, 81.159…, 80.898… and 80.808….
    for (const markPrice of ['81.633', '81.5', '80.9', '80.85', '80.5', '80.6', '95']) {
      exchange.setMark('AAAUSDT', markPrice)
    }
    await delivered(5)
    const expected = [
      'desk/falls #1 episode 1 warning 0 → 0.5',
      'desk/falls #2 episode 1 warning 0.5 → 0.7',
      'desk/falls #3 episode 1 warning 0.7 → 0.9',
      'desk/falls #4 episode 1 liquidation 0.9 → 1',
      'desk/falls #5 episode 1 recovered 1 → 0',
    ]
    const streamed = await shard.streamed()
    expect(streamed.map(told)).toEqual(expected)
    expect(consumer.effects).toEqual(streamed)
    expect(streamed.map(({ id }) => id)).toEqual(
      streamed.map(({ logId, shard, marginAccount, episode, kind, level }) =>
        eventId({ logId, shard, subject: marginAccount, episode, kind, level }),
      ),
    )
    const liquidation = streamed[3]!
    expect(liquidation).toMatchObject({
      venue: 'bybit',
      account: 'desk/falls',
      accountVersion: 1,
      marginMode: 'isolated',
      settle: 'USDT',
      rank: 1,
      marks: [{ symbol: 'AAAUSDT', markPrice: '80.5' }],
      walletBalance: '20',
      unrealizedPnl: '-19.5',
      marginBalance: '0.5',
      maintenanceMargin: '0.805',
      marginRatio: '1.61',
      shortfall: '0.305',
      positions: [
        {
          symbol: 'AAAUSDT',
          size: '1',
          notional: '80.5',
          unrealizedPnl: '-19.5',
          maintenanceMargin: '0.805',
          bankruptcyPrice: '80',
        },
      ],
      confidence: 'confirmed',
      reasons: ['rules-undated'],
    })
    expect(liquidation.positions[0]!.liquidationPrice).toMatch(/^80\.80808080/)
    expect(Number(liquidation.cure!.topUp)).toBeGreaterThan(0.305)
    expect(liquidation.eventTimeMs).toBeGreaterThan(0)
    expect(streamed[4]).toMatchObject({
      marginBalance: '15',
      maintenanceMargin: '0.95',
      shortfall: '0',
      cure: null,
    })
  })

  it('makes events of distances from the line, by the levels of the worker and those that an account carries', async () => {
    const { exchange } = servers
    exchange.setMark('AAAUSDT', '95')
    const own = { ...longAt100('desk/own', '20'), levels: ['8%', '3%'] }
    const imported = await shard.import([own, longAt100('desk/standard', '20')])
    expect(imported).toMatchObject({ code: 0, summary: { imported: 2, refusedCount: 0 } })
    consumer = shard.subscribe()
    await startHearing('AAAUSDT', '--levels', '10%,5%')
    // The line is at 80.808…: 10 % away at 89.786…, 8 % at 87.835…, 5 % at 85.061…, 3 % at 83.307….
    for (const markPrice of ['89.7', '87.8', '85', '83.3', '80.8']) exchange.setMark('AAAUSDT', markPrice)
    await delivered(6)
    const of = (name: string) => consumer!.effects.filter(({ account }) => account === name)
    expect(of('desk/standard').map(({ kind, level }) => `${kind} ${level}`)).toEqual([
      'warning 10%',
      'warning 5%',
      'liquidation 1',
    ])
    expect(of('desk/own').map(({ kind, level }) => `${kind} ${level}`)).toEqual([
      'warning 8%',
      'warning 3%',
      'liquidation 1',
    ])
    expect(of('desk/own')[0]).toMatchObject({ levels: ['8%', '3%'], previousLevel: '0' })
  })

  it('ranks the accounts that fall in one instant by their shortfall', async () => {
    servers.exchange.setMark('AAAUSDT', '95')
    await shard.store([longAt100('small', '10.2'), longAt100('large', '10'), longAt100('middle', '10.1')])
    consumer = shard.subscribe()
    await startHearing('AAAUSDT')
    servers.exchange.setMark('AAAUSDT', '90')
    await delivered(3)
    expect(
      consumer.effects.map(({ account, rank, kind, shortfall }) => [account, rank, kind, shortfall]),
    ).toEqual([
      ['large', 1, 'liquidation', '0.9'],
      ['middle', 2, 'liquidation', '0.8'],
      ['small', 3, 'liquidation', '0.7'],
    ])
  })
})

/** So long before new rules are in force a worker is started; twice as long again where the machine was slower than that. */
const LEAD_MS = 6_000
const LEAD_MAX_MS = 48_000

describe('rules of a later time', () => {
  /** The witness is liquidated at the first mark. Starts a worker that judges it before the time from which on 20 % is asked for. */
  async function startBefore(leadMs: number): Promise<number> {
    shard = servers.nextShard()
    await shard.store([longAt100('desk/1', '20'), longAt100('desk/witness', '10.5')])
    consumer = shard.subscribe()
    const fromMs = Date.now() + leadMs
    const effectiveFrom = new Date(fromMs).toISOString()
    const rulesFile = servers.writeRules({ AAAUSDT: [ONE_PERCENT, { effectiveFrom, ...withRate('0.2') }] })
    await startHearing('AAAUSDT', '--rules', rulesFile)
    await delivered(1)
    if (consumer.effects[0]!.receivedTimeMs < fromMs) return fromMs
    if (leadMs >= LEAD_MAX_MS) throw new Error(`no worker judges an account within ${leadMs} ms`)
    expect(await worker!.end('SIGTERM')).toMatchObject({ code: 0 })
    await consumer.subscription.close()
    return await startBefore(2 * leadMs)
  }

  it('judge every account from that time on, without a restart', async () => {
    servers.exchange.setMark('AAAUSDT', '90')
    const fromMs = await startBefore(LEAD_MS)
    await until(() => consumer!.effects.length > 1, LEAD_MAX_MS + DELIVERY_LIMIT_MS)
    const [witness, liquidation] = consumer!.effects
    expect(witness).toMatchObject({ account: 'desk/witness', kind: 'liquidation', maintenanceMargin: '0.9' })
    // Balance 20 − 10; 20 % of 90 is 18.
    expect(liquidation).toMatchObject({
      account: 'desk/1',
      kind: 'liquidation',
      marginBalance: '10',
      maintenanceMargin: '18',
      eventTimeMs: null,
    })
    expect(liquidation!.receivedTimeMs).toBeGreaterThanOrEqual(fromMs)
  })
})

describe('a change of the stored book while the worker runs', () => {
  it('a top-up is published as a recovery, and the next tick is judged with it', async () => {
    const { exchange } = servers
    exchange.setMark('AAAUSDT', '80.9')
    await shard.store([longAt100('desk/1', '20')])
    consumer = shard.subscribe()
    await startHearing('AAAUSDT')
    await delivered(1)
    await shard.book.put(longAt100('desk/1', '30', { version: 2 }))
    await delivered(2)
    const recovered = consumer.effects[1]!
    exchange.setMark('AAAUSDT', '80.5')
    exchange.setMark('AAAUSDT', '70.5')
    await delivered(3)
    expect(consumer.effects.map(told)).toEqual([
      'desk/1 #1 episode 1 warning 0 → 0.7',
      'desk/1 #2 episode 1 recovered 0.7 → 0',
      'desk/1 #3 episode 2 liquidation 0 → 1',
    ])
    expect(recovered).toMatchObject({ accountVersion: 2, eventTimeMs: null, marginBalance: '10.9' })
    expect(consumer.effects[2]).toMatchObject({
      accountVersion: 2,
      marks: [{ markPrice: '70.5' }],
      marginBalance: '0.5',
      maintenanceMargin: '0.705',
    })
  })

  it('a fill is in the kernel for the ticks that follow it', async () => {
    const { exchange } = servers
    exchange.setMark('AAAUSDT', '95')
    // The witness is liquidated at 90 and recovers at 95: its events say that both marks are judged.
    await shard.store([longAt100('desk/1', '25'), longAt100('desk/witness', '10.5')])
    consumer = shard.subscribe()
    await startHearing('AAAUSDT')
    const own = () => consumer!.effects.filter(({ account }) => account === 'desk/1')
    // At 90 one contract is safe (15 against 0.9), three are bankrupt (−5 against 2.7); at 95 both are safe.
    exchange.setMark('AAAUSDT', '90')
    exchange.setMark('AAAUSDT', '95')
    await delivered(2)
    await shard.book.put(longAt100('desk/1', '25', { version: 2, size: '3' }))
    await until(() => {
      exchange.setMark('AAAUSDT', '90')
      return own().length > 0
    })
    exchange.setMark('AAAUSDT', '99')
    await until(() => own().length > 1)
    expect(own().map(told)).toEqual([
      'desk/1 #1 episode 1 liquidation 0 → 1',
      'desk/1 #2 episode 1 recovered 1 → 0',
    ])
    const [liquidation, recovered] = own()
    expect(liquidation).toMatchObject({ accountVersion: 2, marginBalance: '-5', maintenanceMargin: '2.7' })
    expect(recovered).toMatchObject({ accountVersion: 2, marginBalance: '22' })
  })

  it('a new account is watched, on a market without earlier accounts', async () => {
    const { exchange } = servers
    exchange.setMark('BBBUSDT', '80')
    await shard.store([longAt100('desk/1', '60')])
    consumer = shard.subscribe()
    await startHearing('AAAUSDT')
    expect(exchange.isHeard('BBBUSDT')).toBe(false)
    await shard.book.put(longAt100('desk/2', '20', { symbol: 'BBBUSDT' }))
    await delivered(1)
    // Its rules bear no day. At the start no account used them.
    expect(worker!.log.flatMap(({ oldest }) => (Array.isArray(oldest) ? oldest : []))).toEqual([
      'AAAUSDT (no day)',
      'BBBUSDT (no day)',
    ])
    expect(consumer.effects[0]).toMatchObject({
      account: 'desk/2',
      kind: 'liquidation',
      marginBalance: '0',
      marginRatio: null,
    })
  })

  it('a position that is closed in an episode is published, and no longer judged', async () => {
    const { exchange } = servers
    exchange.setMark('AAAUSDT', '80.5')
    await shard.store([longAt100('desk/1', '20'), longAt100('desk/2', '60')])
    consumer = shard.subscribe()
    await startHearing('AAAUSDT')
    await delivered(1)
    await shard.book.put({ ...longAt100('desk/1', '20', { version: 2 }), positions: [] })
    await delivered(2)
    exchange.setMark('AAAUSDT', '70')
    exchange.setMark('AAAUSDT', '40')
    await delivered(3)
    expect(consumer.effects.map(told)).toEqual([
      'desk/1 #1 episode 1 liquidation 0 → 1',
      'desk/1 #2 episode 1 closed 1 → 0',
      'desk/2 #1 episode 1 liquidation 0 → 1',
    ])
    const remembered = await servers.probe.hkeys(shard.keys.progress)
    expect(remembered.filter((name) => name.startsWith('desk/'))).toEqual(['desk/2:isolated:AAAUSDT:long'])
  })

  it('an account with an unknown symbol is refused by name, and the others go on', async () => {
    const { exchange } = servers
    exchange.setMark('AAAUSDT', '90')
    const stranger = longAt100('desk/stranger', '20', { symbol: 'NOSUCHUSDT' })
    const imported = await shard.import([stranger, longAt100('desk/1', '20')])
    expect(imported).toMatchObject({ code: 1, summary: { imported: 1, refusedCount: 1 } })
    expect(imported.stderr).toContain('NOSUCHUSDT')
    // Written past the import, as another program might.
    await shard.book.put(stranger)
    consumer = shard.subscribe()
    await startHearing('AAAUSDT')
    await shard.book.put(longAt100('desk/late', '20', { symbol: 'NOSUCHUSDT' }))
    exchange.setMark('AAAUSDT', '80.5')
    await delivered(1)
    const refused = () => worker!.log.filter(({ msg }) => msg === 'account refused')
    await until(() => refused().length === 2)
    expect(refused().map(({ account }) => account)).toEqual(['desk/stranger', 'desk/late'])
    for (const { error } of refused()) expect(error).toContain('NOSUCHUSDT')
    expect(consumer.effects.map(told)).toEqual(['desk/1 #1 episode 1 liquidation 0 → 1'])
  })
})

describe('a market that goes silent', () => {
  it('is unknown, never safe, and is judged again when it comes back', async () => {
    const { exchange } = servers
    exchange.setMark('AAAUSDT', '81.5')
    exchange.setMark('BBBUSDT', '100')
    await shard.store([longAt100('desk/1', '20'), longAt100('desk/other', '20', { symbol: 'BBBUSDT' })])
    consumer = shard.subscribe()
    await startHearing('BBBUSDT')
    await delivered(1)
    exchange.script.silent = ['AAAUSDT']
    await until(() => (consumer?.effects.length ?? 0) >= 2, STALE_LIMIT_MS)
    exchange.script.silent = []
    exchange.setMark('AAAUSDT', '95')
    await delivered(3)
    expect(consumer.effects.map(told)).toEqual([
      'desk/1 #1 episode 1 warning 0 → 0.5',
      'desk/1 #2 episode 1 unknown 0.5 → 0.5',
      'desk/1 #3 episode 2 recovered 0.5 → 0',
    ])
    expect(consumer.effects[1]).toMatchObject({
      marks: [{ symbol: 'AAAUSDT', markPrice: null, eventTimeMs: null, ageMs: null }],
      marginBalance: null,
      marginRatio: null,
      reasons: ['stale-mark'],
    })
    expect(consumer.effects[2]).toMatchObject({ marks: [{ markPrice: '95' }], marginBalance: '15' })
  })
})
