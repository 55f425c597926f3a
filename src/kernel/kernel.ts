/** What every back-end of the kernel does. Numbers in, numbers out; nothing here allocates on a tick. */
export interface Kernel {
  readonly variant: KernelVariant
  /** Grows the capacities in steps so that these totals fit. Call outside instants. Throws KERNEL_CAPACITY. */
  reserve(totals: KernelTotals): void
  /** Level values from level 1 upwards, ascending, the last one is liquidation; then the release factor 1 + h. */
  setLevels(values: readonly number[], releaseFactor: number): void
  addInstrument(): number
  /** `pieces` in ascending order of cap; the last one goes on beyond its cap. */
  addCurve(coordinate: number, pieces: readonly CurvePiece[]): number
  addAccount(constant: number, level: number): number
  /** contribution = intercept + slope·x; maintenance = rate·y − deduction + constant with y = scale·x. */
  addRow(
    account: number,
    instrument: number,
    curve: number,
    intercept: number,
    slope: number,
    scale: number,
    constant: number,
  ): void
  setConstant(account: number, constant: number): void
  removeRows(account: number): void
  removeAccount(account: number): void
  /** A level, or `undecidedLevel` of one: then the next re-check is handed to the host whatever it finds. */
  setAccountLevel(account: number, level: number): void
  /** Computes the account from scratch and arms its triggers. Returns one of ANSWER_…. */
  recheckAccount(account: number): number
  /** The answer and the measured values of a re-check; leaves triggers and `unknownAccounts` as they are. */
  measureAccount(account: number): number
  /**
   * The level that the account re-checked or measured last provably holds, coming from its present level, with
   * hysteresis; LEVEL_NONE where f64 does not decide it or a mark is missing.
   */
  readonly measuredLevel: number
  /** Of the account re-checked or measured last, in its settlement asset; NaN where a mark is missing. */
  readonly measuredMarginBalance: number
  /** The same of the maintenance margin. */
  readonly measuredMaintenanceMargin: number

  beginInstant(): void
  /** 0 clears the mark. Returns false when the instrument already has a mark in this instant. */
  setMark(instrument: number, mark: number): boolean
  /** Number of accounts nominated in this instant so far. */
  nominate(): number
  /** The same nominations by comparing every row. */
  scan(): number
  /** Nominates every account with a row of the instrument. */
  nominateAll(instrument: number): number
  /** Re-checks nominated accounts [from, to), at most RECHECKED_MAX; returns the number of suspects among them. */
  recheckNominated(from: number, to: number): number
  /**
   * Moves suspects [from, to) of the last `recheckNominated` whose level is proven to that level and arms them for it.
   * Returns how many are across a level even then, which is none.
   */
  takeProven(from: number, to: number): number
  nominatedAccount(index: number): number
  suspectAccount(index: number): number
  suspectAnswer(index: number): number
  /** `measuredLevel` of the suspect at its re-check. */
  suspectLevel(index: number): number
  suspectMarginBalance(index: number): number
  suspectMaintenanceMargin(index: number): number
  /** Brings the zones up to date with changed triggers. `beginInstant` does it too where it was not done. */
  refreshZones(): void

  mark(instrument: number): number
  /** The row of the account that was added last, or −1; `nextRow` gives the one added before it. */
  firstRow(account: number): number
  nextRow(row: number): number
  instrumentOf(row: number): number
  accountLevel(account: number): number
  /**
   * Accounts that their last re-check left without a verdict: a mark is missing, or a verdict was asked afresh and is
   * not given yet. Those never re-checked are not among them.
   */
  readonly unknownAccounts: number
  isAccountUnknown(account: number): boolean
  /** Bytes of the kernel's memory. */
  readonly byteLength: number
  /** For tests: continues the instants from the given stamp. */
  setStamp(stamp: number): void
}

export type KernelVariant = 'wasm-simd' | 'wasm-scalar' | 'typescript'

export interface CurvePiece {
  readonly cap: number
  readonly rate: number
  readonly deduction: number
}

export interface KernelTotals {
  readonly rows?: number
  readonly accounts?: number
  readonly instruments?: number
  readonly curves?: number
  readonly pieces?: number
}
