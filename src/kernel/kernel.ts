import type { KernelLevel } from './levels.ts'

/**
 * What every variant of the kernel does. Numbers in, numbers out; no call allocates on a tick.
 *
 * The host guarantees what the error bound of assembly/recheck.ts needs (u = 2^-53):
 * - Row inputs (intercept, slope, scale, constant) and piece inputs (cap, rate, deduction, square) may be computed in f64. Each
 *   lies within INPUT_ERROR_ULPS · u = 16u of its exact value, relative to that value. An exact 0 is given as 0, and
 *   the sign is right. A product or quotient of k correctly rounded decimals errs by at most (2k − 1)u. A sum of terms
 *   of opposite sign has no such bound: compute it exactly.
 * - An account's constant errs by at most 16u of its exact value plus the account's `uncertainty` ≥ 0, an amount of the
 *   settlement asset. For a sum of k terms, each computed within e·u, (e + k)·u times the sum of their absolute values
 *   is enough. The uncertainty also holds what the curves leave out, such as a venue's rounding: the deviations of
 *   margin balance and of maintenance margin, added, never exceed it, at any price. Exact inputs have 0. An account of which
 *   no such amount is known is flagged by `setAccountAlways`.
 * - Marks are correctly rounded decimals above 0, charges are correctly rounded; ratios and factors of levels are correctly rounded.
 * - The exact values fit one another: pieces join without a jump, rates are in [0, 1] and never fall from piece to
 *   piece, scale > 0, the first deduction is not above 0, row constants are not below 0, an account has at most 1,000
 *   rows.
 * - Squares stand on curves of reciprocals. They are not below 0, err as other piece inputs, and are the same in all pieces of
 *   a curve but those with Infinity, of whose values f64 proves nothing. Where x falls against the accounts on the curve, rate + 4·square·cap is at most 1.
 */
export interface Kernel {
  readonly variant: KernelVariant
  /** Grows the capacities in steps so that these totals fit. Call outside instants. Throws KERNEL_CAPACITY. */
  reserve(totals: KernelTotals): void
  /** 1 + hysteresis, of all rules. */
  setReleaseFactor(factor: number): void
  /** The levels of a rule below RULES_MAX from level 1 upwards, the farthest from the line first, the last one is liquidation. */
  setRule(rule: number, levels: readonly KernelLevel[]): void
  addInstrument(): number
  /**
   * 1 to CURVE_PIECES_MAX pieces in ascending order of cap; the last one continues beyond its cap. `coordinate` is one of
   * COORDINATE_…, plus COORDINATE_FALLS where x falls when the price moves against the accounts on the curve, plus
   * CURVE_CHARGED where its rows are charged.
   */
  addCurve(coordinate: number, pieces: readonly CurvePiece[]): number
  /**
   * Frees a curve that no row uses; a curve in use breaks an invariant. Its number and the places of its pieces serve the
   * next curve of its size class (1, 2, 3–4, 5–8 … 129–256 pieces). So however often rules change, the kernel holds no
   * more places than, for every size class, its span times the most curves that lived at once.
   */
  freeCurve(curve: number): void
  /** Rows on a curve that is not free. */
  rowsOn(curve: number): number
  /** Returns the account's number. `uncertainty` is described above. */
  addAccount(constant: number, level: number, uncertainty?: number): number
  /** contribution = intercept + slope·x; maintenance = rate·y − deduction + square·y² + constant with y = scale·x. */
  addRow(
    account: number,
    instrument: number,
    curve: number,
    intercept: number,
    slope: number,
    scale: number,
    constant: number,
  ): void
  setConstant(account: number, constant: number, uncertainty: number): void
  removeRows(account: number): void
  removeAccount(account: number): void
  /**
   * The rule by which the account is judged; a new account has rule 0, and is nested. `isNested`: no level of the rule can be
   * reached while the one below it is not. Otherwise every tick of its instruments nominates the account.
   */
  setAccountRule(account: number, rule: number, isNested: boolean): void
  /**
   * Whether every tick of the account's instruments nominates it, until `armWithin`, and a re-check with all marks answers
   * ANSWER_CLOSE without a level: exact arithmetic decides it. Of a new account it does not. Its rows name its instruments;
   * what they measure counts for nothing.
   */
  setAccountAlways(account: number, isAlways: boolean): void
  /** A level, or `undecidedLevel` of one: then the next re-check hands the account to the host whatever it finds. */
  setAccountLevel(account: number, level: number): void
  /** Whether f64 decides nothing of the account, by `setAccountAlways`. */
  isUndecidable(account: number): boolean
  /**
   * Until its next re-check only a mark of its rows that moves by `share` of itself or more, 0 < share < 1, nominates the account:
   * what the host has proven of one that f64 does not decide.
   */
  armWithin(account: number, share: number): void
  /** Computes the account from scratch and arms its triggers. Returns one of ANSWER_…. */
  recheckAccount(account: number): number
  /** The answer and the measured values of a re-check; leaves triggers and `unknownAccounts` as they are. */
  measureAccount(account: number): number
  /**
   * The level that the account re-checked or measured last provably holds, coming from its present level, with
   * hysteresis; LEVEL_NONE when f64 does not decide it or a mark is missing.
   */
  readonly measuredLevel: number
  /** Of the account re-checked or measured last, in its settlement asset; NaN when a mark is missing. */
  readonly measuredMarginBalance: number
  /** The same of the maintenance margin. */
  readonly measuredMaintenanceMargin: number

  beginInstant(): void
  /** 0 clears the mark. Returns false when the instrument already has a mark in this instant. */
  setMark(instrument: number, mark: number): boolean
  /**
   * The part of |intercept| that is added to the maintenance of each charged row of the instrument: of a row that gains with the
   * price the charge, if it is above 0, of the others its negative. Nominates their accounts, and returns as `nominate`. Before
   * the first call f64 proves nothing of them.
   */
  setCharge(instrument: number, charge: number): number
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
  /** Brings the zones up to date with changed triggers. `beginInstant` does it too. */
  refreshZones(): void

  mark(instrument: number): number
  /** The row of the account that was added last, or −1; `nextRow` gives the one added before it. */
  firstRow(account: number): number
  nextRow(row: number): number
  instrumentOf(row: number): number
  accountLevel(account: number): number
  /**
   * Accounts that their last re-check left without a verdict: a mark is missing, or the level is undecided. Accounts that
   * were never re-checked do not count.
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
  /** 0 without one. Infinity: f64 proves nothing of an account with a value in this piece. */
  readonly square?: number
}

export interface KernelTotals {
  readonly rows?: number
  readonly accounts?: number
  readonly instruments?: number
  readonly curves?: number
  readonly pieces?: number
}
