import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Account, MarketEvent } from '../../src/domain/index.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { crossPosition, makeAccount } from '../support/accounts.ts'
import { runCli } from '../support/cli.ts'
import { until } from '../support/until.ts'
import type { WorkerProcess } from '../support/worker.ts'
import { ONE_PERCENT, Servers, told } from './harness.ts'

const STALE_LIMIT_MS = 15_000
const INDEX = 'BTC/USDT index'

/** One BTC, of which 95 % count, behind 1,000 AAA of 100 USDT: its maintenance margin is 1,000 USDT. */
const UNIFIED: Account = {
  ...makeAccount({
    id: 'desk/unified',
    venue: 'bybit',
    collateral: [{ asset: 'BTC', amount: '1' }],
    positions: [crossPosition('AAAUSDT', { size: '1000', entryPrice: '100' })],
  }),
  pool: { currency: 'USDT', kind: 'multi-asset' },
}
const COLLATERAL = { BTC: { tiers: [{ cap: '100', ratio: '0.95' }], discounts: 'wallet' } }

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

/** A delta of the ticker of BTCUSDT that states its index price alone. */
function stateIndex(indexPrice: string): void {
  const data = { symbol: 'BTCUSDT', indexPrice }
  servers.exchange.send(JSON.stringify({ topic: 'tickers.BTCUSDT', type: 'delta', data, ts: Date.now() }))
}

it('a unified account is warned and liquidated because the index of its BTC falls, and is unknown without it', async () => {
  const { exchange, redis } = servers
  const shard = servers.nextShard()
  const rules = servers.writeRules({ AAAUSDT: ONE_PERCENT, collateralRules: COLLATERAL })
  const store = ['--redis-url', redis.url, '--shard', shard.name, '--rules', rules]
  exchange.setMark('AAAUSDT', '100')
  exchange.setMark('BTCUSDT', '20000')
  const imported = await runCli(['import', ...store, '--json', '-'], { input: JSON.stringify(UNIFIED) })
  expect(JSON.parse(imported.stdout)).toMatchObject({ imported: 1, refusedCount: 0 })
  const { effects } = shard.subscribe()
  worker = await shard.startWorker('--json', '--rules', rules)
  // No position is on BTCUSDT: its ticker is asked for because it carries the index.
  await until(() => exchange.isHeard('AAAUSDT') && exchange.isHeard('BTCUSDT'))
  // Levels of the ratio at 2,105.26…, 1,503.75…, 1,169.59… and 1,052.63….
  for (const price of ['20000', '2105.27', '2105.26', '1503.75', '1169.59', '1052.64', '1052.63', '20000'])
    stateIndex(price)
  await until(() => effects.length === 5)
  expect(effects.map(told)).toEqual([
    'desk/unified #1 episode 1 warning 0 → 0.5',
    'desk/unified #2 episode 1 warning 0.5 → 0.7',
    'desk/unified #3 episode 1 warning 0.7 → 0.9',
    'desk/unified #4 episode 1 liquidation 0.9 → 1',
    'desk/unified #5 episode 1 recovered 1 → 0',
  ])
  expect(effects[3]).toMatchObject({
    marginAccount: 'desk/unified:cross:USDT',
    marks: [{ symbol: 'AAAUSDT', markPrice: '100' }],
    walletBalance: '1052.63',
    marginBalance: '999.9985',
    maintenanceMargin: '1000',
    pool: { assets: [{ asset: 'USDT' }, { asset: 'BTC', amount: '1', indexPrice: '1052.63' }] },
  })

  stateIndex('1400')
  await until(() => effects.length === 6)
  // The venue states no index price any more: it is not valued at the last one.
  stateIndex('')
  await until(() => effects.length === 7, STALE_LIMIT_MS)
  expect(effects[6]).toMatchObject({ kind: 'unknown', reasons: ['stale-index'], marginBalance: null })
  stateIndex('1300')
  await until(() => effects.length === 8)
  expect(effects.slice(5).map(told)).toEqual([
    'desk/unified #6 episode 2 warning 0 → 0.7',
    'desk/unified #7 episode 2 unknown 0.7 → 0.7',
    'desk/unified #8 episode 3 warning 0.7 → 0.7',
  ])
  const markets: MarketEvent[] = await shard.marketEvents()
  expect(markets.map(({ kind, symbol, markPrice }) => [kind, symbol, markPrice])).toEqual([
    ['market-stale', INDEX, null],
    ['market-fresh', INDEX, '1300'],
    // Its stream is at another address than the venue's, whose record is not asked then.
    ['market-gap', INDEX, null],
  ])
  for (const event of [...effects, ...markets])
    expect(verifyEvent(event)).toMatchObject({ isOk: true, differences: [], faults: [] })

  const shown = await runCli([
    'accounts',
    'show',
    '--redis-url',
    redis.url,
    '--shard',
    shard.name,
    UNIFIED.id,
  ])
  expect(JSON.parse(shown.stdout)).toMatchObject({ pool: UNIFIED.pool, collateral: UNIFIED.collateral })
})

it('is refused at import with each asset that no rules weigh and each index price that no source brings', async () => {
  const { redis } = servers
  const rules = servers.writeRules({
    AAAUSDT: ONE_PERCENT,
    collateralRules: { ...COLLATERAL, USDT: { tiers: [{ cap: '1', ratio: '1' }] } },
  })
  const store = ['--redis-url', redis.url, '--shard', 'refused', '--rules', rules, '--dry-run']
  const refusedFor = async (account: Account) => {
    const { stdout } = await runCli(['import', ...store, '--json', '-'], { input: JSON.stringify(account) })
    return (JSON.parse(stdout) as { refused: { path: string; rule: string }[] }).refused
  }
  const collateral = [...UNIFIED.collateral, { asset: 'DOGE', amount: '1' }]
  expect(await refusedFor({ ...UNIFIED, collateral })).toMatchObject([
    {
      path: 'collateral[1].asset',
      rule: expect.stringMatching(/does not say how DOGE counts in a pool valued in USDT/),
    },
  ])
  expect(await refusedFor({ ...UNIFIED, pool: { currency: 'USD', kind: 'multi-asset' } })).toMatchObject([
    {
      path: 'positions[0].symbol',
      rule: expect.stringMatching(
        /^no source of bybit brings the index price of USDT in USD; plimsoll margin takes it/,
      ),
    },
  ])
})
