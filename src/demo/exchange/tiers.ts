import type { RiskTier } from '../../domain/index.ts'
import type { DemoCoin, DemoInstrument, MaintenanceClass } from './instrument.ts'

/**
 * Caps in thousands of USD with the rate up to each cap, in units of 0.01 %, shaped like the venues'
 * published tables: rates grow with the notional, the last tier has half or more of it as margin.
 */
const ROWS: Readonly<Record<MaintenanceClass, readonly (readonly [capThousands: number, rate: number])[]>> = {
  major: [
    [2_000, 50],
    [4_000, 65],
    [8_500, 100],
    [20_000, 160],
    [50_000, 290],
    [100_000, 650],
    [250_000, 1_800],
    [1_200_000, 6_000],
  ],
  large: [
    [500, 75],
    [1_000, 100],
    [2_500, 200],
    [8_000, 400],
    [20_000, 1_000],
    [60_000, 2_500],
    [150_000, 5_000],
  ],
  small: [
    [100, 125],
    [250, 200],
    [600, 350],
    [2_000, 750],
    [6_000, 1_500],
    [20_000, 5_000],
  ],
}

const RATE_DECIMALS = 4
/** Significant digits of caps in coin, rounded as venues do. */
const COIN_CAP_DIGITS = 2

/**
 * The marginal tiers of an instrument, caps in quote currency (linear) or in coin (inverse).
 * D₁ = 0, Dₙ = Dₙ₋₁ + capₙ₋₁·(rateₙ − rateₙ₋₁), exactly: the arithmetic is in integers.
 */
export function tiersOf(
  instrument: Pick<DemoInstrument, 'kind'> & Pick<DemoCoin, 'startPrice' | 'maintenanceClass'>,
): RiskTier[] {
  let deduction = 0n
  let previous: { cap: bigint; rate: bigint } | undefined
  return ROWS[instrument.maintenanceClass].map(([capThousands, rateUnits]) => {
    const cap = capOf(capThousands * 1_000, instrument)
    const rate = BigInt(rateUnits)
    if (previous !== undefined) deduction += previous.cap * (rate - previous.rate)
    previous = { cap, rate }
    return {
      cap: String(cap),
      maintenanceMarginRate: decimal(rate, RATE_DECIMALS),
      maintenanceDeduction: decimal(deduction, RATE_DECIMALS),
    }
  })
}

function capOf(usd: number, instrument: Pick<DemoInstrument, 'kind' | 'startPrice'>): bigint {
  if (instrument.kind === 'linear') return BigInt(usd)
  const coins = Number((usd / instrument.startPrice).toPrecision(COIN_CAP_DIGITS))
  return BigInt(Math.max(1, Math.round(coins)))
}

function decimal(units: bigint, decimals: number): string {
  const digits = String(units).padStart(decimals + 1, '0')
  const whole = digits.slice(0, -decimals)
  const fraction = digits.slice(-decimals).replace(/0+$/, '')
  return fraction === '' ? whole : `${whole}.${fraction}`
}
