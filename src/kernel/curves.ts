import {
  COORDINATE_FALLS,
  COORDINATE_PRICE,
  COORDINATE_RECIPROCAL,
  CURVE_CHARGED,
} from '../../assembly/layout.ts'
import { assert } from '../errors.ts'
import { maintenanceIsConvex, type RisingTier, toFloat, ZERO } from '../margin/index.ts'
import type { CurvePiece, Kernel } from './kernel.ts'
import type { RowTerms } from './kernel-terms.ts'

/** Number of known curves at which unused ones are first searched. */
export const UNUSED_SOUGHT_AT = 256

/**
 * The curves of a kernel by tier list, coordinate, the way that x moves against an account and whether funding is asked: all rows
 * with the same share one. The kernel counts the rows on each.
 * Replaced rules have a new tier list, and the curve of the old one stays until no row is on it. Unused curves are freed
 * when twice as many curves are known as were in use at the last look, and at least UNUSED_SOUGHT_AT; so the kernel never
 * holds more than that, however often rules change.
 */
export class Curves {
  readonly #kernel: Kernel
  /** By coordinate of the layout, with CURVE_CHARGED. */
  readonly #known = new Map<number, Map<readonly RisingTier[], number>>()
  #soughtAt = UNUSED_SOUGHT_AT

  constructor(kernel: Kernel) {
    this.#kernel = kernel
  }

  get size(): number {
    let size = 0
    for (const curves of this.#known.values()) size += curves.size
    return size
  }

  /** The curve for a row that is added next. It may be freed in a later call if no row is on it by then. */
  of({ tiers, coordinate: of, isFallAdverse, isFundingAsked }: RowTerms): number {
    const coordinate =
      (of === 'price' ? COORDINATE_PRICE : COORDINATE_RECIPROCAL) +
      (isFallAdverse ? COORDINATE_FALLS : 0) +
      (isFundingAsked ? CURVE_CHARGED : 0)
    const known = this.#known.get(coordinate)?.get(tiers)
    if (known !== undefined) return known
    if (this.size >= this.#soughtAt) {
      this.freeUnused()
      this.#soughtAt = Math.max(UNUSED_SOUGHT_AT, 2 * this.size)
    }
    const curve = this.#kernel.addCurve(coordinate, piecesOf(tiers))
    this.#ofCoordinate(coordinate).set(tiers, curve)
    return curve
  }

  #ofCoordinate(coordinate: number): Map<readonly RisingTier[], number> {
    const known = this.#known.get(coordinate) ?? new Map<readonly RisingTier[], number>()
    this.#known.set(coordinate, known)
    return known
  }

  /** Frees every curve without rows. */
  freeUnused(): void {
    for (const curves of this.#known.values()) {
      for (const [tiers, curve] of curves) {
        if (this.#kernel.rowsOn(curve) > 0) continue
        this.#kernel.freeCurve(curve)
        curves.delete(tiers)
      }
    }
  }
}

function piecesOf(tiers: readonly RisingTier[]): CurvePiece[] {
  // The kernel asks for one level at a time, which needs maintenance margins that are never negative.
  assert(tiers[0]!.maintenanceDeduction.n <= 0n, 'the first deduction of a curve is not above 0')
  assert(
    maintenanceIsConvex(tiers),
    'the maintenance margin of a curve does not jump, and its rates do not fall',
  )
  return tiers.map((tier) => {
    const rate = toFloat(tier.maintenanceMarginRate)
    // The error bound of the re-check counts the notional with a weight of at most 1.
    assert(rate <= 1, `maintenance margin rate ${rate} is above 1`)
    const square = tier.isOpen ? Number.POSITIVE_INFINITY : toFloat(tier.increment ?? ZERO)
    return { cap: toFloat(tier.cap), rate, deduction: toFloat(tier.maintenanceDeduction), square }
  })
}
