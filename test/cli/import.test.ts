import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { importCommand } from '../../src/cli/import.ts'
import { ProgressBar } from '../../src/cli/progress.ts'
import { visible } from '../../src/cli/visible.ts'
import { keysOf } from '../../src/redis/index.ts'
import { testAccount } from '../support/accounts.ts'
import { finished, spawnCli } from '../support/cli.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'

let server: TestRedis
let directory: string
let file: string
let printed: string
let reported: string

beforeAll(async () => {
  server = await startTestRedis()
  directory = await mkdtemp(join(tmpdir(), 'plimsoll-import-'))
  file = join(directory, 'accounts.jsonl')
})
afterAll(async () => {
  await rm(directory, { recursive: true, force: true })
  await server.stop()
})
beforeEach(() => {
  printed = ''
  reported = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    printed += text
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    reported += text
    return true
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  process.exitCode = undefined
})

const run = (...args: string[]) =>
  importCommand().parseAsync([...args, '--redis-url', server.url, '--shard', 'cli'], { from: 'user' })

describe('plimsoll import', () => {
  test('refuses a contract that has expired, by name and day', async () => {
    const position = { symbol: 'BTC-27DEC24', marginMode: 'cross', size: '10', entryPrice: '60000' }
    const account = {
      id: 'a',
      venue: 'deribit',
      collateral: [{ asset: 'BTC', amount: '1' }],
      positions: [position],
    }
    await writeFile(file, `${JSON.stringify(account)}\n`)
    await run(file, '--dry-run', '--json')
    expect(JSON.parse(printed)).toMatchObject({
      imported: 0,
      refusedCount: 1,
      refused: [
        {
          path: 'positions[0].symbol',
          value: 'BTC-27DEC24',
          rule: 'must be a contract that has not expired; this one did on 2024-12-27, 08:00 UTC',
        },
      ],
    })
    expect(process.exitCode).toBe(1)
  })

  test('imports good lines, reports bad ones, and exits with 1', async () => {
    await writeFile(
      file,
      `${JSON.stringify(testAccount('a', 1))}\n{"id":7}\n${JSON.stringify(testAccount('b', 1))}\n`,
    )
    await run(file, '--json')
    expect(JSON.parse(printed)).toEqual({
      read: 3,
      imported: 2,
      refusedCount: 1,
      refused: [
        { line: 2, path: 'id', value: '7', shown: '7', rule: 'must be a string' },
        { line: 2, path: 'venue', value: null, shown: 'missing', rule: expect.stringContaining('bybit') },
      ],
      dryRun: false,
    })
    expect(reported).toMatch(
      /^plimsoll: line 2: id is 7: must be a string\nplimsoll: line 2: venue is missing: .*\n$/,
    )
    expect(process.exitCode).toBe(1)
  })

  test('takes the CSV sample of its help as it is printed', async () => {
    let help = ''
    const command = importCommand().configureOutput({ writeOut: (text) => (help += text) })
    command.outputHelp()
    const [sample] = /^id,venue,.*\n(?:.+\n)+/m.exec(help)!
    const csv = join(directory, 'sample.csv')
    await writeFile(csv, sample)
    await run(csv, '--json')
    expect(JSON.parse(printed)).toMatchObject({ read: 1, imported: 1, refused: [] })
    const redis = new Redis(server.url)
    const stored = await redis.hget(keysOf('cli').accounts, 'desk-7/alpha')
    redis.disconnect()
    expect(JSON.parse(stored!)).toMatchObject({
      venue: 'bybit',
      collateral: [{ asset: 'USDT', amount: '12000.5' }],
      positions: [
        { symbol: 'BTCUSDT', marginMode: 'cross', size: '0.5', entryPrice: '61250.1', leverage: '10' },
        { symbol: 'ETHUSDT', marginMode: 'isolated', size: '-4', leverage: '10', isolatedMargin: '900' },
      ],
    })
  })

  test('takes the symbols of a file of rules', async () => {
    const account = testAccount('ruled', 1)
    const positions = [{ ...account.positions[0], symbol: 'FOOUSDT' }]
    await writeFile(file, JSON.stringify({ ...account, positions }))
    const rules = join(directory, 'rules.json')
    const tiers = [{ cap: '1000000', maintenanceMarginRate: '0.01', maintenanceDeduction: '0' }]
    await writeFile(rules, JSON.stringify({ bybit: { FOOUSDT: { kind: 'linear', settle: 'USDT', tiers } } }))
    await run(file)
    expect(printed).toBe('1 account read, 0 imported, 1 refused\n')
    expect(reported).toContain('positions[0].symbol is "FOOUSDT": rule book bybit-')
    printed = ''
    process.exitCode = undefined
    await run(file, '--rules', rules)
    expect(printed).toBe('1 account read, 1 imported, 0 refused\n')
    expect(process.exitCode).toBeUndefined()
  })

  test('refuses a symbol with rules that no source of the venue can bring the mark of', async () => {
    const account = testAccount('foreign', 1)
    const positions = [{ ...account.positions[0], symbol: 'xyz:TSLA' }]
    await writeFile(file, JSON.stringify({ ...account, positions }))
    const rules = join(directory, 'foreign-rules.json')
    const tiers = [{ cap: '1000000', maintenanceMarginRate: '0.01', maintenanceDeduction: '0' }]
    await writeFile(
      rules,
      JSON.stringify({ bybit: { 'xyz:TSLA': { kind: 'linear', settle: 'USDT', tiers } } }),
    )
    await run(file, '--rules', rules)
    expect(reported).toContain(
      'positions[0].symbol is "xyz:TSLA": must be a name that bybit gives to a contract; ' +
        'no source brings the mark of this one',
    )
    expect(printed).toBe('1 account read, 0 imported, 1 refused\n')
    process.exitCode = undefined
  })

  test('checks a file of rules as the worker does: bad symbols are refused by name, strictly the file', async () => {
    const rules = join(directory, 'bad-rules.json')
    const tiers = [{ cap: '1000000', maintenanceMarginRate: '0.01', maintenanceDeduction: '5' }]
    await writeFile(rules, JSON.stringify({ bybit: { BTCUSDT: { kind: 'linear', settle: 'USDT', tiers } } }))
    const account = testAccount('bad-rules', 1)
    const ether = { ...account, id: 'ether', positions: [{ ...account.positions[0], symbol: 'ETHUSDT' }] }
    await writeFile(file, `${JSON.stringify(account)}\n${JSON.stringify(ether)}\n`)
    await run(file, '--rules', rules)
    expect(printed).toBe('2 accounts read, 1 imported, 1 refused\n')
    const reason = 'rules file bad-rules.json: tiers[0].maintenanceDeduction of BTCUSDT is 5'
    expect(reported).toContain(`plimsoll: rules refused: bybit BTCUSDT: ${reason}`)
    expect(reported).toContain(`line 1: positions[0].symbol is "BTCUSDT": its rules are refused: ${reason}`)
    await expect(run(file, '--rules', rules, '--strict-rules')).rejects.toMatchObject({
      code: 'RULES_INVALID',
      message: expect.stringContaining('bybit BTCUSDT'),
    })
  })

  test('refuses collateral that would count as nothing, and takes it if wallets are separate', async () => {
    const account = testAccount('coins', 1)
    const collateral = [{ asset: 'BTC', amount: '1' }]
    const lines = [
      { ...account, collateral },
      { ...account, collateral: [...account.collateral, ...collateral] },
      {
        ...account,
        id: 'separate',
        collateral: [...account.collateral, ...collateral],
        separateWallets: true,
      },
    ]
    await writeFile(file, lines.map((line) => JSON.stringify(line)).join('\n'))
    await run(file)
    expect(printed).toBe('3 accounts read, 1 imported, 2 refused\n')
    expect(reported.split('\n').map((line) => line.replace(/ is .*/, ''))).toEqual([
      'plimsoll: line 1: collateral',
      'plimsoll: line 1: collateral[0].asset',
      'plimsoll: line 2: collateral[1].asset',
      '',
    ])
    expect(process.exitCode).toBe(1)
  })

  test('reads CSV by the name of the file', async () => {
    const csv = join(directory, 'accounts.CSV')
    await writeFile(csv, 'id,venue,asset,amount\nc,bybit,USDT,5\n')
    await run(csv)
    expect(printed).toBe('1 account read, 1 imported, 0 refused\n')
  })

  test('needs no Redis for a dry run', async () => {
    await writeFile(file, JSON.stringify(testAccount('dry', 1)))
    await importCommand().parseAsync([file, '--dry-run', '--redis-url', 'redis://127.0.0.1:1'], {
      from: 'user',
    })
    expect(printed).toBe('1 account read, 1 would be imported, 0 refused\n')
  })

  test('refuses a Redis that may lose accounts, unless the settings allow it', async () => {
    const unsafe = await startTestRedis({ settings: { 'maxmemory-policy': 'allkeys-lru' } })
    const target = ['--redis-url', unsafe.url]
    await expect(importCommand().parseAsync([file, ...target], { from: 'user' })).rejects.toMatchObject({
      code: 'REDIS_POLICY',
    })
    await importCommand().parseAsync([file, ...target, '--allow-unsafe-redis'], { from: 'user' })
    expect(reported).toMatch(/^plimsoll: UNSAFE REDIS ALLOWED BY FLAG \(REDIS_POLICY\)/)
    expect(printed).toContain('1 imported')
    await unsafe.stop()
  })

  test.each([
    [
      'a file that is not there',
      () => join(directory, 'nowhere.jsonl'),
      /nowhere.jsonl cannot be read: there is no such file/,
    ],
    ['a folder', () => directory, /cannot be read: it is a folder; name a file in it/],
  ])('refuses %s before anything is opened, and says what to do', async (_name, path, message) => {
    const nobody = ['--redis-url', 'redis://127.0.0.1:1']
    const done = importCommand().parseAsync([path(), ...nobody], { from: 'user' })
    await expect(done).rejects.toMatchObject({ code: 'USAGE', message: expect.stringMatching(message) })
  })

  test('stores what a slow pipe has given while the pipe stays open', async () => {
    const child = spawnCli(['import', '--redis-url', server.url, '--shard', 'pipe', '-'])
    const end = finished(child)
    const probe = new Redis(server.url)
    for (let index = 0; index < 20; index++) {
      child.stdin.write(`${JSON.stringify(testAccount(`piped-${index}`, 1))}\n`)
    }
    await until(async () => (await probe.hlen(keysOf('pipe').accounts)) === 20)
    expect(child.exitCode).toBeNull()
    child.stdin.end()
    expect(await end).toMatchObject({ code: 0, stdout: '20 accounts read, 20 imported, 0 refused\n' })
    probe.disconnect()
  })

  test('says which account stands twice without a version, since one of the two may be a mistake', async () => {
    const { version: _none, ...unversioned } = testAccount('twice', 1)
    const others = [testAccount('stated', 1), testAccount('stated', 2)]
    const list = [unversioned, ...others, unversioned].map((account) => JSON.stringify(account))
    await writeFile(file, `[\n${list.join(',\n')}\n]`)
    await run('--dry-run', file)
    expect(printed).toBe('4 accounts read, 4 would be imported, 0 refused\n')
    expect(reported.replace(/\s+/g, ' ')).toBe(
      'plimsoll: account twice stands on lines 2 and 5, both times without a version: the later one is kept ',
    )
  })

  test('says of an empty file that it holds no account, and where to look, and exits with 1', async () => {
    await writeFile(file, '\n\n')
    await run(file)
    expect(printed).toBe('0 accounts read, 0 imported, 0 refused\n')
    expect(reported).toMatch(
      /^plimsoll: .*accounts.jsonl holds no account; plimsoll import --help shows .*\n$/,
    )
    expect(process.exitCode).toBe(1)
  })

  test('shows control characters of values and field names instead of sending them to the terminal', async () => {
    const account = testAccount('a', 1)
    await writeFile(
      file,
      [
        JSON.stringify({ ...account, id: '\u009b2J\u202e' }),
        JSON.stringify({ ...account, '\x1b]0;owned\x07': 1 }),
        '\x1b[31mno json',
      ].join('\n'),
    )
    await run(file)
    expect(reported.split('\n').map(visible).join('\n')).toBe(reported)
    expect(reported).toContain('\\x9b2J\\u202e')
    expect(reported).toContain('\\x1b]0;owned\\x07')
  })
})

describe('an account whose balances are of a time to come', () => {
  test('is refused by field, value and rule', async () => {
    await writeFile(file, JSON.stringify({ ...testAccount('a', 1), asOfMs: 4_102_444_800_000 }))
    await run(file, '--dry-run', '--json')
    expect(JSON.parse(printed).refused).toEqual([
      {
        line: 1,
        path: 'asOfMs',
        value: '4102444800000',
        shown: '4102444800000',
        rule: expect.stringMatching(/^must be at most 60 s after the present time, \d+: no payment/),
      },
    ])
  })
})

describe('a value that no venue states', () => {
  test('is refused by field, value and rule', async () => {
    const account = testAccount('a', 1)
    const positions = [
      { ...account.positions[0]!, marginMode: 'isolated', isolatedMargin: '-5' },
      { ...account.positions[0]!, leverage: '10', maintenanceMarginRate: '0.5' },
    ]
    await writeFile(file, JSON.stringify({ ...account, positions }))
    await run(file, '--dry-run', '--json')
    expect(JSON.parse(printed).refused).toMatchObject([
      { path: 'positions[0].isolatedMargin', value: '-5', rule: expect.stringMatching(/^must be 0 or more/) },
      {
        path: 'positions[1].maintenanceMarginRate',
        value: '0.5',
        rule: 'must be a fraction below 1/10, the initial margin rate of its leverage: 0.5 % is 0.005',
      },
    ])
  })
})

describe('the progress bar', () => {
  const clock = {
    nowMs: () => 0,
    monotonicMs: () => timeMs,
    after: () => () => undefined,
    nextTurn: () => undefined,
  }
  let timeMs = 0

  test('redraws one line on a terminal, at most ten times a second, and makes way for other lines', () => {
    let screen = ''
    const bar = new ProgressBar({ isTTY: true, write: (text) => (screen += text) }, clock, 1_000)
    timeMs = 1_000
    bar.update(500, 12_000)
    timeMs = 1_050
    bar.update(600, 13_000)
    expect(screen).toBe('\r\x1b[K[############------------]  50 %  12,000 accounts  12,000/s')
    screen = ''
    bar.say('line 3: refused')
    expect(screen).toBe('\r\x1b[Kline 3: refused\n')
  })

  test('is silent without a terminal', () => {
    let screen = ''
    const bar = new ProgressBar({ write: (text) => (screen += text) }, clock, 1_000)
    bar.update(500, 12_000)
    bar.clear()
    expect(screen).toBe('')
  })
})
