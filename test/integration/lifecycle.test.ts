import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { Account, MarginEvent } from '../../src/domain/index.ts'
import { fileInbox } from '../../src/subscriber/index.ts'
import { longAt100 } from '../support/accounts.ts'
import { until } from '../support/until.ts'
import { WorkerProcess } from '../support/worker.ts'
import { Servers, type Shard, told } from './harness.ts'

/** From the signal to the end of the process. */
const STOP_LIMIT_MS = 5_000
const ACCOUNTS = 2_000
const LEVELS = ['0.5', '0.7', '0.9', '1'] as const

let servers: Servers
let shard: Shard
beforeAll(async () => {
  servers = await Servers.start()
})
beforeEach(() => {
  shard = servers.nextShard()
})
afterAll(() => servers.stop())

const heard = () => until(() => servers.exchange.isHeard('AAAUSDT'))
const unheard = () => until(() => !servers.exchange.isHeard('AAAUSDT'))

/** Longs with margins from 20 to 29.995: a falling mark takes them over their lines one after the other. */
function ladder(): Account[] {
  return Array.from({ length: ACCOUNTS }, (_, index) => longAt100(`ladder/${index}`, marginOf(index)))
}

function marginOf(index: number): string {
  return ((20_000 + 5 * index) / 1_000).toFixed(3)
}

/**
 * The level of the account at a mark in cents, in whole numbers: λ·(margin + mark − 100) ≤ mark / 100,
 * with λ in tenths, the margin in thousandths and the mark in hundredths.
 */
function levelAt(index: number, markCents: number): string {
  const balanceThousandths = 20_000 + 5 * index + 10 * markCents - 100_000
  return LEVELS.findLast((level) => Number(level) * 10 * balanceThousandths <= markCents) ?? '0'
}

/** States falling marks of one cent each, with a pause that lets the worker see them one by one. */
async function fall(
  fromCents: number,
  toCents: number,
  seen: () => boolean = () => false,
  pauseMs = 1,
): Promise<number> {
  let cents = fromCents
  for (; cents > toCents && !seen(); cents--) {
    servers.exchange.setMark('AAAUSDT', (cents / 100).toFixed(2))
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
  servers.exchange.setMark('AAAUSDT', (cents / 100).toFixed(2))
  return cents
}

/** Every account's events are numbered from 1 without gaps, none is there twice, and the last states its level. */
function expectComplete(events: readonly MarginEvent[], markCents: number): void {
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length)
  const last = new Map<string, MarginEvent>()
  for (const event of events) {
    expect(event.sequence).toBe((last.get(event.account)?.sequence ?? 0) + 1)
    last.set(event.account, event)
  }
  const wrong = ladder().flatMap(({ id }, index) => {
    const found = last.get(id)?.level ?? '0'
    const expected = levelAt(index, markCents)
    return found === expected ? [] : [`${id} is at ${found} instead of ${expected}`]
  })
  expect(wrong).toEqual([])
}

describe('a restart', () => {
  it('continues episodes and sequences and publishes nothing twice', async () => {
    const { exchange } = servers
    exchange.setMark('AAAUSDT', '80.9')
    await shard.store([longAt100('desk/1', '20')])
    const consumer = shard.subscribe()
    const told1 = () => consumer.effects.length
    const first = await shard.startWorker()
    await until(() => told1() === 1)
    expect((await first.end('SIGTERM')).code).toBe(0)
    await unheard()

    const second = await shard.startWorker('--json')
    await heard()
    exchange.setMark('AAAUSDT', '80.9')
    exchange.setMark('AAAUSDT', '80.5')
    exchange.setMark('AAAUSDT', '95')
    await until(() => told1() === 3)
    expect((await second.end('SIGTERM')).code).toBe(0)
    await unheard()

    // While nobody looked the mark fell: the next worker finds it at its first tick.
    exchange.setMark('AAAUSDT', '81.5')
    const third = await shard.startWorker()
    await until(() => told1() === 4)
    expect((await third.end('SIGTERM')).code).toBe(0)
    await unheard()
    await consumer.subscription.close()
    expect((await shard.streamed()).map(told)).toEqual([
      'desk/1 #1 episode 1 warning 0 → 0.7',
      'desk/1 #2 episode 1 liquidation 0.7 → 1',
      'desk/1 #3 episode 1 recovered 1 → 0',
      'desk/1 #4 episode 4 warning 0 → 0.5',
    ])
    expect(consumer.effects).toEqual(await shard.streamed())
  })

  it('judges what was changed meanwhile on the new terms', async () => {
    servers.exchange.setMark('AAAUSDT', '80.5')
    await shard.store([longAt100('desk/1', '20')])
    const first = await shard.startWorker()
    await until(async () => (await shard.streamed()).length === 1)
    expect((await first.end('SIGTERM')).code).toBe(0)
    await unheard()
    await shard.book.put(longAt100('desk/1', '40', { version: 2 }))
    const second = await shard.startWorker()
    await until(async () => (await shard.streamed()).length > 1)
    expect((await second.end('SIGTERM')).code).toBe(0)
    await unheard()
    expect((await shard.streamed()).map(told)).toEqual([
      'desk/1 #1 episode 1 liquidation 0 → 1',
      'desk/1 #2 episode 1 recovered 1 → 0',
    ])
  })
})

describe.each(['SIGTERM', 'SIGINT'] as const)('%s in the middle of a burst', (signal) => {
  it('ends in order within 5 s, and everything that is in the stream is in the queue', async () => {
    servers.exchange.setMark('AAAUSDT', '100')
    const { summary } = await shard.import(ladder())
    expect(summary.imported).toBe(ACCOUNTS)
    const worker = await shard.startWorker('--json')
    await heard()
    // So slow that what waits at the signal can be brought out within the limit, on a busy machine too.
    const falling = fall(8_200, 7_000, () => worker.ended, 10)
    await until(async () => (await servers.probe.xlen(shard.keys.events)) > 500)
    const { code, stdout, elapsedMs } = await worker.end(signal)
    await falling
    expect(code).toBe(0)
    expect(elapsedMs).toBeLessThan(STOP_LIMIT_MS)
    const streamed = await shard.streamed()
    const { events } = JSON.parse(stdout)
    expect(events.warning + events.liquidation).toBe(streamed.length)
    expect((await shard.queued()).sort()).toEqual(streamed.map(({ id }) => id).sort())
    expect(worker.log.at(-1)).toMatchObject({ msg: 'stopped', events: streamed.length })
    await unheard()
  })
})

describe('SIGTERM while the book is loaded', () => {
  it('gives up the start in order', async () => {
    const { probe } = servers
    const accounts = Array.from({ length: 40_000 }, (_, index) => longAt100(`desk/${index}`, '20'))
    expect((await shard.import(accounts)).summary.imported).toBe(accounts.length)
    const worker = new WorkerProcess([...shard.args, '--json'])
    await until(async () => (await probe.exists(shard.keys.events)) === 1)
    const { code, stdout, elapsedMs } = await worker.end('SIGTERM')
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(worker.log.at(-1)?.msg).toBe('stopped while starting')
    expect(worker.logged('worker runs')).toBeUndefined()
    expect(elapsedMs).toBeLessThan(STOP_LIMIT_MS)
  })
})

describe('SIGTERM while Redis does not answer', () => {
  it('ends within the limit, says that events wait, and the next start finds them', async () => {
    const { exchange, redis } = servers
    exchange.setMark('AAAUSDT', '90')
    await shard.store([longAt100('desk/1', '20')])
    const first = await shard.startWorker()
    await heard()
    process.kill(redis.pid, 'SIGSTOP')
    onTestFinished(() => void process.kill(redis.pid, 'SIGCONT'))
    exchange.setMark('AAAUSDT', '80.5')
    await until(() => first.log.some(({ msg }) => msg.startsWith('events wait (1 now)')))
    const { code, stderr, elapsedMs } = await first.end('SIGTERM').finally(() => {
      process.kill(redis.pid, 'SIGCONT')
    })
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^plimsoll: STOP_TIMEOUT: .*: 1 event is not in the stream: the next start publishes/m,
    )
    expect(elapsedMs).toBeLessThan(STOP_LIMIT_MS + 1_500)
    await unheard()
    const consumer = shard.subscribe()
    const second = await shard.startWorker()
    await until(() => consumer.effects.length > 0)
    expect((await second.end('SIGTERM')).code).toBe(0)
    await consumer.subscription.close()
    expect((await shard.streamed()).map(told)).toEqual(['desk/1 #1 episode 1 liquidation 0 → 1'])
    expect(consumer.effects).toHaveLength(1)
    await unheard()
  })
})

describe('kill -9 in the middle of a burst', () => {
  it('loses nothing and lets nothing take effect twice at a subscriber with an inbox', async () => {
    servers.exchange.setMark('AAAUSDT', '100')
    await shard.store(ladder())
    const consumer = shard.subscribe(fileInbox(join(servers.folder, 'inbox')))
    const first = await shard.startWorker()
    await heard()
    const falling = fall(8_200, 7_500, () => first.ended)
    await until(() => consumer.effects.length > 1_000)
    expect((await first.end('SIGKILL')).code).toBeNull()
    const killedAtCents = await falling
    await unheard()

    const second = await shard.startWorker('--json')
    await heard()
    const endCents = await fall(killedAtCents, 7_200)
    const expected = ladder().filter((_, index) => levelAt(index, endCents) !== '0').length
    // Effects are counted, not read from the stream: reading would leave this process no time for its subscriber.
    await until(() => {
      const accounts = new Map(consumer.effects.map(({ account, level }) => [account, level]))
      return (
        accounts.size === expected &&
        [...accounts].every(([id, level]) => level === levelAt(Number(id.split('/')[1]), endCents))
      )
    })
    await until(async () => consumer.effects.length >= (await shard.streamed()).length)
    const { code, stdout } = await second.end('SIGTERM')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ auditDisagreements: 0 })
    const streamed = await shard.streamed()
    expectComplete(streamed, endCents)
    await consumer.subscription.close()
    expect(consumer.effects.map(({ id }) => id).sort()).toEqual(streamed.map(({ id }) => id).sort())
    await unheard()
  })
})

describe('named consumers', () => {
  it('get every event each', async () => {
    servers.exchange.setMark('AAAUSDT', '80.5')
    await shard.store([longAt100('desk/1', '20'), longAt100('desk/2', '20')])
    const worker = await shard.startWorker('--consumers', 'risk,alerts')
    await until(async () => (await shard.streamed()).length === 2)
    expect((await worker.end('SIGTERM')).code).toBe(0)
    const ids = (await shard.streamed()).map(({ id }) => id).sort()
    expect((await shard.queued('risk')).sort()).toEqual(ids)
    expect((await shard.queued('alerts')).sort()).toEqual(ids)
    expect(await shard.queued()).toEqual([])
    await unheard()
  })
})

describe('a damaged entry of the stored progress', () => {
  it('does not keep the shard down: its margin account is published again under another id, the others continue', async () => {
    const { exchange, probe } = servers
    exchange.setMark('AAAUSDT', '80.5')
    await shard.store([longAt100('desk/1', '20'), longAt100('desk/2', '20')])
    const first = await shard.startWorker()
    await until(async () => (await shard.streamed()).length === 2)
    expect((await first.end('SIGTERM')).code).toBe(0)
    await unheard()
    const before = await shard.streamed()
    const { marginAccount } = before.find(({ account }) => account === 'desk/1')!
    await probe.hset(shard.keys.progress, marginAccount, '{"sequence":')
    const second = await shard.startWorker()
    await until(async () => (await shard.streamed()).length === 3)
    expect((await second.end('SIGTERM')).code).toBe(0)
    const again = (await shard.streamed()).at(-1)!
    expect(again).toMatchObject({ marginAccount, kind: 'liquidation' })
    expect(before.map(({ id }) => id)).not.toContain(again.id)
    expect(again.sequence).toBeGreaterThan(1)
    expect(second.log.filter(({ code }) => code === 'INPUT_INVALID')).toMatchObject([
      { msg: expect.stringContaining(marginAccount) },
    ])
    await unheard()
  })
})

/** A worker that waits for another one to end. */
async function startStandby(): Promise<WorkerProcess> {
  const worker = new WorkerProcess(['--json', ...shard.args])
  const waits = () => worker.log.some(({ msg }) => msg.startsWith('standby'))
  await until(() => waits() || worker.ended)
  expect(worker.ended).toBe(false)
  return worker
}

describe('a second worker on the same shard', () => {
  it.each([
    ['stops', 'SIGTERM'],
    ['is killed', 'SIGKILL'],
  ] as const)('waits as a standby, and watches when the first one %s', async (_, signal) => {
    const { exchange } = servers
    exchange.setMark('AAAUSDT', '90')
    await shard.store([longAt100('desk/1', '20')])
    const first = await shard.startWorker()
    await heard()
    const second = await startStandby()
    expect(first.ended).toBe(false)
    exchange.setMark('AAAUSDT', '80.9')
    await until(async () => (await shard.streamed()).length === 1)
    expect((await first.end(signal)).stderr).not.toContain('STREAM_FENCED')
    await until(() => second.logged('worker runs') !== undefined)
    exchange.setMark('AAAUSDT', '80.5')
    await until(async () => (await shard.streamed()).length === 2)
    expect((await second.end('SIGTERM')).code).toBe(0)
    expect((await shard.streamed()).map(told)).toEqual([
      'desk/1 #1 episode 1 warning 0 → 0.7',
      'desk/1 #2 episode 1 liquidation 0.7 → 1',
    ])
    expect(second.log.filter(({ msg }) => msg.startsWith('standby'))).toHaveLength(1)
    await unheard()
  })

  it('that waits as a standby ends in order on SIGTERM', async () => {
    await shard.store([longAt100('desk/1', '20')])
    const first = await shard.startWorker()
    const second = await startStandby()
    const { code, elapsedMs } = await second.end('SIGTERM')
    expect(code).toBe(0)
    expect(elapsedMs).toBeLessThan(STOP_LIMIT_MS)
    expect((await first.end('SIGTERM')).code).toBe(0)
    await unheard()
  })

  it('that is asked to take over does so at once, and the first one ends with STREAM_FENCED as soon as it has something to write', async () => {
    const { exchange } = servers
    exchange.setMark('AAAUSDT', '90')
    await shard.store([longAt100('desk/1', '20')])
    const first = await shard.startWorker()
    await heard()
    const second = await shard.startWorker('--take-over')
    exchange.setMark('AAAUSDT', '80.5')
    const { code, stderr } = await first.end()
    expect(code).toBe(1)
    expect(stderr).toMatch(/^plimsoll: STREAM_FENCED: .*has a newer owner/m)
    // The second one may hear the mark only after the first one has ended.
    await until(async () => (await shard.streamed()).length > 0)
    expect((await second.end('SIGTERM')).code).toBe(0)
    expect((await shard.streamed()).map(told)).toEqual(['desk/1 #1 episode 1 liquidation 0 → 1'])
    await unheard()
  })

  it('that is asked to take over does so in the middle of a cascade, and the first one still ends in order', async () => {
    const { exchange } = servers
    exchange.setMark('AAAUSDT', '100')
    await shard.store(ladder())
    const first = await shard.startWorker()
    await heard()
    const second = await shard.startWorker('--take-over')
    const endCents = 7_200
    for (let cents = 8_200; cents >= endCents; cents -= 100) exchange.setMark('AAAUSDT', String(cents / 100))
    const { code, stderr } = await first.end()
    expect(code).toBe(1)
    const plain = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'))
    expect(plain).toEqual([expect.stringMatching(/^plimsoll: STREAM_FENCED: /)])
    const told = async () => (await shard.streamed()).filter(({ level }) => level === '1').length
    const liquidated = ladder().filter((_, index) => levelAt(index, endCents) === '1').length
    await until(async () => (await told()) === liquidated)
    expect((await second.end('SIGTERM')).code).toBe(0)
    expectComplete(await shard.streamed(), endCents)
    await unheard()
  })
})
