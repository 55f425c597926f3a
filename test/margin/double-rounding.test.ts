import { describe, expect, it } from 'vitest'
import { dydx } from '../../src/venues/dydx.ts'
import { stateOf } from './support.ts'

// v4-chain, lib.go: the initial margin is rounded up to a millionth of a dollar, and then its share 0.6.
describe('the maintenance margin of dYdX', () => {
  it('is rounded twice: 8,991.920051 · 2 % is 179.838402, of which 60 % is 107.903042', () => {
    const account = {
      venue: 'dydx',
      collateral: [{ asset: 'USDC', amount: '107.903041' }],
      positions: [{ symbol: 'BTC-USD', marginMode: 'cross', size: '0.1', entryPrice: '89919.20051' }],
    }
    const state = stateOf(account, dydx.ruleBook, { 'BTC-USD': '89919.20051' })
    expect(state).toMatchObject({ maintenanceMargin: '107.903042', verdict: 'breach' })
  })
})
