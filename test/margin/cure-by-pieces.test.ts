import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { closedByWalk } from '../../src/margin/cure.ts'
import { closedByPieces } from '../../src/margin/cure-by-pieces.ts'
import {
  compare,
  coordinateOf,
  div,
  evaluate,
  formatDecimal,
  levelRule,
  marginStateByFractions,
  marginStateOf,
  mul,
  reachedLevel,
  sign,
  sub,
  ZERO,
} from '../../src/margin/index.ts'
import { goalOf, meets, reductionOf, shareWithout, surplusKeeping } from '../../src/margin/reduction.ts'
import type { AccountInput } from '../support/accounts.ts'
import { testSeed } from '../support/seed.ts'
import { anyCase } from './arbitraries.ts'
import { stressed } from './stressed.ts'
import { BINANCE, bookOf, marginAccountsFor, oneTier } from './support.ts'
import { wholeTiers, withTiers } from './whole-tiers.ts'

const SEED = testSeed(23)
const RULE = levelRule(['0.5', '0.7', '0.9'])

describe('the smallest reduction by pieces', () => {
  it(`is that of the walk when slack is concave, in 1,500 random accounts (seed ${SEED})`, () => {
    let parts = 0
    let wholes = 0
    fc.assert(
      fc.property(stressed(anyCase), (input) => {
        const [marginAccount] = marginAccountsFor(input.account, bookOf(input.margin, input.rules))
        const evaluation = evaluate(marginAccount!, (symbol) => input.marks[symbol])!
        if (reachedLevel(() => evaluation, marginAccount!, RULE) === 0) return
        const goal = goalOf(sign(evaluation.marginBalance) < 0 ? RULE.levels.length : 1, marginAccount!, RULE)
        for (const leg of marginAccount!.legs) {
          const x = coordinateOf(leg.curve, input.marks[leg.curve.symbol]!)
          const reduction = reductionOf(leg, x, marginAccount!, { goal, evaluation, x })
          const [walk, pieces] = [closedByWalk(reduction), closedByPieces(reduction)]
          if (walk === undefined) wholes++
          else parts++
          expect(pieces && formatDecimal(pieces)).toBe(walk && formatDecimal(walk))
        }
      }),
      { numRuns: 1_500, seed: SEED },
    )
    expect(Math.min(parts, wholes)).toBeGreaterThan(200)
  })

  it(`cures, and none of 21 smaller parts does, in 1,500 random accounts of whole tiers (seed ${SEED})`, () => {
    let found = 0
    fc.assert(
      fc.property(
        stressed(anyCase),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 20, maxLength: 20 }),
        (input, shares) => {
          const [marginal] = marginAccountsFor(input.account, bookOf(input.margin, input.rules))
          const whole = withTiers(marginal!, ({ tiers }) =>
            tiers.map((tier) => ({ ...tier, maintenanceDeduction: ZERO })),
          )
          const evaluation = evaluate(whole, (symbol) => input.marks[symbol])!
          if (reachedLevel(() => evaluation, whole, RULE) === 0) return
          const goal = goalOf(sign(evaluation.marginBalance) < 0 ? RULE.levels.length : 1, whole, RULE)
          for (const leg of whole.legs) {
            const x = coordinateOf(leg.curve, input.marks[leg.curve.symbol]!)
            const reduction = reductionOf(leg, x, whole, { goal, evaluation, x })
            const closed = closedByPieces(reduction)
            const limit = closed ?? reduction.size
            const cures = (part: typeof limit) =>
              meets(goal, surplusKeeping(reduction, shareWithout(reduction, part)))
            if (closed !== undefined) {
              found++
              expect(cures(closed)).toBe(true)
            }
            const steps = div(limit, reduction.step)
            for (const share of [...shares, 1]) {
              const whole = mul(
                { n: BigInt(Math.floor(Number(steps.n / steps.d) * share)), d: 1n },
                reduction.step,
              )
              const smaller = compare(whole, limit) < 0 ? whole : sub(limit, reduction.step)
              if (sign(smaller) >= 0) expect(cures(smaller)).toBe(false)
            }
          }
        },
      ),
      { numRuns: 1_500, seed: SEED },
    )
    expect(found).toBeGreaterThan(100)
  })

  const LINE = levelRule([])
  // A short of 10 that was sold at 100, at 105: its notional is 1,050.
  const JUMP = wholeTiers(['1040', '0.01'], ['9000', '0.03'])
  it.each([
    // 62 − 50 = 12. On the cap 10.4 is asked: 10·(1 − 1040/1050) = 0.0952… is closed.
    ['is the part down to the cap where that cures', 'cross', '62', JUMP, '0.0952381'],
    ['and of an isolated position, whose margin leaves with it', 'isolated', '62', JUMP, '0.0952381'],
    // 60 − 50 = 10. Below the cap 10 − 10.5·k > 0 for k < 0.952…
    ['is the part down to the zero of the tier below', 'cross', '60', JUMP, '0.47619048'],
    // 10·k − 10.5·k < 0 for every k.
    ['is the whole of an isolated position that no part cures', 'isolated', '60', JUMP, '10'],
    // 40 − 50 < 0: nothing that is left can be covered.
    ['is none where closing it all is not enough', 'cross', '40', JUMP, null],
    // 10 − 10.5·k again; of half the position, in the tier below, 0.05·500 = 25 would be asked.
    [
      'is that of the upper tier where the lower one asks for more',
      'cross',
      '60',
      wholeTiers(['500', '0.05'], ['9000', '0.01']),
      '0.47619048',
    ],
  ] as const)('%s (%s, %s)', (_, marginMode, margin, tiers, size) => {
    const stated = marginMode === 'isolated' ? { isolatedMargin: margin } : {}
    const input: AccountInput = {
      collateral: [{ asset: 'USDT', amount: margin }],
      positions: [{ symbol: 'X', marginMode, size: '-10', entryPrice: '100', ...stated }],
    }
    const [marginAccount] = marginAccountsFor(input, bookOf(BINANCE, { X: oneTier('0.01') }))
    const whole = withTiers(marginAccount!, () => tiers)
    const state = marginStateOf(whole, () => '105', LINE)
    expect(state.verdict).toBe('breach')
    expect(state.cure!.reductions).toEqual([{ symbol: 'X', size }])
    expect(marginStateByFractions(whole, () => '105', LINE)).toEqual(state)
  })
})
