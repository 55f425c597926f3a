import { describe, expect, it } from 'vitest'
import type { InstrumentRules, MarginEvent, PlimsollEvent, RuleBook } from '../../src/domain/index.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { binance, bybit } from '../../src/venues/index.ts'
import { crossPosition, isolatedPosition, makeAccount } from '../support/accounts.ts'
import { openMonitor } from '../support/monitor.ts'
import { rulesFrom } from '../support/rules.ts'

const TIERS = [
  { cap: '1000', maintenanceMarginRate: '0.01', maintenanceDeduction: '0' },
  { cap: '100000', maintenanceMarginRate: '0.02', maintenanceDeduction: '10' },
]
const RULES = {
  AUSDT: rulesFrom({ tiers: TIERS, takerFeeRate: '0.0006', asOf: '2023-11-01' }),
  BUSDT: rulesFrom({ tiers: TIERS, takerFeeRate: '0.0006', asOf: '2023-11-05', liquidation: 'reached' }),
  AUSD: rulesFrom({ kind: 'inverse', settle: 'A', multiplier: '10', tiers: TIERS, takerFeeRate: '0.0006' }),
} as const
const bookOf = (ruleBook: RuleBook): RuleBook => ({
  ...ruleBook,
  version: 'test',
  rulesOf: (symbol) => (RULES as Record<string, (typeof RULES)['AUSDT']>)[symbol],
})

/** A run in which every kind of event is published, of isolated, cross, hedged, linear and inverse accounts. */
function everyKind(): readonly PlimsollEvent[] {
  const books = { bybit: bookOf(bybit.ruleBook), binance: bookOf(binance.ruleBook) }
  const { monitor, records, frame } = openMonitor({ books })
  const usdt = (amount: string) => [{ asset: 'USDT', amount }]
  for (const venue of ['bybit', 'binance']) {
    const of = (id: string) => `${venue}/${id}`
    const accounts = [
      makeAccount({
        id: of('cross'),
        venue,
        collateral: usdt('215.5'),
        positions: [
          crossPosition('AUSDT', { size: '10.5', leverage: '7' }),
          crossPosition('BUSDT', { size: '-1.25', leverage: '3' }),
          crossPosition('AUSDT', { size: '-0.5' }),
        ],
      }),
      makeAccount({
        id: of('isolated'),
        venue,
        positions: [
          isolatedPosition('AUSDT', { size: '10', leverage: '5' }),
          isolatedPosition('BUSDT', { isolatedMargin: '20.5', leverage: '4' }),
        ],
      }),
      makeAccount({
        id: of('coin'),
        venue,
        collateral: [{ asset: 'A', amount: '0.7' }],
        positions: [crossPosition('AUSD', { size: '30', leverage: '6' })],
      }),
    ]
    for (const account of accounts) monitor.apply({ kind: 'put', account })
    const marks = (a: string, b: string) =>
      frame(
        [
          ['AUSDT', a],
          ['BUSDT', b],
          ['AUSD', a],
        ],
        venue,
      )
    for (const a of ['100', '90.5', '85.75', '83', '81.5', '79', '77.7', '88', '101', '70']) marks(a, '100.5')
    monitor.marketStale(venue, 'AUSDT', 1_800_000_000_000, 2_000)
    marks('72.5', '80')
    monitor.marketStale(venue, 'BUSDT', 1_800_000_000_000, 2_000)
    for (const { id } of accounts) monitor.apply({ kind: 'removed', id, version: 2 })
  }
  // As a reader of the stream gets them.
  return records.map(({ event }) => JSON.parse(JSON.stringify(event)) as PlimsollEvent)
}

const EVENTS = everyKind()
const ofAccounts = EVENTS.filter((event): event is MarginEvent => 'marginAccount' in event)

describe('an event of a monitor', () => {
  it('is verified, whatever its kind', () => {
    const kinds = new Set(EVENTS.map(({ kind }) => kind))
    expect([...kinds].sort()).toEqual([
      'closed',
      'liquidation',
      'market-closed',
      'market-fresh',
      'market-stale',
      'recovered',
      'unknown',
      'warning',
    ])
    const wrong = EVENTS.map(verifyEvent).filter(({ isOk }) => !isOk)
    expect(wrong).toEqual([])
  })

  it('says for each of its positions the terms and the rules that it is judged by', () => {
    for (const { positions, rules } of ofAccounts) {
      expect(Object.keys(rules ?? {}).sort()).toEqual(
        [...new Set(positions.map(({ symbol }) => symbol))].sort(),
      )
    }
  })
})

/** The text with its last digit changed by one: up, or down from 9. */
function nudged(figure: string): string {
  const digit = Number(figure.at(-1))
  return `${figure.slice(0, -1)}${digit === 9 ? 8 : digit + 1}`
}

/** Fields that verification takes as stated, because nothing in the event depends on them; docs/events.md lists them. */
const TAKEN =
  /^(?:schemaVersion|accountVersion|sequence|previousLevel|rank|hysteresis|levels.*|eventTimeMs|receivedTimeMs|detectionLatencyMs|marks\.\d+\.(?:eventTimeMs|ageMs)|ruleBook|rules\..*|reasons.*|sinceMs|marginAccounts|markPrice)$/
/** Terms on which some events depend and others do not. */
const TERMS = /^positions\.\d+\.(?:leverage|isolatedMargin|entryPrice|size)$|^marks\./

type Holder = Record<string, unknown>

/** Every number of the event in a copy of its own that is one unit in the last place away. */
function* alterations(event: PlimsollEvent): Generator<readonly [field: string, altered: PlimsollEvent]> {
  const visit = function* (
    value: unknown,
    path: readonly string[],
  ): Generator<readonly [string, PlimsollEvent]> {
    if (typeof value === 'object' && value !== null) {
      for (const [name, inner] of Object.entries(value)) yield* visit(inner, [...path, name])
      return
    }
    const isFigure =
      typeof value === 'number' || (typeof value === 'string' && /^-?\d+(?:\.\d+)?$/.test(value))
    if (!isFigure) return
    const copy = structuredClone(event)
    const holder = path
      .slice(0, -1)
      .reduce<Holder>((inner, name) => inner[name] as Holder, copy as unknown as Holder)
    holder[path.at(-1)!] = typeof value === 'number' ? value + 1 : nudged(value)
    yield [path.join('.'), copy]
  }
  yield* visit(event, [])
}

describe('an event that was altered', () => {
  it('is found out for each figure, by one unit in the last place', () => {
    let altered = 0
    const fields = new Set<string>()
    const unseen: string[] = []
    for (const event of EVENTS) {
      for (const [field, copy] of alterations(event)) {
        if (TAKEN.test(field)) continue
        const hasFigures = 'marginBalance' in event && event.marginBalance !== null
        if (TERMS.test(field) && !(hasFigures && !field.endsWith('leverage'))) continue
        altered++
        fields.add(field.replace(/\d+/, 'N'))
        if (verifyEvent(copy).isOk) unseen.push(`${event.kind} ${field}`)
      }
    }
    expect(unseen).toEqual([])
    expect(altered).toBeGreaterThan(500)
    expect([...fields].sort()).toEqual([
      'cure.reductions.N.size',
      'cure.topUp',
      'distance',
      'episode',
      'level',
      'maintenanceMargin',
      'marginBalance',
      'marginRatio',
      'marks.N.markPrice',
      'positions.N.bankruptcyPrice',
      'positions.N.entryPrice',
      'positions.N.isolatedMargin',
      'positions.N.liquidationPrice',
      'positions.N.maintenanceMargin',
      'positions.N.notional',
      'positions.N.size',
      'positions.N.unrealizedPnl',
      'ruleAgeDays',
      'shard',
      'shortfall',
      'unrealizedPnl',
      'walletBalance',
    ])
  })

  it('without a distance, as earlier versions made it, is verified', () => {
    const { distance: _, ...earlier } = warning
    expect(verifyEvent(earlier as MarginEvent).isOk).toBe(true)
  })

  const warning = ofAccounts.find(({ kind, venue }) => kind === 'warning' && venue === 'bybit')!

  it.each<[string, Partial<MarginEvent>, string]>([
    ['id', { id: 'e_aaaaaaaaaaaaaaaaaaaaaaaaaa' }, 'id'],
    ['confidence', { confidence: 'suspect' }, 'confidence'],
    ['kind', { kind: 'liquidation' }, 'kind'],
    ['level', { level: '1' }, 'level'],
    ['previous level', { previousLevel: '0.33' }, 'previousLevel'],
    ['cure', { cure: null }, 'cure'],
    ['margin account', { marginAccount: 'other:cross:USDT' }, 'marginAccount'],
  ])('is found out by its %s, with both values', (_what, changed, field) => {
    const { differences } = verifyEvent({ ...warning, ...changed })
    const found = differences.find((difference) => difference.field === field)
    expect(found?.stated).toEqual((changed as Record<string, unknown>)[field])
    expect(found?.recomputed).not.toEqual(found?.stated)
  })

  it('is found out by rules that break the recurrence of the deductions', () => {
    const rules = structuredClone(warning.rules!)
    const [[symbol, own]] = Object.entries(rules) as [[string, { maintenance: { tiers: string[][] } }]]
    own.maintenance.tiers[1]![1] = '0.021'
    expect(verifyEvent({ ...warning, rules }).faults.join()).toMatch(
      new RegExp(`of ${symbol} is .*the recurrence`),
    )
  })
})

const FORMS: Readonly<Record<string, InstrumentRules>> = {
  WHOLE: {
    contribution: 'linear',
    multiplier: '1',
    takerFeeRate: '0.0005',
    settlementAsset: 'USDT',
    closingFee: 'at-mark',
    maintenance: {
      kind: 'whole-tiers',
      basis: 'notional',
      tiers: [
        { cap: '900', maintenanceMarginRate: '0.02' },
        { cap: '5000', maintenanceMarginRate: '0.1' },
      ],
    },
  },
  SIZED: {
    contribution: 'inverse',
    multiplier: '1',
    takerFeeRate: '0',
    settlementAsset: 'A',
    maintenance: { kind: 'size-rate', base: '0.01', increment: '0.001' },
  },
  QUANTO: {
    contribution: 'quanto',
    multiplier: '0.000001',
    takerFeeRate: '0.0005',
    settlementAsset: 'XBT',
    maintenance: {
      kind: 'whole-tiers',
      basis: 'notional',
      tiers: [{ cap: '5000', maintenanceMarginRate: '0.02' }],
    },
  },
  CONTRACT: {
    contribution: 'linear',
    multiplier: '5',
    takerFeeRate: '0',
    settlementAsset: 'USD',
    maintenance: { kind: 'per-contract', amount: '40' },
  },
}

describe('an event of an account of another form', () => {
  it('is verified from the rules in it', () => {
    const book: RuleBook = { ...binance.ruleBook, version: 'forms', rulesOf: (symbol) => FORMS[symbol] }
    const { monitor, events, frame, clock } = openMonitor({ books: { binance: book } })
    const accounts = [
      ['WHOLE', 'USDT', '150', { size: '10' }],
      ['SIZED', 'A', '0.02', { size: '10' }],
      ['QUANTO', 'XBT', '0.0002', { size: '10', maintenanceMarginRate: '0.05' }],
      ['CONTRACT', 'USD', '700', { size: '10' }],
    ] as const
    for (const [symbol, asset, amount, terms] of accounts) {
      const account = makeAccount({
        id: symbol,
        venue: 'binance',
        collateral: [{ asset, amount }],
        positions: [crossPosition(symbol, { entryPrice: '100', ...terms })],
      })
      monitor.apply({ kind: 'put', account })
    }
    for (const price of ['100', '92', '89', '86', '80', '95']) {
      frame(accounts.map(([symbol]) => [symbol, price]))
      clock.runTurns()
    }
    const published = events().map((event) => JSON.parse(JSON.stringify(event)) as MarginEvent)
    expect(new Set(published.map(({ account }) => account))).toEqual(new Set(Object.keys(FORMS)))
    expect(published.map(verifyEvent).filter(({ isOk }) => !isOk)).toEqual([])
    for (const event of published.filter(({ marginBalance }) => marginBalance !== null)) {
      const altered = { ...event, maintenanceMargin: nudged(event.maintenanceMargin!) }
      expect(verifyEvent(altered).differences.map(({ field }) => field)).toEqual(['maintenanceMargin'])
    }
  })
})

describe('an event of an earlier version', () => {
  it('says which fields it lacks', () => {
    const { levels: _, hysteresis: __, rules: ___, ...old } = ofAccounts[0]!
    const positions = old.positions.map(({ entryPrice: ____, ...others }) => others)
    const { isOk, faults, differences } = verifyEvent({ ...old, positions })
    expect({ isOk, differences }).toEqual({ isOk: false, differences: [] })
    expect(faults).toEqual(
      expect.arrayContaining(
        ['levels', 'hysteresis', 'rules', 'positions[0].entryPrice'].map((name) => `the event lacks ${name}`),
      ),
    )
  })
})

describe('the marks of an event', () => {
  const [event] = ofAccounts.filter(({ kind, positions }) => kind === 'liquidation' && positions.length === 1)
  const [own] = event!.marks
  const differences = (...marks: MarginEvent['marks'][number][]) =>
    verifyEvent({ ...event!, marks }).differences

  it('of which one is there twice are named, although the last is the one of the figures', () => {
    expect(differences({ ...own!, markPrice: '99999' }, own!)).toEqual([
      { field: 'marks[1].symbol', stated: own!.symbol, recomputed: 'nothing, since marks[0] is of it' },
    ])
  })

  it('of which one is of a symbol that decides nothing are named', () => {
    expect(differences(own!, { ...own!, symbol: 'ZUSDT' })).toEqual([
      { field: 'marks[1].symbol', stated: 'ZUSDT', recomputed: 'nothing, since no position depends on it' },
    ])
  })
})
