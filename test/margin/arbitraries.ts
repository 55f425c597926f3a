import fc from 'fast-check'
import type { InstrumentRules, MarginDefaults } from '../../src/domain/index.ts'
import { add, formatDecimal, mul, parseDecimal, sub, ZERO } from '../../src/margin/index.ts'
import type { AccountInput } from '../support/accounts.ts'
import { BINANCE, BYBIT, rulesOf, type TierRow } from './support.ts'

/** A decimal between two integers with a number of decimals. */
export function decimalBetween(low: number, high: number, decimals: number): fc.Arbitrary<string> {
  const scale = 10 ** decimals
  return fc
    .integer({ min: Math.max(1, low * scale), max: high * scale })
    .map((digits) => formatDecimal({ n: BigInt(digits), d: BigInt(scale) }))
}

/** A marginal table of 1 to 5 tiers whose deductions follow the recurrence. Caps in units of `capUnit`. */
export function tiersArbitrary(capUnit: number): fc.Arbitrary<readonly TierRow[]> {
  const step = fc.record({ cap: fc.integer({ min: 1, max: 50 }), rate: fc.integer({ min: 0, max: 40 }) })
  return fc.array(step, { minLength: 1, maxLength: 5 }).map((steps) => {
    let cap = 0
    let rate = parseDecimal('0.004')
    let capBefore = ZERO
    let deduction = ZERO
    return steps.map((grown, index): TierRow => {
      const rateNow = index === 0 ? rate : add(rate, { n: BigInt(grown.rate), d: 1000n })
      deduction = add(deduction, mul(capBefore, sub(rateNow, rate)))
      rate = rateNow
      cap += grown.cap * capUnit
      capBefore = parseDecimal(String(cap))
      return [String(cap), formatDecimal(rate), formatDecimal(deduction)]
    })
  })
}

const linear = tiersArbitrary(20_000).map((tiers) => rulesOf(tiers, { takerFeeRate: '0.00055' }))
const inverse = tiersArbitrary(1).map((tiers) =>
  rulesOf(tiers, { kind: 'inverse', settle: 'BTC', multiplier: '10', takerFeeRate: '0.00055' }),
)

export interface Case {
  readonly margin: MarginDefaults
  readonly rules: Readonly<Record<string, InstrumentRules>>
  readonly account: AccountInput
  readonly marks: Readonly<Record<string, string>>
}

const marginArbitrary = fc.constantFrom(BYBIT, BINANCE)
const leverageArbitrary = fc.constantFrom('2', '3', '7', '10', '50', '100')

function leg(symbol: string, kind: 'linear' | 'inverse', short: boolean) {
  const size = kind === 'linear' ? decimalBetween(0, 20, 3) : fc.integer({ min: 1, max: 40_000 }).map(String)
  return fc.record({
    symbol: fc.constant(symbol),
    marginMode: fc.constant('cross'),
    size: size.map((text) => (short ? `-${text}` : text)),
    entryPrice: decimalBetween(8_000, 12_000, 2),
    leverage: leverageArbitrary,
  })
}

/** One cross pool of 1 to 4 legs over two symbols of one kind, hedged legs among them. */
export const crossCase: fc.Arbitrary<Case> = fc
  .constantFrom('linear' as const, 'inverse' as const)
  .chain((kind) =>
    fc
      .record({
        margin: marginArbitrary,
        rules: fc.record({
          A: kind === 'linear' ? linear : inverse,
          B: kind === 'linear' ? linear : inverse,
        }),
        wallet: kind === 'linear' ? decimalBetween(1, 60_000, 2) : decimalBetween(0, 12, 4),
        legs: fc
          .tuple(leg('A', kind, false), leg('A', kind, true), leg('B', kind, false), leg('B', kind, true))
          .chain((legs) => fc.shuffledSubarray(legs, { minLength: 1 })),
        marks: fc.record({ A: decimalBetween(4_000, 20_000, 2), B: decimalBetween(4_000, 20_000, 2) }),
      })
      .map(({ margin, rules, wallet, legs, marks }) => ({
        margin,
        rules,
        marks,
        account: {
          collateral: [{ asset: kind === 'linear' ? 'USDT' : 'BTC', amount: wallet }],
          positions: legs,
        },
      })),
  )

/** One isolated position, with leverage, with a stated margin, or with both. */
export const isolatedCase: fc.Arbitrary<Case> = fc
  .tuple(fc.constantFrom('linear' as const, 'inverse' as const), fc.boolean(), fc.constantFrom(0, 1, 2))
  .chain(([kind, short, stated]) =>
    fc
      .record({
        margin: marginArbitrary,
        rules: kind === 'linear' ? linear : inverse,
        position: leg('A', kind, short),
        isolatedMargin: kind === 'linear' ? decimalBetween(1, 30_000, 2) : decimalBetween(0, 5, 4),
        mark: decimalBetween(4_000, 20_000, 2),
      })
      .map(({ margin, rules, position, isolatedMargin, mark }) => {
        const { leverage, ...unlevered } = position
        const fields = [{ leverage }, { isolatedMargin }, { leverage, isolatedMargin }][stated]!
        const positions = [{ ...unlevered, ...fields, marginMode: 'isolated' } as Record<string, string>]
        return { margin, rules: { A: rules }, marks: { A: mark }, account: { positions } }
      }),
  )

export const anyCase: fc.Arbitrary<Case> = fc.oneof(crossCase, isolatedCase)
