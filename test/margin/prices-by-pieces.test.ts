import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Curve, coordinateAt, slackIsConcave } from '../../src/margin/curve.ts'
import {
  add,
  compare,
  evaluate,
  formatDecimal,
  levelRule,
  liquidationPrice,
  liquidationPriceByPieces,
  type MarginAccount,
  marginStateByFractions,
  marginStateOf,
  mul,
  parseDecimal,
  type Rational,
  sign,
  sub,
  ZERO,
} from '../../src/margin/index.ts'
import type { AccountInput } from '../support/accounts.ts'
import { testSeed } from '../support/seed.ts'
import { anyCase, type Case } from './arbitraries.ts'
import { BINANCE, bookOf, marginAccountsFor, oneTier, slackAt } from './support.ts'
import { type WholeTier, wholeTiers, withTiers } from './whole-tiers.ts'

const SEED = testSeed(17)

function accountOf({ account, margin, rules }: Case): MarginAccount {
  return marginAccountsFor(account, bookOf(margin, rules))[0]!
}

describe('the liquidation price by pieces', () => {
  it(`is that of Newton's steps when slack is concave, in 4,000 random accounts (seed ${SEED})`, () => {
    let found = 0
    let absent = 0
    fc.assert(
      fc.property(anyCase, (input) => {
        const marginAccount = accountOf(input)
        const evaluation = evaluate(marginAccount, (symbol) => input.marks[symbol])!
        for (const symbol of new Set(marginAccount.curves.map((curve) => curve.symbol))) {
          const markPrice = parseDecimal(input.marks[symbol]!)
          const byNewton = liquidationPrice(marginAccount, symbol, markPrice, evaluation)
          const byPieces = liquidationPriceByPieces(marginAccount, symbol, markPrice, evaluation)
          if (byNewton === undefined) absent++
          else found++
          if (byNewton === undefined || byPieces === undefined) expect(byPieces).toBe(byNewton)
          else expect(compare(byPieces, byNewton)).toBe(0)
        }
      }),
      { numRuns: 4_000, seed: SEED },
    )
    expect(Math.min(found, absent)).toBeGreaterThan(200)
  })

  it(`is the next change of verdict on its side of the mark, in 2,000 random accounts of whole tiers (seed ${SEED})`, () => {
    const strip = ({ tiers }: Curve) => tiers.map((tier) => ({ ...tier, maintenanceDeduction: ZERO }))
    let jumps = 0
    let roots = 0
    fc.assert(
      fc.property(anyCase, (input) => {
        const marginAccount = withTiers(accountOf(input), strip)
        const evaluation = evaluate(marginAccount, (symbol) => input.marks[symbol])!
        for (const { symbol, coordinate } of marginAccount.curves) {
          const mark = parseDecimal(input.marks[symbol]!)
          const price = liquidationPriceByPieces(marginAccount, symbol, mark, evaluation)
          if (price === undefined) continue
          const slackOf = (at: Rational) =>
            slackAt(marginAccount, (other) => (other === symbol ? at : parseDecimal(input.marks[other]!)))
          const start = slackOf(mark)
          if (start.n === 0n) continue
          for (const share of ['0.05', '0.3', '0.5', '0.7', '0.95', '0.999999999']) {
            const between = add(mark, mul(sub(price, mark), parseDecimal(share)))
            expect(sign(slackOf(between))).toBe(sign(start))
          }
          if (slackOf(price).n === 0n) {
            roots++
            continue
          }
          // A jump: the cap is in the tier below it, so the other verdict begins beyond it in x.
          jumps++
          const beyond = mul(coordinateAt(coordinate, price), parseDecimal('1.000000000001'))
          expect(sign(slackOf(price))).not.toBe(sign(slackOf(coordinateAt(coordinate, beyond))))
        }
      }),
      { numRuns: 2_000, seed: SEED },
    )
    expect(Math.min(jumps, roots)).toBeGreaterThan(20)
  })
})

describe('maintenance margin that jumps at a cap', () => {
  const LEVELS = levelRule([])

  function priceOf(
    position: object,
    kind: 'linear' | 'inverse',
    mark: string,
    ...tiers: readonly WholeTier[]
  ): string | null {
    const settle = kind === 'linear' ? 'USDT' : 'BTC'
    const book = bookOf(BINANCE, { X: oneTier('0.01', '0', { kind, settle }) })
    const input = { positions: [{ symbol: 'X', marginMode: 'isolated', ...position }] } as AccountInput
    const table = wholeTiers(...tiers)
    const marginAccount = withTiers(marginAccountsFor(input, book)[0]!, () => table)
    expect(slackIsConcave(marginAccount.curves[0]!)).toBe(false)
    const evaluation = evaluate(marginAccount, () => mark)!
    const price = liquidationPriceByPieces(marginAccount, 'X', parseDecimal(mark), evaluation)
    return price === undefined ? null : formatDecimal(price)
  }

  it.each([
    // 60 + 10·(100 − p) − 0.01·10p = 1060 − 10.1p is 9.6 at 104; above it 1060 − 10.3p is below 0.
    ['is the line of a short that grows into it', '-10', '60', '100', '104'],
    // 1060 − 10.3p = 0 at 102.91 lies in the tier below, where less is asked: from 105 the way back is the cap.
    ['is where a short that was carried over it is safe again', '-10', '60', '105', '104'],
  ])('%s', (_, size, isolatedMargin, mark, price) => {
    const position = { size, entryPrice: '100', isolatedMargin }
    expect(priceOf(position, 'linear', mark, ['1040', '0.01'], ['9000', '0.03'])).toBe(price)
  })

  it.each([
    // Up to 100: 20 + 10·(p − 100) − 0.01·10p = 9.9p − 980. Above 100: 9.6p − 980, zero at 102.08.
    ['takes the fall of the price before the jump above the mark', '99.5', '98.989898989898989899'],
    ['and so on the cap itself, which is in the tier below', '100', '98.989898989898989899'],
    ['gives the nearer way out to a position that is between both', '101', '100'],
    ['gives the nearer way out to a position that is between both', '101.5', '102.083333333333333333'],
    ['takes the fall of the price above both', '110', '102.083333333333333333'],
  ])('of a long: %s (mark %s)', (_, mark, price) => {
    const position = { size: '10', entryPrice: '100', isolatedMargin: '20' }
    expect(priceOf(position, 'linear', mark, ['1000', '0.01'], ['9000', '0.04'])).toBe(price)
  })

  it('is the price of the cap for an inverse long as well', () => {
    // 1000/10 + 10 − 1.01·1000x is 3.95 at x = 0.105; above it 110 − 1.05·1000x is below 0. The cap is at 1/0.105.
    const position = { size: '1000', entryPrice: '10', isolatedMargin: '10' }
    expect(priceOf(position, 'inverse', '10', ['105', '0.01'], ['9000', '0.05'])).toBe('9.52380952380952381')
  })

  it('has no liquidation price when no piece and no jump crosses the line', () => {
    const position = { size: '10', entryPrice: '100', isolatedMargin: '1000' }
    expect(priceOf(position, 'linear', '100', ['900', '0.01'], ['9000', '0.05'])).toBeNull()
  })

  it('is judged with its liquidation price, by the common denominator as by fractions', () => {
    const book = bookOf(BINANCE, { X: oneTier('0.01') })
    const input: AccountInput = {
      positions: [
        { symbol: 'X', marginMode: 'isolated', size: '-10', entryPrice: '100', isolatedMargin: '60' },
      ],
    }
    const table = wholeTiers(['1040', '0.01'], ['9000', '0.03'])
    const marginAccount = withTiers(marginAccountsFor(input, book)[0]!, () => table)
    const state = marginStateOf(marginAccount, () => '104', LEVELS)
    expect(state).toMatchObject({ verdict: 'safe', maintenanceMargin: '10.4', marginBalance: '20' })
    expect(state.positions[0]!.liquidationPrice).toBe('104')
    expect(marginStateByFractions(marginAccount, () => '104', LEVELS)).toEqual(state)
    expect(marginStateOf(marginAccount, () => undefined, LEVELS).positions[0]!.liquidationPrice).toBe('104')
  })

  it('is refused by the steps of Newton, which need concave slack', () => {
    const book = bookOf(BINANCE, { X: oneTier('0.01') })
    const input: AccountInput = {
      positions: [
        { symbol: 'X', marginMode: 'isolated', size: '-10', entryPrice: '100', isolatedMargin: '60' },
      ],
    }
    const table = wholeTiers(['1040', '0.01'], ['9000', '0.03'])
    const marginAccount = withTiers(marginAccountsFor(input, book)[0]!, () => table)
    const evaluation = evaluate(marginAccount, () => '100')!
    expect(() => liquidationPrice(marginAccount, 'X', parseDecimal('100'), evaluation)).toThrow(
      'the slack of X is concave',
    )
  })
})
