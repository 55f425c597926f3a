import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import type { Clock, PlimsollEvent } from '../../src/domain/index.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { Recorder } from '../../src/replay/index.ts'
import { systemClock, systemRandom } from '../../src/system/index.ts'
import { startWorker, type Worker } from '../../src/worker/index.ts'
import { RecordingLog } from '../feed/harness.ts'
import { longAt100 } from '../support/accounts.ts'
import { runCli, temporaryFolder } from '../support/cli.ts'
import { isMarginEvent } from '../support/monitor.ts'
import { until } from '../support/until.ts'
import { ONE_PERCENT, Servers, type Shard, told } from './harness.ts'

const DATED = 'AAAUSDT-26DEC31'
/** Minutes of the worker's timers pass so much faster than those of this machine. */
const HASTE = 400
const DELISTED_LINE =
  'contracts are not listed by their venue any more; the margin accounts that hold them have no verdict until they are stored without them'
const CONTRADICTED_LINE =
  'venues state other terms of contracts than the rules; the margin accounts that hold them have no verdict until the rules agree'
const FAILED_LINE = 'a list of contracts cannot be read; what was known of them stays'

let servers: Servers
let shard: Shard
let rulesFile: string
let list: Server
let worker: Worker | undefined
let log: RecordingLog
let readings: number
let answer: (response: ServerResponse) => void
const clock: Clock = {
  ...systemClock,
  after: (ms, action) => systemClock.after(ms >= 60_000 ? ms / HASTE : ms, action),
}

interface Entry {
  readonly symbol: string
  readonly status?: string
  readonly deliveryTime?: string
  readonly settleCoin?: string
  readonly contractType?: string
}

beforeAll(async () => {
  servers = await Servers.start()
  rulesFile = servers.writeRules({ AAAUSDT: ONE_PERCENT, BBBUSDT: ONE_PERCENT, [DATED]: ONE_PERCENT })
  list = createServer((_request, response) => {
    readings++
    answer(response)
  })
  list.listen(0, '127.0.0.1')
  await once(list, 'listening')
})
beforeEach(() => {
  shard = servers.nextShard()
  readings = 0
})
afterEach(async () => {
  await worker?.stop()
  worker = undefined
})
afterAll(async () => {
  list.closeAllConnections()
  await new Promise((resolve) => list.close(resolve))
  await servers.stop()
})

async function start(
  settings: { readonly instrumentsMinutes?: string; readonly rulesFile?: string } = {},
  recorder?: Recorder,
): Promise<Worker> {
  const redisUrl = servers.redis.url
  const listUrl = `http://127.0.0.1:${(list.address() as AddressInfo).port}`
  const config = loadConfig(
    {
      redisUrl,
      rulesFile,
      shard: shard.name,
      levels: ['0.5', '0.7', '0.9'],
      instrumentsMinutes: '1',
      streamUrls: { 'bybit-linear': servers.exchange.url, 'bybit-linear-instruments': listUrl },
      ...settings,
    },
    {},
  )
  log = new RecordingLog()
  const fatal = (error: Error) => {
    throw error
  }
  worker = await startWorker({ config, redisUrl, clock, random: systemRandom, log, fatal, recorder })
  return worker
}

/** The venue lists these from now on. */
function lists(...entries: readonly Entry[]): void {
  const contracts = entries.map((entry) => ({ status: 'Trading', deliveryTime: '0', ...entry }))
  answer = (response) =>
    void response.end(
      JSON.stringify({ retCode: 0, retMsg: 'OK', result: { nextPageCursor: '', list: contracts } }),
    )
}

/** Resolves when as many further readings as that have been answered and taken. */
async function readAgain(worker: Worker, times: number): Promise<void> {
  const before = worker.read.counters().instruments!.readings
  await until(() => worker.read.counters().instruments!.readings >= before + times)
}

const linesOf = (line: string) =>
  log.lines.filter(({ message }) => message === line).map(({ fields }) => fields)
const of = (symbol: string) => ({ symbol })
// Balance 20 + (x − 100), maintenance 1 % of x: level 0.5 at 81.632….
const near = longAt100('desk/near', '20', { symbol: 'AAAUSDT' })
const far = longAt100('desk/far', '60', { symbol: 'AAAUSDT' })
const other = longAt100('desk/other', '20', { symbol: 'BBBUSDT' })

describe('a contract that the venue takes off its list while the worker runs', () => {
  it('is an event after two readings, once, and not again after a restart; it is taken back when it is listed again', async () => {
    const { exchange } = servers
    exchange.setMark('AAAUSDT', '81.5')
    exchange.setMark('BBBUSDT', '95')
    await shard.store([near, far, other])
    const { effects } = shard.subscribe()
    lists(of('AAAUSDT'), of('BBBUSDT'))
    const { read } = await start()
    await until(() => effects.length === 1 && exchange.isHeard('BBBUSDT'))
    await readAgain(worker!, 2)
    expect(linesOf(DELISTED_LINE)).toEqual([])

    // A venue that answers without a contract once, and with it again, has not delisted it.
    let cut = 1
    const whole = (response: ServerResponse) => {
      lists(of('BBBUSDT'), ...(cut-- === 1 ? [] : [of('AAAUSDT')]))
      const again = answer
      answer = whole
      again(response)
    }
    answer = whole
    await readAgain(worker!, 4)
    expect(linesOf(DELISTED_LINE)).toEqual([])
    expect(await shard.marketEvents()).toEqual([])

    lists(of('BBBUSDT'), { symbol: 'AAAUSDT', status: 'Closed' })
    await until(() => effects.length === 2)
    expect(told(effects[1]!)).toBe('desk/near #2 episode 1 unknown 0.5 → 0.5')
    expect(effects[1]).toMatchObject({ reasons: ['contract-delisted'], marginRatio: null })
    expect(linesOf(DELISTED_LINE)).toEqual([
      { contracts: 1, symbols: ['bybit AAAUSDT, held by 2 margin accounts'] },
    ])
    expect(read.counters().blindMarkets).toEqual([
      {
        venue: 'bybit',
        symbol: 'AAAUSDT',
        state: 'delisted',
        reason: 'the venue does not list the contract any more',
      },
    ])
    await until(() => !exchange.isHeard('AAAUSDT'))
    exchange.setMark('AAAUSDT', '50')
    exchange.setMark('BBBUSDT', '81.5')
    await until(() => effects.length === 3)
    expect(told(effects[2]!)).toBe('desk/other #1 episode 1 warning 0 → 0.5')

    await worker!.stop()
    lists(of('BBBUSDT'))
    const requests = exchange.requests.length
    await start()
    await until(() => exchange.isHeard('BBBUSDT'))
    await readAgain(worker!, 3)
    expect(exchange.requests.slice(requests).flat()).toEqual(['BBBUSDT'])
    expect(worker!.read.counters().unknownMarginAccounts).toBe(2)
    const markets = await shard.marketEvents()
    expect(markets).toMatchObject([
      { kind: 'market-expired', symbol: 'AAAUSDT', delisted: true, marginAccounts: 2, markPrice: null },
    ])
    expect(effects).toHaveLength(3)
    for (const event of [...effects, ...markets])
      expect(verifyEvent(event)).toMatchObject({ isOk: true, differences: [], faults: [] })

    lists(of('AAAUSDT'), of('BBBUSDT'))
    exchange.setMark('AAAUSDT', '95')
    await until(() => effects.length === 4)
    expect(told(effects[3]!)).toBe('desk/near #3 episode 2 recovered 0.5 → 0')
    // What it was while it was taken for delisted is a gap, of which this venue has no record.
    const kinds = (await shard.marketEvents()).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind !== 'market-gap')).toEqual(['market-expired', 'market-fresh'])
    expect(worker!.read.counters().blindMarkets).toEqual([])
  })
})

describe('a contract whose expiry the venue states', () => {
  it('ends then, and not on the day in its name', async () => {
    servers.exchange.setMark(DATED, '81.5')
    await shard.store([longAt100('desk/dated', '20', { symbol: DATED })])
    const { effects } = shard.subscribe()
    const expiryMs = Date.now() + 3_000
    lists({ symbol: DATED, deliveryTime: String(expiryMs) })
    await start()
    await until(() => effects.length === 2)
    expect(effects.map(told)).toEqual([
      'desk/dated #1 episode 1 warning 0 → 0.5',
      'desk/dated #2 episode 1 unknown 0.5 → 0.5',
    ])
    expect(effects[1]).toMatchObject({ reasons: ['contract-expired'] })
    expect(await shard.marketEvents()).toMatchObject([
      { kind: 'market-expired', symbol: DATED, sinceMs: expiryMs, marginAccounts: 1 },
    ])
  })
})

describe('a contract of which the venue states other terms than the rules', () => {
  it('has no verdict, also after a restart, until both agree', async () => {
    const { exchange } = servers
    exchange.setMark('AAAUSDT', '81.5')
    await shard.store([near, far])
    const { effects } = shard.subscribe()
    lists({ symbol: 'AAAUSDT', settleCoin: 'USDT' })
    await start()
    await until(() => effects.length === 1)
    lists({ symbol: 'AAAUSDT', settleCoin: 'USDC' })
    await until(() => effects.length === 2)
    const contradictions = [{ field: 'settlementAsset', rules: 'USDT', venue: 'USDC' }]
    expect(told(effects[1]!)).toBe('desk/near #2 episode 1 unknown 0.5 → 0.5')
    expect(effects[1]).toMatchObject({
      reasons: ['rules-contradicted'],
      contradictions: [{ symbol: 'AAAUSDT', ...contradictions[0] }],
      marginRatio: null,
    })
    expect(linesOf(CONTRADICTED_LINE)).toEqual([
      {
        contracts: 1,
        symbols: [
          'bybit AAAUSDT, held by 2 margin accounts: settlementAsset is USDT in the rules and USDC at the venue',
        ],
      },
    ])
    expect(worker!.read.counters().unknownMarginAccounts).toBe(2)

    await worker!.stop()
    exchange.setMark('AAAUSDT', '50')
    await start()
    await until(() => exchange.isHeard('AAAUSDT') && worker!.read.counters().ticksOutsideBook > 0)
    await readAgain(worker!, 2)
    expect(worker!.read.counters().unknownMarginAccounts).toBe(2)
    expect(effects).toHaveLength(2)
    expect(await shard.marketEvents()).toMatchObject([
      { kind: 'market-contradicted', symbol: 'AAAUSDT', contradictions, marginAccounts: 2, markPrice: null },
    ])

    lists({ symbol: 'AAAUSDT', settleCoin: 'USDT' })
    await until(() => linesOf('the rules agree with the terms that venues state').length === 1)
    exchange.setMark('AAAUSDT', '49')
    await until(() => effects.length === 3)
    expect(told(effects[2]!)).toBe('desk/near #3 episode 2 liquidation 0.5 → 1')
    const markets = await shard.marketEvents()
    expect(markets.map(({ kind }) => kind).slice(0, 2)).toEqual(['market-contradicted', 'market-fresh'])
    for (const event of [...effects, ...markets])
      expect(verifyEvent(event)).toMatchObject({ isOk: true, differences: [], faults: [] })
  })
})

describe('a rules file that contradicts the list', () => {
  it('gives no verdict until it is corrected, and is judged by the corrected one from the next mark on', async () => {
    const { exchange } = servers
    const own = servers.writeRules({ AAAUSDT: { ...ONE_PERCENT, kind: 'inverse' } })
    exchange.setMark('AAAUSDT', '95')
    await shard.store([near])
    lists({ symbol: 'AAAUSDT', contractType: 'LinearPerpetual' })
    await start({ rulesFile: own })
    await until(async () => (await shard.marketEvents()).length === 1)
    expect(await shard.marketEvents()).toMatchObject([
      {
        kind: 'market-contradicted',
        contradictions: [{ field: 'contribution', rules: 'inverse', venue: 'linear' }],
      },
    ])
    writeFileSync(own, JSON.stringify({ bybit: { AAAUSDT: ONE_PERCENT } }))
    await until(() => linesOf('the rules agree with the terms that venues state').length === 1)
    exchange.setMark('AAAUSDT', '81.5')
    await until(async () => (await shard.streamed()).some(({ kind }) => kind === 'warning'))
    const [warning] = (await shard.streamed()).filter(({ kind }) => kind === 'warning')
    expect(warning).toMatchObject({ level: '0.5', rules: { AAAUSDT: { contribution: 'linear' } } })
    expect((await shard.marketEvents()).map(({ kind }) => kind).slice(0, 2)).toEqual([
      'market-contradicted',
      'market-fresh',
    ])
  })
})

describe('a recording of a worker', () => {
  it('holds what lists said, over a restart: its replay gives the same events, in every run the same bytes', async () => {
    const { exchange } = servers
    const folder = temporaryFolder()
    onTestFinished(() => folder.remove())
    const recorded: string[] = []
    const recorder = new Recorder({ clock, write: (line) => recorded.push(line) })
    exchange.setMark('AAAUSDT', '81.5')
    await shard.store([near])
    const { effects } = shard.subscribe()
    lists({ symbol: 'AAAUSDT', settleCoin: 'USDT' })
    await start({}, recorder)
    await until(() => effects.length === 1)
    lists({ symbol: 'AAAUSDT', settleCoin: 'USDC' })
    await until(() => effects.length === 2)
    await worker!.stop()
    await start({}, recorder)
    await until(() => exchange.isHeard('AAAUSDT') && worker!.read.counters().ticksOutsideBook > 0)
    lists({ symbol: 'AAAUSDT', settleCoin: 'USDT' })
    await until(() => linesOf('the rules agree with the terms that venues state').length === 1)
    exchange.setMark('AAAUSDT', '81.4')
    await until(() => effects.length === 3)
    lists({ symbol: 'AAAUSDT', settleCoin: 'USDT', status: 'Closed' })
    await until(() => effects.length === 4)
    await worker!.stop()
    expect(
      effects.map(({ kind, reasons }) => [kind, ...reasons.filter((reason) => reason !== 'rules-undated')]),
    ).toEqual([['warning'], ['unknown', 'rules-contradicted'], ['warning'], ['unknown', 'contract-delisted']])

    writeFileSync(
      join(folder.path, 'recording-20260101T000000000Z.jsonl.gz'),
      gzipSync(recorded.map((line) => `${line}\n`).join('')),
    )
    const replayed = await runCli(['replay', folder.path, '--rules', rulesFile])
    expect(replayed.code).toBe(0)
    const events = replayed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as PlimsollEvent)
    const said = (event: PlimsollEvent) => {
      const { kind, episode, sequence } = event
      if (isMarginEvent(event))
        return { kind, episode, sequence, reasons: event.reasons, of: event.contradictions }
      return { kind, episode, sequence, of: 'symbol' in event ? event.contradictions : undefined }
    }
    const markets = (await shard.marketEvents()).filter(({ kind }) => kind !== 'market-gap')
    expect(
      [...events.filter(isMarginEvent), ...events.filter((event) => !isMarginEvent(event))].map(said),
    ).toEqual([...effects, ...markets].map(said))
    expect((await runCli(['replay', folder.path, '--rules', rulesFile])).stdout).toBe(replayed.stdout)
  })
})

describe('a list that cannot be read', () => {
  it('changes nothing, is counted, and is one line of the log until it can be read again', async () => {
    servers.exchange.setMark('AAAUSDT', '95')
    await shard.store([near])
    answer = (response) => void response.writeHead(404).end('gone')
    const { read } = await start()
    await until(() => servers.exchange.isHeard('AAAUSDT') && read.counters().instruments!.readings >= 4)
    expect(read.counters().instruments!.failures).toBe(read.counters().instruments!.readings)
    expect(linesOf(FAILED_LINE)).toEqual([
      { list: 'bybit-linear-instruments', reason: 'the venue answers with status 404: gone' },
    ])
    expect(read.counters().blindMarkets).toEqual([])
    lists(of('AAAUSDT'))
    await until(() => linesOf('the list of contracts is read again').length === 1)
    expect(await shard.marketEvents()).toEqual([])
  })

  it('is not asked where the settings turn lists off', async () => {
    servers.exchange.setMark('AAAUSDT', '95')
    await shard.store([near])
    lists(of('BBBUSDT'))
    const { read } = await start({ instrumentsMinutes: '0' })
    await until(() => servers.exchange.isHeard('AAAUSDT'))
    expect(read.counters().instruments).toBeUndefined()
    expect(readings).toBe(0)
  })
})
