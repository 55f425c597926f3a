import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type EvaluationAt,
  evaluationsOf,
  heldLevel,
  levelRule,
  type MarginAccount,
  parseDecimal,
  reachedLevel,
  ZERO,
} from '../../src/margin/index.ts'
import { RATIO_RULE } from '../support/levels.ts'
import { testSeed } from '../support/seed.ts'
import { anyCase } from './arbitraries.ts'
import { BINANCE, bookOf, marginAccountsFor, oneTier, wallets } from './support.ts'

const SEED = testSeed(20)

function accountAt(liquidation: 'reached' | 'passed'): MarginAccount {
  const positions = [{ symbol: 'X', marginMode: 'cross', size: '1', entryPrice: '100' }]
  return marginAccountsFor(
    { collateral: wallets(), positions },
    bookOf({ ...BINANCE, liquidation }, { X: oneTier('0.01') }),
  )[0]!
}

function evaluationOf(marginBalance: string, maintenanceMargin: string): EvaluationAt {
  const evaluation = {
    marginBalance: parseDecimal(marginBalance),
    maintenanceMargin: parseDecimal(maintenanceMargin),
    unrealizedPnl: ZERO,
  }
  return () => evaluation
}

describe('the level reached', () => {
  // level, margin balance, maintenance margin
  it.each<[number, string, string]>([
    [0, '100', '49.999999999999999999'],
    [1, '100', '50'],
    [1, '100', '69.99'],
    [2, '100', '70'],
    [3, '100', '90'],
    [3, '100', '99.999999999999999999'],
    [4, '100', '100'],
    [4, '100', '101'],
    [4, '0', '0'],
    [4, '0', '1'],
    [4, '-5', '1'],
    [0, '0.000000000000000001', '0'],
  ])('is %s with margin balance %s and maintenance margin %s', (level, balance, maintenance) => {
    expect(reachedLevel(evaluationOf(balance, maintenance), accountAt('reached'), RATIO_RULE)).toBe(level)
  })

  it('is the last one only below the line if the venue liquidates when it is passed', () => {
    const reached = (balance: string) =>
      reachedLevel(evaluationOf(balance, '100'), accountAt('passed'), RATIO_RULE)
    expect([reached('100'), reached('99.999999999999999999')]).toEqual([3, 4])
  })
})

describe('the level held', () => {
  const held = (current: number, balance: string, maintenance: string) =>
    heldLevel(evaluationOf(balance, maintenance), accountAt('reached'), RATIO_RULE, current)

  it.each<[string, number, number, string, string]>([
    ['a breach is taken at once', 0, 4, '100', '100'],
    ['a breach is held within 1 % of the line', 4, 4, '100.99', '100'],
    ['and left at 1 %, for the warning level that is reached', 4, 3, '101', '100'],
    ['a warning is held within 1 % of its level', 1, 1, '100', '49.6'],
    ['and left at 1 %', 1, 0, '101', '50'],
    ['leaving several levels at once, the lowest that still holds is kept', 4, 1, '100', '49.6'],
    ['or none', 4, 0, '100', '10'],
    ['a level that was never taken is not held', 0, 0, '100', '49.6'],
  ])('%s', (_, current, level, balance, maintenance) => {
    expect(held(current, balance, maintenance)).toBe(level)
  })

  it(`is never below the level reached, and is stable (seed ${SEED})`, () => {
    fc.assert(
      fc.property(anyCase, fc.integer({ min: 0, max: 4 }), ({ account, margin, rules, marks }, current) => {
        const rule = RATIO_RULE
        const [marginAccount] = marginAccountsFor(account, bookOf(margin, rules))
        const evaluation = evaluationsOf(marginAccount!, (symbol) => marks[symbol])!
        const level = heldLevel(evaluation, marginAccount!, rule, current)
        expect(level).toBeGreaterThanOrEqual(reachedLevel(evaluation, marginAccount!, rule))
        expect(heldLevel(evaluation, marginAccount!, rule, level)).toBe(level)
      }),
      { seed: SEED },
    )
  })
})

describe('a level rule', () => {
  it('names its levels, 0 first and 1 last', () => {
    expect(levelRule().names).toEqual(['0', '10%', '5%', '2%', '1'])
    expect(levelRule(['7.50%']).names).toEqual(['0', '7.5%', '1'])
    expect(RATIO_RULE.names).toEqual(['0', '0.5', '0.7', '0.9', '1'])
    expect(levelRule(['0.80']).names).toEqual(['0', '0.8', '1'])
    expect(levelRule([]).names).toEqual(['0', '1'])
  })

  it.each<[readonly string[], string, string]>([
    [['0.5', '0.5'], '0.01', 'levels[1] is 0.5, levels must rise, the first at least 0.05, the last below 1'],
    [['0.04'], '0.01', 'levels[0] is 0.04'],
    [['0.5', '1'], '0.01', 'levels[1] is 1'],
    [['0.5', '0.500000000000000001'], '0.01', 'levels[1] is 0.500000000000000001, levels must rise'],
    [['0.999999999999999999'], '0.01', 'levels[0] is 0.999999999999999999'],
    [
      ['5%', '10%'],
      '0.01',
      'levels[1] is 10%, distances must fall, the first at most 90%, the last at least 0.01%',
    ],
    [['5%', '5.0%'], '0.01', 'levels[1] is 5.0%, distances must fall'],
    [['90.01%'], '0.01', 'levels[0] is 90.01%, distances must fall'],
    [['5%', '0.009%'], '0.01', 'levels[1] is 0.009%, distances must fall'],
    [['5.00001%'], '0.01', 'levels[0] is 5.00001%, must be a margin ratio, such as 0.8, or a distance'],
    [['-5%'], '0.01', 'levels[0] is -5%, must be a margin ratio'],
    [['10%', '0.9'], '0.01', 'levels[1] is 0.9, levels must be all margin ratios or all distances'],
    [['0.5', '2%'], '0.01', 'levels[1] is 2%, levels must be all margin ratios or all distances'],
    [['0.5'], '1.01', 'hysteresis is 1.01, it must be between 0 and 1'],
    [['high'], '0.01', 'levels[0] is high, must be a margin ratio, such as 0.8, or a distance'],
    [['0.5'], '-0.1', 'hysteresis is -0.1, it must be between 0 and 1'],
    [['0.5'], '1%', 'hysteresis is "1%", it must be a decimal number'],
    [
      Array.from({ length: 17 }, (_, index) => `0.${50 + index}`),
      '0',
      'levels has 17 entries, the most is 16',
    ],
  ])('with levels %j and hysteresis %s is refused', (levels, hysteresis, message) => {
    expect(() => levelRule(levels, hysteresis)).toThrow(message)
    expect(() => levelRule(levels, hysteresis)).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }))
  })
})
