import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Book, createBook } from '../../src/book/index.ts'
import { GATHER_MS } from '../../src/import/importer.ts'
import { type CheckAccount, type ImportFormat, importAccounts } from '../../src/import/index.ts'
import { accountFaultsOf } from '../../src/margin/index.ts'
import { closeRedis, connectRedis, keysOf, type RedisConnection } from '../../src/redis/index.ts'
import { systemClock } from '../../src/system/clock.ts'
import { VENUE_NAMES } from '../../src/venues/index.ts'
import { BYBIT, bookOf, oneTier } from '../margin/support.ts'
import { testAccount } from '../support/accounts.ts'
import { TestClock } from '../support/clock.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'

let server: TestRedis
let redis: RedisConnection
let book: Book

beforeAll(async () => {
  server = await startTestRedis()
  redis = await connectRedis({ url: server.url, role: 'command', clock: systemClock, random: () => 0.5 })
  book = createBook(redis, keysOf('import'), VENUE_NAMES)
})
afterAll(async () => {
  await closeRedis(redis, systemClock)
  await server.stop()
})
beforeEach(() => redis.flushall())

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  yield new TextEncoder().encode(text)
}
const RULE_BOOK = bookOf(BYBIT, {
  BTCUSDT: oneTier('0.01'),
  ETHUSDT: oneTier('0.01'),
  SPOTUSDT: { ...oneTier('0.01'), maintenance: { kind: 'used-margin', share: '0.4' } },
})
const check: CheckAccount = (account) => accountFaultsOf(account, RULE_BOOK)
const run = (
  format: ImportFormat,
  lines: readonly string[],
  options: { force?: boolean; dry?: boolean } = {},
) =>
  importAccounts({
    venues: VENUE_NAMES,
    input: bytesOf(lines.join('\n')),
    format,
    check,
    clock: systemClock,
    ...(options.dry === true ? {} : { book }),
    ...(options.force === undefined ? {} : { force: options.force }),
  })

const line = (id: string, changes: Record<string, unknown> = {}) =>
  JSON.stringify({ ...testAccount(id, 1), ...changes })

describe('an import of JSON lines', () => {
  test('writes every account, more than one batch, in the order of the file', async () => {
    const lines = Array.from({ length: 1_203 }, (_, index) => line(`account-${index}`))
    expect(await run('jsonl', ['', ...lines, ''])).toEqual({
      read: 1_203,
      imported: 1_203,
      refusedCount: 0,
      refused: [],
    })
    expect(await book.count()).toBe(1_203)
    const [[, first] = ['', []]] = await redis.xrange(keysOf('import').changes, '-', '+', 'COUNT', 1)
    expect(first).toContain('account-0')
  })

  test('refuses what breaks a rule with line, path, value and rule, and imports the rest', async () => {
    const position = testAccount('a', 1).positions[0]
    const summary = await run('jsonl', [
      line('good-1'),
      '{"id": "cut',
      line('bad-amount', { collateral: [{ asset: 'USDT', amount: '1e9' }] }),
      line('bad-symbol', { positions: [position, { ...position, symbol: 'FOOUSDT' }] }),
      line('unknown-field', { positions: [{ ...position, note: 'x' }] }),
      line('no-venue', { venue: undefined }),
      line('good-2'),
      '[]',
      line('x'.repeat(200)),
      line('twice').replace('"id":', '"id":"first","id":'),
      `{"id":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
    ])
    expect(summary).toMatchObject({ read: 11, imported: 2, refusedCount: 9 })
    expect(summary.refused.map(({ line, path, value }) => [line, path, value])).toEqual([
      [2, '', '{"id": "cut'],
      [3, 'collateral[0].amount', '1e9'],
      [4, 'positions[1].symbol', 'FOOUSDT'],
      [5, 'positions[0].note', 'x'],
      [6, 'venue', null],
      [8, '', '[]'],
      [9, 'id', `${'x'.repeat(80)}…`],
      [10, 'id', expect.stringContaining('"first"')],
      [11, `id${'[0]'.repeat(31)}`, expect.stringContaining('[[[')],
    ])
    expect(summary.refused.map(({ rule }) => rule)).toEqual([
      expect.stringMatching(
        /^must be one account as JSON on one line \(.*position \d+.*\); accounts over several lines stand in a list: \[\{\.\.\.\}, \{\.\.\.\}\]$/,
      ),
      expect.stringContaining('must be a decimal string'),
      'rule book test-1 of bybit does not hold it; a rules file can add it',
      'unknown field',
      `must be one of ${[...VENUE_NAMES.keys()].join(', ')}`,
      'must be an object',
      expect.stringContaining('128'),
      'must not be given twice',
      expect.stringContaining('must not be nested deeper'),
    ])
    expect((await redis.hkeys(keysOf('import').accounts)).sort()).toEqual(['good-1', 'good-2'])
  })

  test('names ten faults of a line, each with its path, and counts the others', async () => {
    const position = testAccount('a', 1).positions[0]!
    const symbols = Array.from({ length: 12 }, (_, index) => `FOO${index}USDT`)
    const unknown = line('unknown', { positions: symbols.map((symbol) => ({ ...position, symbol })) })
    const malformed = line('malformed', {
      positions: symbols.map((symbol) => ({ ...position, symbol, size: 1 })),
    })
    const { refused, refusedCount } = await run('jsonl', [line('good'), unknown, malformed])
    expect(refusedCount).toBe(2)
    for (const [at, field, of] of [
      [2, 'symbol', refused.slice(0, 10)],
      [3, 'size', refused.slice(10)],
    ] as const) {
      expect(of.map(({ line, path }) => [line, path])).toEqual(
        Array.from({ length: 10 }, (_, index) => [at, `positions[${index}].${field}`]),
      )
      expect(of.map(({ rule }) => / \(and 2 more faults\)$/.test(rule))).toEqual([
        ...Array.from({ length: 9 }, () => false),
        true,
      ])
    }
    expect(refused[10]).toMatchObject({ value: '1', shown: '1' })
  })

  test('refuses a version that is not above the stored one, naming the stored one', async () => {
    await book.put(testAccount('a', 7))
    expect((await run('jsonl', [line('b'), line('a', { version: 7 })])).refused).toEqual([
      {
        line: 2,
        path: 'version',
        value: '7',
        shown: '7',
        rule: 'must be above the stored version 7 (--force takes the next version)',
      },
    ])
    expect(await run('jsonl', [line('a', { version: 7 })], { force: true })).toMatchObject({ imported: 1 })
    expect((await book.get('a'))?.version).toBe(8)
  })

  test.each([
    ['9007199254740991', 'must be at most 9007199254740990, so that a version above it exists'],
    ['9007199254740993', 'must be at most 9007199254740990, so that a version above it exists'],
    ['1.5', 'must be a whole number'],
    ['-1', 'must not be below 0'],
    ['"7"', 'must be a whole number'],
  ])('refuses the version %s: %s', async (version, rule) => {
    const text = line('a', { version: 0 }).replace('"version":0', `"version":${version}`)
    const { refused } = await run('jsonl', [text])
    expect(refused).toMatchObject([{ line: 1, path: 'version', rule }])
  })

  test('says that no version is left above the last one, if the account states none', async () => {
    await book.put(testAccount('a', Number.MAX_SAFE_INTEGER - 1))
    const unversioned = line('a', { version: undefined })
    expect(await run('jsonl', [unversioned])).toMatchObject({ imported: 1 })
    expect((await run('jsonl', [unversioned])).refused).toMatchObject([
      {
        path: 'version',
        rule: 'the stored version 9007199254740991 is the last one; remove the account, then write it',
      },
    ])
  })

  test('numbers accounts without a version itself', async () => {
    const unversioned = line('a', { version: undefined })
    await run('jsonl', [unversioned, unversioned])
    expect((await book.get('a'))?.version).toBe(1)
  })

  test('checks everything and writes nothing when it is a dry run', async () => {
    expect(await run('jsonl', [line('a'), '{}'], { dry: true })).toMatchObject({
      read: 2,
      imported: 1,
      refusedCount: 1,
    })
    expect(await book.count()).toBe(0)
  })

  test('says how far it came when Redis stops taking writes', async () => {
    let calls = 0
    const failing: Pick<Book, 'putMany'> = {
      putMany: async (writes) => {
        calls += 1
        if (calls === 2) throw new Error('Connection is closed.')
        return await book.putMany(writes)
      },
    }
    const lines = Array.from({ length: 1_800 }, (_, index) => line(`account-${index}`))
    const clock = new TestClock()
    await expect(
      importAccounts({
        venues: VENUE_NAMES,
        input: bytesOf(lines.join('\n')),
        format: 'jsonl',
        check,
        clock,
        book: failing,
      }),
    ).rejects.toMatchObject({
      code: 'REDIS_UNAVAILABLE',
      message: 'writing failed after 500 accounts were imported: Connection is closed.',
    })
    clock.advance(GATHER_MS)
    expect(calls).toBe(2)
    expect(await book.count()).toBe(500)
  })
})

describe('an import from a pipe that stays open', () => {
  const settled = () => new Promise((resolve) => void setImmediate(resolve))

  test('stores what has come after a short time, without waiting for a full batch or the end', async () => {
    const clock = new TestClock()
    const input = new PassThrough()
    const accepted: string[] = []
    const accept = (id: string) => void accepted.push(id)
    const importing = importAccounts({
      venues: VENUE_NAMES,
      input,
      format: 'jsonl',
      check,
      book,
      clock,
      accepted: accept,
    })
    for (const batch of [20, 40]) {
      for (let index = batch - 20; index < batch; index++) input.write(`${line(`piped-${index}`)}\n`)
      await until(() => accepted.length === batch)
      expect(await book.count()).toBe(batch - 20)
      clock.advance(GATHER_MS)
      await until(async () => (await book.count()) === batch)
    }
    input.end()
    expect(await importing).toMatchObject({ read: 40, imported: 40 })
    expect(clock.timers).toBe(0)
  })

  test('sends one batch at a time, in order, however often the time has passed', async () => {
    const clock = new TestClock()
    const input = new PassThrough()
    const sent: string[][] = []
    let release: () => void = () => undefined
    const slow: Pick<Book, 'putMany'> = {
      async putMany(writes) {
        sent.push(writes.map(({ account }) => account.id))
        await new Promise<void>((resolve) => {
          release = resolve
        })
        return writes.map(() => ({ written: 1 }))
      },
    }
    const importing = importAccounts({
      venues: VENUE_NAMES,
      input,
      format: 'jsonl',
      check,
      book: slow,
      clock,
    })
    for (const id of ['a', 'b', 'c']) {
      input.write(`${line(id)}\n`)
      await settled()
      clock.advance(GATHER_MS)
    }
    expect(sent).toEqual([['a']])
    release()
    await settled()
    clock.advance(GATHER_MS)
    expect(sent).toEqual([['a'], ['b', 'c']])
    release()
    input.end()
    await settled()
    release()
    expect(await importing).toMatchObject({ imported: 3 })
  })

  test('ends at a write that fails, although the pipe is silent and open', async () => {
    const clock = new TestClock()
    const input = new PassThrough()
    const failing = { putMany: () => Promise.reject(new Error('Connection is closed.')) }
    const importing = importAccounts({
      venues: VENUE_NAMES,
      input,
      format: 'jsonl',
      check,
      book: failing,
      clock,
    })
    input.write(`${line('a')}\n`)
    await settled()
    clock.advance(GATHER_MS)
    await expect(importing).rejects.toMatchObject({ code: 'REDIS_UNAVAILABLE' })
  })
})

/** The bytes in pieces of some bytes each, so that nothing may hang on where a piece ends. */
async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size)
}

async function checked(bytes: Uint8Array, format: ImportFormat, pieceBytes: number) {
  const accepted: string[] = []
  const accept = (id: string) => void accepted.push(id)
  const input = inPieces(bytes, pieceBytes)
  const summary = await importAccounts({
    venues: VENUE_NAMES,
    input,
    format,
    check,
    clock: systemClock,
    accepted: accept,
  })
  return { accepted, refused: summary.refused.map(({ line, path, rule }) => [line, path, rule]) }
}
const utf8 = (text: string) => new TextEncoder().encode(text)

describe('an import of a JSON list', () => {
  const spread = JSON.stringify(JSON.parse(line('spread')), null, 2)

  test.each([1, 7, 64, 100_000])(
    'takes its accounts, however it is laid out, in pieces of %i bytes',
    async (size) => {
      const text = `\n [${line('a')},${line('b', { note: 'x' })}\n,\n${spread}, ${line('c')}\n]\n`
      expect(await checked(utf8(text), 'jsonl', size)).toEqual({
        accepted: ['a', 'spread', 'c'],
        refused: [[2, 'note', 'unknown field']],
      })
    },
  )

  test('reads brackets, commas and quotes inside strings as what they are', async () => {
    const texts = ['"}],[{"', '"\\\\"', '"\\""', '"a,]"'].map((id) =>
      line('x').replace('"id":"x"', `"id":${id}`),
    )
    const { accepted } = await checked(utf8(`[${texts.join(',')}]`), 'jsonl', 3)
    expect(accepted).toEqual(['}],[{', '\\', '"', 'a,]'])
  })

  test('names the line on which each bad account begins', async () => {
    const text = `[\n${line('a')},\n[1],\n7\n,{"id": "cut\n},${'x'.repeat(5)}]`
    const { refused } = await checked(utf8(text), 'jsonl', 11)
    expect(refused.map(([at]) => at)).toEqual([3, 4, 5])
  })

  test.each<[string, string, (number | string)[][]]>([
    ['that is empty', ' [ ] \n', []],
    ['with a comma at its end', `[${line('a')},\n]`, [[2, '', 'an account is missing beside a comma']]],
    [
      'with a comma alone',
      '[,]',
      [
        [1, '', 'an account is missing beside a comma'],
        [1, '', 'an account is missing beside a comma'],
      ],
    ],
    [
      'that is cut off between accounts',
      `[${line('a')},\n`,
      [[2, '', 'the list must end with ]; the input may be cut off']],
    ],
    [
      'that is cut off behind an account',
      `[${line('a')}`,
      [[1, '', 'the list must end with ]; the input may be cut off']],
    ],
    [
      'that is cut off inside an account',
      `[\n{"id":`,
      [[2, '', 'the list must end with ]; the input may be cut off']],
    ],
    [
      'with something after it',
      `[${line('a')}]\n${line('b')}\n`,
      [[2, '', 'nothing may stand after the list']],
    ],
  ])('says what is wrong with one %s', async (_, text, refused) => {
    expect((await checked(utf8(text), 'jsonl', 5)).refused).toEqual(refused)
  })

  test('refuses an account that is longer than a line may be, and takes the others', async () => {
    const { accepted, refused } = await checked(
      utf8(`[${line('a')},"${'x'.repeat(1_100_000)}",${line('b')}]`),
      'jsonl',
      65_536,
    )
    expect(accepted).toEqual(['a', 'b'])
    expect(refused).toEqual([[1, '', 'must not be longer than 1048576 characters']])
  })

  test('is not begun by a list on a later line', async () => {
    const { accepted, refused } = await checked(utf8(`\n${line('a')}\n[]\n`), 'jsonl', 100)
    expect(accepted).toEqual(['a'])
    expect(refused.map(([at]) => at)).toEqual([3])
  })
})

describe('an import of text that spreadsheets save', () => {
  const utf16 = (text: string, isBig: boolean, mark = '\ufeff') => {
    const bytes = Buffer.from(mark + text, 'utf16le')
    return isBig ? bytes.swap16() : bytes
  }
  const csv = (separator: string) =>
    [
      'id,venue,asset,amount,symbol,marginMode,size,entryPrice',
      'a,bybit,USDT,"1",BTCUSDT,cross,1,50000',
      'b,bybit,USDT,1,币安人生USDT,cross,1,50000',
    ]
      .map((row) => row.replaceAll(',', separator))
      .join('\r\n')
  const REFUSED = [
    [3, 'positions[0].symbol', 'rule book test-1 of bybit does not hold it; a rules file can add it'],
  ]

  test.each([',', ';', '\t'])('takes fields parted by %j, as the header does', async (separator) => {
    expect(await checked(utf8(csv(separator)), 'csv', 9)).toEqual({ accepted: ['a'], refused: REFUSED })
  })

  test.each([
    ['UTF-8 with a mark', utf8(`\ufeff${csv(',')}`)],
    ['UTF-16 of either order, with a mark', utf16(csv(';'), false)],
    ['the other order', utf16(csv(';'), true)],
    ['UTF-16 without a mark', utf16(csv('\t'), false, '')],
    ['the other order without a mark', utf16(csv('\t'), true, '')],
  ])('takes %s', async (_, bytes) => {
    for (const size of [1, 2, 3, 1_000]) {
      expect(await checked(bytes, 'csv', size)).toEqual({ accepted: ['a'], refused: REFUSED })
    }
  })

  test('takes a JSON list in UTF-16', async () => {
    expect(await checked(utf16(`[${line('a')}]`, false), 'jsonl', 1)).toEqual({
      accepted: ['a'],
      refused: [],
    })
  })

  test('refuses a comma as the decimal point by the rule of decimals', async () => {
    const { refused } = await checked(utf8('id;venue;asset;amount\na;bybit;USDT;12000,5'), 'csv', 100)
    expect(refused).toEqual([
      [2, 'collateral[0].amount', expect.stringContaining('must be a decimal string')],
    ])
  })
})

describe('an import of CSV', () => {
  const header =
    'id,venue,version,separateWallets,asset,amount,symbol,marginMode,size,entryPrice,leverage,isolatedMargin'

  test('makes one account of adjacent rows with one id', async () => {
    const summary = await run('csv', [
      header,
      'desk-7/alpha,bybit,17,,USDT,12000.5,BTCUSDT,cross,0.5,61250.1,10,',
      'desk-7/alpha,bybit,17,,USDT,12000.5,ETHUSDT,isolated,-4,3010,10,900',
      '"desk-7/beta",binance-usdm,,true,BNB,3,,,,,,',
      'desk-7/beta,,,,USDT,5,"BTCUSDT",cross,1,50000,,',
      '',
    ])
    expect(summary).toEqual({ read: 2, imported: 2, refusedCount: 0, refused: [] })
    expect(await book.get('desk-7/alpha')).toEqual({
      id: 'desk-7/alpha',
      venue: 'bybit',
      version: 17,
      collateral: [{ asset: 'USDT', amount: '12000.5' }],
      positions: [
        { symbol: 'BTCUSDT', marginMode: 'cross', size: '0.5', entryPrice: '61250.1', leverage: '10' },
        {
          symbol: 'ETHUSDT',
          marginMode: 'isolated',
          size: '-4',
          entryPrice: '3010',
          leverage: '10',
          isolatedMargin: '900',
        },
      ],
      liabilities: [],
    })
    expect(await book.get('desk-7/beta')).toMatchObject({
      venue: 'binance',
      version: 0,
      separateWallets: true,
      collateral: [
        { asset: 'BNB', amount: '3' },
        { asset: 'USDT', amount: '5' },
      ],
    })
  })

  test('reads the levels of an account, `none` as an empty list, and refuses rows that contradict each other', async () => {
    const row = (id: string, levels: string) => `${id},bybit,${levels},USDT,1`
    const summary = await run('csv', [
      'id,venue,levels,asset,amount',
      row('far', '10% 5%  2%'),
      row('far', ''),
      row('ratio', ' 0.5 0.8'),
      row('line', 'none'),
      row('standard', ''),
      row('two', '10%'),
      row('two', '10% 5%'),
      row('late', ''),
      row('late', '5%'),
      row('mixed', '0.5 5%'),
      row('comma', '"10%,5%"'),
    ])
    const levels = async (id: string) => (await book.get(id))?.levels
    expect(await Promise.all(['far', 'ratio', 'line', 'standard'].map(levels))).toEqual([
      ['10%', '5%', '2%'],
      ['0.5', '0.8'],
      [],
      undefined,
    ])
    expect(summary.refused).toMatchObject([
      { line: 8, path: 'levels', value: '10% 5%', rule: expect.stringContaining('(first: 10%)') },
      { line: 10, path: 'levels', value: '5%', rule: expect.stringContaining('(first: empty)') },
      { line: 11, path: 'levels[1]', value: '5%', rule: 'levels must be all margin ratios or all distances' },
      { line: 12, path: 'levels[0]', value: '10%,5%' },
    ])
  })

  test('reads the pool of an account, and what is owned and owed of each asset', async () => {
    const header =
      'id,venue,poolCurrency,poolKind,liquidationLevel,asset,amount,liability,symbol,marginMode,size,entryPrice'
    const position = (size: string) => `BTCUSDT,cross,${size},50000`
    const summary = await run('csv', [
      header,
      `unified,bybit,USDT,,,USDT,5,2,${position('1')}`,
      `unified,bybit,USDT,,,USDT,5,2,${position('-1')}`,
      'unified,,,,,USDT,,3,,,,',
      `multi,bybit,USDT,multi-asset,,USDT,5,2,${position('1')}`,
      'spot,bybit,USDT,spot-margin,1.1,USDT,7,,,,,',
      'half,bybit,,spot-margin,1.1,USDT,7,,,,,',
      `debt,bybit,,,,USDT,7,1,${position('1')}`,
    ])
    expect(summary.refused).toMatchObject(
      [
        { line: 4, path: 'liabilities[1].asset', value: 'USDT' },
        { line: 7, path: 'pool.currency' },
        { line: 8, path: 'liabilities', rule: 'a debt needs a pool to stand in' },
      ].map((refusal) => expect.objectContaining(refusal)),
    )
    expect(await book.get('multi')).toMatchObject({
      pool: { currency: 'USDT', kind: 'multi-asset' },
      collateral: [{ asset: 'USDT', amount: '5' }],
      liabilities: [{ asset: 'USDT', amount: '2' }],
    })
    expect(await book.get('spot')).toMatchObject({
      pool: { currency: 'USDT', kind: 'spot-margin', liquidationLevel: '1.1' },
      liabilities: [],
    })
  })

  test('reads what a debt costs an hour, and on what', async () => {
    const header =
      'id,venue,poolCurrency,poolKind,liquidationLevel,asset,amount,liability,principal,hourlyInterestRate'
    const summary = await run('csv', [
      header,
      'spot,binance,USDT,spot-margin,1.1,USDT,,27100,27000,0.00001',
      'none,binance,USDT,spot-margin,1.1,USDT,,,,0.00001',
      'daily,binance,USDT,spot-margin,1.1,USDT,,27100,,0.02',
      'two,binance,USDT,spot-margin,1.1,USDT,,27100,27000,0.00001',
      'two,,,,,USDT,,27100,27000,0.00002',
    ])
    expect(summary.refused).toMatchObject([
      { line: 3, path: 'liabilities[0].amount' },
      { line: 4, path: 'liabilities[0].hourlyInterestRate', value: '0.02' },
      { line: 6, path: 'liabilities[1].asset' },
    ])
    expect(await book.get('spot')).toMatchObject({
      collateral: [],
      liabilities: [{ asset: 'USDT', amount: '27100', principal: '27000', hourlyInterestRate: '0.00001' }],
    })
  })

  test('reads what four hours of a position on spot margin cost, and when they end', async () => {
    const row = (id: string, symbol: string, rate: string, timeMs: string) =>
      `${id},bybit,1790000000000,USDT,5000,${symbol},cross,0.2,50000,5,${rate},${timeMs}`
    const summary = await run('csv', [
      'id,venue,asOfMs,asset,amount,symbol,marginMode,size,entryPrice,leverage,fourHourlyRolloverRate,rolloverTimeMs',
      row('rolled', 'SPOTUSDT', '0.0001', '1790007140000'),
      row('percent', 'SPOTUSDT', '0.0100', '1790007140000'),
      row('late', 'SPOTUSDT', '0.0001', '1790014400001'),
      row('half', 'SPOTUSDT', '0.0001', ''),
      row('seconds', 'SPOTUSDT', '0.0001', '1790007140'),
      row('future', 'BTCUSDT', '0.0001', '1790007140000'),
    ])
    const place = 'positions[0]'
    expect(summary.refused).toMatchObject([
      { line: 3, path: `${place}.fourHourlyRolloverRate`, value: '0.0100' },
      { line: 4, path: `${place}.rolloverTimeMs`, value: '1790014400001' },
      { line: 5, path: `${place}.rolloverTimeMs` },
      { line: 6, path: `${place}.rolloverTimeMs`, value: '1790007140' },
      { line: 7, path: `${place}.fourHourlyRolloverRate`, value: '0.0001' },
    ])
    expect(await book.get('rolled')).toMatchObject({
      asOfMs: 1_790_000_000_000,
      positions: [
        { symbol: 'SPOTUSDT', fourHourlyRolloverRate: '0.0001', rolloverTimeMs: 1_790_007_140_000 },
      ],
    })
  })

  test('takes the time of the balances, and refuses one in seconds', async () => {
    const summary = await run('csv', [
      'id,venue,asOfMs,asset,amount',
      'timed/a,bybit,1790000000000,USDT,1',
      'timed/b,bybit,1790000000,USDT,1',
      'timed/c,bybit,soon,USDT,1',
    ])
    expect(await book.get('timed/a')).toMatchObject({ asOfMs: 1_790_000_000_000 })
    const rule = 'must be a time in Unix milliseconds, a whole number of 13 digits'
    expect(summary.refused).toMatchObject([
      { line: 3, path: 'asOfMs', value: '1790000000', rule },
      { line: 4, path: 'asOfMs', value: 'soon', rule },
    ])
  })

  test('refuses an account as a whole for one bad row, on the line of that row', async () => {
    const summary = await run('csv', [
      header,
      'a,bybit,1,,USDT,1,BTCUSDT,cross,1,50000,,',
      'a,bybit,1,,USDT,1,ETHUSDT,cross,one,3000,,',
      'b,bybit,1,,USDT,1,BTCUSDT,cross,1,50000,,',
      'b,binance,1,,USDT,1,ETHUSDT,cross,1,3000,,',
      'c,bybit,1,,USDT,1,BTCUSDT,cross,1,50000',
      'd,bybit,1,,USDT,1,BTCUSDT,cross,1,50000,,',
    ])
    expect(summary.imported).toBe(1)
    expect(summary.refused).toMatchObject([
      { line: 3, path: 'positions[1].size', value: 'one' },
      { line: 5, path: 'venue', value: 'binance', rule: expect.stringContaining('(first: bybit)') },
      { line: 6, path: '', rule: 'must have 12 fields as the header, has 10' },
    ])
    expect(await redis.hkeys(keysOf('import').accounts)).toEqual(['d'])
  })

  test('refuses the accounts beside a row that cannot be assigned: a position of theirs may be in it', async () => {
    const summary = await run('csv', [
      header,
      'a,bybit,1,,USDT,1,,,,,,',
      'b,bybit,1,,USDT,1,,,,,,',
      '"b,bybit,1,,USDT,1,BTCUSDT,cross,1,50000,,',
      'c,bybit,1,,USDT,1,,,,,,',
      'd,bybit,1,,USDT,1,,,,,,',
    ])
    expect(summary.refused.map(({ line, path }) => [line, path])).toEqual([
      [3, 'id'],
      [4, ''],
      [5, 'id'],
    ])
    expect((await redis.hkeys(keysOf('import').accounts)).sort()).toEqual(['a', 'd'])
  })

  test('refuses rows of one account that are apart, because the second would replace the first', async () => {
    const row = (id: string) => `${id},bybit,,,USDT,1,,,,,,`
    const summary = await run('csv', [header, row('a'), row('b'), row('a')])
    expect(summary.refused).toEqual([
      {
        line: 4,
        path: 'id',
        value: 'a',
        shown: '"a"',
        rule: expect.stringMatching(
          /^appeared before, in line 2: .* adjacent\. .* stored without these: import it again/,
        ),
      },
    ])
  })

  test.each(['id,venue,asset', 'venue;id;asset', '"id"\tvenue', 'id,venue,'])(
    'is named once where JSON is expected, by the header %s',
    async (first) => {
      await expect(run('jsonl', ['', first, 'a,bybit,1', 'b,bybit,1'])).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: 'line 2 is the header of a CSV file, and the input is read as JSON: give --format csv',
      })
    },
  )

  test.each([
    ['id,venue,prize', 'column "prize" is unknown; known are id, venue, version'],
    ['id,venue,id', 'column "id" appears twice'],
    ['id,version', 'column "venue" is missing'],
    ['id,venue,', 'column 3 has no name: the header ends with a separator that must go, as in each row'],
    ['id,,venue', 'column 2 has no name: each column needs one'],
  ])('refuses the header %s', async (wrong, message) => {
    await expect(run('csv', [wrong, 'a,bybit,1'])).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining(message),
    })
  })
})
