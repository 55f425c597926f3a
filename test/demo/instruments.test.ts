import { describe, expect, it } from 'vitest'
import { DEFAULT_NAMES } from '../../src/demo/exchange/default-names.ts'
import {
  DEMO_INSTRUMENTS,
  DEMO_STREAMS,
  demoRules,
  instrumentsOf,
  namesOf,
  shownOf,
  streamsNamed,
} from '../../src/demo/exchange/instruments.ts'
import { type InstrumentRules, instrumentRulesMapSchema, symbolSchema } from '../../src/domain/index.ts'
import { VENUES, venueOf } from '../../src/venues/index.ts'
import { tiersOf } from '../support/rules.ts'

const EVERY = instrumentsOf(streamsNamed(['all']))

describe('the demo instruments', () => {
  it('are 86 by default: 60 of Bybit and Binance, and 26 of four venues whose margin has another form', () => {
    const counts = new Map<string, number>()
    for (const { streamId } of DEMO_INSTRUMENTS) counts.set(streamId, (counts.get(streamId) ?? 0) + 1)
    expect(Object.fromEntries(counts)).toEqual({
      'bybit-linear': 24,
      'bybit-inverse': 6,
      'binance-usdm': 24,
      'binance-coinm': 6,
      'okx-public': 7,
      'kraken-futures-public': 7,
      'deribit-public': 6,
      'bitmex-public': 6,
    })
  })

  it('have valid symbols that are unique on their venue', () => {
    const keys = EVERY.map(({ venue, symbol }) => `${venue}:${symbolSchema.parse(symbol)}`)
    expect(new Set(keys).size).toBe(EVERY.length)
    for (const { venue, streamId, symbol } of EVERY)
      expect(
        venueOf(venue)
          .sources.find(({ id }) => id === streamId)
          ?.carries(symbol),
        symbol,
      ).toBe(true)
  })

  it('have rules that pass the schema of a rules file', () => {
    const rules: Readonly<Record<string, Readonly<Record<string, unknown>>>> = Object.fromEntries(
      demoRules(EVERY),
    )
    for (const venue of namesOf(streamsNamed(['all']))) {
      expect(instrumentRulesMapSchema.parse(rules[venue])).toEqual(rules[venue])
    }
    for (const venue of ['bybit', 'binance']) expect(Object.keys(rules[venue]!)).toHaveLength(30)
    const forms = ['okx', 'kraken', 'deribit', 'bitmex'].map((venue) => Object.values(rules[venue]!)[0])
    expect(forms).toMatchObject([
      { maintenance: { kind: 'whole-tiers', basis: 'contracts' } },
      { maintenancePrice: 'entry', nettingGroup: 'XBT' },
      { maintenance: { kind: 'size-rate' } },
      { rounding: { per: 'lot' } },
    ])
    expect(rules.binance?.BTCUSD_PERP).toMatchObject({
      contribution: 'inverse',
      multiplier: '100',
      settlementAsset: 'BTC',
    })
    expect(rules.binance?.ETHUSD_PERP).toMatchObject({ multiplier: '10', settlementAsset: 'ETH' })
    expect(rules.bybit?.BTCUSD).toMatchObject({
      contribution: 'inverse',
      multiplier: '1',
      takerFeeRate: '0.00055',
    })
  })

  it('have tiers that ascend and obey the deduction recurrence exactly', () => {
    const units = (text: string): bigint => {
      const [whole, fraction = ''] = text.split('.')
      return BigInt(whole! + fraction.padEnd(8, '0'))
    }
    const isMarginal = ({ maintenance }: InstrumentRules) => maintenance.kind === 'marginal-tiers'
    const all = [...demoRules(DEMO_INSTRUMENTS).values()].flatMap((map) => Object.values(map))
    for (const rules of all.filter(isMarginal)) {
      const tiers = tiersOf(rules)
      expect(tiers[0]!.maintenanceDeduction).toBe('0')
      tiers.slice(1).forEach((tier, index) => {
        const previous = tiers[index]!
        expect(units(tier.cap)).toBeGreaterThan(units(previous.cap))
        const step = units(tier.maintenanceMarginRate) - units(previous.maintenanceMarginRate)
        expect(units(tier.maintenanceDeduction) * 10n ** 8n).toBe(
          units(previous.maintenanceDeduction) * 10n ** 8n + units(previous.cap) * step,
        )
      })
    }
  })
})

describe('the venues of a demo', () => {
  it('are six unless others are named', () => {
    expect(DEFAULT_NAMES).toHaveLength(6)
    expect(namesOf(DEMO_STREAMS)).toEqual(DEFAULT_NAMES)
    expect(streamsNamed(DEFAULT_NAMES)).toEqual(DEMO_STREAMS)
    expect(instrumentsOf(DEMO_STREAMS)).toEqual(DEMO_INSTRUMENTS)
  })

  it('are named as accounts name them', () => {
    expect(streamsNamed(['okx', 'bybit'])).toEqual(['bybit-linear', 'bybit-inverse', 'okx-public'])
    expect(streamsNamed(['kraken'])).toEqual(['kraken-futures-public', 'kraken-spot'])
    expect(streamsNamed(['kraken-futures', 'cme'])).toEqual(['kraken-futures-public', 'cme-poll'])
    expect(namesOf(streamsNamed(['kraken-spot', 'binance']))).toEqual(['binance', 'kraken-spot'])
    expect(namesOf(streamsNamed(['all']))).toHaveLength(VENUES.length)
  })

  it('are refused by an unknown name with those that are known and one that is near', () => {
    expect(() => streamsNamed(['bybit', 'Kraken_Futures'])).toThrow(
      /^--venues Kraken_Futures is unknown; it must be one or more of all, bybit, .*; did you mean kraken-futures\?$/,
    )
    // A stream that the demo does not speak, because it speaks another one of the same venue.
    expect(() => streamsNamed(['cme-file'])).toThrow('--venues cme-file is unknown')
  })

  it.each([
    [['bybit', '', 'okx'], 'entry 2 of 3 of --venues is empty; names are parted by one comma: bybit,okx'],
    [[''], '--venues is empty; --venues all names every venue'],
    [['okx', 'bybit', 'okx'], '--venues names okx twice'],
    [['all', 'bybit'], '--venues names bybit beside all, which holds it: leave bybit out'],
    [
      ['bybit-linear', 'bybit'],
      '--venues names bybit-linear beside bybit, which holds it: leave bybit-linear out',
    ],
    [
      ['kraken-futures', 'kraken-futures-public'],
      '--venues names kraken-futures beside kraken-futures-public, which is the same: leave one out',
    ],
  ])('are refused where %j has an entry that adds nothing', (names, message) => {
    expect(() => streamsNamed(names)).toThrow(expect.objectContaining({ code: 'USAGE', message }))
  })

  it('make the same market in whichever order they are named', () => {
    const instruments = instrumentsOf(streamsNamed(['okx', 'bybit']))
    expect(instruments).toEqual(instrumentsOf(streamsNamed(['bybit', 'okx'])))
    expect(new Set(instruments.map(({ venue }) => venue))).toEqual(new Set(['bybit', 'okx']))
  })

  it('show one market of each venue that is simulated', () => {
    const venuesOf = (instruments: readonly { venue: string }[]) => instruments.map(({ venue }) => venue)
    const shown = shownOf(EVERY)
    expect(venuesOf(shown)).toEqual([...new Set(venuesOf(EVERY))])
    expect(shown.map(({ symbol }) => symbol)).toContain('METZ26')
    expect(shownOf(instrumentsOf(streamsNamed(['bybit-inverse'])))).toMatchObject([{ venue: 'bybit' }])
  })
})
