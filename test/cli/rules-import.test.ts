import { execFileSync, spawn } from 'node:child_process'
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { rulesCommand } from '../../src/cli/rules.ts'
import { bodiesOf } from '../../src/cli/rules-bodies.ts'
import type { Output } from '../../src/cli/terminal.ts'
import { readRulesFile } from '../../src/rules/index.ts'
import { VENUE_NAMES } from '../../src/venues/index.ts'
import { isolatedLong } from '../support/accounts.ts'

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-rules-import-'))
afterAll(() => rmSync(folder, { recursive: true }))
beforeEach(() => {
  rmSync(target, { force: true })
})
afterEach(() => {
  process.exitCode = undefined
})

const target = join(folder, 'rules.json')
const NOW_MS = Date.parse('2026-11-28T12:00:00Z')

interface Printed {
  readonly output: string
  readonly errors: string
}

/** What `plimsoll rules` prints on both of its outputs, neither of them a terminal. */
async function run(...args: string[]): Promise<Printed> {
  const texts = { output: '', errors: '' }
  const into = (key: keyof typeof texts): Output =>
    new Writable({
      write: (chunk, _encoding, done) => {
        texts[key] += chunk
        done()
      },
    })
  const command = rulesCommand({
    output: into('output'),
    errors: into('errors'),
    nowMs: NOW_MS,
  }).exitOverride()
  for (const sub of command.commands) sub.exitOverride().configureOutput({ writeErr: () => undefined })
  await command.parseAsync(args, { from: 'user' })
  return { output: stripVTControlCharacters(texts.output), errors: stripVTControlCharacters(texts.errors) }
}

function fileOf(name: string, contents: unknown): string {
  const path = join(folder, name)
  writeFileSync(path, typeof contents === 'string' ? contents : JSON.stringify(contents))
  return path
}

const row = (symbol: string, riskLimitValue: string, maintenanceMargin: string, maxLeverage = '50') => ({
  symbol,
  riskLimitValue,
  maintenanceMargin,
  maxLeverage,
})
const page = (...list: object[]) => ({ result: { list } })
const SOL = page(row('SOLUSDT', '500000', '0.01'))
const importing = (path: string, ...args: string[]) =>
  run('import', '--venue', 'bybit', path, '--as-of', '2026-11-01', ...args)

describe('plimsoll rules import', () => {
  it('prints a rules file whose entries bear their day and source', async () => {
    const { output, errors } = await importing(fileOf('sol.json', SOL))
    fileOf('rules.json', output)
    const { rules, refused } = readRulesFile(target, VENUE_NAMES, NOW_MS).get(VENUE_NAMES.get('bybit')!)!
    expect(refused.size).toBe(0)
    expect(rules.SOLUSDT).toMatchObject([
      { source: '/v5/market/risk-limit', rules: { asOf: '2026-11-01', settlementAsset: 'USDT' } },
    ])
    expect(errors).toBe('bybit  1 taken  0 refused  1 changed\n  bybit SOLUSDT  added\n')
    expect(process.exitCode).toBeUndefined()
  })

  it('names of each contract the endpoint that states it, where a venue has several', async () => {
    const tier = { bracket: 1, initialLeverage: 20, maintMarginRatio: 0.01, cum: 0 }
    const bracket = { ...tier, notionalFloor: 0, notionalCap: 5000 }
    const ofCoin = { ...tier, qtyFloor: 0, qtyCap: 50 }
    const listed = {
      bracketNotionalFloor: 0,
      bracketNotionalCap: 5000,
      bracketMaintenanceMarginRate: 0.01,
      maxOpenPosLeverage: 20,
    }
    const bodies = [
      [{ symbol: 'ADAUSDT', brackets: [bracket] }],
      [{ symbol: 'ADAUSD_PERP', brackets: [ofCoin] }],
      [{ pair: 'BNBUSD', brackets: [ofCoin] }],
      { data: { brackets: [{ symbol: 'XRPUSDT', riskBrackets: [listed] }] } },
      [{ symbol: 'ADAUSD', bidBuffer: '0.05', askBuffer: '0.05' }],
    ].map((body, index) => fileOf(`binance-${index}.json`, body))
    const { output } = await run('import', '--venue', 'binance', ...bodies)
    const { collateralRules, ...contracts } = JSON.parse(output).binance
    const sources = Object.entries<{ source: string }>({ ...contracts, ...collateralRules })
    expect(sources.map(([name, { source }]) => [name, source])).toEqual([
      ['ADAUSDT', '/fapi/v1/leverageBracket'],
      ['ADAUSD_PERP', '/dapi/v2/leverageBracket'],
      ['BNBUSD_PERP', '/dapi/v1/leverageBracket'],
      ['XRPUSDT', 'riskBrackets of the page of leverage and margin'],
      ['ADA', '/fapi/v1/assetIndex'],
    ])
  })

  it('takes today where no day is stated', async () => {
    const { output } = await run('import', '--venue', 'bybit', fileOf('sol.json', SOL))
    expect(output).toContain('"asOf":"2026-11-28"')
  })

  it('names what is refused and exits with 1; the other symbols are taken', async () => {
    const { output, errors } = await importing(
      fileOf(
        'two.json',
        page(
          row('SOLUSDT', '500000', '0.01'),
          row('XUSDT', '1', '0.001', '50'),
          row('XUSDT', '2', '0.03', '40'),
        ),
      ),
    )
    expect(Object.keys(JSON.parse(output).bybit)).toEqual(['SOLUSDT'])
    expect(errors).toContain(
      'refused XUSDT  tiers[1].maintenanceMarginRate of XUSDT is 0.03, which is not below 1/40',
    )
    expect(process.exitCode).toBe(1)
  })

  it('says what changes against the rules in use: how much more or less is asked for', async () => {
    const { output } = await run('show', 'bybit', 'BTCUSDT')
    const { tiers } = JSON.parse(output).rules.maintenance
    const rows = (factor: number) =>
      tiers.map(({ cap, maintenanceMarginRate }: { cap: string; maintenanceMarginRate: string }) =>
        row('BTCUSDT', cap, String(Number(maintenanceMarginRate) * factor), '1'),
      )
    const same = await importing(fileOf('same.json', page(...rows(1))))
    expect(same.errors).toBe('bybit  1 taken  0 refused  0 changed\n')
    const more = await importing(fileOf('more.json', page(...rows(1.5))))
    expect(more.errors).toContain(
      'bybit BTCUSDT  asks for 1.5× in the limit of large positions, 1.45× at 2000000 USDT\n',
    )
  })

  it('reports as one JSON object with --json', async () => {
    const { errors } = await importing(fileOf('sol.json', SOL), '--json')
    expect(JSON.parse(errors)).toMatchObject({
      venue: 'bybit',
      taken: 1,
      refused: [],
      changed: [{ symbol: 'SOLUSDT', change: 'added', before: null, after: { asOf: '2026-11-01' } }],
    })
  })

  describe('with accounts', () => {
    const strict = () => fileOf('strict.json', page(row('BTCUSDT', '2000000', '0.06', '10')))
    const accounts = () =>
      fileOf(
        'accounts.jsonl',
        [
          {
            ...isolatedLong('a', {
              symbol: 'BTCUSDT',
              size: '0.1',
              entryPrice: '60000',
              isolatedMargin: '600',
            }),
            venue: 'bybit',
          },
          { ...isolatedLong('b'), venue: 'binance' },
        ]
          .map((account) => JSON.stringify(account))
          .join('\n'),
      )

    it('says which margin accounts of the venue move up a level', async () => {
      const { output } = await importing(strict(), '--out', target, '--accounts', accounts())
      expect(output).toMatch(/^1 margin account {2}1 move up {2}0 move down$/m)
      expect(output).toMatch(
        /^ {2}a:isolated:BTCUSDT:long {2}level 10% -> level 5% {2}ratio 0\.0\d+ -> 0\.6\d*$/m,
      )
      expect(process.exitCode).toBeUndefined()
    })

    it('takes the stated marks, and puts the effect into the report as JSON', async () => {
      const marks = fileOf('marks.json', { marks: { BTCUSDT: '57000' } })
      const args = ['--out', target, '--accounts', accounts(), '--marks', marks, '--json']
      const { output } = await importing(strict(), ...args)
      expect(JSON.parse(output).accounts).toMatchObject({
        marginAccounts: 1,
        unreadable: 0,
        refused: [],
        up: [{ account: 'a', levelBefore: '5%', level: '1' }],
      })
    })

    it('exits with 1 where an account cannot be read or is refused', async () => {
      const odd = { ...isolatedLong('odd', { symbol: 'NOSUCHUSDT' }), venue: 'bybit' }
      const path = fileOf('odd.jsonl', `${JSON.stringify(odd)}\n{"id": 5}`)
      const { output, errors } = await importing(strict(), '--out', target, '--accounts', path)
      expect(output).toMatch(/refused odd {2}.*NOSUCHUSDT/)
      expect(errors).toMatch(/line 2: id is 5/)
      expect(process.exitCode).toBe(1)
    })
  })

  it('writes the file that --out names, and reports to standard output', async () => {
    const { output, errors } = await importing(fileOf('sol.json', SOL), '--out', target)
    expect(errors).toBe('')
    expect(output).toContain('1 taken')
    expect(Object.keys(JSON.parse(readFileSync(target, 'utf8')).bybit)).toEqual(['SOLUSDT'])
  })

  describe('where --out or --merge names no regular file', () => {
    const link = join(folder, 'link.json')
    const symbolsIn = (path: string) => Object.keys(JSON.parse(readFileSync(path, 'utf8')).bybit)
    afterEach(() => rmSync(link))

    it.each(['--out', '--merge'])('%s writes to the file at the end of the links', async (option) => {
      const place = join(folder, `shared${option}`)
      mkdirSync(place)
      fileOf('rules.json', {})
      symlinkSync('../rules.json', join(place, 'inner.json'))
      symlinkSync(join(place, 'inner.json'), link)
      await importing(fileOf('sol.json', SOL), option, link)
      expect(lstatSync(link).isSymbolicLink()).toBe(true)
      expect(lstatSync(join(place, 'inner.json')).isSymbolicLink()).toBe(true)
      expect(symbolsIn(target)).toEqual(['SOLUSDT'])
    })

    it('makes the file to which a link leads', async () => {
      symlinkSync('rules.json', link)
      await importing(fileOf('sol.json', SOL), '--out', link)
      expect(lstatSync(link).isSymbolicLink()).toBe(true)
      expect(symbolsIn(target)).toEqual(['SOLUSDT'])
    })

    it('--out writes into a pipe, which stays one', async () => {
      execFileSync('mkfifo', [link])
      const reader = spawn('cat', [link])
      onTestFinished(() => void reader.kill('SIGKILL'))
      let read = ''
      reader.stdout.on('data', (bytes: Buffer) => {
        read += bytes.toString()
      })
      const ended = new Promise((resolve) => void reader.once('close', resolve))
      await importing(fileOf('sol.json', SOL), '--out', link)
      expect(lstatSync(link).isFIFO()).toBe(true)
      await ended
      expect(Object.keys(JSON.parse(read).bybit)).toEqual(['SOLUSDT'])
    })

    it('--merge refuses a pipe, which holds no rules to add to', async () => {
      execFileSync('mkfifo', [link])
      await expect(importing(fileOf('sol.json', SOL), '--merge', link)).rejects.toMatchObject({
        code: 'USAGE',
        message: `--merge is "${link}", which is no regular file: only a file holds rules to add to`,
      })
    })
  })

  it('reads several files together', async () => {
    const files = [fileOf('a.json', SOL), fileOf('b.json', page(row('XRPUSDT', '1000', '0.01')))]
    const { output } = await importing(files[0]!, files[1]!)
    expect(Object.keys(JSON.parse(output).bybit)).toEqual(['SOLUSDT', 'XRPUSDT'])
  })

  it.each([
    ['an unknown venue', ['--venue', 'nyse'], { code: 'CONFIGURATION' }],
    ['--accounts with --stored-accounts', ['--accounts', 'a', '--stored-accounts'], { code: 'USAGE' }],
    ['--marks without accounts', ['--marks', 'a'], { code: 'USAGE' }],
    ['--out with --merge', ['--out', 'a', '--merge', 'b'], { code: 'USAGE' }],
  ])('refuses %s', async (_name, args, fault) => {
    await expect(importing(fileOf('sol.json', SOL), ...args)).rejects.toMatchObject(fault)
  })

  it('refuses --stored-accounts of a data folder that does not exist, and does not make it', async () => {
    const missing = join(folder, 'none')
    const asked = importing(fileOf('sol.json', SOL), '--stored-accounts', '--data-dir', missing)
    await expect(asked).rejects.toThrow(
      `the data folder ${missing} does not exist: name that of the worker with --data-dir`,
    )
  })

  it('refuses a day that does not exist, naming the option', async () => {
    await expect(run('import', '--venue', 'bybit', 'x', '--as-of', '2026-02-30')).rejects.toThrow('--as-of')
  })

  it('refuses a day that has not come: rules of it would never grow old', async () => {
    const path = fileOf('BTC.csv', 'date,initial,maintenance\n20261101,53825,48931\n')
    const late = fileOf('MBT.csv', 'date,initial,maintenance\n20991101,1077,979\n')
    const asked = ['import', '--venue', 'cme', path]
    await expect(run(...asked, '--as-of', '2026-11-30')).rejects.toThrow(
      '--as-of is "2026-11-30": must be at most 1 day after the present day, 2026-11-28: ',
    )
    await expect(run(...asked, '--as-of', '2026-11-29')).resolves.toBeDefined()
    const { refused } = JSON.parse(
      (await run('import', '--venue', 'cme', late, '--json', '--out', fileOf('out', ''))).output,
    )
    expect(refused).toEqual([
      { symbol: 'MBT', reason: expect.stringMatching(/^asOf is "2099-11-01": must be at most 1 day/) },
    ])
  })

  it('refuses input that states no contract, or that cannot be read', async () => {
    await expect(importing(fileOf('none.json', { result: {} }))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(
        /^no contract and no collateral of bybit is stated in the input: .* is /,
      ),
    })
    await expect(importing(fileOf('cut.json', '{"a": 1'))).rejects.toMatchObject({ code: 'INPUT_INVALID' })
    await expect(importing(join(folder, 'missing.json'))).rejects.toMatchObject({ code: 'USAGE' })
  })
})

describe('plimsoll rules import --merge', () => {
  const entriesOf = (symbol: string) => {
    const { rules } = readRulesFile(target, VENUE_NAMES, NOW_MS).get(VENUE_NAMES.get('bybit')!)!
    return (rules[symbol] as readonly { fromMs: number; rules: { asOf?: string } }[]).map(
      ({ fromMs, rules: { asOf } }) => [
        Number.isFinite(fromMs) ? new Date(fromMs).toISOString() : 'always',
        asOf,
      ],
    )
  }
  const merging = (contents: unknown, day: string) =>
    run('import', '--venue', 'bybit', fileOf('body.json', contents), '--as-of', day, '--merge', target)

  it('starts a file that does not exist, in force from the day on', async () => {
    await merging(SOL, '2026-11-01')
    expect(entriesOf('SOLUSDT')).toEqual([['2026-11-01T00:00:00.000Z', '2026-11-01']])
  })

  it('adds an entry for rules that changed, and only the later day for rules that did not', async () => {
    await merging(SOL, '2026-11-01')
    await merging(SOL, '2026-11-05')
    expect(entriesOf('SOLUSDT')).toEqual([['2026-11-01T00:00:00.000Z', '2026-11-05']])
    await merging(page(row('SOLUSDT', '500000', '0.015')), '2026-11-10')
    expect(entriesOf('SOLUSDT')).toEqual([
      ['2026-11-01T00:00:00.000Z', '2026-11-05'],
      ['2026-11-10T00:00:00.000Z', '2026-11-10'],
    ])
    await merging(SOL, '2026-11-03')
    expect(entriesOf('SOLUSDT')[0]).toEqual(['2026-11-01T00:00:00.000Z', '2026-11-05'])
  })

  it('replaces the entry of the same time, and puts an earlier one before it', async () => {
    await merging(SOL, '2026-11-05')
    await merging(page(row('SOLUSDT', '500000', '0.015')), '2026-11-05')
    await merging(page(row('SOLUSDT', '500000', '0.012')), '2026-11-02')
    expect(entriesOf('SOLUSDT').map(([from]) => from)).toEqual([
      '2026-11-02T00:00:00.000Z',
      '2026-11-05T00:00:00.000Z',
    ])
  })

  it('adds to a file that begins with a byte order mark', async () => {
    await merging(SOL, '2026-11-01')
    writeFileSync(target, `\ufeff${readFileSync(target, 'utf8')}`)
    await merging(page(row('SOLUSDT', '500000', '0.015')), '2026-11-10')
    expect(entriesOf('SOLUSDT').map(([, asOf]) => asOf)).toEqual(['2026-11-01', '2026-11-10'])
  })

  it('leaves all other symbols and names of venues as they are written', async () => {
    const short = {
      kind: 'linear',
      settle: 'USDT',
      tiers: [{ cap: '5', maintenanceMarginRate: '0.1', maintenanceDeduction: '0' }],
    }
    fileOf('rules.json', { 'bybit-linear': { FOOUSDT: short }, binance: { BARUSDT: short } })
    await merging(SOL, '2026-11-01')
    const written = JSON.parse(readFileSync(target, 'utf8'))
    expect(written).toMatchObject({ 'bybit-linear': { FOOUSDT: short }, binance: { BARUSDT: short } })
    expect(Object.keys(written['bybit-linear'])).toEqual(['FOOUSDT', 'SOLUSDT'])
  })

  it('refuses a file with a refused symbol and leaves it as it is', async () => {
    fileOf('rules.json', { bybit: { FOOUSDT: { kind: 'linear' } } })
    const before = readFileSync(target, 'utf8')
    await expect(merging(SOL, '2026-11-01')).rejects.toMatchObject({
      code: 'RULES_INVALID',
      message: expect.stringContaining('is left as it is: bybit FOOUSDT'),
    })
    expect(readFileSync(target, 'utf8')).toBe(before)
  })

  it('keeps the permissions of the file', async () => {
    writeFileSync(target, '{}', { mode: 0o640 })
    const { mode } = statSync(target)
    await merging(SOL, '2026-11-01')
    expect(statSync(target).mode).toBe(mode)
  })
})

describe('a file of bodies', () => {
  it('is JSON, JSON lines, or a text of another form', () => {
    const named = (value: unknown) => ({ name: 'f', value })
    expect(bodiesOf('{"a": 1.50}', 'f')).toEqual([named({ a: '1.50' })])
    expect(bodiesOf('{"a": 1}\n\n[2]\n', 'f')).toEqual([named({ a: '1' }), named(['2'])])
    expect(bodiesOf('date,initial\n1,2', 'f')).toEqual([named('date,initial\n1,2')])
    expect(() => bodiesOf('{"a": 1}\n{"b"', 'f')).toThrow('f is neither JSON nor JSON lines')
    expect(() => bodiesOf('{"a": 1, "a": 2}', 'f')).toThrow('must not be given twice')
  })
})

describe('a body without rules', () => {
  it.each([
    [
      'bybit',
      { retCode: 10001, retMsg: 'params error: symbol invalid' },
      'retCode "10001", "params error: symbol invalid"',
    ],
    [
      'okx',
      { code: '51000', msg: 'Parameter instFamily error', data: [] },
      'code "51000", "Parameter instFamily error"',
    ],
    ['kraken', { result: 'error', error: 'apiLimitExceeded' }, 'result "error", "apiLimitExceeded"'],
    [
      'deribit',
      { jsonrpc: '2.0', error: { code: 10028, message: 'too_many_requests' } },
      'error "10028", "too_many_requests"',
    ],
    ['bitmex', { error: { message: 'Not Found', name: 'HTTPError' } }, 'error "HTTPError", "Not Found"'],
  ])('of %s in which the venue objects is refused with its words', async (venue, body, words) => {
    await expect(run('import', '--venue', venue, fileOf('error.json', body))).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining(`error.json is no answer with rules: ${venue} answers ${words}`),
    })
  })

  it('that is no JSON is refused with its beginning, and so is an error of a venue without a form of its own', async () => {
    const html = fileOf('page.html', '<html><body>Access denied</body></html>')
    await expect(run('import', '--venue', 'bybit', html)).rejects.toThrow(
      /page\.html is no JSON, it begins with "<html><body>/,
    )
    const error = fileOf('binance.json', { code: -2015, msg: 'Invalid API-key' })
    await expect(run('import', '--venue', 'binance', error)).rejects.toThrow(/-2015.*Invalid API-key/)
  })
})

describe('collateral in plimsoll rules', () => {
  const ratios = (...ratioList: readonly [string, string, string][]) => ({
    result: {
      list: [
        {
          currency: 'BTC',
          collateralRatioList: ratioList.map(([minQty, maxQty, collateralRatio]) => ({
            minQty,
            maxQty,
            collateralRatio,
          })),
        },
      ],
    },
  })
  const TIERED = ratios(['0', '100', '0.95'], ['100', '', '0.5'])

  it('is imported beside contracts, and a line of the rules file holds an asset', async () => {
    const { output, errors } = await importing(fileOf('both.json', [SOL, TIERED]))
    expect(errors).toContain('bybit  2 taken  0 refused  2 changed')
    expect(errors).toContain('bybit collateralRules.BTC of multi-asset pools  added')
    expect(output).toMatch(/^ {6}"BTC": \{"tiers":.*"source":"\/v5\/spot-margin-trade\/collateral"\}$/m)
    fileOf('rules.json', output)
    const { collateral, refused } = readRulesFile(target, VENUE_NAMES, NOW_MS).get(VENUE_NAMES.get('bybit')!)!
    expect(refused.size).toBe(0)
    expect(collateral.BTC).toMatchObject([{ asOf: '2026-11-01', discounts: 'wallet' }])
  })

  it('is merged: what the file says of a debt and of other assets stays', async () => {
    const eth = { tiers: [{ cap: '1', ratio: '0.5' }] }
    const own = { BTC: { ...eth, liabilityMaintenanceRate: '0.03' }, ETH: eth }
    fileOf('rules.json', { 'bybit-linear': { collateralRules: own } })
    await importing(fileOf('tiered.json', TIERED), '--merge', target)
    const merged = JSON.parse(readFileSync(target, 'utf8'))
    expect(Object.keys(merged)).toEqual(['bybit-linear'])
    const { BTC, ETH } = merged['bybit-linear'].collateralRules
    expect(ETH).toEqual(eth)
    expect(BTC).toMatchObject({
      tiers: [{ ratio: '0.95' }, { ratio: '0.5' }],
      liabilityMaintenanceRate: '0.03',
    })
  })

  it('is listed, shown, compared and checked', async () => {
    await importing(fileOf('tiered.json', TIERED), '--out', target)
    const listed = await run('list', 'bybit', '--rules', target)
    expect(
      listed.output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
        .at(-1),
    ).toEqual({
      venue: 'bybit',
      symbol: 'collateralRules.BTC',
      poolKind: 'multi-asset',
      tiers: 2,
      ratio: '0.95',
      basis: 'coin',
      discounts: 'wallet',
      asOf: '2026-11-01',
      knownFrom: '2026-11-01',
      ruleAgeDays: 27,
    })
    const shown = JSON.parse((await run('show', 'bybit', 'collateralRules.BTC', '--rules', target)).output)
    expect(shown).toMatchObject({
      source: '/v5/spot-margin-trade/collateral',
      rules: { poolKind: 'multi-asset' },
    })
    expect(JSON.parse((await run('show', 'bybit', '--rules', target)).output)).toMatchObject({
      collateral: 1,
    })
    const other = fileOf('other.json', {
      bybit: { collateralRules: { BTC: { ...shown.rules, discounts: 'equity' } } },
    })
    expect(JSON.parse((await run('diff', target, other)).output)).toMatchObject({
      symbol: 'collateralRules.BTC',
      change: 'changed',
      changes: [{ field: 'discounts', before: 'wallet', after: 'equity' }],
    })
    expect(JSON.parse((await run('check', target)).output)).toEqual({
      venue: 'bybit',
      symbol: 'collateralRules.BTC',
      entries: 1,
      refused: null,
    })
  })

  it('of another kind of pool stays beside what is merged, and is listed, shown, compared and checked', async () => {
    const spot = {
      tiers: [{ cap: '1', ratio: '0.7' }],
      poolKind: 'spot-margin',
      asOf: '2026-10-01',
      assumptions: ['the level is that of the first tier'],
    }
    fileOf('rules.json', { bybit: { collateralRules: { BTC: spot } } })
    await importing(fileOf('tiered.json', TIERED), '--merge', target)
    const merged = JSON.parse(readFileSync(target, 'utf8')).bybit.collateralRules.BTC
    expect(merged).toEqual([spot, expect.objectContaining({ poolKind: 'multi-asset', asOf: '2026-11-01' })])
    await importing(fileOf('tiered.json', TIERED), '--merge', target)
    expect(JSON.parse(readFileSync(target, 'utf8')).bybit.collateralRules.BTC).toEqual(merged)

    const linesOf = async (...asked: string[]) =>
      (await run(...asked)).output
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    const own = (lines: { symbol: string }[]) =>
      lines.filter(({ symbol }) => symbol === 'collateralRules.BTC')
    expect(own(await linesOf('list', 'bybit', '--rules', target))).toMatchObject([
      { poolKind: 'multi-asset', tiers: 2, ratio: '0.95', asOf: '2026-11-01' },
      { poolKind: 'spot-margin', tiers: 1, ratio: '0.7', asOf: '2026-10-01' },
    ])
    expect(own(await linesOf('show', 'bybit', 'collateralRules.BTC', '--rules', target))).toMatchObject([
      { rules: { poolKind: 'multi-asset' } },
      { rules: { poolKind: 'spot-margin' } },
    ])
    expect(await linesOf('check', target)).toEqual([
      { venue: 'bybit', symbol: 'collateralRules.BTC', entries: 2, refused: null },
    ])
    const lower = { ...spot, tiers: [{ cap: '1', ratio: '0.6' }] }
    const other = fileOf('other.json', { bybit: { collateralRules: { BTC: [lower, merged[1]] } } })
    expect(await linesOf('diff', target, other)).toMatchObject([
      {
        symbol: 'collateralRules.BTC',
        poolKind: 'spot-margin',
        change: 'changed',
        changes: [{ field: 'tiers[0].ratio', before: '0.7', after: '0.6' }],
      },
    ])
    const alone = fileOf('alone.json', { bybit: { collateralRules: { BTC: merged[1] } } })
    expect(await linesOf('diff', target, alone)).toMatchObject([
      { symbol: 'collateralRules.BTC', poolKind: 'spot-margin', change: 'removed' },
    ])
  })

  it('that cannot be used is refused by name, and the exit code is 1', async () => {
    const { errors } = await importing(fileOf('rising.json', ratios(['0', '1', '0.5'], ['1', '', '0.9'])))
    expect(errors).toContain('refused collateralRules.BTC  tiers[1].ratio of BTC is 0.9')
    expect(process.exitCode).toBe(1)
  })
})
