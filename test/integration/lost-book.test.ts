import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { longAt100 } from '../support/accounts.ts'
import { until } from '../support/until.ts'
import { Servers } from './harness.ts'

let servers: Servers
beforeAll(async () => {
  servers = await Servers.start()
})
afterAll(() => servers.stop())

describe('a Redis that is emptied under a worker', () => {
  it('closes no account: they stay watched, one line says so, and a liquidation comes', async () => {
    const { exchange, probe } = servers
    const shard = servers.nextShard()
    exchange.setMark('AAAUSDT', '90')
    await shard.store([longAt100('desk/1', '20'), longAt100('desk/2', '40')])
    const worker = await shard.startWorker('--json')
    await until(() => exchange.isHeard('AAAUSDT'))
    await probe.flushall()
    const lossLines = () => worker.log.filter(({ error }) => String(error).includes('Redis went back'))
    await until(() => lossLines().length > 0)
    exchange.setMark('AAAUSDT', '80.5')
    const liquidated = async () => (await shard.streamed()).filter(({ kind }) => kind === 'liquidation')
    await until(async () => (await liquidated()).length > 0)
    expect((await shard.streamed()).filter(({ kind }) => kind === 'closed')).toEqual([])
    expect((await liquidated()).map(({ account }) => account)).toEqual(['desk/1'])
    expect(lossLines()).toEqual([
      expect.objectContaining({
        level: 50,
        error: expect.stringContaining('lost 2 accounts that are watched'),
      }),
    ])
    const { code, stdout } = await worker.end('SIGTERM')
    expect({ code, accounts: JSON.parse(stdout).accounts }).toEqual({ code: 0, accounts: 2 })
  })

  it('leaves an account above safe without a verdict that says why, and its next verdict is marked', async () => {
    const { exchange, probe } = servers
    const shard = servers.nextShard()
    exchange.setMark('AAAUSDT', '80.5')
    await shard.store([longAt100('desk/1', '20')])
    const worker = await shard.startWorker()
    await until(async () => (await shard.streamed()).length === 1)
    await probe.flushall()
    const unknown = async () => (await shard.streamed()).filter(({ kind }) => kind === 'unknown')
    await until(async () => (await unknown()).length > 0)
    exchange.setMark('AAAUSDT', '80.4')
    await until(async () => (await shard.streamed()).at(-1)?.kind === 'liquidation')
    const told = (await shard.streamed()).slice(-2)
    expect(told).toMatchObject([
      { kind: 'unknown', reasons: ['book-lost'] },
      { kind: 'liquidation', reasons: ['book-lost', 'rules-undated'], confidence: 'suspect' },
    ])
    expect((await worker.end('SIGTERM')).code).toBe(0)
  })
})
