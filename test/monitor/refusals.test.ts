import { expect, it } from 'vitest'
import { crossPosition, isolatedLong, makeAccount } from '../support/accounts.ts'
import { openMonitor } from '../support/monitor.ts'

it('refuses an account whose collateral would count as nothing, by name, and watches the others', () => {
  const { monitor, refused, frame, story } = openMonitor()
  const bitcoin = makeAccount({
    id: 'bitcoin',
    venue: 'binance',
    collateral: [{ asset: 'BTC', amount: '1' }],
    positions: [crossPosition('AUSDT', { size: '10', entryPrice: '100' })],
  })
  monitor.apply({ kind: 'put', account: bitcoin })
  monitor.apply({ kind: 'put', account: isolatedLong('good') })
  frame([['AUSDT', '81.5']])
  expect(refused.map(({ account }) => account)).toEqual(['bitcoin'])
  expect(refused[0]!.message).toContain('must hold an entry for USDT')
  expect(refused[0]!.message).toContain('collateral[0].asset is "BTC"')
  expect(story()).toEqual(['warning good:isolated:AUSDT:long 0.5 #1 1'])
  expect(monitor.counters.accountsRefused).toBe(1)
})
