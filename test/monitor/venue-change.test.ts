import { expect, it } from 'vitest'
import { venueId } from '../../src/domain/index.ts'
import { crossPosition, isolatedLong } from '../support/accounts.ts'
import { openMonitor } from '../support/monitor.ts'

it.each(['isolated', 'cross'] as const)(
  'closes what an account held at one venue when it comes with the same %s position at another',
  (marginMode) => {
    const { monitor, frame, story, events } = openMonitor()
    const cross = crossPosition('AUSDT', { size: '10', entryPrice: '100' })
    const account = {
      ...isolatedLong('a'),
      collateral: [{ asset: 'USDT', amount: '200' }],
      ...(marginMode === 'cross' ? { positions: [cross] } : {}),
    }
    monitor.apply({ kind: 'put', account })
    frame([['AUSDT', '81']])
    monitor.apply({ kind: 'put', account: { ...account, venue: venueId('bybit'), version: 2 } })
    frame([['AUSDT', '81']], 'bybit')
    const id = marginMode === 'cross' ? 'a:cross:USDT' : 'a:isolated:AUSDT:long'
    expect(story()).toEqual([
      `warning ${id} 0.7 #1 1`,
      `closed ${id} 0 #1 2`,
      expect.stringMatching(/^(warning|liquidation) .* #3 3$/),
    ])
    expect(events().map(({ venue, accountVersion }) => [venue, accountVersion])).toEqual([
      ['binance', 1],
      ['binance', 1],
      ['bybit', 2],
    ])
    expect(monitor.watchlist.marginAccounts).toBe(1)
  },
)
