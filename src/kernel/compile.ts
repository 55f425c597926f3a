import { COORDINATE_PRICE, COORDINATE_RECIPROCAL } from '../../assembly/layout.ts'
import { assert } from '../errors.ts'
import { type ExactTier, toFloat } from '../margin/index.ts'
import type { KernelTerms, RowTerms } from './float-terms.ts'
import type { Kernel } from './kernel.ts'

/** Puts the terms of margin accounts into the kernel as rows: once when an account changes, never on a tick. */
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
  add({ constant, uncertainty, rows }: KernelTerms, level: number): number {
    const account = this.#kernel.addAccount(constant, level, uncertainty)
    this.#addRows(account, rows)
    return account
  }

  /** Gives an existing account new terms; its level stays. */
  replace(account: number, { constant, uncertainty, rows }: KernelTerms): void {
    this.#kernel.removeRows(account)
    this.#kernel.setConstant(account, constant, uncertainty)
    this.#addRows(account, rows)
  }

  #addRows(account: number, rows: readonly RowTerms[]): void {
    for (const row of rows) {
      const instrument = this.#instrumentOf(row.symbol)
      const curve = this.#tableOf(row)
      this.#kernel.addRow(account, instrument, curve, row.intercept, row.slope, row.scale, row.constant)
    }
  }

  #tableOf(curve: RowTerms): number {
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
