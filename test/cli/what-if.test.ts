import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createBook } from '../../src/book/index.ts'
import { whatIfCommand } from '../../src/cli/what-if.ts'
import { keysOf } from '../../src/redis/index.ts'
import { VENUE_NAMES } from '../../src/venues/index.ts'
import { isolatedLong } from '../support/accounts.ts'
import { storeAccounts } from '../support/book.ts'
import { useTestRedis } from '../support/redis.ts'

const NOW_MS = Date.parse('2026-11-28T12:00:00Z')
const harness = useTestRedis()

const ACCOUNTS = [
  isolatedLong('desk/gone', { symbol: 'BTCUSDT', size: '0.1', entryPrice: '60000', isolatedMargin: '400' }),
  isolatedLong('desk/safe', { symbol: 'BTCUSDT', size: '0.1', entryPrice: '60000', isolatedMargin: '4000' }),
  isolatedLong('desk/eth', { symbol: 'ETHUSDT', size: '1', entryPrice: '3000', isolatedMargin: '150' }),
]

let folder: string
let file: string
let marks: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plimsoll-what-if-'))
  file = join(folder, 'accounts.jsonl')
  marks = join(folder, 'marks.json')
  await writeFile(file, ACCOUNTS.map((account) => JSON.stringify(account)).join('\n'))
  await writeFile(marks, JSON.stringify({ marks: { BTCUSDT: '60000', ETHUSDT: '3000' } }))
})
afterAll(() => rm(folder, { recursive: true }))
afterEach(() => {
  process.exitCode = undefined
})

async function run(args: readonly string[], columns?: number) {
  const streamOf = () =>
    Object.assign(new PassThrough(), columns === undefined ? {} : { isTTY: true, columns })
  const context = { output: streamOf(), errors: streamOf(), nowMs: NOW_MS }
  const text = { output: '', errors: '' }
  context.output.on('data', (chunk) => (text.output += chunk))
  context.errors.on('data', (chunk) => (text.errors += chunk))
  process.exitCode = undefined
  const command = whatIfCommand(context).exitOverride()
  command.configureOutput({ writeErr: () => undefined })
  await command.parseAsync(args, { from: 'user' })
  return {
    code: process.exitCode ?? 0,
    output: stripVTControlCharacters(text.output),
    errors: stripVTControlCharacters(text.errors),
  }
}

describe('plimsoll what-if', () => {
  it('answers of a file in one JSON object', async () => {
    const { code, output } = await run(['BTCUSDT=55000', 'ETHUSDT=-12%', '--file', file, '--marks', marks])
    expect(code).toBe(0)
    expect(JSON.parse(output)).toMatchObject({
      moves: ['BTCUSDT=55000', 'ETHUSDT=-12%'],
      marginAccounts: 3,
      safe: 1,
      liquidated: 2,
      unknown: 0,
      reached: [
        { account: 'desk/eth', level: '1', levelBefore: '5%', notional: '2640' },
        { account: 'desk/gone', level: '1', levelBefore: '10%', notional: '5500' },
      ],
    })
  })

  it('gives the same answer of the stored book', async () => {
    await storeAccounts(createBook(harness.probe, keysOf('0'), VENUE_NAMES), ACCOUNTS)
    const asked = ['BTCUSDT=-9%', '*=-20%', '--from-entry']
    const stored = await run([...asked, '--redis-url', harness.server.url, '--allow-unsafe-redis'])
    expect(stored).toMatchObject({ code: 0, output: (await run([...asked, '--file', file])).output })
    expect(JSON.parse(stored.output).liquidated).toBe(2)
  })

  it('judges a pool by the index prices and collateral rules that are stated', async () => {
    const pools = join(folder, 'pools.jsonl')
    const state = join(folder, 'state.json')
    const pool = {
      id: 'pool',
      venue: 'binance',
      pool: { currency: 'USDT', kind: 'spot-margin', liquidationLevel: '1.05' },
      collateral: [{ asset: 'BTC', amount: '1' }],
      liabilities: [{ asset: 'USDT', amount: '27000' }],
    }
    await writeFile(pools, JSON.stringify(pool))
    const collateralRules = { BTC: { tiers: [{ cap: '999999999', ratio: '1' }] } }
    await writeFile(state, JSON.stringify({ indexPrices: { BTC: '30000' }, collateralRules }))
    const { code, output } = await run(['BTC=-5.5%', '--file', pools, '--marks', state])
    expect(code).toBe(0)
    expect(JSON.parse(output).reached).toMatchObject([
      { account: 'pool', level: '1', marginBalance: '28350' },
    ])
    const every = await run(['*=-5.5%', '--file', pools, '--marks', state], 80)
    expect(every.output).toMatch(/^index prices moved: BTC 30000 → 28350$/m)
    expect(every.output).toMatch(/1 liquidated/)
    const pinned = await run(['*=-5.5%', 'BTC=0%', '--file', pools, '--marks', state], 80)
    expect(pinned.output).not.toMatch(/moved/)
    expect(pinned.output).toMatch(/^kept by a move of their own: index price of BTC$/m)
  })

  it('says that a move of its underlying leaves the mark of an option open, and takes it from a move', async () => {
    const options = join(folder, 'options.jsonl')
    const state = join(folder, 'options-marks.json')
    const put = 'BTC-25DEC26-60000-P'
    const account = {
      id: 'writer',
      venue: 'deribit',
      collateral: [{ asset: 'BTC', amount: '0.5' }],
      positions: [{ symbol: put, marginMode: 'cross', size: '-4', entryPrice: '0.04' }],
    }
    await writeFile(options, JSON.stringify(account))
    await writeFile(state, JSON.stringify({ marks: { [put]: '0.04', 'BTC-25DEC26': '61000' } }))
    const place = ['--file', options, '--marks', state]
    const open = await run(['*=-30%', ...place])
    expect(open.code).toBe(1)
    expect(JSON.parse(open.output)).toMatchObject({
      safe: 0,
      unknown: 1,
      missing: [{ kind: 'mark', venue: 'deribit', name: put, underlying: 'BTC-25DEC26', marginAccounts: 1 }],
    })
    const lines = (await run(['*=-30%', ...place], 300)).output
    expect(lines).toMatch(
      /^the mark of option BTC-25DEC26-60000-P \(deribit\) does not follow from the move of BTC-25DEC26: 1 margin account is unknown; state it with BTC-25DEC26-60000-P=PRICE$/m,
    )
    const stated = await run(['*=-30%', `${put}=0.41`, ...place])
    expect(stated.code).toBe(0)
    expect(JSON.parse(stated.output)).toMatchObject({ liquidated: 1, unknown: 0, missing: [] })
  })

  it('prints lines that fit the terminal, with totals and what is left out', async () => {
    const { output } = await run(['*=-12%', '--file', file, '--marks', marks, '--limit', '1'], 72)
    const lines = output.trimEnd().split('\n')
    expect(lines.slice(0, 5)).toEqual([
      '*=-12%',
      'marks moved: BTCUSDT (binance) 60000 → 52800, ETHUSDT (binance) 3000 →',
      '      2640',
      '3 margin accounts  2 liquidated  0 warned  1 safe',
      expect.stringMatching(/^ {2}liquidated {2}2 in USDT {2}notional 7920 {2}shortfall \d/),
    ])
    expect(output).toMatch(/^liquidated {2}desk\/gone:isolated:BTCUSDT:long {2}ratio none/m)
    expect(output).toMatch(/^and 1 more; --limit lists them$/m)
    expect(lines.filter((line) => line.length > 72)).toEqual([])
  })

  it('says in words that there is nothing that * could move', async () => {
    const empty = join(folder, 'empty.jsonl')
    await writeFile(empty, '')
    const { code, output } = await run(['*=-10%', '--file', empty], 80)
    expect(code).toBe(1)
    expect(output).toMatch(/^there is no margin account to judge$/m)
    expect(output).toMatch(/^no account depends on a price that \* moves$/m)
    expect(JSON.parse((await run(['*=-10%', '--file', empty])).output).unheld).toEqual(['*'])
  })

  it('asks whether a name that no account holds means another one', async () => {
    const args = ['BTC-USDT=-1%', 'mark:ETHUDST=-1%', 'XRPUSDT=-1%', '--file', file, '--marks', marks]
    const { code, output } = await run(args, 200)
    expect(code).toBe(1)
    expect(output).toMatch(/^no account depends on BTC-USDT; did you mean BTCUSDT\?$/m)
    expect(output).toMatch(/^no account depends on mark:ETHUDST; did you mean mark:ETHUSDT\?$/m)
    expect(output).toMatch(/^no account depends on XRPUSDT$/m)
    expect(JSON.parse((await run(args)).output)).toMatchObject({
      unheld: ['BTC-USDT', 'mark:ETHUDST', 'XRPUSDT'],
      similar: { 'BTC-USDT': ['BTCUSDT'], 'mark:ETHUDST': ['mark:ETHUSDT'] },
    })
  })

  it.each([
    [['--marks'], 'marks', undefined],
    [
      ['--from-entry'],
      'entry-prices',
      'present marks: the entry price of each position, because no --marks states others',
    ],
    [
      ['--marks', '--from-entry'],
      'marks-and-entry-prices',
      'present marks: those of --marks; where it states none, the entry price of each position',
    ],
    [
      [],
      'none',
      'present prices: none are stated, so that only what a move states is known; --marks or --from-entry states the others',
    ],
  ])('says which present prices it takes with %j', async (flags, present, line) => {
    const prices = flags.flatMap((flag) => (flag === '--marks' ? [flag, marks] : [flag]))
    const args = ['BTCUSDT=55000', '--file', file, ...prices]
    const { output } = await run(args, 200)
    expect(output.split('\n').filter((text) => text.startsWith('present'))).toEqual(
      line === undefined ? [] : [line],
    )
    expect(JSON.parse((await run(args)).output).present).toBe(present)
  })

  it('ends with exit code 1 and names what it cannot judge', async () => {
    const bad = join(folder, 'bad.jsonl')
    const odd = { ...ACCOUNTS[0]!, positions: [{ ...ACCOUNTS[0]!.positions[0]!, symbol: 'NOSUCHUSDT' }] }
    await writeFile(bad, `${JSON.stringify(ACCOUNTS[2])}\n${JSON.stringify(odd)}\n{"id": 5}\n`)
    const { code, output, errors } = await run(['BTCUSDT=-1%', '--file', bad], 200)
    expect(code).toBe(1)
    expect(output).toMatch(/^no mark of ETHUSDT \(\w+\): 1 margin account is unknown$/m)
    expect(output).toMatch(/^no account depends on BTCUSDT$/m)
    expect(output).toMatch(/^desk\/gone is refused: .*NOSUCHUSDT/m)
    expect(errors).toMatch(/line 3: id is 5/)
  })

  it('counts in JSON the accounts that cannot be read, and says where they stand', async () => {
    const bad = join(folder, 'unreadable.jsonl')
    await writeFile(
      bad,
      `${JSON.stringify(ACCOUNTS[0])}\n${JSON.stringify({ ...ACCOUNTS[1], venue: 'ftx' })}\n`,
    )
    const { code, output } = await run(['--file', bad, '--from-entry'])
    expect(code).toBe(1)
    expect(JSON.parse(output)).toMatchObject({
      marginAccounts: 1,
      refused: [],
      unreadable: 1,
      faults: [{ line: 2, account: null, reason: expect.stringMatching(/^venue is "ftx": /) }],
    })
  })

  it('takes levels by distance, with spaces between them', async () => {
    const { output } = await run(['--file', file, '--from-entry', '--levels', '30%, 20%', '--json'], 200)
    expect(JSON.parse(output).totals).toMatchObject([{ level: '20%', marginAccounts: 2 }])
  })

  it.each([
    [['BTCUSDT'], /"BTCUSDT": a move is/],
    [['A=1', 'A=2%'], /A is moved twice/],
    [['--levels', '2'], /levels/],
    [['--file', '-', '--marks', '-'], /both read standard input/],
  ])('refuses %j', async (args, message) => {
    await expect(run(args)).rejects.toThrow(message)
  })

  it.each([
    ['{', /it is not JSON/],
    ['{"marks": {"BTCUSDT": 60000}}', /marks\.BTCUSDT is 60000/],
    [
      '{"collateralRules": {"BTC": {"tiers": [{"cap": "1", "ratio": "1"}], "asOf": "2999-01-01"}}}',
      /collateralRules\.BTC\.asOf is "2999-01-01": must be at most 1 day after the present day/,
    ],
    ['{"collateralRules": {"BTC": {"tiers": []}}}', /collateralRules\.BTC/],
    ['{"marksByVenue": {"nowhere": {}}}', /marksByVenue\.nowhere names no venue/],
    ['{"BTCUSDT": "60000"}', /BTCUSDT/],
  ])('refuses marks of %s', async (text, message) => {
    const path = join(folder, 'odd.json')
    await writeFile(path, text)
    await expect(run(['--file', file, '--marks', path])).rejects.toThrow(message)
  })
})
