import { describe, expect, test } from 'vitest'
import { storedReader } from '../../src/book/stored.ts'
import { accountIn } from '../../src/book/stored-account.ts'
import { type Account, storedAccountSchemaOf } from '../../src/domain/index.ts'
import { below, seededRandom } from '../../src/system/index.ts'
import { VENUE_NAMES } from '../../src/venues/index.ts'

const schema = storedAccountSchemaOf(VENUE_NAMES)
const isVenue = (venue: string) => venue === 'bybit' || venue === 'binance'
const read = (raw: unknown) => accountIn(raw, isVenue)

const written = (): Record<string, unknown> => ({
  version: 3,
  id: 'desk/1',
  venue: 'bybit',
  asOfMs: 1_790_000_000_000,
  collateral: [
    { asset: 'USDT', amount: '12.5' },
    { asset: 'BTC', amount: '-1' },
  ],
  separateWallets: true,
  positions: [
    { symbol: 'BTCUSDT', marginMode: 'cross', size: '0.5', entryPrice: '61250.1', leverage: '10' },
    { symbol: 'ETHUSDT', marginMode: 'isolated', size: '-2', entryPrice: '3000', isolatedMargin: '-4.5' },
    { symbol: 'ETHUSDT', marginMode: 'isolated', size: '2', entryPrice: '3000', leverage: '10' },
  ],
  liabilities: [],
})

/** Values that some field refuses, and some other takes. */
const VALUES: readonly unknown[] = [
  undefined,
  null,
  true,
  0,
  -1,
  1.5,
  1_790_000_000,
  1_790_000_000_000,
  2 ** 53,
  Number.MAX_SAFE_INTEGER,
  '',
  '0',
  '-0',
  '1e3',
  ' 1',
  '1.',
  '-1.5',
  '0.000000000000000001',
  '1234567890123456.1',
  'BTC USDT',
  'usdt',
  '币安人生USDT',
  'cross',
  'isolated',
  'binance',
  'binance-usdm',
  'x'.repeat(41),
  'x'.repeat(129),
  [],
  {},
  [{}],
  [{ asset: 'USDT', amount: '1' }],
  Array.from({ length: 9 }, (_, index) => ({ asset: `A${index % 8}`, amount: '1' })),
  Array.from({ length: 1_001 }, (_, index) => ({ asset: `A${index}`, amount: '1' })),
]
const FIELDS = [
  'id',
  'venue',
  'version',
  'symbol',
  'size',
  'entryPrice',
  'leverage',
  'isolatedMargin',
  'asset',
  'toString',
]

/** Every record in the value, itself included. */
function recordsIn(value: unknown): Record<string, unknown>[] {
  if (Array.isArray(value)) return value.flatMap(recordsIn)
  if (typeof value !== 'object' || value === null) return []
  return [value as Record<string, unknown>, ...Object.values(value).flatMap(recordsIn)]
}

describe('The reader of stored accounts', () => {
  test('takes an account as the book writes it', () => {
    expect(read(written())).toEqual(schema.parse(written()))
  })

  test('takes nothing that the schema refuses or changes, whatever is broken in an account', () => {
    const random = seededRandom(5)
    const pick = <T>(list: readonly T[]) => list[below(random, list.length)]!
    const outcomes = { taken: 0, left: 0 }
    for (let run = 0; run < 6_000; run++) {
      const raw = written()
      for (let breaks = 1 + below(random, 2); breaks > 0; breaks--) {
        const record = pick(recordsIn(raw))
        const field = random() < 0.8 ? pick(Object.keys(record)) : pick(FIELDS)
        const value = structuredClone(pick(VALUES))
        if (value === undefined) delete record[field]
        else record[field] = value
      }
      const account = read(raw)
      const bySchema = schema.safeParse(structuredClone(raw))
      if (account === undefined) outcomes.left++
      else {
        outcomes.taken++
        expect(bySchema).toMatchObject({ success: true })
        expect(account satisfies Account).toEqual(bySchema.data)
      }
    }
    expect(outcomes.taken).toBeGreaterThan(300)
    expect(outcomes.left).toBeGreaterThan(2_000)
  })

  test.each([
    ['nothing', undefined],
    ['a list', [written()]],
    ['a text', 'desk/1'],
    ['an account with a field __proto__', JSON.parse('{"__proto__": {"id": "desk/1"}}')],
    ['an account of a venue that it does not know', { ...written(), venue: 'okx' }],
  ])('leaves %s to the schema', (_, raw) => {
    expect(read(raw)).toBeUndefined()
  })
})

describe('A stored account', () => {
  test.each([
    ['as the book writes it', written()],
    ['that only the schema takes', { ...written(), venue: 'bybit-linear' }],
  ])('%s is refused under another id than its own', (_, raw) => {
    const readStored = storedReader(VENUE_NAMES)
    const stored = JSON.stringify(raw)
    expect(readStored('desk/1', stored).id).toBe('desk/1')
    expect(() => readStored('desk/2', stored)).toThrow(
      expect.objectContaining({
        code: 'ACCOUNT_INVALID',
        message: expect.stringContaining('stored account desk/2: id is "desk/1"'),
        path: 'id',
      }),
    )
  })
})
