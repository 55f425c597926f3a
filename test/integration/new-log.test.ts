import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { subscribe } from '../../src/api/subscribe.ts'
import type { MarginEvent } from '../../src/domain/index.ts'
import { eventId } from '../../src/monitor/index.ts'
import { fileInbox } from '../../src/subscriber/index.ts'
import { longAt100 } from '../support/accounts.ts'
import { isMarginEvent } from '../support/monitor.ts'
import { until } from '../support/until.ts'
import { Servers } from './harness.ts'

let servers: Servers
beforeAll(async () => {
  servers = await Servers.start()
})
afterAll(() => servers.stop())

describe('a new empty Redis under a subscriber with an old inbox', () => {
  it('delivers every liquidation of the new log, and tells the subscriber of that log', async () => {
    const { exchange, probe, redis } = servers
    const shard = servers.nextShard()
    const accounts = Array.from({ length: 100 }, (_, index) => longAt100(`desk/${index}`, '20'))
    const inbox = fileInbox(join(servers.folder, 'handled.log'))
    const effects: MarginEvent[] = []
    const logs: (string | undefined)[][] = []
    const faults: string[] = []
    const subscription = subscribe({
      connection: { url: redis.url },
      queuePrefix: shard.keys.queuePrefix,
      inbox,
      handler: (event) => {
        if (isMarginEvent(event)) effects.push(event)
      },
      logStarted: ({ logId, previous }) => void logs.push([logId, previous]),
      fault: ({ code }) => void faults.push(code),
    })
    exchange.setMark('AAAUSDT', '80.5')
    for (const run of [1, 2]) {
      await shard.store(accounts)
      const worker = await shard.startWorker()
      await until(() => effects.length >= run * accounts.length)
      expect((await worker.end('SIGTERM')).code).toBe(0)
      if (run === 1) await probe.flushall()
    }
    await subscription.close()
    await inbox.close()
    const [before, after] = [effects.slice(0, 100), effects.slice(100)]
    const told = ({ account, kind, episode, level }: MarginEvent) => `${account} ${kind} ${episode} ${level}`
    expect(after.map(told).sort()).toEqual(before.map(told).sort())
    expect(new Set(effects.map(({ id }) => id)).size).toBe(200)
    const [first, second] = [before[0]!.logId, after[0]!.logId]
    expect(logs).toEqual([
      [first, undefined],
      [second, first],
    ])
    expect(faults).toContain('LOG_RENEWED')
    for (const event of effects) {
      expect(event.shard).toBe(shard.keys.shard)
      const { id, marginAccount: subject, ...identity } = event
      expect(id).toBe(eventId({ ...identity, subject }))
    }
  })
})
