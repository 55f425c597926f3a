import { describe, expect, it } from 'vitest'
import type { RuleBook } from '../../src/domain/index.ts'
import { BINANCE, BYBIT, bookOf, rulesOf, stateOf, type TierRow } from '../margin/support.ts'
import type { AccountInput } from '../support/accounts.ts'
import { expectPrinted } from './support.ts'

/**
 * Every combination of venue, contract, margin mode, side, tier and closing fee: leverage 10, entry price 60,000, margin
 * of 12 % of the entry value and the closing fee. The figures follow from the venues' printed formulas, written down apart
 * from this program in fractions and cut after nine decimals:
 *
 * - Bybit, help centre, "Liquidation Price (Isolated Margin)" and "Maintenance Margin (USDT Contract)", rules of July 2025:
 *   MM = value · MMR − deduction + fee on the bankruptcy value; isolated, linear: LP = (E·q ∓ E·q/L ∓ X/(1 ∓ f) ∓ D) /
 *   (q · (1 ∓ MMR)), inverse: LP = Q · (1 ± MMR) / (Q/E ± Q/(E·L) ± X/(1 ± f) ± D).
 * - Binance, FAQ "How to Calculate Liquidation Price of USDⓈ-M Futures Contracts" and the one of COIN-M:
 *   LP = (WB + cum − side·q·E) / (q · MMR − side·q), in coin LP = (N · MMR + side·N) / (WB + cum + side·N/E).
 */
const FIGURES = `
  bybit linear isolated long 1 0.00055 2 14459.4 59500 654.4 53064.662951558
  bybit linear isolated long 1 0 2 14400 59500 595 53065.326633165
  bybit linear isolated long 2 0.00055 40 289188 59500 13316 53066.512104585
  bybit linear isolated long 2 0 40 288000 59500 12128 53067.176186645
  bybit linear isolated short 1 0.00055 -2 14472.6 60500 677.6 66865.015286368
  bybit linear isolated short 1 0 -2 14400 60500 605 66865.671641791
  bybit linear isolated short 2 0.00055 -40 289452 60500 13804 66853.662290371
  bybit linear isolated short 2 0 -40 288000 60500 12352 66854.317797873
  bybit linear cross long 1 0.00055 2 14459.4 59500 654.4 53065.326633165
  bybit linear cross long 1 0 2 14400 59500 595 53065.326633165
  bybit linear cross long 2 0.00055 40 289188 59500 13316 53067.176186645
  bybit linear cross long 2 0 40 288000 59500 12128 53067.176186645
  bybit linear cross short 1 0.00055 -2 14472.6 60500 677.6 66865.671641791
  bybit linear cross short 1 0 -2 14400 60500 605 66865.671641791
  bybit linear cross short 2 0.00055 -40 289452 60500 13804 66854.317797873
  bybit linear cross short 2 0 -40 288000 60500 12352 66854.317797873
  bybit inverse isolated long 1 0.00055 30000 0.0603025 59500 0.002823508 53839.814207503
  bybit inverse isolated long 1 0 30000 0.06 59500 0.002521008 53839.285714285
  bybit inverse isolated long 2 0.00055 12000000 24.121 59500 1.387806722 53927.112678228
  bybit inverse isolated long 2 0 12000000 24 59500 1.266806722 53926.585094549
  bybit inverse isolated short 1 0.00055 -30000 0.0602475 60500 0.002726838 67841.757579547
  bybit inverse isolated short 1 0 -30000 0.06 60500 0.002479338 67840.909090909
  bybit inverse isolated short 2 0.00055 -12000000 24.099 60500 1.332471074 67789.72450479
  bybit inverse isolated short 2 0 -12000000 24 60500 1.233471074 67788.873038516
  bybit inverse cross long 1 0.00055 30000 0.0603025 59500 0.002823508 53839.285714285
  bybit inverse cross long 1 0 30000 0.06 59500 0.002521008 53839.285714285
  bybit inverse cross long 2 0.00055 12000000 24.121 59500 1.387806722 53926.585094549
  bybit inverse cross long 2 0 12000000 24 59500 1.266806722 53926.585094549
  bybit inverse cross short 1 0.00055 -30000 0.0602475 60500 0.002726838 67840.909090909
  bybit inverse cross short 1 0 -30000 0.06 60500 0.002479338 67840.909090909
  bybit inverse cross short 2 0.00055 -12000000 24.099 60500 1.332471074 67788.873038516
  bybit inverse cross short 2 0 -12000000 24 60500 1.233471074 67788.873038516
  binance linear isolated long 1 0 0.5 3600 59500 119 53012.048192771
  binance linear isolated long 2 0 5 36000 59500 1437.5 53055.276381909
  binance linear isolated short 1 0 -0.5 3600 60500 121 66932.270916334
  binance linear isolated short 2 0 -5 36000 60500 1462.5 66875.621890547
  binance linear cross long 1 0 0.5 3600 59500 119 53012.048192771
  binance linear cross long 2 0 5 36000 59500 1437.5 53055.276381909
  binance linear cross short 1 0 -0.5 3600 60500 121 66932.270916334
  binance linear cross short 2 0 -5 36000 60500 1462.5 66875.621890547
  binance inverse isolated long 1 0 1000 0.2 59500 0.006722689 53785.714285714
  binance inverse isolated long 2 0 4200 0.84 59500 0.030294117 53804.971319311
  binance inverse isolated short 1 0 -1000 0.2 60500 0.00661157 67909.09090909
  binance inverse isolated short 2 0 -4200 0.84 60500 0.029710743 67896.019496344
  binance inverse cross long 1 0 1000 0.2 59500 0.006722689 53785.714285714
  binance inverse cross long 2 0 4200 0.84 59500 0.030294117 53804.971319311
  binance inverse cross short 1 0 -1000 0.2 60500 0.00661157 67909.09090909
  binance inverse cross short 2 0 -4200 0.84 60500 0.029710743 67896.019496344
`

const TIERS: Readonly<Record<string, readonly TierRow[]>> = {
  // BTCUSDT, API copy of 2026-08-05, first rows.
  'bybit linear': [
    ['2000000', '0.005', '0'],
    ['2600000', '0.0056', '1200'],
    ['3200000', '0.0063', '3020'],
  ],
  // BTCUSD, v5 documentation, "Get Risk Limit"; in coin.
  'bybit inverse': [
    ['150', '0.005', '0'],
    ['300', '0.01', '0.75'],
    ['450', '0.015', '2.25'],
  ],
  // BTCUSDT, brackets of October 2024, first rows.
  'binance linear': [
    ['50000', '0.004', '0'],
    ['600000', '0.005', '50'],
    ['3000000', '0.0065', '950'],
  ],
  // COIN-M BTCUSD, in coin, first rows.
  'binance inverse': [
    ['5', '0.004', '0'],
    ['10', '0.005', '0.005'],
    ['20', '0.01', '0.055'],
  ],
}
const HUNDRED_DOLLARS = '100'
const ENTRY_PRICE = '60000'
const LEVERAGE = '10'

const CASES = FIGURES.trim()
  .split('\n')
  .map((line) => {
    const [
      venue,
      kind,
      marginMode,
      side,
      tier,
      fee,
      size,
      margin,
      markPrice,
      maintenanceMargin,
      liquidationPrice,
    ] = line.trim().split(' ') as [string, 'linear' | 'inverse', 'isolated' | 'cross', ...string[]]
    const name = `${venue} ${kind} ${marginMode} ${side}, tier ${tier}, fee ${fee}`
    return {
      name,
      venue,
      kind,
      marginMode,
      side,
      tier,
      fee: fee!,
      size: size!,
      margin: margin!,
      markPrice: markPrice!,
      maintenanceMargin: maintenanceMargin!,
      liquidationPrice: liquidationPrice!,
    }
  })
type Case = (typeof CASES)[number]

function bookFor({ venue, kind, fee }: Case): RuleBook {
  const rules = rulesOf(TIERS[`${venue} ${kind}`]!, {
    kind,
    settle: kind === 'linear' ? 'USDT' : 'BTC',
    takerFeeRate: fee,
    multiplier: venue === 'binance' && kind === 'inverse' ? HUNDRED_DOLLARS : '1',
  })
  return bookOf(venue === 'bybit' ? BYBIT : BINANCE, { X: rules })
}

function accountFor({ kind, marginMode, size, margin }: Case): AccountInput {
  const position = { symbol: 'X', marginMode, size, entryPrice: ENTRY_PRICE, leverage: LEVERAGE }
  if (marginMode === 'isolated') return { positions: [{ ...position, isolatedMargin: margin }] }
  return {
    collateral: [{ asset: kind === 'linear' ? 'USDT' : 'BTC', amount: margin }],
    positions: [position],
  }
}

/** The printed price moved by a millionth against the position (`worse`) or for it. */
function moved(price: string, side: string | undefined, worse: boolean): string {
  const down = (side === 'long') === worse
  return (Number(price) * (down ? 1 - 1e-6 : 1 + 1e-6)).toFixed(9)
}

describe.each(CASES)('worked figures: $name', (entry) => {
  const stateAt = (markPrice: string) => stateOf(accountFor(entry), bookFor(entry), { X: markPrice })

  it('have the maintenance margin and the liquidation price of the venue’s formula', () => {
    const state = stateAt(entry.markPrice)
    expectPrinted(state.positions[0]!.maintenanceMargin, entry.maintenanceMargin)
    expectPrinted(state.positions[0]!.liquidationPrice, entry.liquidationPrice)
    expect(state.verdict).not.toBe('breach')
  })

  it('are a breach just past that price and none just before it', () => {
    expect(stateAt(moved(entry.liquidationPrice, entry.side, false)).verdict).toBe('warning')
    expect(stateAt(moved(entry.liquidationPrice, entry.side, true)).verdict).toBe('breach')
  })
})

it('hold every combination once', () => {
  const wanted = ['bybit', 'binance'].flatMap((venue) =>
    ['linear', 'inverse'].flatMap((kind) =>
      ['isolated', 'cross'].flatMap((marginMode) =>
        ['long', 'short'].flatMap((side) =>
          ['1', '2'].flatMap((tier) =>
            (venue === 'bybit' ? ['0.00055', '0'] : ['0']).map(
              (fee) => `${venue} ${kind} ${marginMode} ${side}, tier ${tier}, fee ${fee}`,
            ),
          ),
        ),
      ),
    ),
  )
  expect(CASES.map(({ name }) => name).sort()).toEqual(wanted.sort())
})
