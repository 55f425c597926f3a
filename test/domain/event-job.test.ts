import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { marginEventJsonSchema } from '../../src/domain/index.ts'
import { marketRecord, sampleEvent } from '../support/sample-events.ts'

const validator = z.fromJSONSchema(marginEventJsonSchema as Parameters<typeof z.fromJSONSchema>[0])

describe('the JSON schema of an event', () => {
  it('accepts an event, with fields that it does not know', () => {
    expect(validator.safeParse({ ...sampleEvent('desk/1', 1), later: true }).success).toBe(true)
  })

  it.each([1, 2])('accepts an event of a market (%#)', (sequence) => {
    expect(validator.safeParse(marketRecord('BTCUSDT', sequence).event).success).toBe(true)
  })

  it.each([
    ['a missing id', { id: undefined }],
    ['an id of another form', { id: 'e_1' }],
    ['a price as a number', { marks: [{ symbol: 'BTCUSDT', markPrice: 1, eventTimeMs: 1, ageMs: 1 }] }],
    ['a level that is no decimal', { level: '1e3' }],
    ['a kind that does not exist', { kind: 'liquidated' }],
  ])('refuses %s', (_, change) => {
    expect(validator.safeParse({ ...sampleEvent('desk/1', 1), ...change }).success).toBe(false)
  })

  it('names the fields that a reader can rely on', () => {
    const required = marginEventJsonSchema.oneOf?.map((kind) =>
      typeof kind === 'object' ? kind.required : [],
    )
    expect(required).toMatchInlineSnapshot(`
      [
        [
          "schemaVersion",
          "id",
          "logId",
          "shard",
          "venue",
          "episode",
          "sequence",
          "kind",
          "account",
          "accountVersion",
          "marginAccount",
          "marginMode",
          "settle",
          "level",
          "previousLevel",
          "rank",
          "marks",
          "walletBalance",
          "unrealizedPnl",
          "marginBalance",
          "maintenanceMargin",
          "marginRatio",
          "shortfall",
          "positions",
          "cure",
          "confidence",
          "reasons",
          "ruleBook",
          "ruleAgeDays",
          "eventTimeMs",
          "receivedTimeMs",
          "detectionLatencyMs",
        ],
        [
          "schemaVersion",
          "id",
          "logId",
          "shard",
          "venue",
          "episode",
          "sequence",
          "kind",
          "symbol",
          "sinceMs",
          "marginAccounts",
          "markPrice",
          "receivedTimeMs",
        ],
        [
          "schemaVersion",
          "id",
          "logId",
          "shard",
          "venue",
          "episode",
          "sequence",
          "account",
          "marginAccount",
          "revisedKind",
          "level",
          "integrityRules",
          "kind",
          "revision",
          "confidence",
          "markets",
          "receivedTimeMs",
        ],
        [
          "schemaVersion",
          "id",
          "logId",
          "shard",
          "venue",
          "episode",
          "sequence",
          "kind",
          "sinceMs",
          "suspectMarkets",
          "heldMarkets",
          "brokenRules",
          "markets",
          "limits",
          "integrityRules",
          "receivedTimeMs",
        ],
      ]
    `)
  })
})
