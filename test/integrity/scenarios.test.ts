import { describe, expect, it } from 'vitest'
import {
  beside,
  desk,
  expectStory,
  line,
  liquidations,
  openScenario,
  pool,
  type Second,
  still,
  together,
  without,
} from './scenario.ts'

describe('a crash of all venues', () => {
  it('S1: Bitcoin halves in twenty minutes on every venue (2020-03-12), and each liquidation is confirmed as it comes', () => {
    const run = openScenario('BTC', [
      desk('BTC', 'bybit', { entryPrice: '7250' }),
      desk('BTC', 'okx', { entryPrice: '7250', leverage: '2.5' }),
      desk('BTC', 'kraken', { entryPrice: '7250', size: '-10' }),
    ])
    run.play([...still(together('7250'), 2), ...line(7_250, 3_600, 1_200).map(together)])
    expectStory(run, [
      '459 s: desk/bybit liquidation at 5856.92 confirmed',
      '940 s: desk/okx liquidation at 4393.88 confirmed',
    ])
  })

  it('S2: Bitcoin falls by a third, and one venue is silent for twenty seconds on the way (2021-05-19): behind the silence its price is no jump', () => {
    const run = openScenario('BTC', [desk('BTC', 'binance', { entryPrice: '43000' })])
    run.play([together('43000'), ...line(43_000, 37_000, 30).map(together)])
    run.play(line(37_000, 31_000, 20).map((mark) => without('binance', together(mark))))
    run.play(still(together('30500'), 3))
    expectStory(run, ['51 s: desk/binance liquidation at 30500 confirmed'])
  })

  it('S3: Bitcoin loses 12 % within a second on every venue (2025-10-10): the first venue is alone with it, and confirmed when the others follow', () => {
    const run = openScenario('BTC', [
      desk('BTC', 'bybit', { entryPrice: '122000', leverage: '10' }),
      desk('BTC', 'binance', { entryPrice: '122000', leverage: '10' }),
      desk('BTC', 'okx', { entryPrice: '115000', leverage: '10' }),
      desk('BTC', 'kraken', { entryPrice: '115000', leverage: '10' }),
    ])
    run.play([...still(together('116500'), 2), ...still(together('102000'), 4)])
    expectStory(run, [
      '2 s: desk/bybit liquidation at 102000 suspect price-jump price-cross-venue',
      '2 s: desk/binance liquidation at 102000 suspect price-jump price-cross-venue',
      '2 s: desk/okx liquidation at 102000 confirmed',
      '2 s: desk/kraken liquidation at 102000 confirmed',
      '3 s: desk/bybit liquidation is confirmed by other-venues',
      '3 s: desk/binance liquidation is confirmed by other-venues',
    ])
  })

  it('S6: LUNA falls from 80 dollars to a hundred-thousandth in steps that its index makes too (2022-05), each liquidation on the way confirmed', () => {
    const run = openScenario('LUNA', [
      desk('LUNA', 'bybit', { entryPrice: '80' }),
      desk('LUNA', 'kraken', { entryPrice: '0.001' }),
    ])
    const steps = Array.from({ length: 70 }, (_, at) => (80 * 0.8 ** at).toFixed(8))
    run.play(steps.map(together))
    expectStory(run, [
      '1 s: desk/bybit liquidation at 64.00000000 suspect price-cross-venue',
      '2 s: desk/bybit liquidation is confirmed by other-venues',
      '52 s: desk/kraken liquidation at 0.00073075 confirmed',
    ])
  })
})

describe('a price of one venue alone', () => {
  it('S4: ATOM falls from 4 to 0.001 on one venue, mark by mark, while the others stay at 3 (2025-10-10): published at once, doubted, confirmed by its own marks', () => {
    const run = openScenario('ATOM', [
      desk('ATOM', 'bybit', { entryPrice: '3.5' }),
      desk('ATOM', 'bybit', { entryPrice: '4', leverage: '1.03', id: 'desk/deep' }),
      desk('ATOM', 'okx', { entryPrice: '3.5' }),
    ])
    const marks = ['2.5', '0.9', '0.2', '0.05', '0.01', '0.0015', '0.001', '0.001', '0.001']
    run.play([...still(together('4'), 2), ...line(4, 3, 8, 3).map(together)])
    run.play([...marks.map((mark) => beside('3', mark, '3')), ...still(together('3'), 60)])
    expectStory(run, [
      '10 s: desk/bybit liquidation at 2.5 suspect price-index price-cross-venue',
      '12 s: desk/bybit liquidation is confirmed by own-marks',
      '13 s: desk/deep liquidation at 0.05 suspect price-index price-cross-venue',
      '15 s: desk/deep liquidation is confirmed by own-marks',
      '19 s: desk/bybit recovered at 3 confirmed',
      '19 s: desk/deep recovered at 3 confirmed',
    ])
  })

  it('S4: the same fall in one mark, of which a fault of units cannot be told: published at once, and never confirmed', () => {
    const run = openScenario('ATOM', [desk('ATOM', 'bybit', { entryPrice: '4' })])
    run.play([...still(together('4'), 2), ...still(beside('4', '0.001', '4'), 5), ...still(together('4'), 5)])
    expectStory(run, [
      '2 s: desk/bybit liquidation at 0.001 suspect price-scale price-jump price-index price-cross-venue',
      '7 s: desk/bybit recovered at 4 confirmed',
      '9 s: desk/bybit liquidation is retracted by market-back',
    ])
  })

  it('S5: collateral of 1 dollar is marked down to 0.65 by its venue alone (USDe, 2025-10-10): the pool behind it is liquidated', () => {
    const run = openScenario('USDE', [pool('USDE', '9500')])
    const own = (price: string): Second => ({
      ...beside('0.9950', price, price),
      bybit: { mark: price, index: price, further: { BTCUSDT: '60000', 'USDE/USDT index': price } },
    })
    run.play([...still(own('1.0000'), 2), ...line(1, 0.65, 300, 4).map(own)])
    expectStory(run, [
      '289 s: desk/pool liquidation at 60000 suspect price-cross-venue',
      '291 s: desk/pool liquidation is confirmed by own-marks',
    ])
  })

  it('S7: MNGO rises twenty-four times in twenty minutes with the index of its venue (2022-10-11): the short is liquidated', () => {
    const run = openScenario('MNGO', [desk('MNGO', 'bybit', { entryPrice: '0.038', size: '-10000' })])
    const rise = line(0.038, 0.91, 1_200, 6)
    run.play([...still(together('0.038'), 2), ...rise.map((mark) => beside('0.0400', mark, mark))])
    expectStory(run, [
      '11 s: desk/bybit liquidation at 0.045267 suspect price-cross-venue',
      '12 s: desk/bybit liquidation is confirmed by own-index',
    ])
  })

  it('S8: the venue replaces the price of JELLY by one 52 times lower and delists it (2025-03-26): liquidated, then without a verdict', () => {
    const run = openScenario('JELLY', [desk('JELLY', 'bybit', { entryPrice: '0.5' })])
    const own = (price: string): Second => ({ bybit: { mark: price, index: price } })
    run.play([...still(own('0.50'), 3), ...still(own('0.0095'), 5)])
    run.delist('bybit')
    run.play(still(own('0.0095'), 2))
    expectStory(run, [
      '3 s: desk/bybit liquidation at 0.0095 suspect price-jump',
      '5 s: desk/bybit liquidation is confirmed by own-marks',
      '8 s: bybit JELLYUSDT market-expired',
      '8 s: desk/bybit unknown at no mark confirmed contract-expired',
    ])
  })

  it.each([
    ['its index right', '43000', 'price-scale price-jump price-index price-cross-venue'],
    ['its index wrong too', '0.00043', 'price-scale price-jump price-cross-venue'],
  ])(
    'S9: a price has a wrong exponent for two minutes, a hundred-millionth, %s (Pyth, 2021-09-20): no liquidation of it is confirmed',
    (_what, index, reasons) => {
      const run = openScenario('BTC', [desk('BTC', 'bybit', { entryPrice: '43000' })])
      run.play([...still(together('43000'), 3), ...still(beside('43000', '0.00043', index), 120)])
      run.play(still(together('43000'), 5))
      expectStory(run, [
        `3 s: desk/bybit liquidation at 0.00043 suspect ${reasons}`,
        '63 s: desk/bybit liquidation is undecided by time',
        '123 s: desk/bybit recovered at 43000 confirmed',
      ])
      expect(liquidations(run)).not.toContain('confirmed')
    },
  )

  it('S9: no other venue is fresh, and the index has the wrong exponent too: no mark of the venue confirms it', () => {
    const run = openScenario('BTC', [desk('BTC', 'bybit', { entryPrice: '43000' })])
    const own = (price: string): Second => ({ bybit: { mark: price, index: price } })
    run.play([...still(own('43000'), 3), ...still(own('0.00043'), 30), ...still(own('43000'), 5)])
    expectStory(run, [
      '3 s: desk/bybit liquidation at 0.00043 suspect price-scale price-jump',
      '33 s: desk/bybit recovered at 43000 confirmed',
      '35 s: desk/bybit liquidation is retracted by market-back',
    ])
  })

  it('S9: the same for longer: neither is known after a minute', () => {
    const run = openScenario('BTC', [desk('BTC', 'bybit', { entryPrice: '43000' })])
    const own = (price: string): Second => ({ bybit: { mark: price, index: price } })
    run.play([...still(own('43000'), 3), ...still(own('0.00043'), 120), ...still(own('43000'), 5)])
    expectStory(run, [
      '3 s: desk/bybit liquidation at 0.00043 suspect price-scale price-jump',
      '63 s: desk/bybit liquidation is undecided by time',
      '123 s: desk/bybit recovered at 43000 confirmed',
    ])
  })

  it('S9: the first mark of a venue has the wrong exponent, its index too, while three others are fresh: nothing of that venue confirms it', () => {
    const run = openScenario('BTC', [desk('BTC', 'bybit', { entryPrice: '43000' })])
    run.play(still(without('bybit', together('43000')), 3))
    run.play([...still(beside('43000', '0.00043', '0.00043'), 120), ...still(together('43000'), 5)])
    expectStory(run, [
      '3 s: desk/bybit liquidation at 0.00043 suspect price-scale price-cross-venue',
      '63 s: desk/bybit liquidation is undecided by time',
      '123 s: desk/bybit recovered at 43000 confirmed',
    ])
  })

  it('S9: the same for half a minute: it is retracted once the market is back', () => {
    const run = openScenario('BTC', [desk('BTC', 'bybit', { entryPrice: '43000' })])
    run.play(still(without('bybit', together('43000')), 3))
    run.play([...still(beside('43000', '0.00043', '0.00043'), 30), ...still(together('43000'), 5)])
    expectStory(run, [
      '3 s: desk/bybit liquidation at 0.00043 suspect price-scale price-cross-venue',
      '33 s: desk/bybit recovered at 43000 confirmed',
      '35 s: desk/bybit liquidation is retracted by market-back',
    ])
  })

  it('S9: after 16 minutes of a premium of 7 %, which are no suspicion of its scale, a price has a wrong exponent: no liquidation of it is confirmed', () => {
    const run = openScenario('ATOM', [])
    run.play(still(beside('4', '4.3', '4'), 16 * 60))
    run.play(still(beside('4', '0.00000004', '0.00000004'), 3))
    run.monitor.apply({ kind: 'put', account: desk('ATOM', 'bybit', { entryPrice: '4' }) })
    run.play([...still(beside('4', '0.00000004', '0.00000004'), 117), ...still(beside('4', '4.3', '4'), 5)])
    expectStory(run, [
      '963 s: desk/bybit liquidation at 0.00000004 suspect price-scale price-cross-venue',
      '1023 s: desk/bybit liquidation is undecided by time',
      '1080 s: desk/bybit recovered at 4.3 suspect price-index price-cross-venue',
      '1082 s: desk/bybit recovered is confirmed by own-marks',
    ])
  })

  it('S11: a dollar trades at 1.30 on one venue for an hour (DAI, 2020-11-26): doubted, and confirmed by the index of that venue', () => {
    const run = openScenario('DAI', [desk('DAI', 'bybit', { entryPrice: '1', size: '-10' })])
    run.play([...still(together('1'), 2), ...still(beside('1', '1.30', '1.29'), 3_600)])
    run.play(still(together('1'), 4))
    expectStory(run, [
      '2 s: desk/bybit liquidation at 1.30 suspect price-jump price-cross-venue',
      '3 s: desk/bybit liquidation is confirmed by own-index',
      '3602 s: desk/bybit recovered at 1 confirmed',
    ])
  })

  it('S13: one mark is 30 % lower than those before and after it: published at once, then retracted', () => {
    const run = openScenario('SOL', [desk('SOL', 'bybit', { entryPrice: '100' })])
    run.play([...still(together('100'), 3), beside('100', '70', '100'), ...still(together('100'), 4)])
    expectStory(run, [
      '3 s: desk/bybit liquidation at 70 suspect price-jump price-index price-cross-venue',
      '4 s: desk/bybit recovered at 100 confirmed',
      '6 s: desk/bybit liquidation is retracted by market-back',
    ])
  })

  it('S14: a venue states one price for a minute while the others fall by 15 %: when it goes on, its accounts are liquidated without a doubt', () => {
    const run = openScenario('BTC', [desk('BTC', 'bybit', { entryPrice: '110000', leverage: '4.5' })])
    const fall = line(100_000, 85_000, 60)
    run.play([...still(together('110000'), 2), ...line(110_000, 100_000, 60).map(together)])
    run.play([...fall.map((mark) => beside(mark, '100000', '100000')), ...still(together('85000'), 3)])
    expectStory(run, ['122 s: desk/bybit liquidation at 85000 confirmed'])
  })
})
