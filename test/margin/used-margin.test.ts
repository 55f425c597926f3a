import { describe, expect, it } from 'vitest'
import { USED_MARGIN } from '../support/rules.ts'
import { bookOf, stateOf } from './support.ts'

const KRAKEN = { closingFee: 'none', liquidation: 'reached' } as const

function positionOf(balance: string, size: string, entryPrice: string, mark: string) {
  const account = {
    collateral: [{ asset: 'USD', amount: balance }],
    positions: [{ symbol: 'XBTUSD', marginMode: 'cross', size, entryPrice, leverage: '5' }],
  }
  return stateOf(account, bookOf(KRAKEN, { XBTUSD: USED_MARGIN }), { XBTUSD: mark })
}

// Kraken support, margin level = equity / used margin: liquidation at 40 %.
describe('the margin level of Kraken spot', () => {
  it('follows the price of a short: 5,000 and 0.2 BTC sold at 50,000 with 5x', () => {
    const opened = positionOf('5000', '-0.2', '50000', '50000')
    expect(opened.positions[0]).toMatchObject({ initialMargin: '2000', maintenanceMargin: '800' })
    const later = positionOf('5000', '-0.2', '50000', '65200')
    expect(later).toMatchObject({ marginBalance: '1960', maintenanceMargin: '1043.2' })
    expect(later.positions[0]).toMatchObject({ initialMargin: '2608', unrealizedPnl: '-3040' })
    // 5,000 − 0.2·(P − 50,000) = 0.4·0.2·P/5.
    expect(later.positions[0]!.liquidationPrice).toBe('69444.444444444444444444')
    expect(positionOf('5000', '-0.2', '50000', '69444.44').verdict).toBe('warning')
    expect(positionOf('5000', '-0.2', '50000', '69444.45').verdict).toBe('breach')
  })

  it('of a long is fixed at entry: 10,000 and 1.5 BTC bought at 30,000 with 5x', () => {
    const later = positionOf('10000', '1.5', '30000', '28133.3')
    expect(later).toMatchObject({ marginBalance: '7199.95', maintenanceMargin: '3600' })
    expect(later.positions[0]).toMatchObject({
      initialMargin: '9000',
      liquidationPrice: '25733.333333333333333333',
    })
  })
})
