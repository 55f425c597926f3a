import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Account } from '../../src/domain/index.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { crossPosition, longAt100 } from '../support/accounts.ts'
import { until } from '../support/until.ts'
import type { WorkerProcess } from '../support/worker.ts'
import { ONE_PERCENT, Servers, type Shard } from './harness.ts'

// A long of 1 at 100 with 20 of margin, at a mark of 90: the balance is 10, 0.9 is asked for. A rate of 0.105 takes 9.45 of
// it. Its account states no wallet, so the venue takes the payment from the margin. The rules of all tests here state no day.

const SYMBOL = 'AAAUSDT'
const RATE = '0.105'
/** Time for the accounts to reach a worker before their funding is due. */
const AHEAD_MS = 4_000
const HOUR_MS = 3_600_000
/** Time for a worker to start and to judge its accounts. */
const START_MS = 20_000
/** Longer than a test takes from here on. A whole hour in it might be a funding time that the venue did not announce. */
const BEFORE_HOUR_MS = 25_000

let servers: Servers
beforeAll(async () => {
  servers = await Servers.start()
})
afterAll(() => servers.stop())

interface Charged {
  readonly shard: Shard
  readonly worker: WorkerProcess
  readonly dueMs: number
}

/** A worker that watches an account without a time, one with balances of just before the funding time, and one of after it. */
async function charged(...args: string[]): Promise<Charged> {
  const { exchange } = servers
  const shard = servers.nextShard()
  await until(() => HOUR_MS - (Date.now() % HOUR_MS) > BEFORE_HOUR_MS)
  exchange.setMark(SYMBOL, '90')
  await shard.store([longAt100('untimed', '20')])
  const worker = await shard.startWorker(...args)
  await until(() => exchange.isHeard(SYMBOL))
  const dueMs = Date.now() + AHEAD_MS
  exchange.setFunding(SYMBOL, { rate: RATE, nextTimeMs: dueMs })
  exchange.setMark(SYMBOL, '90')
  const timed = (account: Account, asOfMs: number): Account => ({ ...account, asOfMs })
  await shard.store([timed(longAt100('before', '20'), dueMs - 1), timed(longAt100('after', '20'), dueMs)])
  return { shard, worker, dueMs }
}

const liquidations = async (shard: Shard) =>
  (await shard.streamed()).filter(({ kind }) => kind === 'liquidation')

/** Runs a process with a wall clock that is so far ahead. */
function aheadBy(aheadMs: number): Readonly<Record<string, string>> {
  const script = `const now = Date.now; Date.now = () => now() + ${aheadMs}`
  return { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(script)}` }
}

describe('interest of a debt, and the rollover of a position, while a worker runs', () => {
  it('liquidate an account at the full hour, without a price, once, also across kill -9', async () => {
    const { exchange } = servers
    const shard = servers.nextShard()
    const symbol = 'BBBUSDT'
    const spot = 'SPOTUSDT'
    exchange.setMark(symbol, '90')
    exchange.setMark(spot, '100')
    const rules = servers.writeRules({
      [symbol]: ONE_PERCENT,
      [spot]: {
        contribution: 'linear',
        settlementAsset: 'USDT',
        maintenance: { kind: 'used-margin', share: '0.4' },
        closingFee: 'none',
        liquidation: 'reached',
      },
      collateralRules: { USDT: { tiers: [{ cap: '1000000', ratio: '1' }], liabilityMaintenanceRate: '0' } },
    })
    // The clock of the workers comes to a full hour when the first of them has had time to start.
    const startMs = Date.now() + START_MS
    const hourMs = Math.ceil(startMs / HOUR_MS) * HOUR_MS
    const env = aheadBy(hourMs - startMs)
    // 21 of assets less 10 owed and a loss of 10: a balance of 1, 0.9 are asked for. An hour costs 0.1.
    await shard.store([
      {
        ...longAt100('pool', '1', { symbol }),
        asOfMs: hourMs - 1,
        positions: [crossPosition(symbol, { size: '1' })],
        pool: { currency: 'USDT', kind: 'multi-asset' },
        collateral: [{ asset: 'USDT', amount: '21' }],
        liabilities: [{ asset: 'USDT', amount: '10', hourlyInterestRate: '0.01' }],
      },
      // 0.4 · 100 / 5 = 8 are asked for. Four hours cost 0.1.
      {
        ...longAt100('spot', '1', { symbol: spot }),
        asOfMs: hourMs - 1,
        positions: [
          {
            ...crossPosition(spot, { size: '1', leverage: '5' }),
            fourHourlyRolloverRate: '0.001',
            rolloverTimeMs: hourMs - 4 * HOUR_MS,
          },
        ],
        collateral: [{ asset: 'USDT', amount: '8.1' }],
      },
    ])
    const worker = await shard.startWorkerIn(env, '--rules', rules)
    await until(async () => (await shard.streamed()).length > 1)
    await until(async () => (await liquidations(shard)).length > 1)
    const liquidated = await liquidations(shard)
    const rolled = liquidated.find(({ account }) => account === 'spot')
    expect(rolled).toMatchObject({
      reasons: expect.arrayContaining(['rollover']),
      eventTimeMs: hourMs,
      marginBalance: '8',
      maintenanceMargin: '8',
      rollover: { asOfMs: hourMs - 1, upToMs: hourMs, positions: [{ rollovers: 1, amount: '0.1' }] },
    })
    expect(verifyEvent(rolled!)).toMatchObject({ isOk: true })
    const event = liquidated.find(({ account }) => account === 'pool')
    expect(event).toMatchObject({
      reasons: expect.arrayContaining(['interest']),
      eventTimeMs: hourMs,
      marginBalance: '0.9',
      maintenanceMargin: '0.9',
      interest: { asOfMs: hourMs - 1, hours: 1, debts: [{ asset: 'USDT', amount: '0.1' }] },
    })
    expect(verifyEvent(event!)).toMatchObject({ isOk: true })
    await worker.end('SIGKILL')
    const second = await shard.startWorkerIn(env, '--rules', rules, '--take-over')
    exchange.setMark(symbol, '95')
    exchange.setMark(spot, '120')
    const of = async (account: string) =>
      (await shard.streamed()).filter((streamed) => streamed.account === account)
    const isRecovered = async (account: string) => (await of(account)).at(-1)?.kind === 'recovered'
    await until(async () => (await isRecovered('pool')) && (await isRecovered('spot')))
    const storyOf = async (account: string) =>
      (await of(account)).map(({ kind, marginBalance }) => [kind, marginBalance])
    expect(await storyOf('pool')).toEqual([
      ['warning', '1'],
      ['liquidation', '0.9'],
      ['recovered', '5.9'],
    ])
    expect(await storyOf('spot')).toEqual([
      ['warning', '8.1'],
      ['liquidation', '8'],
      ['recovered', '28'],
    ])
    expect((await second.end('SIGTERM')).code).toBe(0)
  })
})

describe('funding that falls due while a worker runs', () => {
  it('liquidates an account that was safe before it, without a price, once, also across kill -9', async () => {
    const { shard, worker, dueMs } = await charged()
    const { exchange } = servers
    const { effects } = shard.subscribe()
    await until(async () => (await liquidations(shard)).length > 0)
    const [event] = await liquidations(shard)
    expect(event).toMatchObject({
      account: 'before',
      reasons: ['funding', 'rules-undated'],
      confidence: 'confirmed',
      eventTimeMs: dueMs,
      walletBalance: '10.55',
      marginBalance: '0.55',
      funding: { asOfMs: dueMs - 1, payments: 1, amounts: [{ asset: 'USDT', amount: '-9.45' }] },
    })
    expect(verifyEvent(event!)).toMatchObject({ isOk: true })
    await until(() => effects.length === 1)
    // The book keeps what was stated, so that an export can be imported again.
    expect(await shard.book.get('before')).toEqual({ ...longAt100('before', '20'), asOfMs: dueMs - 1 })
    await worker.end('SIGKILL')
    exchange.setFunding(SYMBOL, { rate: RATE, nextTimeMs: dueMs + HOUR_MS })
    const second = await shard.startWorker('--take-over')
    // The payment is in the balance once: 20 − 9.45 − 9.7 is above the line.
    for (const mark of ['90.1', '90.3', '95']) exchange.setMark(SYMBOL, mark)
    await until(async () => (await shard.streamed()).at(-1)?.kind === 'recovered')
    // Balances of after the payment hold it already.
    await shard.store([{ ...longAt100('before', '5.9', { version: 2 }), asOfMs: dueMs + 1 }])
    await until(async () => (await shard.streamed()).length > 2)
    expect(
      (await shard.streamed()).map(({ kind, walletBalance, reasons, funding }) => [
        kind,
        walletBalance,
        reasons,
        funding?.payments,
      ]),
    ).toEqual([
      ['liquidation', '10.55', ['funding', 'rules-undated'], 1],
      ['recovered', '10.55', ['rules-undated'], 1],
      ['liquidation', '5.9', ['rules-undated'], 0],
    ])
    expect((await second.end('SIGTERM')).code).toBe(0)
  })

  it('is not forgotten by a worker that was killed before it and started after it: the verdict says that it is unknown', async () => {
    const { shard, worker, dueMs } = await charged()
    const { exchange, probe } = servers
    const next = `next bybit ${SYMBOL}`
    await until(async () => (await probe.hget(shard.keys.funding, next)) === String(dueMs))
    await worker.end('SIGKILL')
    await until(() => Date.now() > dueMs)
    exchange.setFunding(SYMBOL, { rate: RATE, nextTimeMs: dueMs + HOUR_MS })
    const second = await shard.startWorker('--take-over')
    const record = `record bybit ${SYMBOL} ${dueMs}`
    await until(async () => (await probe.hget(shard.keys.funding, record)) === '"unknown"')
    exchange.setMark(SYMBOL, '80.5')
    await until(async () => (await liquidations(shard)).length >= 3)
    // The mark may reach the worker before it knows that the record is kept: that verdict says so too, and stands.
    for (const { account, confidence, reasons } of await liquidations(shard)) {
      const isUnknown = account === 'before'
      expect({ account, confidence, isUnknown: reasons.includes('funding-unknown') }).toEqual({
        account,
        confidence: isUnknown ? 'suspect' : 'confirmed',
        isUnknown,
      })
    }
    expect((await second.end('SIGTERM')).code).toBe(0)
    expect((await shard.streamed()).map(({ account }) => account).sort()).toEqual([
      'after',
      'before',
      'untimed',
    ])
  })

  it('and was said to be unknown by a worker that was killed is not said again by the next one', async () => {
    const { exchange, probe } = servers
    const shard = servers.nextShard()
    await until(() => HOUR_MS - (Date.now() % HOUR_MS) > BEFORE_HOUR_MS)
    const hourMs = Date.now() - (Date.now() % HOUR_MS)
    const symbol = 'BBBUSDT'
    // The venue says nothing of the contract's funding, so whether any was charged is not known.
    exchange.setMark(symbol, '80.5')
    await shard.store([{ ...longAt100('before', '20', { symbol }), asOfMs: hourMs - 1 }])
    const worker = await shard.startWorker()
    await until(async () => (await liquidations(shard)).length === 1)
    await worker.end('SIGKILL')
    exchange.setFunding(symbol, { rate: RATE, nextTimeMs: hourMs + HOUR_MS })
    const second = await shard.startWorker('--take-over')
    await until(() => exchange.isHeard(symbol))
    exchange.setMark(symbol, '80.4')
    const record = `record bybit ${symbol} ${hourMs}`
    await until(async () => (await probe.hget(shard.keys.funding, record)) === '"unknown"')
    exchange.setMark(symbol, '95')
    await until(async () => (await shard.streamed()).at(-1)?.kind === 'recovered')
    expect((await shard.streamed()).map(({ kind, reasons }) => [kind, reasons])).toEqual([
      ['liquidation', ['funding-unknown', 'rules-undated']],
      ['recovered', ['funding-unknown', 'rules-undated']],
    ])
    expect((await second.end('SIGTERM')).code).toBe(0)
  })

  it('is ignored by a worker that is told so', async () => {
    const { shard, worker, dueMs } = await charged('--funding', 'ignore')
    await until(() => Date.now() > dueMs + 2_000)
    servers.exchange.setMark(SYMBOL, '80.5')
    await until(async () => (await liquidations(shard)).length === 3)
    for (const event of await liquidations(shard)) {
      expect(event).toMatchObject({ walletBalance: '20' })
      expect(event).not.toHaveProperty('funding')
    }
    expect(await servers.probe.exists(shard.keys.funding)).toBe(0)
    expect((await worker.end('SIGTERM')).code).toBe(0)
  })
})
