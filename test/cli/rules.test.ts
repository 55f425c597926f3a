import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { rulesCommand } from '../../src/cli/rules.ts'
import { differenceOf, diffLine } from '../../src/cli/rules-diff.ts'
import { type Output, paletteOf } from '../../src/cli/terminal.ts'
import type { InstrumentRules, RiskTier } from '../../src/domain/index.ts'
import { dydxRules } from '../../src/venues/imports/dydx.ts'
import { VENUES } from '../../src/venues/index.ts'
import { rulesFrom } from '../support/rules.ts'

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-rules-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => {
  process.exitCode = undefined
})

const NOW_MS = Date.parse('2026-11-28T12:00:00Z')

/** What the command prints, to a pipe or at a terminal of 100 columns. */
async function run(args: readonly string[], isTTY = false): Promise<string> {
  let printed = ''
  const output: Output = Object.assign(
    new Writable({
      write: (chunk, _encoding, done) => {
        printed += chunk
        done()
      },
    }),
    { isTTY, columns: 100 },
  )
  const command = rulesCommand({ output, errors: output, nowMs: NOW_MS }).exitOverride()
  for (const sub of command.commands) sub.exitOverride().configureOutput({ writeErr: () => undefined })
  await command.parseAsync(args, { from: 'user' })
  return stripVTControlCharacters(printed)
}

const json = async (...args: string[]) =>
  (await run(args))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))

function fileOf(name: string, rules: object): string {
  const path = join(folder, name)
  writeFileSync(path, JSON.stringify(rules))
  return path
}

const tier = (cap: string, rate: string, deduction = '0') => ({
  cap,
  maintenanceMarginRate: rate,
  maintenanceDeduction: deduction,
})
const linear = (...tiers: object[]) => ({ kind: 'linear', settle: 'USDT', tiers })

describe('plimsoll rules list', () => {
  it('prints a line a venue, with how many contracts it holds and how old their rules are', async () => {
    const lines = await json('list')
    expect(lines.map(({ venue }) => venue)).toEqual(VENUES.map(({ id }) => id))
    expect(lines.slice(0, 2)).toMatchObject([
      { venue: 'bybit', contracts: 4, oldest: '2023-08-16', newest: '2026-08-05', undated: 0, refused: 0 },
      { venue: 'binance', contracts: 809, oldest: '2026-07-02', newest: '2026-07-02', undated: 1 },
    ])
  })

  it('says at a terminal how old the rules are, and nothing of their age where none are known', async () => {
    const lines = (await run(['list', '--at', '2019-01-01'], true)).split('\n')
    expect(lines).toContain('cme  1 contract  rules seen 2018-06-29  cme-2020-12-31')
    expect(lines).toContain('dydx  0 contracts  dydx-2025-12-08')
  })

  it('prints the contracts of a venue, those that were listed at the time', async () => {
    const now = await json('list', 'binance')
    expect(now).toHaveLength(809 + 9)
    expect(now.find(({ symbol }) => symbol === 'BTCUSDT')).toEqual({
      venue: 'binance',
      symbol: 'BTCUSDT',
      contribution: 'linear',
      settlementAsset: 'USDT',
      kind: 'marginal-tiers',
      asOf: '2026-07-02',
      knownFrom: '2025-08-21',
      ruleAgeDays: 149,
      changes: 9,
    })
    const symbols = (await json('list', 'binance', '--at', '2023-12-01')).map(({ symbol }) => symbol)
    expect([symbols.includes('ADABUSD'), symbols.includes('币安人生USDT')]).toEqual([true, false])
  })
})

describe('a table that was first seen after the day of --at', () => {
  const NO_TABLE = 'no table of that day is known; this one was seen on 2026-08-05'
  const UNDATED = 'this table bears no day; whether it was in force on that day is not known'

  it('is shown with the day on which it was seen, without an age, and with exit code 1', async () => {
    const [shown] = await json('show', 'bybit', 'BTCUSDT', '--at', '2021-01-01')
    expect(shown).toMatchObject({
      asOf: '2026-08-05',
      knownFrom: '2026-08-05',
      ruleAgeDays: null,
      warning: NO_TABLE,
    })
    expect(process.exitCode).toBe(1)
    const text = await run(['show', 'bybit', 'BTCUSDT', '--at', '2021-01-01'], true)
    expect(text).toContain(`  warning  ${NO_TABLE}\n`)
    expect(text).toContain('  in force  since a day that is not known\n')
    expect(text).not.toContain('always')
    expect(text).not.toContain('seen until')
  })

  it('is shown without a warning on the day on which it was seen and after it', async () => {
    for (const [day, ruleAgeDays] of [
      ['2026-08-05', 0],
      ['2026-08-08', 3],
    ] as const) {
      const [shown] = await json('show', 'bybit', 'BTCUSDT', '--at', day)
      expect(shown).toMatchObject({ knownFrom: '2026-08-05', ruleAgeDays, warning: null })
    }
    const [inHistory] = await json('show', 'binance', 'BTCUSDT', '--at', '2025-10-10')
    expect(inHistory).toMatchObject({ knownFrom: '2025-08-21', ruleAgeDays: 0, warning: null })
    expect(process.exitCode).toBeUndefined()
  })

  it.each([
    ['coinbase', 'BTC-PERP'],
    ['binance', 'BTCUSD_PERP'],
  ])(
    'is not told from one that bears no day (%s %s): neither was in force on that day for sure',
    async (venue, symbol) => {
      const [shown] = await json('show', venue, symbol, '--at', '2021-01-01')
      expect(shown).toMatchObject({ knownFrom: null, ruleAgeDays: null, warning: UNDATED })
      expect(process.exitCode).toBe(1)
      process.exitCode = undefined
      expect(await json('show', venue, symbol)).toMatchObject([{ knownFrom: null, warning: null }])
      expect(process.exitCode).toBeUndefined()
    },
  )

  it('bears its day in the list, where the venue says how many there are', async () => {
    const listed = await json('list', 'bybit', '--at', '2020-01-01')
    expect(listed.find(({ symbol }) => symbol === 'BTCUSDT')).toMatchObject({
      knownFrom: '2026-08-05',
      ruleAgeDays: null,
    })
    expect((await run(['list', 'bybit', '--at', '2020-01-01'], true)).replaceAll(/\s+/g, ' ')).toContain(
      NO_TABLE,
    )
    const [bybit] = await json('list', '--at', '2020-01-01')
    expect(bybit).toMatchObject({ venue: 'bybit', contracts: 4, knownLater: 4 })
    expect(await run(['list', '--at', '2020-01-01'], true)).toContain('4 of a later day')
    const [now] = await json('list')
    expect(now).toMatchObject({ venue: 'bybit', knownLater: 0 })
  })

  it('is told of collateral too', async () => {
    const [shown] = await json('show', 'binance', 'collateralRules.BTC', '--at', '2020-01-01')
    expect(shown).toMatchObject({
      knownFrom: '2022-01-01',
      ruleAgeDays: null,
      warning: 'no table of that day is known; this one was seen on 2022-01-01',
    })
    expect(process.exitCode).toBe(1)
  })

  it('is named by a comparison with that day, which would find no change', async () => {
    const printed = await run(['diff', 'bybit@2021-01-01', 'bybit'], true)
    expect(printed).toContain(
      'warning  of 4 contracts no table of bybit@2021-01-01 is known; a later one is compared',
    )
    expect(process.exitCode).toBe(1)
  })
})

describe('plimsoll rules show', () => {
  it('prints the table of that day', async () => {
    const [shown] = await json('show', 'binance', 'BTCUSDT', '--at', '2025-10-10')
    expect(shown).toMatchObject({
      venue: 'binance',
      symbol: 'BTCUSDT',
      effectiveFrom: '2025-08-21T00:00:00.000Z',
      effectiveUntil: null,
      asOf: '2026-07-02',
      source: expect.stringContaining('leverageBracket'),
    })
    expect(shown.rules.maintenance.tiers).toHaveLength(12)
    const [before] = await json('show', 'binance', 'BTCUSDT', '--at', '2025-08-20T23:59:59Z')
    expect(before).toMatchObject({ effectiveUntil: '2025-08-21T00:00:00.000Z' })
    expect(before.rules).not.toEqual(shown.rules)
  })

  it('prints at a terminal the figures of every kind, and what is assumed', async () => {
    const shown = async (venue: string, symbol: string) => await run(['show', venue, symbol], true)
    const whole = await shown('okx', 'BTC-USDT-SWAP')
    expect(whole).toMatch(
      /maintenance {2}whole-tiers\n +up to \(contracts\) +rate +leverage\n +1000 +0\.4 % +100x\n/,
    )
    expect(whole).toContain('assumed  only the tier up to 1000 contracts is known')
    expect(await shown('bitmex', 'ETHUSD')).toContain(' up to (XBT) ')
    expect(await shown('binance', 'BTCUSD_PERP')).toContain(' up to (BTC) ')
    expect(await shown('coinbase', 'BTC-PERP')).toMatch(/^ +no cap +1\/15 /m)
    expect(await shown('deribit', 'BTC-PERPETUAL')).toContain('size-rate  1 %  0.00005 more a coin')
    expect(await shown('cme', 'BTC')).toContain('per-contract  48931 a contract')
    expect(await shown('coinbase', 'BIP-20DEC30-CDE')).toContain(
      'side-rates  long 24.5625 %  short 30.6375 %',
    )
    expect(await shown('deribit', 'BTC-25DEC26-90000-C')).toContain(
      'option-standard  short 7.5 % of the underlying',
    )
    expect(await shown('coinbase', 'BTC-PERP')).toMatch(/ 1\/15 +0 +10x\n/)
  })

  it('is a table at a terminal', async () => {
    const text = await run(['show', 'binance', 'BTCUSDT', '--at', '2025-10-10'], true)
    expect(text).toContain('in force  from 2025-08-21T00:00:00.000Z')
    expect(text).toContain('rules  seen until 2026-07-02')
    expect(text).toMatch(/^ +3000000 +0\.65 % +1500 +75x$/m)
  })

  it('says what holds for all contracts of a venue', async () => {
    expect(await json('show', 'bybit')).toMatchObject([
      { closingFee: 'at-bankruptcy-price', liquidation: 'reached' },
    ])
  })

  it('lays a rules file over the book', async () => {
    const rules = fileOf('own.json', { bybit: { FOOUSDT: linear(tier('100', '0.01')) } })
    const [shown] = await json('show', 'bybit', 'FOOUSDT', '--rules', rules)
    expect(shown).toMatchObject({ effectiveFrom: null, asOf: null, source: 'rules file own.json' })
  })

  it.each([
    [
      'a contract that was delisted',
      ['ADABUSD'],
      /no rules of binance "ADABUSD" are known: .*2024-02-03 \(not listed\)/,
    ],
    [
      'a time before the first table',
      ['BTCUSDT', '--at', '2020-01-01'],
      /at 2020-01-01T00:00:00.000Z: .*from 2023-01-13/,
    ],
    ['a symbol that the book never held', ['NOUSDT'], /never held it; plimsoll rules list binance/],
    [
      'a symbol in other letters',
      ['btc-usdt'],
      /never held it; .* prints what it holds; .* rules import --venue binance makes one; did you mean BTCUSDT\?$/,
    ],
  ])('refuses %s by name', async (_name, args, message) => {
    await expect(run(['show', 'binance', ...args])).rejects.toThrow(message)
    await expect(run(['show', 'binance', ...args])).rejects.toMatchObject({ code: 'SYMBOL_UNKNOWN' })
  })

  it.each(['2025-02-30', '2025-02-30T12:00:00Z', 'soon', '2025-10-10T21:15:00'])(
    'refuses the time %s',
    async (time) => {
      await expect(run(['show', 'binance', 'BTCUSDT', '--at', time])).rejects.toThrow(/must be a day such as/)
    },
  )
})

describe('plimsoll rules diff', () => {
  it('prints what was added, removed and changed between two days', async () => {
    const found = await json('diff', 'binance@2024-10-31', 'binance@2026-07-02')
    const changes = (change: string) => found.filter((difference) => difference.change === change).length
    expect([changes('added'), changes('removed'), changes('changed')]).toEqual([461, 6, 303])
    expect(await run(['diff', 'binance', 'binance'], true)).toBe(
      'No contract and no collateral has other rules.\n',
    )
  })

  describe('says how much more or less is asked for', () => {
    const { defaults } = VENUES[0]!.ruleBook
    const between = (old: InstrumentRules, young: InstrumentRules) =>
      differenceOf('bybit', 'X', old, young, defaults)
    const told = (old: InstrumentRules, young: InstrumentRules) =>
      diffLine(between(old, young)!, paletteOf(false))
    const withTiers = (...tiers: RiskTier[]) => rulesFrom({ takerFeeRate: '0', tiers })
    const whole = (...tiers: [cap: string, rate: string][]): InstrumentRules => ({
      ...withTiers(tier('1', '0.1')),
      maintenance: {
        kind: 'whole-tiers',
        basis: 'contracts',
        tiers: tiers.map(([cap, maintenanceMarginRate]) => ({ cap, maintenanceMarginRate })),
      },
    })

    it('at the place where it is most and at that where it is least, with the unit', () => {
      const old = withTiers(tier('100', '0.01'), tier('1000', '0.02', '1'))
      const young = withTiers(tier('200', '0.02'), tier('1000', '0.025', '1'))
      expect(between(old, young)).toMatchObject({
        change: 'changed',
        most: { at: '100', unit: 'USDT', times: '2' },
        // In the limit 0.025 against 0.02, which is below 1000·0.025 − 1 against 1000·0.02 − 1.
        least: { at: null, unit: 'USDT', times: '1.25' },
      })
      expect(told(old, young)).toBe('bybit X  asks for 2× at 100 USDT, 1.25× in the limit of large positions')
    })

    it('rounded to the nearest, but never to the same as before', () => {
      const times = (rate: string) => told(withTiers(tier('100', '0.01')), withTiers(tier('100', rate)))
      expect(times('0.014739')).toBe('bybit X  asks for 1.47× at every size')
      expect(times('0.01475')).toBe('bybit X  asks for 1.48× at every size')
      expect(times('0.010001')).toBe('bybit X  asks for 1.01× at every size')
      expect(times('0.009999')).toBe('bybit X  asks for 0.999× at every size')
      expect(times('0.00147391')).toBe('bybit X  asks for 0.147× at every size')
    })

    it('with the maintenance margin before all other changes, so that no list hides it (CME)', () => {
      const perContract = (amount: string, initial: string, multiplier: string): InstrumentRules => ({
        ...withTiers(tier('1', '0.1')),
        takerFeeRate: multiplier === '5' ? '0' : '0.01',
        multiplier,
        settlementAsset: multiplier === '5' ? 'USD' : 'USDT',
        initial: { kind: 'per-contract', amount: initial },
        maintenance: { kind: 'per-contract', amount },
      })
      const line = told(perContract('48931', '53824.1', '5'), perContract('100000', '110000', '6'))
      expect(line).toMatch(/^bybit X {2}maintenance\.amount 48931 → 100000 {2}/)
    })

    it('of one rate for all sizes as one multiple, and names the fractions before and after (dYdX)', () => {
      const { defaults } = VENUES.find(({ id }) => id === 'dydx')!.ruleBook
      const market = { ticker: 'X-USD', lowerCap: '0', upperCap: '0' }
      const old = dydxRules({ ...market, initialRate: '0.02', maintenanceRate: '0.012' })
      const young = dydxRules({ ...market, initialRate: '0.05', maintenanceRate: '0.03' })
      const difference = differenceOf('dydx', 'X-USD', old, young, defaults)!
      expect(difference).toMatchObject({
        most: { at: null, unit: 'USDC', times: '2.5' },
        least: { at: null, unit: 'USDC', times: '2.5' },
      })
      expect(diffLine(difference, paletteOf(false))).toBe(
        'dydx X-USD  asks for 2.5× at every size  initial 2 % → 5 %  maintenance 1.2 % → 3 %',
      )
      const onlyInitial = dydxRules({ ...market, initialRate: '0.024', maintenanceRate: '0.012' })
      const other = differenceOf('dydx', 'X-USD', old, onlyInitial, defaults)!
      expect(diffLine(other, paletteOf(false))).toBe('dydx X-USD  initial 2 % → 2.4 %')
    })

    it('beyond the last cap of the shorter table, whose last tier holds there', () => {
      const old = withTiers(tier('10000', '0.01'), tier('1000000', '0.5', '4900'))
      const young = withTiers(tier('10000', '0.0163'))
      expect(told(old, young)).toBe(
        'bybit X  asks for 1.63× at 10000 USDT, 0.0326× in the limit of large positions',
      )
    })

    it('of whole tiers, in contracts', () => {
      const old = whole(['1000', '0.004'], ['5000', '0.009'], ['100000', '0.499'])
      const young = whole(['1000', '0.004'], ['5000', '0.009'])
      expect(between(old, young)).toMatchObject({ most: { at: '1000', unit: 'contracts', times: '1' } })
      expect(told(old, young)).toBe('bybit X  asks for 1× at 1000 contracts, 0.018× at 100000 contracts')
    })

    it('everywhere where the share is the same, and never at the cap that says that there is none', () => {
      const none = '9223372036854775807'
      const [old, young] = [withTiers(tier(none, '0.02')), withTiers(tier(none, '0.03'))]
      expect(between(old, young)).toMatchObject({ most: { at: null }, least: { at: null } })
      expect(told(old, young)).toBe('bybit X  asks for 1.5× at every size')
      expect(told(withTiers(tier('10', '0.02')), young)).toBe('bybit X  asks for 1.5× at every size')
    })

    it('with the closing fee that the venue counts in the margin', () => {
      const old = { ...withTiers(tier('100', '0.01')), takerFeeRate: '0' }
      const young = { ...old, takerFeeRate: '0.01' }
      expect(told(old, young)).toBe('bybit X  asks for 2× at every size  takerFeeRate 0 → 0.01')
      const [free, paid] = [old, young].map((rules) => ({ ...rules, closingFee: 'none' as const }))
      expect(told(free!, paid!)).toBe('bybit X  takerFeeRate 0 → 0.01')
    })

    it('and otherwise what changed by name, old and new', () => {
      const plain = withTiers(tier('100', '0.01'))
      const rates = (long: string) => ({
        ...plain,
        maintenance: { kind: 'side-rates' as const, long, short: '0.3' },
      })
      expect(told(rates('0.2'), rates('0.25'))).toBe('bybit X  maintenance.long 0.2 → 0.25')
      const interest = (openInterest: string) => ({
        ...plain,
        initial: { kind: 'open-interest' as const, rate: '0.05', lowerCap: '1', upperCap: '2', openInterest },
      })
      expect(between(interest('1'), interest('1.5'))).toMatchObject({
        changes: [{ field: 'initial.openInterest', before: '1', after: '1.5' }],
      })
      expect(told(interest('1'), interest('1.5'))).toBe('bybit X  initial.openInterest 1 → 1.5')
      expect(told(plain, { ...plain, initial: { kind: 'rate', rate: '0.1' } })).toBe(
        'bybit X  initial none → kind rate, rate 0.1',
      )
      expect(told(plain, rates('0.2'))).toBe(
        'bybit X  maintenance.kind marginal-tiers → side-rates  maintenance.basis notional → none  maintenance.tiers 1 tier → none  and 2 more',
      )
    })

    it('of tiers that ask for the same, which leverage they grant', () => {
      const granting = (maxLeverage: string) => withTiers({ ...tier('100', '0.01'), maxLeverage })
      expect(told(granting('50'), granting('40'))).toBe('bybit X  maintenance.tiers[0].maxLeverage 50 → 40')
    })

    it('of contracts of another size only by name: the same number of them is another position', () => {
      const old = whole(['1000', '0.004'])
      expect(told(old, { ...whole(['1000', '0.008']), multiplier: '10' })).toBe(
        'bybit X  maintenance.tiers[0].maintenanceMarginRate 0.004 → 0.008  multiplier 1 → 10',
      )
    })

    it('not of the day, of ticks and of words', () => {
      const old = withTiers(tier('100', '0.01'))
      expect(between(old, { ...old, asOf: '2026-01-01' })).toBeUndefined()
      expect(between(old, { ...old, tickSize: '0.5' })).toBeUndefined()
      expect(between(old, { ...old, closingFee: defaults.closingFee })).toBeUndefined()
    })
  })

  it('compares a venue with a rules file', async () => {
    const rules = fileOf('more.json', { bybit: { FOOUSDT: linear(tier('100', '0.01')) } })
    expect(await json('diff', 'bybit', rules)).toMatchObject([{ symbol: 'FOOUSDT', change: 'added' }])
    expect(await run(['diff', rules, 'bybit'], true)).toMatch(/^bybit FOOUSDT {2}removed\n$/)
  })

  it('refuses two venues, and a time that is none', async () => {
    await expect(run(['diff', 'bybit', 'binance'])).rejects.toThrow(/different venues/)
    await expect(run(['diff', 'binance@soon', 'binance'])).rejects.toThrow(/the time of binance@soon/)
  })
})

describe('plimsoll rules check', () => {
  it('says of each symbol whether its rules can be used, and exits with 1 for one that cannot', async () => {
    const rules = fileOf('check.json', {
      bybit: {
        GOODUSDT: [
          linear(tier('100', '0.01')),
          { ...linear(tier('1', '0.1')), effectiveFrom: '2026-12-01T00:00:00Z' },
        ],
        BADUSDT: linear(tier('100', '0.01'), tier('200', '0.02', '2')),
      },
    })
    expect(await json('check', rules)).toEqual([
      { venue: 'bybit', symbol: 'BADUSDT', entries: 0, refused: expect.stringContaining('tiers[1]') },
      { venue: 'bybit', symbol: 'GOODUSDT', entries: 2, refused: null },
    ])
    expect(process.exitCode).toBe(1)
    process.exitCode = undefined
    const good = fileOf('good.json', { bybit: { GOODUSDT: linear(tier('100', '0.01')) } })
    expect(await run(['check', good], true)).toBe('bybit GOODUSDT  can be used\n')
    expect(process.exitCode).toBeUndefined()
  })

  it.each([{}, { bybit: {} }])('refuses a file that holds no rules: %j', async (empty) => {
    const path = fileOf('empty.json', empty)
    await expect(run(['check', path])).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: `${path} holds no rules, so nothing is checked`,
    })
  })

  it('names the file that cannot be read, and no option that was not given', async () => {
    await expect(run(['check', join(folder, 'none.json')])).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringMatching(/^rules file .*none\.json cannot be read: there is no such file/),
    })
    await expect(run(['diff', 'bybit', join(folder, 'none.json')])).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringMatching(/^rules file .*none\.json cannot be read: there is no such file/),
    })
  })
})
