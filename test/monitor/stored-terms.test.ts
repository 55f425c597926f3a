import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Account,
  AS_OF_MAX_MS,
  AS_OF_MIN_MS,
  COLLATERAL_ASSETS_MAX,
  POSITIONS_PER_ACCOUNT_MAX,
  storedAccountSchemaOf,
} from '../../src/domain/index.ts'
import { StoredTerms } from '../../src/monitor/stored-terms.ts'
import { VENUE_NAMES } from '../../src/venues/index.ts'
import { crossPosition, makeAccount } from '../support/accounts.ts'
import { testSeed } from '../support/seed.ts'

const SEED = testSeed(27)

const schema = storedAccountSchemaOf(VENUE_NAMES)
const share = fc.constantFrom('0', '0.005', '1', '1/30', '7/9')
const maxLeverage = fc.constantFrom('1', '1.5', '50', '125.000')
const decimal = fc.stringMatching(/^-?\d{1,15}(\.\d{1,18})?$/)
const positive = fc.stringMatching(/^[1-9]\d{0,14}(\.\d{1,18})?$/)
const symbol = fc.stringMatching(/^[A-Za-z0-9@币安人生][A-Za-z0-9@_:/.+币安人生-]{0,39}$/u)
const asset = fc.stringMatching(/^[A-Z0-9币安]{1,20}$/u)
const rollover = fc.record({
  fourHourlyRolloverRate: fc.stringMatching(/^0\.000\d{1,15}$/),
  // Before the times of all balances.
  rolloverTimeMs: fc.constant(AS_OF_MIN_MS),
})
const terms = fc.oneof(
  fc.record(
    {
      symbol,
      marginMode: fc.constant('cross' as const),
      size: decimal,
      entryPrice: positive,
      leverage: positive,
      maintenanceMarginRate: share,
      maxLeverage,
    },
    { requiredKeys: ['symbol', 'marginMode', 'size', 'entryPrice'] },
  ),
  fc.record(
    {
      symbol,
      marginMode: fc.constant('isolated' as const),
      size: decimal,
      entryPrice: positive,
      leverage: positive,
      maintenanceMarginRate: share,
      maxLeverage,
      isolatedMargin: decimal,
    },
    { requiredKeys: ['symbol', 'marginMode', 'size', 'entryPrice', 'leverage'] },
  ),
)
const position = fc
  .tuple(terms, fc.option(rollover))
  .map(([stated, rolled]) => ({ ...stated, ...(rolled ?? {}) }))
const amounts = (amount: fc.Arbitrary<string>) =>
  fc.uniqueArray(fc.record({ asset, amount }), { selector: (entry) => entry.asset })
const debt = fc
  .record({
    asset,
    amount: fc.stringMatching(/^\d{1,15}(\.\d{1,18})?$/),
    hourlyInterestRate: fc.option(fc.stringMatching(/^0\.00\d{1,16}$/)),
    statesPrincipal: fc.boolean(),
  })
  .map(({ asset, amount, hourlyInterestRate, statesPrincipal }) => ({
    asset,
    amount,
    ...(hourlyInterestRate === null ? {} : { hourlyInterestRate }),
    ...(hourlyInterestRate !== null && statesPrincipal ? { principal: amount } : {}),
  }))
/** Above 1 and at most 10. */
const level = fc.stringMatching(/^[1-9]\.\d{1,17}[1-9]$/)
const pooled = fc.record({
  liabilities: fc.uniqueArray(debt, { selector: (entry) => entry.asset }),
  pool: fc.oneof(
    fc.record({ currency: asset, kind: fc.constant('multi-asset') }),
    fc.record({ currency: asset, kind: fc.constant('spot-margin'), liquidationLevel: level }),
  ),
})
const ofOneCurrency = fc.record(
  {
    id: fc.stringMatching(/^[!-~]{1,128}$/),
    venue: fc.constantFrom('bybit', 'binance'),
    version: fc.maxSafeNat(),
    asOfMs: fc.integer({ min: AS_OF_MIN_MS, max: AS_OF_MAX_MS }),
    collateral: amounts(decimal),
    separateWallets: fc.boolean(),
    positions: fc.uniqueArray(position, {
      selector: (each) => `${each.marginMode}:${each.symbol}:${each.size.startsWith('-')}`,
    }),
  },
  { requiredKeys: ['id', 'venue', 'version', 'collateral', 'positions'] },
)
const stated = fc
  .tuple(ofOneCurrency, fc.option(pooled))
  .map(([{ separateWallets, ...account }, pool]) =>
    pool === null
      ? { ...account, ...(separateWallets === undefined ? {} : { separateWallets }) }
      : { ...account, ...pool },
  )

describe('Stored terms', () => {
  test(`are read back as the account that the book parsed, whatever it states (seed ${SEED})`, () => {
    const terms = new StoredTerms()
    const all: [Account, number][] = []
    fc.assert(
      fc.property(stated, (raw) => {
        const account = schema.parse(raw)
        const address = terms.add(account)
        expect(terms.read(account, address)).toStrictEqual(account)
        all.push([account, address])
        const cross = account.positions.filter(({ marginMode }) => marginMode === 'cross')
        const part = { marginMode: 'cross' } as const
        expect(terms.read(account, address, part)).toStrictEqual({ ...account, positions: cross })
        for (const position of account.positions) {
          const { marginMode, symbol, size } = position
          if (marginMode === 'cross') continue
          const isolated = { marginMode, symbol, isShort: size.startsWith('-') }
          expect(terms.read(account, address, isolated).positions).toStrictEqual([position])
        }
      }),
      { seed: SEED, numRuns: 500 },
    )
    for (const [account, address] of all) expect(terms.read(account, address)).toStrictEqual(account)
  })

  test('hold the largest account that the schema takes', () => {
    const digits = `${'9'.repeat(15)}.${'9'.repeat(18)}`
    const assets = Array.from(
      { length: COLLATERAL_ASSETS_MAX },
      (_, index) => `${'\u{20000}'.repeat(8)}${String(index).padStart(4, '0')}`,
    )
    const largest = schema.parse({
      id: 'x'.repeat(128),
      venue: 'binance',
      version: Number.MAX_SAFE_INTEGER,
      collateral: assets.map((name) => ({ asset: name, amount: `-${digits}` })),
      liabilities: assets.map((name) => ({
        asset: name,
        amount: digits,
        principal: digits,
        hourlyInterestRate: `${'0'.repeat(15)}.00${'9'.repeat(16)}`,
      })),
      pool: {
        currency: assets[0],
        kind: 'spot-margin',
        liquidationLevel: `${'0'.repeat(14)}9.${'9'.repeat(18)}`,
      },
      positions: Array.from({ length: POSITIONS_PER_ACCOUNT_MAX }, (_, index) => ({
        symbol: `${'\u{20000}'.repeat(18)}${String(index).padStart(4, '0')}`,
        marginMode: 'isolated',
        size: `-${digits}`,
        entryPrice: digits,
        leverage: digits,
        isolatedMargin: `-${digits}`,
        fourHourlyRolloverRate: `${'0'.repeat(15)}.000${'9'.repeat(15)}`,
        rolloverTimeMs: AS_OF_MAX_MS,
      })),
    })
    const terms = new StoredTerms()
    expect(terms.read(largest, terms.add(largest))).toStrictEqual(largest)
  })

  test('take about 30 bytes a position, and none more when they are rewritten', () => {
    const terms = new StoredTerms()
    const account = (version: number) =>
      makeAccount({
        id: 'desk',
        version,
        positions: Array.from({ length: 1_000 }, (_, index) =>
          crossPosition(`S${index}USDT`, { size: '-12.5', entryPrice: '61250.1', leverage: '10' }),
        ),
      })
    let address = terms.add(account(1))
    const before = terms.byteLength
    for (let version = 2; version < 200; version++) {
      terms.free(address)
      address = terms.add(account(version))
    }
    expect(terms.byteLength).toBe(before)
    for (let count = 0; count < 100; count++) terms.add(account(1))
    expect(terms.byteLength / 101_000).toBeLessThan(45)
  })
})
