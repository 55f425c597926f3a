import { assert } from '../../errors.ts'
import type { DemoInstrument } from '../exchange/instrument.ts'

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
  const fee = entryValue * (1 + 1 / leverage) * feeRateOf(instrument)
  return {
    instrument,
    notional,
    unrealizedPnl: Math.sign(size) * change,
    maintenanceMargin: maintenanceOf(instrument, size, notional, entryValue / leverage) + fee,
    initialMargin: entryValue / leverage + fee,
  }
}

function feeRateOf({ rules, countsClosingFee }: DemoInstrument): number {
  const counts = countsClosingFee || rules.maintenance.kind === 'whole-tiers'
  return counts ? Number(rules.takerFeeRate) : 0
}

function maintenanceOf(
  instrument: DemoInstrument,
  size: number,
  notional: number,
  usedMargin: number,
): number {
  const contracts = Math.abs(size)
  const { maintenance, contribution } = instrument.rules
  if (maintenance.kind === 'size-rate') {
    const coins = contribution === 'inverse' ? notional : contracts
    return notional * (Number(maintenance.base) + Number(maintenance.increment) * coins)
  }
  if (maintenance.kind === 'used-margin') return usedMargin * Number(maintenance.share)
  if (maintenance.kind === 'per-contract') return contracts * Number(maintenance.amount)
  if (maintenance.kind === 'side-rates')
    return notional * Number(size > 0 ? maintenance.long : maintenance.short)
  if (maintenance.kind === 'initial-share')
    return notional * Number(maintenance.initialRate) * Number(maintenance.share)
  const isByContracts = maintenance.kind === 'whole-tiers' && maintenance.basis === 'contracts'
  const measure = isByContracts ? contracts : notional
  const tiers = floatTiersOf(instrument)
  const { rate, deduction } = tiers.find(({ cap }) => measure <= cap) ?? tiers.at(-1)!
  return notional * rate - deduction
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
  const { maintenance } = instrument.rules
  assert('tiers' in maintenance, `the rules of ${instrument.symbol} have tiers`)
  const tiers = maintenance.tiers.map((tier) => ({
    cap: Number(tier.cap),
    rate: Number(tier.maintenanceMarginRate),
    deduction: 'maintenanceDeduction' in tier ? Number(tier.maintenanceDeduction) : 0,
  }))
  tierCache.set(instrument, tiers)
  return tiers
}
