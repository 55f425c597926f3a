import { describe, expect, it } from 'vitest'
import { beside, desk, expectStory, openScenario, type Second, still, together } from './scenario.ts'

const DESK = desk('BTC', 'bybit', { entryPrice: '43000' })
/** What Bybit states alone, its index at the same price. */
const own = (price: string): Second => ({ bybit: { mark: price, index: price } })
const WRONG = '0.00043'

describe('a venue with a wrong exponent that is heard before three others are fresh', () => {
  it('is off scale once they are: what was published is retracted when the market is back', () => {
    const run = openScenario('BTC', [DESK])
    run.play([...still(own(WRONG), 2), ...still(beside('43000', WRONG, WRONG), 30)])
    run.play(still(together('43000'), 5))
    expectStory(run, [
      '0 s: desk/bybit liquidation at 0.00043 confirmed',
      '32 s: desk/bybit recovered at 43000 confirmed',
      '34 s: desk/bybit liquidation is retracted by market-back',
    ])
  })

  it('is not confirmed by its own marks: it is undecided a minute later', () => {
    const run = openScenario('BTC', [DESK])
    run.play([...still(own(WRONG), 2), ...still(beside('43000', WRONG, WRONG), 5)])
    run.monitor.apply({ kind: 'put', account: { ...DESK, id: 'desk/later' } })
    run.play(still(beside('43000', WRONG, WRONG), 80))
    expectStory(run, [
      '0 s: desk/bybit liquidation at 0.00043 confirmed',
      '7 s: desk/later liquidation at 0.00043 suspect price-scale price-cross-venue',
      '63 s: desk/bybit liquidation is undecided by time',
      '67 s: desk/later liquidation is undecided by time',
    ])
  })

  it('has stated the right price meanwhile: its first one is retracted all the same', () => {
    const run = openScenario('BTC', [DESK])
    run.play([own(WRONG), ...still(together('43000'), 6)])
    expectStory(run, [
      '0 s: desk/bybit liquidation at 0.00043 confirmed',
      '1 s: desk/bybit recovered at 43000 suspect price-scale price-jump',
      '2 s: desk/bybit recovered is confirmed by other-venues',
      '4 s: desk/bybit liquidation is retracted by market-back',
    ])
  })

  it('takes mark and index a hundredfold while they are silent, which its own marks confirm: the same', () => {
    const run = openScenario('BTC', [DESK])
    run.play([...still(together('43000'), 3), ...still(own('43000'), 6), ...still(own('430'), 4)])
    run.play([...still(beside('43000', '430', '430'), 30), ...still(together('43000'), 5)])
    expectStory(run, [
      '9 s: desk/bybit liquidation at 430 suspect price-jump',
      '11 s: desk/bybit liquidation is confirmed by own-marks',
      '43 s: desk/bybit recovered at 43000 confirmed',
    ])
    const suspect = openScenario('BTC', [DESK])
    suspect.play([...still(together('43000'), 3), ...still(own('43000'), 6), own('430')])
    suspect.play([...still(beside('43000', '430', '430'), 30), ...still(together('43000'), 5)])
    expectStory(suspect, [
      '9 s: desk/bybit liquidation at 430 suspect price-jump',
      '40 s: desk/bybit recovered at 43000 confirmed',
      '42 s: desk/bybit liquidation is retracted by market-back',
    ])
  })
})

describe('a venue with the right price that is heard before three others are fresh', () => {
  it.each([
    ['at its price', still(together('34000'), 70)],
    ['below it by less than a scale', still(beside('30000', '34000', '34000'), 70)],
    ['not at all', still(own('34000'), 70)],
  ])('keeps what was published confirmed, when they come %s', (_where, later) => {
    const run = openScenario('BTC', [DESK])
    run.play([...still(own('34000'), 2), ...later])
    expectStory(run, ['0 s: desk/bybit liquidation at 34000 confirmed'])
    expect(run.monitor.isIdle).toBe(true)
  })

  it('keeps what was published confirmed, when they come more than a minute later and off scale', () => {
    const run = openScenario('BTC', [DESK])
    run.play([...still(own(WRONG), 70), ...still(beside('43000', WRONG, WRONG), 70)])
    expectStory(run, ['0 s: desk/bybit liquidation at 0.00043 confirmed'])
  })
})
