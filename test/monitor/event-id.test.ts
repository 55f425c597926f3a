import { describe, expect, it } from 'vitest'
import { eventId } from '../../src/monitor/index.ts'

const log = { logId: 'log', shard: '0' }
const identity = {
  ...log,
  subject: 'desk-7/alpha/cross/USDT',
  episode: 3,
  kind: 'liquidation',
  level: '1',
} as const

describe('an event id', () => {
  // printf 'v2|log|0|…|3|liquidation|1' | openssl dgst -sha256 -binary | base32 | tr A-Z a-z | cut -c1-26
  it('is what openssl and base32 make of the identity', () => {
    expect(eventId(identity)).toBe('e_3z4w63bmjkw3hia2yr6jbpt5l5')
    const warning = { ...log, subject: 'desk-7/alpha/isolated/ETHUSDT', kind: 'warning' } as const
    expect(eventId({ ...warning, episode: 1, level: '0.7' })).toBe('e_khyi2aozj3kglzq5rejj5qpuc4')
    const market = { ...log, subject: 'market binance BTCUSDT', kind: 'market-stale' } as const
    expect(eventId({ ...market, episode: 2, level: '' })).toBe('e_ojofrltsojrlk6yvlnhc2ftzg7')
  })

  it('differs if log, shard, subject, episode, kind or level differ', () => {
    const ids = new Set([
      eventId(identity),
      eventId({ ...identity, logId: 'another' }),
      eventId({ ...identity, shard: '1' }),
      eventId({ ...identity, subject: 'desk-7/alpha/cross/USDC' }),
      eventId({ ...identity, episode: 4 }),
      eventId({ ...identity, kind: 'warning' }),
      eventId({ ...identity, level: '0.9' }),
    ])
    expect(ids.size).toBe(7)
  })
})
