import type { KernelTerms } from '../../src/kernel/index.ts'
import { type MarginAccount, toFloat } from '../../src/margin/index.ts'

/** The slow twin of `floatTermsOf`: the exact terms of a margin account, each rounded once. */
export function exactTermsOf({ constant, curves }: MarginAccount): KernelTerms {
  return {
    constant: toFloat(constant),
    uncertainty: 0,
    rows: curves.map((curve) => ({
      symbol: curve.symbol,
      coordinate: curve.coordinate,
      tiers: curve.tiers,
      intercept: toFloat(curve.intercept),
      slope: toFloat(curve.slope),
      scale: toFloat(curve.scale),
      constant: toFloat(curve.maintenanceConstant),
    })),
  }
}
