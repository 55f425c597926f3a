import { describe, expect, it } from 'vitest'
import { beside, desk, expectStory, openScenario, type Second, still, together, without } from './scenario.ts'

const DESK = desk('SOL', 'bybit', { entryPrice: '100' })
const own = (mark: string, index = mark): Second => ({ bybit: { mark, index } })

describe('two other venues that agree', () => {
  it('tell a fault of units of a venue from a move that its index makes too', () => {
    const run = openScenario('SOL', [DESK])
    const wrong = without('kraken', beside('100', '5', '5'))
    run.play([...still(together('100'), 2), ...still(without('kraken', together('100')), 8)])
    run.play([...still(wrong, 20), ...still(without('kraken', together('100')), 5)])
    expectStory(run, [
      '10 s: desk/bybit liquidation at 5 suspect price-scale price-jump',
      '30 s: desk/bybit recovered at 100 confirmed',
      '32 s: desk/bybit liquidation is retracted by market-back',
    ])
  })

  it('tell it of a first mark too', () => {
    const run = openScenario('SOL', [DESK])
    run.play(still({ binance: together('100').binance!, okx: together('100').okx! }, 2))
    run.play(still(without('kraken', beside('100', '5', '5')), 20))
    expectStory(run, ['2 s: desk/bybit liquidation at 5 suspect price-scale'])
  })
})

describe('two other venues that are wrong, each in its own units', () => {
  const wrong = (mark: string, index = mark): Second => ({
    ...own(mark, index),
    binance: { mark: '5000', index: '5000' },
    okx: { mark: '10000000', index: '10000000' },
    kraken: { mark, index },
  })

  it('say nothing of the scale of a right price: it is confirmed by its index', () => {
    const run = openScenario('SOL', [DESK])
    run.play([...still(wrong('100'), 5), ...still(wrong('70'), 5)])
    expectStory(run, [
      '5 s: desk/bybit liquidation at 70 suspect price-cross-venue',
      '6 s: desk/bybit liquidation is confirmed by own-index',
    ])
  })

  it('do not revise what was published on a right price before they were heard', () => {
    const run = openScenario('SOL', [DESK])
    run.play([...still(own('70'), 2), ...still(wrong('70'), 70)])
    expectStory(run, ['0 s: desk/bybit liquidation at 70 confirmed'])
  })
})

describe('a suspect price that is no spike', () => {
  it('is not retracted by the next ones, which are a little nearer to the last accepted one', () => {
    const run = openScenario('SOL', [DESK])
    run.play([...still(own('81', '85'), 2), own('80.7', '85'), ...still(own('81', '85'), 70)])
    expectStory(run, [
      '2 s: desk/bybit liquidation at 80.7 suspect price-index',
      '3 s: desk/bybit recovered at 81 confirmed',
      '62 s: desk/bybit liquidation is undecided by time',
    ])
  })

  it('is not retracted where its venue was silent behind it: nobody knows how long it stood', () => {
    const run = openScenario('SOL', [DESK])
    run.play([...still(together('100'), 2), beside('100', '70', '100')])
    run.play(still(without('bybit', together('70')), 7))
    run.play([...still(without('bybit', together('100')), 3), ...still(together('100'), 70)])
    expectStory(run, [
      '2 s: desk/bybit liquidation at 70 suspect price-jump price-index price-cross-venue',
      '13 s: desk/bybit recovered at 100 confirmed',
      '62 s: desk/bybit liquidation is undecided by time',
    ])
  })
})

describe('a price in wrong units before and behind a silence of its venue', () => {
  it('has not stood in between: it is off scale for fifteen minutes more', () => {
    const run = openScenario('SOL', [])
    run.play([...still(own('100'), 2), ...still(own('0.001'), 2), ...still({}, 16 * 60)])
    run.play([own('0.001')])
    run.monitor.apply({ kind: 'put', account: DESK })
    run.play(still(own('0.001'), 3))
    expect(run.story()).toEqual(['965 s: desk/bybit liquidation at 0.001 suspect price-scale'])
  })
})
