import { describe, expect, it } from 'vitest'
import {
  type Account,
  type AccountChange,
  type AccountSource,
  IN_OUR_WORDS,
  venueId,
} from '../../src/domain/index.ts'
import { PlimsollError } from '../../src/errors.ts'
import { RECORDING_FILE, type RecordedEntry, Recorder, RecordingReader } from '../../src/replay/index.ts'
import { accountSchema } from '../../src/venues/index.ts'
import { isolatedLong, parsedAccount } from '../support/accounts.ts'
import { TestClock } from '../support/clock.ts'

const ACCOUNT = parsedAccount({
  ...isolatedLong('desk/long', { symbol: 'BTCUSDT', size: '1', entryPrice: '100', isolatedMargin: '9' }),
} as never)

function accountOf(value: unknown): Account {
  const parsed = accountSchema.safeParse(value, IN_OUR_WORDS)
  if (parsed.success) return parsed.data
  throw new PlimsollError('ACCOUNT_INVALID', 'is no account')
}

function recorded() {
  const clock = new TestClock()
  const lines: string[] = []
  return { clock, lines, recorder: new Recorder({ clock, write: (line) => lines.push(line) }) }
}

function read(lines: readonly string[]): RecordedEntry[] {
  const reader = new RecordingReader('x.gz', accountOf)
  return lines.map((text, index) => reader.read({ number: index + 1, text, isCut: false }))
}

const START = { levels: ['10%', '5%'], hysteresis: '0.01', ruleBooks: { bybit: 'v1' } } as const

const CONTRADICTIONS = [{ field: 'multiplier', rules: '1', venue: '0.1' }] as const

describe('what lists of contracts said', () => {
  it('is written down before it is handed on, and read again', () => {
    const { clock, lines, recorder } = recorded()
    const told: unknown[][] = []
    const sink = recorder.contracts({
      expiryStated: (...values) => told.push([lines.length, ...values]),
      delisted: (...values) => told.push([lines.length, ...values]),
      listed: (...values) => told.push([lines.length, ...values]),
      termsContradicted: (...values) => told.push([lines.length, ...values]),
    })
    const bybit = venueId('bybit')
    recorder.start(START)
    sink.expiryStated(bybit, 'A', 1_700_000_000_000)
    sink.expiryStated(bybit, 'A', undefined)
    sink.delisted(bybit, 'A', 1_700_000_000_001)
    sink.listed(bybit, 'A')
    sink.termsContradicted(bybit, 'A', CONTRADICTIONS)
    sink.termsContradicted(bybit, 'A', [])
    const of = { timeMs: clock.nowMs(), venue: 'bybit', symbol: 'A' }
    expect(read(lines).slice(1)).toEqual([
      { kind: 'expiry', ...of, expiryMs: 1_700_000_000_000 },
      { kind: 'expiry', ...of, expiryMs: null },
      { kind: 'delisted', ...of, sinceMs: 1_700_000_000_001 },
      { kind: 'listed', ...of },
      { kind: 'contradicted', ...of, contradictions: CONTRADICTIONS },
      { kind: 'contradicted', ...of, contradictions: [] },
    ])
    expect(told).toEqual([
      [2, 'bybit', 'A', 1_700_000_000_000],
      [3, 'bybit', 'A', undefined],
      [4, 'bybit', 'A', 1_700_000_000_001],
      [5, 'bybit', 'A'],
      [6, 'bybit', 'A', CONTRADICTIONS],
      [7, 'bybit', 'A', []],
    ])
  })

  it.each([
    ['{"expiry":1,"venue":"bybit","symbol":"A","expiryMs":"soon"}', 'expiryMs is "soon": must be Unix time'],
    ['{"delisted":1,"venue":"bybit","symbol":"A"}', 'sinceMs is missing: must be Unix time'],
    [
      '{"contradicted":1,"venue":"bybit","symbol":"A","contradictions":[{"field":"size"}]}',
      'contradictions is [{"field":"size"}]: must be a list of contradicted terms',
    ],
    ['{"listed":1,"venue":"bybit"}', 'symbol is missing: must be a text'],
  ])('is refused where it is none: %s', (line, rule) => {
    const { lines, recorder } = recorded()
    recorder.start(START)
    expect(() => read([...lines, line])).toThrow(`x.gz, line 2: ${rule}`)
  })
})

describe('a recording', () => {
  it('holds what a worker takes, in its order, and hands everything on', async () => {
    const { clock, lines, recorder } = recorded()
    const told: string[] = []
    const changes: AccountChange[] = [
      { kind: 'put', account: ACCOUNT },
      { kind: 'removed', id: 'gone', version: 3 },
      { kind: 'lost', id: 'lost' },
      { kind: 'unreadable', id: 'bad', error: new PlimsollError('ACCOUNT_INVALID', 'no size') },
    ]
    let apply: (change: AccountChange) => void = () => undefined
    const inner: AccountSource = {
      load: async (put, refused) => {
        put(ACCOUNT)
        refused('odd', new Error('no JSON'))
      },
      follow: (given) => {
        apply = given
      },
      stop: async () => void told.push('stop'),
    }
    recorder.start(START)
    const source = recorder.source(inner)
    await source.load(
      ({ id }) => told.push(`put ${id}`),
      (id, { message }) => told.push(`refused ${id} ${message}`),
    )
    source.follow(
      ({ kind }) => told.push(kind),
      () => undefined,
    )
    for (const change of changes) apply(change)
    await source.stop()
    const sink = recorder.sink({
      frameStart: (...values) => told.push(`frame ${values}`),
      tick: (...values) => told.push(`tick ${values}`),
      unchanged: (...values) => told.push(`unchanged ${values}`),
      indexPrice: (...values) => told.push(`index ${values}`),
      frameEnd: () => told.push('end'),
      marketInterrupted: () => undefined,
      marketStale: (...values) => told.push(`stale ${values}`),
      isHeld: (venue, symbol) => `${venue} ${symbol}` === 'bybit A',
      unknownMarginAccounts: 7,
    })
    clock.advance(5)
    sink.frameStart(1_700_000_000_001, 3)
    sink.tick('bybit', 'A', '1.50', 1_700_000_000_000, undefined, undefined)
    sink.indexPrice('bybit', 'A/USDT index', '1.4')
    sink.tick('bybit', 'B', '2', 1_700_000_000_000, '-0.0001', 1_700_000_100_000)
    sink.tick('bybit', 'D', '3', 1_700_000_000_000, undefined, undefined, 'book-middle')
    sink.unchanged('bybit', 'C', 1_700_000_000_000, '0.0001', undefined)
    sink.frameEnd()
    sink.frameStart(1_700_000_000_002, 4)
    sink.frameEnd()
    sink.marketStale('bybit', 'A', 1_700_000_000_009, 9)
    expect([sink.isHeld('bybit', 'A'), sink.isHeld('bybit', 'B'), sink.unknownMarginAccounts]).toEqual([
      true,
      false,
      7,
    ])

    const price = {
      venue: 'bybit',
      fundingRate: undefined,
      nextFundingTimeMs: undefined,
      eventTimeMs: 1_700_000_000_000,
    }
    const timeMs = 1_000_000
    expect(read(lines)).toEqual([
      { kind: 'start', timeMs, ...START },
      { kind: 'change', timeMs, change: { kind: 'put', account: ACCOUNT } },
      {
        kind: 'change',
        timeMs,
        change: { kind: 'unreadable', id: 'odd', error: expect.objectContaining({ message: 'no JSON' }) },
      },
      { kind: 'loaded', timeMs },
      ...changes.slice(0, 3).map((change) => ({ kind: 'change', timeMs, change })),
      {
        kind: 'change',
        timeMs,
        change: { kind: 'unreadable', id: 'bad', error: expect.objectContaining({ message: 'no size' }) },
      },
      {
        kind: 'prices',
        timeMs: 1_700_000_000_001,
        prices: [
          { ...price, symbol: 'A', markPrice: '1.50' },
          {
            ...price,
            symbol: 'B',
            markPrice: '2',
            fundingRate: '-0.0001',
            nextFundingTimeMs: 1_700_000_100_000,
          },
          { ...price, symbol: 'D', markPrice: '3', markSource: 'book-middle' },
          { ...price, symbol: 'C', markPrice: null, fundingRate: '0.0001' },
        ],
        indexes: [{ after: 1, venue: 'bybit', name: 'A/USDT index', price: '1.4' }],
      },
      { kind: 'stale', timeMs: 1_700_000_000_009, venue: 'bybit', symbol: 'A' },
    ])
    expect(told).toEqual([
      'put desk/long',
      'refused odd no JSON',
      'put',
      'removed',
      'lost',
      'unreadable',
      'stop',
      'frame 1700000000001,3',
      'tick bybit,A,1.50,1700000000000,,,',
      'index bybit,A/USDT index,1.4',
      'tick bybit,B,2,1700000000000,-0.0001,1700000100000,',
      'tick bybit,D,3,1700000000000,,,book-middle',
      'unchanged bybit,C,1700000000000,0.0001,',
      'end',
      'frame 1700000000002,4',
      'end',
      'stale bybit,A,1700000000009,9',
    ])
  })

  const start = JSON.stringify({ start: 1, recording: 1, ...START })
  it.each([
    [
      'another version',
      [JSON.stringify({ start: 1, recording: 2 })],
      /x.gz, line 1: recording is 2: must be 1/,
    ],
    ['no start', ['{"loaded":1}'], /line 1: .*stands before the start/],
    ['no JSON', [start, '{'], /line 2: the line is "\{": is no entry/],
    [
      'a price that is none',
      [start, '{"prices":1,"of":[["v","A","0",1]]}'],
      /line 2: of\[0\]\[2\] is "0": must be a price/,
    ],
    ['a price as a number', [start, '{"prices":1,"of":[["v","A",1.5,1]]}'], /of\[0\]\[2\] is 1.5/],
    [
      'a rate with an exponent',
      [start, '{"prices":1,"of":[["v","A","1",1,"1e-5",null]]}'],
      /of\[0\]\[4\] is "1e-5"/,
    ],
    ['no time', [start, '{"stale":"x","venue":"v","symbol":"A"}'], /stale is "x": must be Unix time/],
    ['no list of index prices', [start, '{"prices":1,"of":[],"indexes":1}'], /indexes is 1: must be a list/],
    [
      'no index price',
      [start, '{"prices":1,"of":[],"indexes":[[0,"bybit","A/USDT index","0"]]}'],
      /indexes\[0\]\[3\] is "0": must be a price above zero/,
    ],
    ['no list of prices', [start, '{"prices":1}'], /of is missing: must be a list/],
    ['an account that is none', [start, '{"change":1,"put":{}}'], /line 2: put: is no account/],
    [
      'a removal without a version',
      [start, '{"change":1,"removed":"a"}'],
      /version is missing: must be a whole number/,
    ],
    ['a change of no kind', [start, '{"change":1}'], /lost is missing: must be a text/],
    ['levels that are none', [JSON.stringify({ start: 1, recording: 1 })], /levels is missing/],
  ])('is refused for %s, by line, field, value and rule', (_, lines, message) => {
    expect(() => read(lines)).toThrow(message)
  })

  it('has files in the order of their names', () => {
    expect(RECORDING_FILE.test('recording-20251010T205000000Z.jsonl.gz')).toBe(true)
    expect(RECORDING_FILE.test('recording-20251010T205000000Z.jsonl.gz.part')).toBe(false)
  })
})
