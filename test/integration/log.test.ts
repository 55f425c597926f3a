import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { longAt100 } from '../support/accounts.ts'
import { until } from '../support/until.ts'
import type { WorkerProcess } from '../support/worker.ts'
import { Servers, type Shard } from './harness.ts'

const STALE_LIMIT_MS = 15_000

let servers: Servers
let shard: Shard
let worker: WorkerProcess | undefined
beforeAll(async () => {
  servers = await Servers.start()
})
beforeEach(() => {
  shard = servers.nextShard()
})
afterEach(async () => {
  await worker?.end('SIGTERM')
})
afterAll(() => servers.stop())

const logged = (msg: string) => worker!.log.filter((line) => line.msg === msg)

describe('the log of a worker', () => {
  it('names the first refused accounts of a book and counts the others', async () => {
    await shard.book.put(longAt100('desk/good', '20'))
    const unknown = Array.from({ length: 30 }, (_, index) =>
      longAt100(`desk/${index}`, '20', { symbol: 'NOSUCHUSDT' }),
    )
    await shard.store(unknown)
    worker = await shard.startWorker()
    expect(logged('account refused')).toHaveLength(20)
    expect(logged('accounts refused; they are not watched')).toMatchObject([{ accounts: 30 }])
  })

  it('has one line for a connection that is live, and one for all markets of a stream that went silent', async () => {
    const { exchange } = servers
    for (const symbol of ['AAAUSDT', 'BBBUSDT']) exchange.setMark(symbol, '100')
    await shard.store([longAt100('desk/a', '50'), longAt100('desk/b', '50', { symbol: 'BBBUSDT' })])
    worker = await shard.startWorker()
    await until(() => logged('connection live').length > 0)
    const lines = worker.log.filter(({ stream }) => stream === 'bybit-linear').map(({ msg }) => msg)
    expect(lines).toEqual(['connecting', 'connection live'])
    exchange.script.silent = ['AAAUSDT', 'BBBUSDT']
    await until(() => logged('markets have no fresh mark').length > 0, STALE_LIMIT_MS)
    const told = logged('markets have no fresh mark')
    expect(told).toMatchObject([{ markets: 2 }])
    expect([...(told[0]!.symbols as string[])].sort()).toEqual(['AAAUSDT', 'BBBUSDT'])
    exchange.script.silent = []
  })
})
