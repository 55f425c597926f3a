import { COORDINATE_PRICE, COORDINATE_RECIPROCAL } from '../../assembly/layout.ts'
import { assert } from '../errors.ts'
import { type Curve, type ExactTier, type MarginAccount, toFloat } from '../margin/index.ts'
import type { Kernel } from './kernel.ts'

/** Turns exact margin accounts into rows of the kernel: once when an account changes, never on a tick. */
export class Compiler {
  readonly #kernel: Kernel
  readonly #instrumentOf: (symbol: string) => number
  /** One table a tier list and coordinate: rows of one instrument share it. */
  readonly #tables = new Map<readonly ExactTier[], { price?: number; reciprocal?: number }>()

  /** `instrumentOf` gives the kernel's instrument for a symbol of the margin account's venue. */
  constructor(kernel: Kernel, instrumentOf: (symbol: string) => number) {
    this.#kernel = kernel
    this.#instrumentOf = instrumentOf
  }

  /** Adds the margin account at a level; returns its number. Its rows fire until it is re-checked. */
  add(marginAccount: MarginAccount, level: number): number {
    const account = this.#kernel.addAccount(toFloat(marginAccount.constant), level)
    this.#addRows(account, marginAccount.curves)
    return account
  }

  /** Gives an existing account new terms; its level stays. */
  replace(account: number, marginAccount: MarginAccount): void {
    this.#kernel.removeRows(account)
    this.#kernel.setConstant(account, toFloat(marginAccount.constant), 0)
    this.#addRows(account, marginAccount.curves)
  }

  #addRows(account: number, curves: readonly Curve[]): void {
    for (const curve of curves) {
      this.#kernel.addRow(
        account,
        this.#instrumentOf(curve.symbol),
        this.#tableOf(curve),
        toFloat(curve.intercept),
        toFloat(curve.slope),
        toFloat(curve.scale),
        toFloat(curve.maintenanceConstant),
      )
    }
  }

  #tableOf(curve: Curve): number {
    let known = this.#tables.get(curve.tiers)
    if (known === undefined) {
      known = {}
      this.#tables.set(curve.tiers, known)
    }
    // The kernel asks for one level at a time, which needs maintenance margins that are never negative.
    assert(curve.tiers[0]!.maintenanceDeduction.n <= 0n, `the first deduction of ${curve.symbol} is above 0`)
    known[curve.coordinate] ??= this.#kernel.addCurve(
      curve.coordinate === 'price' ? COORDINATE_PRICE : COORDINATE_RECIPROCAL,
      curve.tiers.map(pieceOf),
    )
    return known[curve.coordinate]!
  }
}

function pieceOf(tier: ExactTier) {
  const rate = toFloat(tier.maintenanceMarginRate)
  // The error bound of the re-check counts the notional with a weight of at most 1.
  assert(rate <= 1, `maintenance margin rate ${rate} is above 1`)
  return { cap: toFloat(tier.cap), rate, deduction: toFloat(tier.maintenanceDeduction) }
}
