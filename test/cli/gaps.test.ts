import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { readGaps } from '../../src/api/read-gaps.ts'
import { spanText } from '../../src/cli/gap-lines.ts'
import { gapsCommand } from '../../src/cli/gaps.ts'
import { RedisGapLog } from '../../src/delivery/index.ts'
import { type KeptGap, venueId, type Watermark } from '../../src/domain/index.ts'
import { connectRedis, keysOf, type RedisConnection } from '../../src/redis/index.ts'
import { systemClock } from '../../src/system/clock.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

const SHARD = 'gaps'
const KEY = keysOf(SHARD).gaps
const NOW_MS = Date.UTC(2026, 10, 30, 12, 0, 0)

let server: TestRedis
let probe: Redis
let redis: RedisConnection

beforeAll(async () => {
  server = await startTestRedis()
  probe = new Redis(server.url)
  redis = await connectRedis({
    url: server.url,
    role: 'command',
    clock: systemClock,
    random: seededRandom(1),
  })
})
afterAll(async () => {
  probe.disconnect()
  redis.disconnect()
  await server.stop()
})
beforeEach(async () => {
  await probe.flushall()
})

function gap(venue: string, symbol: string, agoMs: number, terms: Partial<KeptGap> = {}): KeptGap {
  const fromMs = NOW_MS - agoMs
  return {
    venue: venueId(venue),
    symbol,
    fromMs,
    toMs: fromMs + 95_000,
    heard: [{ minuteMs: fromMs, low: '99', high: '101' }],
    state: 'filled',
    reasons: [],
    found: 0,
    undecided: 0,
    ...terms,
  }
}

function mark(venue: string, symbol: string, ageMs: number): Watermark {
  const eventTimeMs = NOW_MS - ageMs
  return { venue: venueId(venue), symbol, eventTimeMs, heard: { minuteMs: eventTimeMs, low: '1', high: '1' } }
}

const keep = (gaps: readonly KeptGap[], watermarks: readonly Watermark[] = []) =>
  new RedisGapLog(redis, KEY).write(watermarks, gaps)

async function run(isTTY: boolean, ...args: string[]) {
  const output = Object.assign(new PassThrough(), { isTTY, columns: 200 })
  const errors = new PassThrough()
  const text = { output: '', errors: '' }
  output.on('data', (chunk) => (text.output += stripVTControlCharacters(String(chunk))))
  errors.on('data', (chunk) => (text.errors += chunk))
  const clock = { ...systemClock, nowMs: () => NOW_MS }
  const command = gapsCommand({ clock, output, errors })
  await command.parseAsync([...args, '--redis-url', server.url, '--shard', SHARD], { from: 'user' })
  return { lines: text.output.split('\n').slice(0, -1), errors: text.errors }
}

const atTerminal = (...args: string[]) => run(true, ...args)
const onPipe = async (...args: string[]) =>
  (await run(false, ...args)).lines.map((line) => JSON.parse(line) as unknown)

describe('plimsoll gaps', () => {
  it('says of each gap when it began, how long it was, and what became of it', async () => {
    await keep(
      [
        gap('deribit', 'BTC-PERPETUAL', 3_600_000, { state: 'unfilled', reasons: ['no-record'] }),
        gap('bybit', 'BTCUSDT', 1_800_000, { found: 3, undecided: 1 }),
        gap('bybit', 'ETHUSDT', 1_700_000),
        gap('okx', 'BTC-USDT-SWAP', 120_000, { state: 'open' }),
      ],
      [mark('bybit', 'BTCUSDT', 800)],
    )
    expect((await atTerminal()).lines).toEqual([
      '2026-11-30 11:00:00Z  deribit BTC-PERPETUAL  95 s  not filled: no-record',
      '2026-11-30 11:30:00Z  bybit BTCUSDT  95 s  filled  3 margin accounts had reached a level  1 margin account not judged',
      '2026-11-30 11:31:40Z  bybit ETHUSDT  95 s  filled  no level was missed',
      '2026-11-30 11:58:00Z  okx BTC-USDT-SWAP  95 s  open',
      '4 gaps: 1 open, 2 filled, 1 not filled; 0 markets of 1 are silent or unheard',
    ])
  })

  it('lists a market whose gap has not ended, by its last mark that was evaluated', async () => {
    await keep([], [mark('bybit', 'BTCUSDT', 10_000), mark('binance', 'ETHUSDT', 10_001)])
    expect((await atTerminal()).lines).toEqual([
      '2026-11-30 11:59:49Z  binance ETHUSDT  10 s  silent  no mark evaluated since',
      'no gap; 1 market of 2 is silent or unheard',
    ])
    expect(await onPipe()).toEqual([
      { venue: 'binance', symbol: 'ETHUSDT', fromMs: NOW_MS - 10_001, state: 'silent' },
    ])
  })

  it('lists a market of which no mark ever came, since its first account', async () => {
    const never = (symbol: string, ageMs: number) => ({ ...mark('okx', symbol, ageMs), heard: null })
    await keep(
      [],
      [never('BTC-USDT-SWAP', 60_000), never('ETH-USDT-SWAP', 9_000), mark('bybit', 'BTCUSDT', 800)],
    )
    expect((await atTerminal()).lines).toEqual([
      '2026-11-30 11:59:00Z  okx BTC-USDT-SWAP  60 s  unheard  no mark has come since its first account',
      'no gap; 1 market of 3 is silent or unheard',
    ])
    expect(await onPipe()).toEqual([
      { venue: 'okx', symbol: 'BTC-USDT-SWAP', fromMs: NOW_MS - 60_000, state: 'unheard' },
    ])
  })

  it('says on standard error of a pipe why it prints nothing', async () => {
    const why = async () => {
      const { lines, errors } = await run(false)
      expect(lines).toEqual([])
      return errors
    }
    expect(await why()).toBe(
      'plimsoll: Redis holds nothing of shard gaps: no account is stored, and no worker has run\n',
    )
    expect((await atTerminal()).lines).toEqual([
      'Redis holds nothing of shard gaps: no account is stored, and no worker has run',
    ])
    await probe.hset(keysOf(SHARD).accounts, 'a', '{}')
    expect(await why()).toBe('plimsoll: accounts are stored in shard gaps, but no worker has run on it\n')
    await probe.hset(keysOf(SHARD).progress, 'log id', 'x')
    expect(await why()).toBe(
      'plimsoll: no gap, and no such market of which a worker has evaluated a mark on this shard\n',
    )
    await keep([], [mark('bybit', 'BTCUSDT', 800)])
    expect(await why()).toBe('plimsoll: no gap; 0 markets of 1 are silent or unheard\n')
  })

  it('prints JSON on a pipe: without what a worker keeps for itself', async () => {
    await keep([gap('deribit', 'BTC-PERPETUAL', 3_600_000, { state: 'unfilled', reasons: ['no-record'] })])
    const fromMs = NOW_MS - 3_600_000
    expect(await onPipe()).toEqual([
      {
        venue: 'deribit',
        symbol: 'BTC-PERPETUAL',
        fromMs,
        toMs: fromMs + 95_000,
        state: 'unfilled',
        reasons: ['no-record'],
        found: 0,
        undecided: 0,
      },
    ])
  })

  it('takes a venue by any of its names, and a market', async () => {
    const usdm = gap('binance', 'BTCUSDT', 900_000)
    await keep([usdm, gap('binance', 'ETHUSDT', 800_000), gap('bybit', 'BTCUSDT', 700_000)])
    expect(await onPipe('--venue', 'binance-usdm', '--symbol', 'BTCUSDT')).toEqual([
      expect.objectContaining({ venue: 'binance', symbol: 'BTCUSDT', fromMs: usdm.fromMs }),
    ])
    expect((await atTerminal('--symbol', 'DOGEUSDT')).lines).toEqual([
      'no gap, and no such market of which a worker has evaluated a mark on this shard',
    ])
  })

  it('shows the newest 50 at a terminal and says how many it leaves out; --count shows more, or fewer', async () => {
    await keep(Array.from({ length: 60 }, (_, at) => gap('bybit', `A${at}USDT`, (60 - at) * 1_000)))
    const { lines } = await atTerminal()
    expect(lines).toHaveLength(52)
    expect(lines[0]).toBe('10 older gaps not shown; --count shows more')
    expect(lines[1]).toContain('A10USDT')
    expect(lines.at(-1)).toBe('60 gaps: 60 filled; 0 markets of 0 are silent or unheard')
    expect((await atTerminal('--count', '100')).lines).toHaveLength(61)
    expect(await onPipe()).toHaveLength(60)
    expect(await onPipe('--count', '1')).toEqual([expect.objectContaining({ symbol: 'A59USDT' })])
  })

  it('names an entry that cannot be read, and lists the others', async () => {
    await keep([gap('bybit', 'BTCUSDT', 60_000)])
    await probe.hset(KEY, 'gap bybit ETHUSDT 5', '{"state":"\u001b[2J"}')
    const { lines, errors } = await atTerminal()
    expect(lines).toHaveLength(2)
    expect(errors).toMatch(
      /^plimsoll: INPUT_INVALID: stored entry "gap bybit ETHUSDT 5" of gaps is not valid/,
    )
    expect(errors).not.toContain('\u001b')
  })
})

describe('readGaps', () => {
  it('gives a program gaps in the order of their beginnings, and the last marks', async () => {
    const later = gap('bybit', 'BTCUSDT', 60_000)
    const earlier = gap('bybit', 'ETHUSDT', 90_000, { state: 'open' })
    // The name of an index price holds a space.
    const index = mark('binance', 'BTC in USDT', 1_000)
    await keep([later, earlier], [index])
    const faults: unknown[] = []
    const read = await readGaps({ url: server.url, shard: SHARD, fault: (fault) => faults.push(fault) })
    expect(read).toEqual({ gaps: [earlier, later], watermarks: [index] })
    expect(faults).toEqual([])
  })
})

it.each([
  [0, '0 s'],
  [119_999, '119 s'],
  [120_000, '2 min 0 s'],
  [3_599_999, '59 min 59 s'],
  [3_600_000, '1 h 0 min'],
  [86_399_999, '23 h 59 min'],
  [86_400_000, '1 d 0 h'],
  [190_800_000, '2 d 5 h'],
])('%d ms read as %s', (ms, text) => {
  expect(spanText(ms)).toBe(text)
})
