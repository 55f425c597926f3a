import type { Coordinate, ExactTier } from '../margin/index.ts'

/** A margin account as the kernel takes it: every figure within the errors that kernel.ts allows. */
export interface KernelTerms {
  readonly constant: number
  readonly uncertainty: number
  readonly rows: readonly RowTerms[]
}

export interface RowTerms {
  readonly symbol: string
  readonly coordinate: Coordinate
  readonly tiers: readonly ExactTier[]
  readonly intercept: number
  readonly slope: number
  readonly scale: number
  readonly constant: number
}
