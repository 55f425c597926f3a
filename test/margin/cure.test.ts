import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  CURE_STEP,
  coordinateOf,
  div,
  floorTo,
  formatDecimal,
  levelRule,
  mul,
  parseDecimal,
  type Rational,
  sub,
  valueAt,
} from '../../src/margin/index.ts'
import type { AccountInput } from '../support/accounts.ts'
import { testSeed } from '../support/seed.ts'
import { anyCase, type Case, crossCase, isolatedCase } from './arbitraries.ts'
import { stressed, toppedUp } from './stressed.ts'
import { BINANCE, BYBIT, bookOf, marginAccountsFor, oneTier, rulesOf, stateOf, sumOf } from './support.ts'

const SEED = testSeed(23)

function stateFor(input: Case, account: AccountInput = input.account) {
  return stateOf(account, bookOf(input.margin, input.rules), input.marks)
}

/** Cut down to 18 decimals, so that what is exactly on the line does not come to lie beyond it. */
function cut(value: Rational): string {
  return formatDecimal(floorTo(value, parseDecimal('0.000000000000000001')))
}

/** A margin that is not stated may have no end as a decimal, so it cannot be topped up exactly. */
function statedMargins(input: Case): boolean {
  return input.account.positions.every(({ isolatedMargin }) => isolatedMargin !== undefined)
}

describe('the top-up', () => {
  it(`makes the account safe, and one step less does not (seed ${SEED})`, () => {
    let cured = 0
    fc.assert(
      fc.property(fc.oneof(crossCase, isolatedCase.filter(statedMargins), stressed(anyCase)), (input) => {
        const { cure, verdict } = stateFor(input)
        expect(cure === null).toBe(verdict === 'safe')
        if (cure === null) return
        cured++
        expect(stateFor(input, toppedUp(input, cure.topUp)).verdict).toBe('safe')
        const less = sumOf(cure.topUp, `-${CURE_STEP}`)
        expect(stateFor(input, toppedUp(input, less)).verdict).not.toBe('safe')
      }),
      { seed: SEED, numRuns: 400 },
    )
    expect(cured).toBeGreaterThan(100)
  })

  it('of an isolated Bybit position counts that extra margin also moves the price at which the fee is paid', () => {
    const long = { symbol: 'X', marginMode: 'isolated', size: '1', entryPrice: '40000', leverage: '50' }
    const rules = oneTier('0.005', '0', { takerFeeRate: '0.00055' })
    const state = stateOf({ positions: [long] }, bookOf(BYBIT, { X: rules }), { X: '39300' }, levelRule([]))
    // Margin balance 121.56, maintenance margin 196.5 + 21.56; a unit of margin counts 1/(1 − 0.00055).
    expect(state.shortfall).toBe('96.5')
    expect(state.cure!.topUp).toBe('96.44692501')
  })

  it('beyond what makes the price of bankruptcy vanish is still found', () => {
    const long = { symbol: 'X', marginMode: 'isolated', size: '1', entryPrice: '100', isolatedMargin: '1' }
    const rules = oneTier('0.9', '0', { takerFeeRate: '0.05' })
    const state = stateOf(
      { positions: [long] },
      bookOf(BYBIT, { X: rules }),
      { X: '100' },
      levelRule(['0.5']),
    )
    // No fee is left at 100 of margin: 0.5·(1 + topUp) > 90.
    expect(state.cure!.topUp).toBe('179.00000001')
  })
})

describe('a reduction', () => {
  it(`of a cross position makes the pool safe with its realised PnL kept, and one step less does not (seed ${SEED})`, () => {
    let partly = 0
    fc.assert(
      fc.property(stressed(crossCase), (input) => {
        const { cure } = stateFor(input)
        cure?.reductions.forEach(({ size }, index) => {
          if (size === null) return
          const reduced = reducedPool(input, index, size)
          if (reduced.positions.length > 0) expect(stateFor(input, reduced).verdict).toBe('safe')
          if (reduced.positions.length < input.account.positions.length) return
          partly++
          const step = input.rules.A!.contribution === 'linear' ? CURE_STEP : '1'
          const less = sumOf(size, `-${step}`)
          expect(stateFor(input, reducedPool(input, index, less)).verdict).not.toBe('safe')
        })
      }),
      { seed: SEED, numRuns: 400 },
    )
    expect(partly).toBeGreaterThan(20)
  })

  it(`is null when closing the whole position leaves the pool unsafe (seed ${SEED})`, () => {
    fc.assert(
      fc.property(crossCase, (input) => {
        const { cure } = stateFor(input)
        cure?.reductions.forEach(({ size }, index) => {
          const { size: whole } = input.account.positions[index]!
          const closed = reducedPool(input, index, whole!.replace('-', ''))
          if (size !== null || closed.positions.length === 0) return
          expect(stateFor(input, closed).verdict).not.toBe('safe')
        })
      }),
      { seed: SEED, numRuns: 200 },
    )
  })

  it('is null for the only position of a pool that owes more than it has', () => {
    const book = bookOf(BINANCE, { X: oneTier('0.01') })
    const account = {
      collateral: [{ asset: 'USDT', amount: '10' }],
      positions: [{ symbol: 'X', marginMode: 'cross', size: '1', entryPrice: '100' }],
    }
    expect(stateOf(account, book, { X: '89' }).cure!.reductions).toEqual([{ symbol: 'X', size: null }])
    expect(stateOf(account, book, { X: '90.5' }).cure!.reductions).toEqual([
      { symbol: 'X', size: '0.72375691' },
    ])
  })

  it('answers for the breach too when maintenance is below zero, outside the range of a given tier', () => {
    const account = {
      collateral: [{ asset: 'USDT', amount: '-60' }],
      positions: [{ symbol: 'X', marginMode: 'cross', size: '1', entryPrice: '100' }],
    }
    // Margin balance −60, maintenance margin 1 − 50: under 0.5 (−30 > −49) and yet in breach (−60 ≤ −49).
    const state = stateOf(account, bookOf(BINANCE, { X: oneTier('0.01', '50') }), { X: '100' })
    expect([state.verdict, state.maintenanceMargin]).toEqual(['breach', '-49'])
    expect(state.cure).toEqual({ topUp: '11.00000001', reductions: [{ symbol: 'X', size: null }] })
  })

  it('of an inverse position is in whole contracts', () => {
    const rules = oneTier('0.01', '0', { kind: 'inverse', settle: 'BTC', multiplier: '100' })
    const account = {
      collateral: [{ asset: 'BTC', amount: '0.02' }],
      positions: [{ symbol: 'X', marginMode: 'cross', size: '100', entryPrice: '10000' }],
    }
    // Half of 0.02 must exceed 0.0001 a contract: 99 are left.
    expect(stateOf(account, bookOf(BINANCE, { X: rules }), { X: '10000' }).cure).toEqual({
      topUp: '0.00000001',
      reductions: [{ symbol: 'X', size: '1' }],
    })
  })

  it('of an isolated position helps by lower tiers only, for its margin leaves with it', () => {
    const isolated = {
      symbol: 'X',
      marginMode: 'isolated',
      size: '2',
      entryPrice: '100',
      isolatedMargin: '20',
    }
    const at = (rules: ReturnType<typeof oneTier>) =>
      stateOf({ positions: [isolated] }, bookOf(BINANCE, { X: rules }), { X: '100' })
    expect(at(oneTier('0.05')).cure!.reductions).toEqual([{ symbol: 'X', size: '2' }])
    const tiered = rulesOf([
      ['150', '0.02', '0'],
      ['900', '0.2', '27'],
    ])
    // With the share k kept: 10·k > 40·k − 27 for k < 0.9, where 180 is still in the upper tier.
    expect(at(tiered).cure!.reductions).toEqual([{ symbol: 'X', size: '0.20000001' }])
  })

  it(`of an isolated position makes it safe, its margin reduced in proportion, and one step less does not (seed ${SEED})`, () => {
    let partly = 0
    fc.assert(
      fc.property(stressed(isolatedCase.filter(statedMargins)), (input) => {
        const { cure } = stateFor(input)
        if (cure === null) return
        const [position] = input.account.positions
        const size = cure.reductions[0]!.size!
        if (size === position!.size!.replace('-', '')) return
        partly++
        const step = input.rules.A!.contribution === 'linear' ? CURE_STEP : '1'
        expect(verdictWithShare(input, size)).toBe('safe')
        expect(verdictWithShare(input, sumOf(size, `-${step}`))).not.toBe('safe')
      }),
      { seed: SEED, numRuns: 1_000 },
    )
    expect(partly).toBeGreaterThan(5)
  })
})

/** The pool after closing `size` of one leg at the mark. The realised PnL is cut to 18 decimals. */
function reducedPool({ account, margin, rules, marks }: Case, index: number, size: string): AccountInput {
  const position = account.positions[index]!
  const [pool] = marginAccountsFor(account, bookOf(margin, rules))
  const curve = pool!.curves[index]!
  const share = div(parseDecimal(size), parseDecimal(position.size!.replace('-', '')))
  const realised = cut(mul(share, valueAt(curve, coordinateOf(curve, marks[position.symbol!]!))))
  const signedSize = position.size!.startsWith('-') ? size : `-${size}`
  const left = sumOf(position.size!, signedSize)
  const positions = account.positions.map((other, at) => (at === index ? { ...other, size: left } : other))
  const [wallet] = account.collateral!
  return {
    collateral: [{ ...wallet!, amount: sumOf(wallet!.amount, realised) }],
    positions: positions.filter(({ size: rest }) => rest !== '0'),
  }
}

/** Verdict of an isolated position after closing `closed` of it, the same share of its margin released. */
function verdictWithShare(input: Case, closed: string): string {
  const [position] = input.account.positions
  const left = sub(parseDecimal(position!.size!.replace('-', '')), parseDecimal(closed))
  const share = div(left, parseDecimal(position!.size!.replace('-', '')))
  const margin = cut(mul(parseDecimal(position!.isolatedMargin!), share))
  const size = formatDecimal(left)
  const signed = position!.size!.startsWith('-') ? `-${size}` : size
  return stateFor(input, { positions: [{ ...position!, size: signed, isolatedMargin: margin }] }).verdict
}

describe('no cure', () => {
  it(`is given for an account that is safe (seed ${SEED})`, () => {
    fc.assert(
      fc.property(anyCase, (input) => {
        const { verdict, cure } = stateFor(input)
        expect(cure === null).toBe(verdict === 'safe')
      }),
      { seed: SEED },
    )
  })
})
