import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { instrumentRulesSchema, POOL_KINDS, type RuleBook, venueId } from '../../src/domain/index.ts'
import { checkRules, formatDecimal, marginAccountsOf } from '../../src/margin/index.ts'
import { readRulesFile } from '../../src/rules/file.ts'
import { ruleBookOf, VENUE_NAMES } from '../../src/venues/index.ts'
import { refusedRules, ruleBooks } from '../../src/worker/rule-books.ts'
import { LATE_WARNINGS_MAX, LateRules, logRules } from '../../src/worker/rules-log.ts'
import { parsedAccount } from '../support/accounts.ts'

const BYBIT = venueId('bybit')

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-rules-'))
afterAll(() => rmSync(folder, { recursive: true }))

const NOW = Date.UTC(2026, 6, 20)

const TABLE = {
  kind: 'linear',
  settle: 'USDT',
  tiers: [{ cap: '1000000', maintenanceMarginRate: '0.01', maintenanceDeduction: '0' }],
}
const tier = (change: object) => ({ ...TABLE, tiers: [{ ...TABLE.tiers[0], ...change }] })

/** Path of a rules file that holds the text, or the value as JSON. */
function written(content: unknown): string {
  const path = join(folder, 'rules.json')
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

function faultOf(action: () => unknown): { code: string; message: string } {
  try {
    action()
  } catch (error) {
    return error as { code: string; message: string }
  }
  throw new Error('no fault')
}

describe('a file of rules', () => {
  it.each<[string, (text: string) => Buffer]>([
    ['UTF-8 with a byte order mark', (text) => Buffer.from(`\ufeff${text}`)],
    ['UTF-16 with a byte order mark', (text) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['UTF-16 without one', (text) => Buffer.from(text, 'utf16le')],
  ])('is read as %s', (_name, bytesOf) => {
    const path = join(folder, 'rules.json')
    writeFileSync(path, bytesOf(JSON.stringify({ bybit: { FOOUSDT: TABLE } })))
    expect(Object.keys(readRulesFile(path, VENUE_NAMES, NOW).get(BYBIT)!.rules)).toEqual(['FOOUSDT'])
  })

  it('is read by venue and symbol; both names of a venue mean the same book', () => {
    const byVenue = readRulesFile(
      written({ bybit: { FOOUSDT: TABLE }, 'bybit-linear': { BARUSDT: TABLE } }),
      VENUE_NAMES,
      NOW,
    )
    expect([...byVenue.keys()]).toEqual(['bybit'])
    const { rules, refused } = byVenue.get(BYBIT)!
    expect(Object.keys(rules)).toEqual(['FOOUSDT', 'BARUSDT'])
    const stated = {
      contribution: 'linear',
      multiplier: '1',
      settlementAsset: 'USDT',
      takerFeeRate: '0',
      maintenance: { kind: 'marginal-tiers', basis: 'notional', tiers: TABLE.tiers },
    }
    expect(rules.FOOUSDT).toEqual([
      { fromMs: Number.NEGATIVE_INFINITY, rules: stated, source: 'rules file rules.json' },
    ])
    expect(refused.size).toBe(0)
  })

  it('says how assets count in a pool; what cannot be used is refused by name, and so is what two names give', () => {
    const one = { tiers: [{ cap: '1', ratio: '0.9' }] }
    const rising = {
      tiers: [
        { cap: '1', ratio: '0.5' },
        { cap: '2', ratio: '0.6' },
      ],
    }
    const path = written({
      bybit: { collateralRules: { BTC: one, ETH: one, SOL: rising, btc: one, ADA: {} } },
      'bybit-linear': { collateralRules: { ETH: one } },
    })
    const { collateral, refused } = readRulesFile(path, VENUE_NAMES, NOW).get(BYBIT)!
    expect(Object.keys(collateral)).toEqual(['BTC'])
    expect(collateral.BTC).toMatchObject([{ ...one, basis: 'coin', discounts: 'equity' }])
    expect([...refused.keys()]).toEqual(
      ['SOL', 'btc', 'ADA', 'ETH'].map((asset) => `collateralRules.${asset}`),
    )
    const book = ruleBooks({ rulesFile: path }, NOW).bookOf(BYBIT)
    expect(['BTC', 'ETH', 'XRP'].map((asset) => book.collateralOf!(asset, 'multi-asset')?.tiers)).toEqual([
      one.tiers,
      undefined,
      undefined,
    ])
    expect(() => ruleBooks({ rulesFile: path, strictRules: true }, NOW)).toThrow(
      /collateralRules\.SOL: rules file rules\.json: tiers\[1\]\.ratio of SOL is 0\.6/,
    )
    expect(book.version).not.toBe(ruleBooks({ rulesFile: written({ bybit: {} }) }, NOW).bookOf(BYBIT).version)
  })

  it('says how an asset counts in each kind of pool, of a list the rules without a kind in all others', () => {
    const of = (ratio: string, poolKind?: string) => ({ tiers: [{ cap: '1', ratio }], poolKind })
    const path = written({
      binance: {
        collateralRules: {
          BTC: of('0.7', 'spot-margin'),
          ETH: [of('0.9', 'multi-asset'), of('0.6')],
          BNB: of('0.5'),
          XRP: [of('0.9', 'spot-margin'), of('0.8', 'spot-margin')],
          ADA: [of('0.9'), of('0.8')],
          SOL: [],
          DOT: [of('0.9', 'multi-asset'), { ...of('0.9'), tiers: [] }],
        },
      },
    })
    const book = ruleBooks({ rulesFile: path }, NOW).bookOf(VENUE_NAMES.get('binance')!)
    const ratios = ['BTC', 'ETH', 'BNB', 'XRP', 'ADA', 'SOL', 'DOT', 'USDT'].map((asset) =>
      POOL_KINDS.map((kind) => book.collateralOf!(asset, kind)?.tiers[0]?.ratio),
    )
    // The built-in book holds BTC, BNB and USDT of multi-asset pools.
    expect(ratios).toEqual([
      ['0.95', '0.7'],
      ['0.9', '0.6'],
      ['0.5', '0.5'],
      [undefined, undefined],
      [undefined, undefined],
      [undefined, undefined],
      [undefined, undefined],
      ['0.9999', undefined],
    ])
    expect([...book.refused!]).toEqual([
      [
        'collateralRules.XRP',
        expect.stringMatching(/\[1\]\.poolKind is "spot-margin": entry 0 is of the same kind/),
      ],
      ['collateralRules.ADA', expect.stringMatching(/\[1\]\.poolKind is missing: entry 0 has none either/)],
      ['collateralRules.SOL', expect.stringMatching(/must hold 1 to 3 entries/)],
      ['collateralRules.DOT', expect.stringMatching(/\[1\]\.tiers is \[\]: must hold at least one tier/)],
    ])
  })

  it.each([
    [
      'collateral rules that are a list',
      '{"bybit": {"collateralRules": []}}',
      'RULES_INVALID',
      /collateralRules must be an object/,
    ],
    [
      'venues that are none, all of them',
      '{"nasdaq": {}, "nyse": {}}',
      'RULES_INVALID',
      /nasdaq is .*; nyse is /,
    ],
    ['a venue without symbols', '{"bybit": []}', 'RULES_INVALID', /bybit is \[\]: must be an object/],
    ['a list', '[]', 'RULES_INVALID', /must be one JSON object/],
    [
      'a table given twice',
      '{"bybit": {"A": 1, "A": 2}}',
      'RULES_INVALID',
      /bybit\.A must not be given twice/,
    ],
    ['text that is no JSON', '{', 'CONFIGURATION', /JSON/],
  ] as const)('is refused for %s', (_, text, code, message) => {
    const path = written(text)
    const fault = faultOf(() => readRulesFile(path, VENUE_NAMES, NOW))
    expect(fault.code).toBe(code)
    expect(fault.message).toContain(path)
    expect(fault.message).toMatch(message)
  })

  it('is refused by name when it is not there', () => {
    const { code, message } = faultOf(() => readRulesFile('/nowhere/rules.json', VENUE_NAMES, NOW))
    expect(code).toBe('CONFIGURATION')
    expect(message).toContain('/nowhere/rules.json')
  })
})

describe('bad symbols of a file of rules', () => {
  const file = () =>
    written({
      bybit: {
        GOODUSDT: TABLE,
        BTCUSDT: tier({ maintenanceMarginRate: '1%' }),
        FOOUSDT: { ...TABLE, tiers: [...TABLE.tiers, { ...TABLE.tiers[0], cap: '500' }] },
        'BAD SYMBOL': TABLE,
      },
      binance: { BTCUSDT: { ...TABLE, takerFeeRate: '0.055' }, ETHUSDT: TABLE },
      'binance-usdm': { ETHUSDT: TABLE },
    })
  const REFUSED = [
    'bybit BTCUSDT: rules file rules.json: tiers[0].maintenanceMarginRate is "1%": must be a decimal string',
    'bybit FOOUSDT: rules file rules.json: tiers[1].cap of FOOUSDT is 500, it must be above',
    'bybit BAD SYMBOL: rules file rules.json: the symbol must be',
    'binance BTCUSDT: rules file rules.json: takerFeeRate of BTCUSDT is 0.055',
    'binance ETHUSDT: rules file rules.json: two names of binance give its rules',
  ]

  it('are refused by name, of every venue, and the others are used', () => {
    const { bookOf } = ruleBooks({ rulesFile: file() }, NOW)
    const refused = refusedRules(bookOf)
    expect(refused.map((line, index) => line.slice(0, REFUSED[index]?.length))).toEqual(REFUSED)
    expect(bookOf(BYBIT).rulesOf('GOODUSDT')?.maintenance).toHaveProperty('tiers', TABLE.tiers)
    expect(bookOf(BYBIT).rulesOf('ETHUSDT')).toBe(ruleBookOf(BYBIT).rulesOf('ETHUSDT'))
  })

  it('never fall back to the built-in table: their accounts are refused with the reason', () => {
    const book = ruleBooks({ rulesFile: file() }, NOW).bookOf(BYBIT)
    expect(ruleBookOf(BYBIT).rulesOf('BTCUSDT')).toBeDefined()
    expect(book.rulesOf('BTCUSDT')).toBeUndefined()
    const positions = [
      { symbol: 'BTCUSDT', marginMode: 'isolated', size: '1', entryPrice: '1', leverage: '2' },
    ]
    const { code, message } = faultOf(() => marginAccountsOf(parsedAccount({ positions }), book))
    expect(code).toBe('SYMBOL_UNKNOWN')
    expect(message).toContain(
      'positions[0].symbol is "BTCUSDT": its rules are refused: rules file rules.json: tiers[0].maintenanceMarginRate',
    )
  })

  it('are used again when later rules replace them', () => {
    const given = instrumentRulesSchema.parse(TABLE)
    const book = ruleBooks({ rulesFile: file() }, NOW, new Map([[BYBIT, { BTCUSDT: given }]])).bookOf(BYBIT)
    expect(book.rulesOf('BTCUSDT')).toBe(given)
    expect(book.refused?.has('BTCUSDT')).toBe(false)
  })

  it('refuse the file when rules are strict, all named', () => {
    const path = file()
    const { code, message } = faultOf(() => ruleBooks({ rulesFile: path, strictRules: true }, NOW))
    expect(code).toBe('RULES_INVALID')
    expect(message).toContain(path)
    for (const line of REFUSED) expect(message).toContain(line)
    expect(() =>
      ruleBooks({ rulesFile: written({ bybit: { GOODUSDT: TABLE } }), strictRules: true }, NOW),
    ).not.toThrow()
  })

  it('change the version of the book', () => {
    const versionOf = (content: object) =>
      ruleBooks({ rulesFile: written(content) }, NOW).bookOf(BYBIT).version
    const good = versionOf({ bybit: { GOODUSDT: TABLE } })
    expect(good).toMatch(/^bybit-.*\+rules\.json@[0-9a-f]{8}$/)
    expect(versionOf({ bybit: { GOODUSDT: TABLE, BTCUSDT: 7 } })).not.toBe(good)
  })
})

describe('rules in the full form', () => {
  const FULL = {
    contribution: 'linear',
    settlementAsset: 'USDT',
    maintenance: { kind: 'marginal-tiers', basis: 'notional', tiers: TABLE.tiers },
  }
  const WHOLE = {
    kind: 'whole-tiers',
    basis: 'contracts',
    tiers: [{ cap: '1000', maintenanceMarginRate: '0.004' }],
  }

  it.each([
    [
      'an option without its terms',
      { contribution: 'option' },
      'option of X is missing, options have it and no other contract',
    ],
    [
      'the margin of options for a future',
      {
        maintenance: {
          kind: 'option-standard',
          maintenanceRate: '0.075',
          initialRate: '0.15',
          initialRateMin: '0.1',
        },
      },
      'maintenance.kind of X is option-standard, option-standard belongs to options and to no other contract',
    ],
    [
      'whole tiers that fall',
      { maintenance: { ...WHOLE, tiers: [WHOLE.tiers[0], { cap: '2000', maintenanceMarginRate: '0.003' }] } },
      'tiers[1].maintenanceMarginRate of X is 0.003, it must not be below the rate before it, 0.004',
    ],
    [
      'whole tiers whose caps fall',
      { maintenance: { ...WHOLE, tiers: [WHOLE.tiers[0], { cap: '1000', maintenanceMarginRate: '0.005' }] } },
      'tiers[1].cap of X is 1000, it must be above the cap before it, 1000',
    ],
    [
      'a percentage as a rate by size',
      { maintenance: { kind: 'size-rate', base: '2', increment: '0.00005' } },
      'maintenance.base of X is 2, a fraction of at most 1 is expected',
    ],
    [
      'a percentage as a rate of one side',
      { maintenance: { kind: 'side-rates', long: '0.1', short: '11' } },
      'maintenance.short of X is 11, a fraction of at most 1 is expected',
    ],
    [
      'linear tiers in coin',
      { maintenance: { ...FULL.maintenance, basis: 'coin' } },
      'maintenance.basis of X is coin, notional is supported where contribution is linear',
    ],
    [
      'inverse tiers in quote currency',
      { contribution: 'inverse' },
      'maintenance.basis of X is notional, coin is supported where contribution is inverse',
    ],
  ])(
    'are refused by field and value where they contradict themselves, and only when they are used: %s',
    (_, change, message) => {
      const rules = instrumentRulesSchema.parse({ ...FULL, ...change })
      expect(instrumentRulesSchema.parse(rules)).toEqual(rules)
      expect(faultOf(() => checkRules('X', rules))).toMatchObject({ code: 'RULES_INVALID', message })

      const book = ruleBooks(
        { rulesFile: written({ bybit: { X: { ...FULL, ...change }, GOODUSDT: FULL } }) },
        NOW,
      ).bookOf(BYBIT)
      expect(book.rulesOf('GOODUSDT')).toEqual(instrumentRulesSchema.parse(FULL))
      const positions = [{ symbol: 'X', marginMode: 'isolated', size: '1', entryPrice: '1', leverage: '2' }]
      expect(faultOf(() => marginAccountsOf(parsedAccount({ positions }), book)).message).toContain(
        `its rules are refused: rules file rules.json: ${message}`,
      )
    },
  )

  it.each([
    [
      'an unknown kind',
      { maintenance: { kind: 'tiers' } },
      'maintenance.kind is "tiers": must be marginal-tiers, ',
    ],
    [
      'a missing part',
      { maintenance: { kind: 'size-rate', base: '1' } },
      'maintenance.increment is missing: must be a',
    ],
    ['a field of the short form', { settle: 'USDT' }, 'settle is "USDT": unknown field'],
    [
      'another time of liquidation',
      { liquidation: 'soon' },
      'liquidation is "soon": must be reached or passed',
    ],
  ])('are refused when they are read where their shape is wrong: %s', (_, change, message) => {
    const path = written({ bybit: { X: { ...FULL, ...change } } })
    expect(readRulesFile(path, VENUE_NAMES, NOW).get(BYBIT)!.refused.get('X')).toContain(message)
  })
})

describe('what an instrument states itself', () => {
  const bookOf = (change: object) =>
    ruleBooks({ rulesFile: written({ binance: { X: { ...TABLE, ...change } } }) }, NOW).bookOf(
      venueId('binance'),
    )
  const accountAt = (book: RuleBook) =>
    marginAccountsOf(
      parsedAccount({
        positions: [{ symbol: 'X', marginMode: 'isolated', size: '1', entryPrice: '100', leverage: '10' }],
      }),
      book,
    )[0]!

  it('counts before the default of the venue', () => {
    expect(accountAt(bookOf({})).liquidation).toBe('reached')
    expect(accountAt(bookOf({ liquidation: 'passed' })).liquidation).toBe('passed')
  })

  it('decides whether the closing fee is part of the margin', () => {
    const feeOf = (change: object) =>
      formatDecimal(accountAt(bookOf({ takerFeeRate: '0.001', ...change })).curves[0]!.maintenanceConstant)
    expect(feeOf({})).toBe('0')
    // 100·(1 − 1/10)·0.001.
    expect(feeOf({ closingFee: 'at-bankruptcy-price' })).toBe('0.09')
  })
})

describe('caps of a file of rules', () => {
  it.each([
    ['9223372036854775807', true],
    ['9999999999999999999.5', true],
    ['10000000000000000000', false],
    ['0', false],
  ])('%s: taken %s', (cap, isTaken) => {
    const { refused } = readRulesFile(written({ bybit: { FOOUSDT: tier({ cap }) } }), VENUE_NAMES, NOW).get(
      BYBIT,
    )!
    expect(refused.size === 0).toBe(isTaken)
  })

  it('count to their last digit', () => {
    const tiers = [
      { cap: '9223372036854775807', maintenanceMarginRate: '0.1', maintenanceDeduction: '0' },
      {
        cap: '9223372036854775808',
        maintenanceMarginRate: '0.1001',
        maintenanceDeduction: '922337203685477.5807',
      },
      {
        cap: '9223372036854775809',
        maintenanceMarginRate: '0.1001',
        maintenanceDeduction: '922337203685477.5807',
      },
    ]
    const read = (change: object) =>
      readRulesFile(
        written({
          bybit: { FOOUSDT: { ...TABLE, tiers: [...tiers.slice(0, 2), { ...tiers[2], ...change }] } },
        }),
        VENUE_NAMES,
        NOW,
      )
        .get(BYBIT)!
        .refused.get('FOOUSDT')
    // The deduction of a 19-digit cap has 15 digits before its point, the most that a decimal may have.
    expect(read({})).toBeUndefined()
    expect(read({ cap: '9223372036854775808' })).toContain(
      'it must be above the cap before it, 9223372036854775808',
    )
  })
})

describe('the log of the rules in use', () => {
  const bookOf = (rules: Record<string, string | undefined>) => {
    const tables = Object.entries(rules).map(([symbol, asOf]) => [symbol, { ...TABLE, asOf }])
    return ruleBooks({ rulesFile: written({ bybit: Object.fromEntries(tables) }) }, NOW).bookOf
  }

  function logged(rules: Record<string, string | undefined>, symbols: readonly string[], maxAgeDays = 14) {
    const lines: [level: string, fields: object, message: string][] = []
    const log = {
      info: (fields: object, message: string) => void lines.push(['info', fields, message]),
      warn: (fields: object, message: string) => void lines.push(['warn', fields, message]),
    }
    const inUse = symbols.map((symbol) => ({ venue: 'bybit', symbol }))
    logRules(log, bookOf(rules), inUse, NOW, maxAgeDays)
    return lines
  }

  it('states book, contracts and oldest day of each venue, and warns of nothing that is young', () => {
    const lines = logged({ A: '2026-07-06', B: '2026-07-19', UNUSED: '2020-01-01' }, ['A', 'B'])
    expect(lines).toEqual([
      [
        'info',
        expect.objectContaining({ venue: 'bybit', contracts: 2, oldest: '2026-07-06', undated: 0 }),
        'rules in use',
      ],
    ])
    expect(lines[0]![1]).toHaveProperty('ruleBook', expect.stringMatching(/^bybit-.*@/))
  })

  it('counts the assets of pools, whose index prices are markets, beside contracts', () => {
    const weight = { tiers: [{ cap: '10', ratio: '0.9' }] }
    const rulesFile = written({
      bybit: { A: { ...TABLE, asOf: '2026-07-06' }, collateralRules: { BTC: weight, ETH: weight } },
    })
    const lines: object[] = []
    const log = {
      info: (fields: object) => void lines.push(fields),
      warn: (fields: object) => void lines.push(fields),
    }
    const symbols = ['A', 'BTC/USDT index', 'UNKNOWN/USDT index']
    const inUse = symbols.map((symbol) => ({ venue: 'bybit', symbol }))
    logRules(log, ruleBooks({ rulesFile }, NOW).bookOf, inUse, NOW, 14)
    expect(lines).toMatchObject([
      { contracts: 1, assets: 1, oldest: '2026-07-06', undated: 1 },
      { contracts: 0, assets: 1, oldest: ['collateralRules.BTC (no day)'] },
    ])
  })

  it('warns once a venue of all that is older than the limit or bears no day, the oldest named', () => {
    const days = Object.fromEntries(
      Array.from({ length: 8 }, (_, index) => [`OLD${index}`, `2026-06-${10 + index}`]),
    )
    const lines = logged({ ...days, YOUNG: '2026-07-20', UNDATED: undefined }, [
      ...Object.keys(days),
      'YOUNG',
      'UNDATED',
    ])
    expect(lines.map(([level]) => level)).toEqual(['info', 'warn'])
    expect(lines[0]![1]).toMatchObject({ contracts: 10, oldest: '2026-06-10', undated: 1 })
    expect(lines[1]![1]).toEqual({
      venue: 'bybit',
      contracts: 9,
      assets: 0,
      oldest: [
        'UNDATED (no day)',
        'OLD0 (2026-06-10)',
        'OLD1 (2026-06-11)',
        'OLD2 (2026-06-12)',
        'OLD3 (2026-06-13)',
      ],
      rulesMaxAgeDays: 14,
    })
    expect(lines[1]![2]).toContain('PLIMSOLL_RULES_MAX_AGE')
  })

  it('keeps to the limit that is set', () => {
    expect(logged({ A: '2026-07-06' }, ['A'], 14)).toHaveLength(1)
    expect(logged({ A: '2026-07-06' }, ['A'], 13)).toHaveLength(2)
  })

  describe('of contracts that come while the worker runs', () => {
    function late(rules: Record<string, string | undefined>) {
      const lines: [fields: object, message: string][] = []
      const log = { warn: (fields: object, message: string) => void lines.push([fields, message]) }
      const rulesInUse = new LateRules(log, bookOf(rules), 14)
      return { lines, add: (symbol: string) => rulesInUse.add(BYBIT, symbol, NOW) }
    }

    it('warns of each that is older than the limit or bears no day, once', () => {
      const { lines, add } = late({ A: '2026-06-01', B: undefined, YOUNG: '2026-07-19' })
      for (const symbol of ['YOUNG', 'NOWHERE', 'A', 'A', 'B']) add(symbol)
      expect(lines.map(([fields]) => fields)).toEqual([
        { venue: 'bybit', contracts: 1, assets: 0, oldest: ['A (2026-06-01)'], rulesMaxAgeDays: 14 },
        { venue: 'bybit', contracts: 1, assets: 0, oldest: ['B (no day)'], rulesMaxAgeDays: 14 },
      ])
      expect(lines[0]![1]).toContain('PLIMSOLL_RULES_MAX_AGE')
    })

    it('ends with a line that says so after the most that it names', () => {
      const symbols = Array.from({ length: LATE_WARNINGS_MAX + 5 }, (_, index) => `OLD${index}`)
      const { lines, add } = late(Object.fromEntries(symbols.map((symbol) => [symbol, '2026-06-01'])))
      for (const symbol of symbols) add(symbol)
      expect(lines).toHaveLength(LATE_WARNINGS_MAX + 1)
      expect(lines.at(-1)).toEqual([
        { warnings: LATE_WARNINGS_MAX },
        'further contracts with old rules are not named until the next start',
      ])
    })
  })

  it('names the symbols of the file that are refused', () => {
    const lines = logged({ A: '2026-07-06', B: 'yesterday' }, ['A'])
    expect(lines.find(([level]) => level === 'warn')?.[2]).toContain(
      'rules refused: bybit B: rules file rules.json: asOf is "yesterday": ',
    )
  })
})

describe('the day of rules in a file', () => {
  const refusedOf = (content: object) =>
    readRulesFile(written({ bybit: content }), VENUE_NAMES, NOW).get(BYBIT)!.refused

  it('is at most one after the present one, so that no rules stay young for years', () => {
    const seen = (asOf: string) => ({ FOOUSDT: { ...TABLE, asOf } })
    expect([...refusedOf(seen('2026-07-21'))]).toEqual([])
    expect(refusedOf(seen('2026-07-22')).get('FOOUSDT')).toMatch(
      /: asOf is "2026-07-22": must be at most 1 day after the present day, 2026-07-20: /,
    )
    const weights = { tiers: [{ cap: '1', ratio: '1' }], asOf: '2099-01-01' }
    expect(refusedOf({ collateralRules: { BTC: weights } }).get('collateralRules.BTC')).toContain(
      'asOf is "2099-01-01"',
    )
  })

  it('is not the time from which they are in force, which may come later', () => {
    const later = { ...TABLE, asOf: '2026-07-20', effectiveFrom: '2027-01-01T00:00:00Z' }
    expect([...refusedOf({ FOOUSDT: [TABLE, later] })]).toEqual([])
    expect(refusedOf({ FOOUSDT: [TABLE, { ...later, asOf: '2027-01-01' }] }).get('FOOUSDT')).toContain(
      'entry 1 of the list: asOf is "2027-01-01"',
    )
  })
})
