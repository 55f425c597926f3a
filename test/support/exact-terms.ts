import type { KernelTerms } from '../../src/kernel/index.ts'
import { add, type MarginAccount, type Rational, sign, toFloat, ZERO } from '../../src/margin/index.ts'

/** The slow twin of `floatTermsOf`: the exact terms of a margin account, each rounded once. */
export function exactTermsOf({ constant, curves }: MarginAccount): KernelTerms {
  const nets = new Map<string, Rational>()
  for (const { symbol, slope } of curves) nets.set(symbol, add(nets.get(symbol) ?? ZERO, slope))
  return {
    constant: toFloat(constant),
    uncertainty: 0,
    isOneSided: nets.size === curves.length,
    isAlways: false,
    rows: curves.map((curve) => ({
      symbol: curve.symbol,
      coordinate: curve.coordinate,
      isFallAdverse: sign(nets.get(curve.symbol)!) > 0,
      tiers: curve.tiers,
      isFundingAsked: false,
      intercept: toFloat(curve.intercept),
      slope: toFloat(curve.slope),
      scale: toFloat(curve.scale),
      constant: toFloat(curve.maintenanceConstant),
    })),
  }
}
