import { describe, expect, it } from 'vitest'
import { levelRule } from '../../src/margin/index.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { deribit } from '../../src/venues/deribit.ts'
import { makeAccount } from '../support/accounts.ts'
import { openMonitor } from '../support/monitor.ts'

const CALL = 'BTC-4DEC26-60000-C'
const FUTURE = 'BTC-4DEC26'
const QUOTED = 'BTC_USDC-4DEC26-60000-C'

/** A short position in an option, and the worker's monitor. */
function watching(symbol: string, asset: string, amount: string) {
  const opened = openMonitor({ books: { deribit: deribit.ruleBook }, rule: levelRule(['10%', '2%']) })
  const position = { symbol, marginMode: 'cross', size: '-2', entryPrice: '0.1' } as const
  const account = makeAccount({
    id: 'o',
    venue: 'deribit',
    collateral: [{ asset, amount }],
    positions: [position],
  })
  opened.monitor.apply({ kind: 'put', account })
  return opened
}

describe('a worker that watches a short option', () => {
  it('in coin judges it by its own mark, and does not ask for its underlying, which need not exist', () => {
    const { frame, clock, added, events } = watching(CALL, 'BTC', '1')
    expect(added).toEqual([`deribit:${CALL}`])
    frame([[CALL, '0.12']], 'deribit')
    clock.runTurns()
    expect(events()).toEqual([])
    frame([[CALL, '0.43']], 'deribit')
    clock.runTurns()
    const [event] = events()
    // 2 · (0.075 + 0.43)
    expect(event).toMatchObject({ kind: 'liquidation', marginBalance: '1', maintenanceMargin: '1.01' })
    expect(event!.marks).toMatchObject([{ symbol: CALL, markPrice: '0.43' }])
    expect(verifyEvent(event!)).toMatchObject({ isOk: true, differences: [] })
  })

  it('tells its initial margin once another account has the underlying', async () => {
    const { monitor, frame, clock } = watching(CALL, 'BTC', '1')
    const initialMargin = async () => {
      const asked = monitor.read.account('o')
      clock.runTurns()
      return (await asked)!.marginAccounts[0]!.positions[0]!.initialMargin
    }
    frame([[CALL, '0.12']], 'deribit')
    clock.runTurns()
    expect(await initialMargin()).toBeNull()
    const future = { symbol: FUTURE, marginMode: 'cross', size: '10', entryPrice: '60000' } as const
    monitor.apply({
      kind: 'put',
      account: makeAccount({
        id: 'f',
        venue: 'deribit',
        collateral: [{ asset: 'BTC', amount: '1' }],
        positions: [future],
      }),
    })
    frame([[FUTURE, '60000']], 'deribit')
    clock.runTurns()
    expect(await initialMargin()).toBe('0.54')
  })

  it('in the quote currency asks for its underlying', () => {
    expect(watching(QUOTED, 'USDC', '9000').added).toEqual([`deribit:${QUOTED}`, 'deribit:BTC_USDC-4DEC26'])
  })
})
