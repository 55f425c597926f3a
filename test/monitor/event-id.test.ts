import { describe, expect, it } from 'vitest'
import { eventId } from '../../src/monitor/index.ts'

const identity = {
  marginAccount: 'desk-7/alpha/cross/USDT',
  episode: 3,
  kind: 'liquidation',
  level: '1',
} as const

describe('an event id', () => {
  // printf 'v1|…|3|liquidation|1' | openssl dgst -sha256 -binary | base32 | tr A-Z a-z | cut -c1-26
  it('is what openssl and base32 make of the identity', () => {
    expect(eventId(identity)).toBe('e_lzdct3s7zfrn2qsslmbj2ali4z')
    expect(
      eventId({ marginAccount: 'desk-7/alpha/isolated/ETHUSDT', episode: 1, kind: 'warning', level: '0.7' }),
    ).toBe('e_qg5pu6oph5qo4ormyiy4l5slzl')
  })

  it('differs where margin account, episode, kind or level differ', () => {
    const ids = new Set([
      eventId(identity),
      eventId({ ...identity, marginAccount: 'desk-7/alpha/cross/USDC' }),
      eventId({ ...identity, episode: 4 }),
      eventId({ ...identity, kind: 'warning' }),
      eventId({ ...identity, level: '0.9' }),
    ])
    expect(ids.size).toBe(5)
  })
})
