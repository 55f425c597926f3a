import type { Coordinate, RisingTier } from '../margin/index.ts'

/** A margin account as the kernel takes it: every figure within the errors that kernel.ts allows. */
export interface KernelTerms {
  readonly constant: number
  readonly uncertainty: number
  /** No instrument is held on both sides: a distance that is not reached says that no nearer one is. */
  readonly isOneSided: boolean
  /** The rows only name what moves the account: each tick of theirs gives it to exact arithmetic. */
  readonly isAlways: boolean
  readonly rows: readonly RowTerms[]
}

export interface RowTerms {
  readonly symbol: string
  readonly coordinate: Coordinate
  /** Whether x falls when the price moves against the account. Otherwise it rises then. */
  readonly isFallAdverse: boolean
  readonly tiers: readonly RisingTier[]
  /** Whether the funding that it is to pay counts in the maintenance margin, on the value at entry |intercept|. */
  readonly isFundingAsked: boolean
  readonly intercept: number
  readonly slope: number
  readonly scale: number
  readonly constant: number
}
