import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import {
  consumersSchema,
  type FieldPath,
  faultsText,
  IN_OUR_WORDS,
  instrumentRulesMapSchema,
  marginAccountProgressSchema,
  plimsollEventSchema,
  schemaFaultsOf,
} from '../../src/domain/index.ts'
import { accountSchema } from '../../src/venues/index.ts'
import { recordOf, sampleEvent } from '../support/sample-events.ts'

const ACCOUNT = {
  id: 'desk/1',
  venue: 'bybit',
  version: 1,
  separateWallets: true,
  collateral: [{ asset: 'USDT', amount: '1' }],
  positions: [
    {
      symbol: 'BTCUSDT',
      marginMode: 'isolated',
      size: '1',
      entryPrice: '1',
      leverage: '1',
      isolatedMargin: '1',
    },
  ],
  liabilities: [],
}
const TABLE = {
  kind: 'linear',
  multiplier: '1',
  settle: 'USDT',
  takerFeeRate: '0',
  asOf: '2026-01-01',
  tiers: [{ cap: '1', maintenanceMarginRate: '0.01', maintenanceDeduction: '0' }],
}
const EVENT = sampleEvent('desk/1', 1)

const BAD = [
  ...[undefined, null, true, 0, -1, 1.5, Number.POSITIVE_INFINITY, '', ' ', '1e5', 'x'.repeat(300)],
  ...[[], [[]], [{}], [null], {}, { a: 1 }, { 'a b': {} }],
]
/** How zod begins what it says by itself. */
const WORDS_OF_ZOD = /Invalid|Too (small|big)|Unrecognized|expected|received/

function* pathsOf(value: unknown, path: FieldPath = []): Generator<FieldPath> {
  yield path
  if (typeof value !== 'object' || value === null) return
  for (const key of Object.keys(value))
    yield* pathsOf((value as Record<string, unknown>)[key], [
      ...path,
      Array.isArray(value) ? Number(key) : key,
    ])
}

function changed(value: unknown, path: FieldPath, bad: unknown): unknown {
  if (path.length === 0) return bad
  const copy = structuredClone(value) as Record<PropertyKey, unknown>
  const inner = path.slice(0, -1).reduce<Record<PropertyKey, unknown>>((at, key) => at[key] as never, copy)
  if (typeof inner === 'object' && inner !== null) inner[path.at(-1)!] = bad
  return copy
}

describe('a refused value', () => {
  it.each([
    ['an account', accountSchema, ACCOUNT],
    ['rules', instrumentRulesMapSchema, { FOOUSDT: TABLE }],
    ['names of consumers', consumersSchema, ['risk', 'alerts']],
    ['an event', plimsollEventSchema, EVENT],
    ['progress', marginAccountProgressSchema, recordOf(EVENT).progress],
  ] as [string, z.ZodType, unknown][])(
    'of %s is told in words of ours, whatever stands in any field',
    (_, schema, good) => {
      expect(schema.safeParse(good, IN_OUR_WORDS).success).toBe(true)
      let refused = 0
      for (const path of pathsOf(good)) {
        const further = changed(good, [...path, 'further'], 'not in the format')
        for (const value of [...BAD.map((bad) => changed(good, path, bad)), further]) {
          const { error } = schema.safeParse(value, IN_OUR_WORDS)
          if (error === undefined) continue
          refused++
          const text = faultsText(value, schemaFaultsOf(error), 'the value')
          // The rule stands behind the value, which may hold any word.
          for (const { rule } of schemaFaultsOf(error)) expect(rule).not.toMatch(WORDS_OF_ZOD)
          expect(text).toMatch(/^\S.* is .+: .+/)
        }
      }
      expect(refused).toBeGreaterThan(10)
    },
  )

  it.each([
    [z.object({}), 7, 'must be an object'],
    [z.array(z.string()), null, 'must be a list'],
    [z.string(), 7, 'must be a string'],
    [z.boolean(), 'yes', 'must be true or false'],
    [z.number(), '7', 'must be a number'],
    [z.number().int(), 1.5, 'must be a whole number'],
    [z.string().min(1), '', 'must not be empty'],
    [z.string().max(3), 'four', 'must have at most 3 characters'],
    [z.array(z.string()).min(2), ['a'], 'must hold at least 2 entries'],
    [z.array(z.string()).max(1), ['a', 'b'], 'must hold at most 1 entry'],
    [z.number().min(3), 2, 'must be at least 3'],
    [z.number().positive(), 0, 'must be above 0'],
    [z.enum(['a', 'b']), 'c', 'must be one of a, b'],
    [z.literal(2), 3, 'must be 2'],
    [z.string({ error: 'own words' }), 7, 'own words'],
  ])('%# has a rule that says what it must be', (schema, value, rule) => {
    const { error } = schema.safeParse(value, IN_OUR_WORDS)
    expect(schemaFaultsOf(error!)).toEqual([{ path: [], rule }])
  })
})
