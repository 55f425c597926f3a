import type { DemoInstrument } from '../exchange/instrument.ts'
import { tiersOf } from '../exchange/tiers.ts'

/** Approximate margin figures, in f64, that say how much margin a synthetic position gets. No account is judged by them. */
export interface FloatLeg {
  readonly instrument: DemoInstrument
  /** Notional in the settlement asset, at the start price. */
  readonly notional: number
  readonly unrealizedPnl: number
  readonly maintenanceMargin: number
  /** The venue's initial margin at the entry price and leverage, in the settlement asset. */
  readonly initialMargin: number
}

const USDT_DECIMALS = 2
const COIN_DECIMALS = 8

interface FloatTier {
  readonly cap: number
  readonly rate: number
  readonly deduction: number
}
const tierCache = new WeakMap<DemoInstrument, readonly FloatTier[]>()

export function legOf(
  instrument: DemoInstrument,
  size: number,
  entryPrice: number,
  leverage: number,
): FloatLeg {
  const units = Math.abs(size) * instrument.multiplier
  const mark = instrument.startPrice
  const linear = instrument.kind === 'linear'
  const notional = linear ? units * mark : units / mark
  const entryValue = linear ? units * entryPrice : units / entryPrice
  const change = linear ? notional - entryValue : entryValue - notional
  const feeRate = instrument.countsClosingFee ? Number(instrument.takerFeeRate) : 0
  const fee = entryValue * (1 + 1 / leverage) * feeRate
  const tier = floatTiersOf(instrument).find((entry) => notional <= entry.cap)
  const { rate, deduction } = tier ?? floatTiersOf(instrument).at(-1)!
  return {
    instrument,
    notional,
    unrealizedPnl: Math.sign(size) * change,
    maintenanceMargin: notional * rate - deduction + fee,
    initialMargin: entryValue / leverage + fee,
  }
}

/**
 * Isolated margin, as a decimal, that lets the mark move by the share `distance` of the notional. At least the initial
 * margin.
 */
export function isolatedMarginFor(leg: FloatLeg, distance: number): string {
  const wanted = leg.maintenanceMargin + distance * leg.notional - leg.unrealizedPnl
  return roundUp(Math.max(wanted, leg.initialMargin), leg.instrument)
}

/** The same for the cross positions of one settlement asset; `distance` is a share of their gross notional. */
export function walletBalanceFor(legs: readonly FloatLeg[], distance: number): string {
  let wanted = 0
  for (const leg of legs) wanted += leg.maintenanceMargin + distance * leg.notional - leg.unrealizedPnl
  return roundUp(Math.max(wanted, 0), legs[0]!.instrument)
}

function roundUp(amount: number, instrument: DemoInstrument): string {
  const decimals = instrument.settlementAsset === 'USDT' ? USDT_DECIMALS : COIN_DECIMALS
  return (amount + 10 ** -decimals).toFixed(decimals)
}

function floatTiersOf(instrument: DemoInstrument): readonly FloatTier[] {
  const known = tierCache.get(instrument)
  if (known !== undefined) return known
  const tiers = tiersOf(instrument).map((tier) => ({
    cap: Number(tier.cap),
    rate: Number(tier.maintenanceMarginRate),
    deduction: Number(tier.maintenanceDeduction),
  }))
  tierCache.set(instrument, tiers)
  return tiers
}
