import { afterAll, beforeAll, expect, it } from 'vitest'
import { type PlimsollEvent, type VenueEvent, venueSubject } from '../../src/domain/index.ts'
import { longAt100 } from '../support/accounts.ts'
import { runCli, temporaryFolder } from '../support/cli.ts'
import { until } from '../support/until.ts'
import { ONE_PERCENT, Servers } from './harness.ts'

const COINS = ['AAA', 'BBB', 'CCC', 'DDD', 'EEE', 'FFF']
const symbolOf = (coin: string) => `${coin}USDT`
/** An anomaly is over after 10 s without as many suspect marks. */
const END_LIMIT_MS = 30_000

let servers: Servers
beforeAll(async () => {
  servers = await Servers.start()
})
afterAll(() => servers.stop())

it('an anomaly of a venue is one event in the stream, in a job and for tail and verify, and its end another one, by the next worker', async () => {
  const { exchange } = servers
  const { path, remove } = temporaryFolder()
  const shard = servers.nextShard()
  const rules = servers.writeRules(Object.fromEntries(COINS.map((coin) => [symbolOf(coin), ONE_PERCENT])))
  for (const coin of COINS) exchange.setMark(symbolOf(coin), '100')
  await shard.store(COINS.map((coin) => longAt100(`desk/${coin}`, '1000', { symbol: symbolOf(coin) })))
  const worker = await shard.startWorker('--rules', rules, '--record', `${path}/recorded`)
  await until(() => COINS.every((coin) => exchange.isHeard(symbolOf(coin))))
  await new Promise((resolve) => setTimeout(resolve, 500))
  for (const coin of COINS.slice(0, 5)) exchange.setMark(symbolOf(coin), '60')
  await until(async () => (await servers.probe.xlen(shard.keys.events)) === 2)
  expect((await worker.end('SIGTERM')).code).toBe(0)
  const kept = () => servers.probe.hget(shard.keys.progress, venueSubject('bybit'))
  expect(JSON.parse((await kept())!)).toMatchObject({ venue: 'bybit', episode: 1, suspectMarkets: 5 })

  const next = await shard.startWorker('--rules', rules)
  await until(async () => (await kept()) === null, END_LIMIT_MS)
  expect((await next.end('SIGTERM')).code).toBe(0)

  const store = ['--redis-url', servers.redis.url, '--shard', shard.name]
  const queued = await shard.queued()
  const tail = await runCli([
    'tail',
    ...store,
    '--from',
    'beginning',
    '--count',
    String(queued.length),
    '--json',
  ])
  // Nobody has a record of what the markets did between the two workers.
  const events = linesOf(tail.stdout).filter((event) => event.kind !== 'market-gap') as VenueEvent[]
  expect(events).toMatchObject([
    {
      kind: 'venue-suspect',
      venue: 'bybit',
      suspectMarkets: 5,
      heldMarkets: 6,
      brokenRules: [{ rule: 'jump', markets: 5 }],
    },
    { kind: 'venue-clear', venue: 'bybit', episode: 1, sequence: 2, endedBy: 'quiet', heldMarkets: 6 },
  ])
  expect(queued.sort()).toEqual(
    linesOf(tail.stdout)
      .map(({ id }) => id)
      .sort(),
  )
  const verified = await runCli(['verify', '-'], { input: tail.stdout })
  expect([verified.code, verified.stderr]).toEqual([0, ''])

  // A replay of what the first worker heard says the same, in a log of its own, and twice to the same bytes.
  const replay = () => runCli(['replay', `${path}/recorded`, '--rules', rules])
  const replayed = await replay()
  const [again] = linesOf(replayed.stdout)
  const { id: _, ...said } = events[0]!
  expect(again).toMatchObject({ ...said, logId: 'replay', shard: 'replay' })
  expect((await replay()).stdout).toBe(replayed.stdout)
  remove()
}, 90_000)

function linesOf(text: string): PlimsollEvent[] {
  const lines = text.trim().split('\n')
  return lines.map((line) => JSON.parse(line))
}
