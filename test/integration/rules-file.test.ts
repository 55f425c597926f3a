import { renameSync, writeFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest'
import { verifyEvent } from '../../src/questions/index.ts'
import { crossPosition, makeAccount } from '../support/accounts.ts'
import { until } from '../support/until.ts'
import type { WorkerProcess } from '../support/worker.ts'
import { ONE_PERCENT, Servers, told, withRate } from './harness.ts'

const TAKEN = 'rules file has changed and is taken'
const REFUSED = 'rules file is not taken: the rules before it stay in force'
const INDEX_FRAME = { symbol: 'BTCUSDT', indexPrice: '20000' }

let servers: Servers
let worker: WorkerProcess | undefined
beforeAll(async () => {
  servers = await Servers.start()
})
afterEach(async () => {
  await worker?.end('SIGTERM')
  worker = undefined
})
afterAll(() => servers.stop())

/** 100 AAA of 100 USDT behind 1,000 USDT: 1 % asks for 100, 8 % for 800. */
const PLAIN = makeAccount({
  id: 'plain',
  collateral: [{ asset: 'USDT', amount: '1000' }],
  positions: [crossPosition('AAAUSDT', { size: '100', entryPrice: '100' })],
})
/** The same behind a tenth of a BTC of 20,000 USDT: a ratio of 0.95 counts 1,900, one of 0.04 counts 80. */
const POOLED = {
  ...PLAIN,
  id: 'pooled',
  collateral: [{ asset: 'BTC', amount: '0.1' }],
  pool: { currency: 'USDT', kind: 'multi-asset' as const },
}
const weighing = (ratio: string) => ({
  BTC: { tiers: [{ cap: '100', ratio }], liabilityMaintenanceRate: '0' },
})

it('a running worker takes a rules file that changes, and keeps its rules where the file is refused', async () => {
  const { exchange } = servers
  const shard = servers.nextShard()
  const rules = { AAAUSDT: ONE_PERCENT, collateralRules: weighing('0.95') }
  const path = servers.writeRules(rules)
  await shard.store([PLAIN, POOLED])
  const { effects } = shard.subscribe()
  worker = await shard.startWorker('--json', '--rules', path)
  const logged = (msg: string) => worker!.log.filter((line) => line.msg === msg)
  exchange.setMark('AAAUSDT', '100')
  await until(() => exchange.isHeard('AAAUSDT') && exchange.isHeard('BTCUSDT'))
  const stateIndex = () => {
    const stated = { topic: 'tickers.BTCUSDT', type: 'delta', data: INDEX_FRAME, ts: Date.now() }
    exchange.send(JSON.stringify(stated))
  }
  stateIndex()
  const stating = setInterval(stateIndex, 500)
  onTestFinished(() => clearInterval(stating))

  // With a byte order mark, as some editors write it.
  writeFileSync(path, `\ufeff${JSON.stringify({ bybit: { ...rules, AAAUSDT: withRate('0.08') } })}`)
  await until(() => effects.length === 1)
  expect(effects.map(told)).toEqual(['plain #1 episode 1 warning 0 → 0.7'])
  expect(effects[0]).toMatchObject({ reasons: ['rules-changed', 'rules-undated'], maintenanceMargin: '800' })

  // Another file under the same name, as `rules import --merge` writes it.
  writeFileSync(`${path}.new`, JSON.stringify({ bybit: { ...rules, collateralRules: weighing('0.04') } }))
  renameSync(`${path}.new`, path)
  await until(() => effects.length === 3)
  expect(effects.slice(1).map(told).sort()).toEqual([
    'plain #2 episode 1 recovered 0.7 → 0',
    'pooled #1 episode 1 liquidation 0 → 1',
  ])
  expect(effects.find(({ account }) => account === 'pooled')).toMatchObject({ marginBalance: '80' })

  writeFileSync(path, '{"bybit": {')
  await until(() => logged(REFUSED).length === 1)
  expect(logged(REFUSED)[0]).toMatchObject({ code: 'CONFIGURATION', error: expect.stringContaining(path) })
  writeFileSync(path, JSON.stringify({ bybit: { ...rules, AAAUSDT: withRate('8%') } }))
  // Its symbol alone is refused, and so are the accounts that hold it.
  const since = (before: number) => effects.slice(before).map(told).sort()
  await until(() => effects.length === 5)
  expect(since(3)).toEqual(['plain #3 episode 2 unknown 0 → 0', 'pooled #2 episode 1 unknown 1 → 1'])
  expect(effects[3]).toMatchObject({ reasons: ['account-refused', 'rules-changed'] })
  writeFileSync(path, JSON.stringify({ bybit: rules }))
  await until(() => effects.length === 7)
  expect(since(5)).toEqual(['plain #4 episode 3 recovered 0 → 0', 'pooled #3 episode 2 recovered 1 → 0'])
  expect(logged(TAKEN)).toHaveLength(4)
  for (const event of effects) expect(verifyEvent(event)).toMatchObject({ isOk: true })
}, 60_000)
