import {
  BLOCK_ROWS,
  COORDINATE_RECIPROCAL,
  CURVE_PIECES_MAX,
  CURVE_SQUARES,
  LEVEL_NONE,
  LEVELS_MAX,
  NONE,
  RECHECKED_MAX,
  RULES_MAX,
} from '../../assembly/layout.ts'
import { assert, PlimsollError } from '../errors.ts'
import type { CurvePiece, KernelTotals } from './kernel.ts'
import type { KernelLevel } from './levels.ts'

/** The largest book of one kernel; beyond it `reserve` throws KERNEL_CAPACITY. */
export const ROWS_MAX = 16_777_216
export const ACCOUNTS_MAX = 16_777_216

/** All limits together: about 1.9 GiB, so that addresses of 32 bits are enough. */
export const CAPACITY_MAX = {
  rows: ROWS_MAX,
  accounts: ACCOUNTS_MAX,
  instruments: 65_536,
  curves: 65_536,
  pieces: 1_048_576,
} as const satisfies Required<KernelTotals>

/** Capacities before the first growth. */
export const CAPACITY_FIRST = {
  rows: 4_096,
  accounts: 1_024,
  instruments: 64,
  curves: 64,
  pieces: 1_024,
} as const satisfies Required<KernelTotals>

const STEP_FACTOR = 1.5

/** The next capacity of a column that is full: half as much again, at most the limit. Throws KERNEL_CAPACITY there. */
export function nextCapacity(kind: keyof KernelTotals, capacity: number): number {
  const limit = CAPACITY_MAX[kind]
  if (capacity >= limit) throw capacityFault(`more than ${capacity} ${kind}`, `${limit} ${kind}`)
  return Math.min(limit, Math.max(CAPACITY_FIRST[kind], Math.ceil(capacity * STEP_FACTOR)))
}

/** The capacities that hold these totals, rows in whole blocks. Throws KERNEL_CAPACITY when one is beyond its limit. */
export function capacitiesFor(totals: KernelTotals, present: Required<KernelTotals>): Required<KernelTotals> {
  for (const [kind, limit] of Object.entries(CAPACITY_MAX) as [keyof KernelTotals, number][]) {
    const wanted = totals[kind] ?? 0
    if (wanted > limit) throw capacityFault(`${wanted} ${kind}`, `${limit} ${kind}`)
  }
  return {
    rows: Math.max(present.rows, Math.ceil((totals.rows ?? 0) / BLOCK_ROWS) * BLOCK_ROWS),
    accounts: Math.max(present.accounts, totals.accounts ?? 0),
    instruments: Math.max(present.instruments, totals.instruments ?? 0),
    curves: Math.max(present.curves, totals.curves ?? 0),
    pieces: Math.max(present.pieces, totals.pieces ?? 0),
  }
}

/** Called on every tick, so the message is made only for a failure. */
export function assertFinite(value: number): void {
  if (!Number.isFinite(value)) throw new Error(`invariant broken: the kernel was given ${value}`)
}

/** An account of which f64 proves nothing has a flag for it, `setAccountAlways`. */
export function assertUncertainty(value: number): void {
  if (!(value >= 0 && Number.isFinite(value)))
    throw new Error(`invariant broken: the kernel was given the uncertainty ${value}`)
}

/** The form of a curve with these pieces. */
export function formOf(coordinate: number, pieces: readonly CurvePiece[]): number {
  const count = pieces.length
  assert(
    count >= 1 && count <= CURVE_PIECES_MAX,
    `a curve of ${count} pieces; the limit is ${CURVE_PIECES_MAX}`,
  )
  const squares = pieces.map(({ square = 0 }) => square)
  if (squares.every((square) => square === 0)) return coordinate
  assert((coordinate & COORDINATE_RECIPROCAL) !== 0, 'squares stand on a curve of reciprocals')
  assert(
    squares.every((square) => square > 0),
    `squares ${squares.join(', ')} of one curve`,
  )
  return coordinate + CURVE_SQUARES
}

/** `rows` use the curve; NONE: it was free. */
export function assertFreed(curve: number, rows: number): void {
  assert(rows !== NONE, `curve ${curve} is freed twice`)
  assert(rows === 0, `curve ${curve} is freed while ${rows} rows use it`)
}

export function assertLive(curve: number, rows: number | undefined): void {
  if (!(rows! >= 0)) throw new Error(`invariant broken: a row is given the curve ${curve}, which is free`)
}

export function assertRechecked(from: number, to: number): void {
  if (to - from > RECHECKED_MAX) throw new Error(`invariant broken: ${to - from} accounts in one re-check`)
}

export function assertLevels(rule: number, levels: readonly KernelLevel[]): void {
  assert(rule >= 0 && rule < RULES_MAX, `the rule ${rule}; the limit is ${RULES_MAX}`)
  assert(
    levels.length >= 1 && levels.length <= LEVELS_MAX,
    `${levels.length} levels; the limit is ${LEVELS_MAX}`,
  )
  // The error bound of the re-check assumes ratios of at most 2.
  const isInOrder = ({ ratio, factors }: KernelLevel, before: KernelLevel | undefined) =>
    ratio > 0 &&
    ratio <= 2 &&
    factors.every((factor) => factor > 0) &&
    (before === undefined || factors[0] < before.factors[0] || ratio > before.ratio)
  assert(
    levels.every((level, index) => isInOrder(level, levels[index - 1])),
    `levels ${levels.map(({ ratio, factors }) => `${ratio} at ${factors[0]}`).join(', ')}`,
  )
  assert(levels.at(-1)!.factors[0] === 1, 'the last level is judged at the present prices')
}

/** The error bound of the re-check assumes that it is at most 2. */
export function assertReleaseFactor(factor: number): void {
  assert(factor >= 1 && factor <= 2, `release factor ${factor}`)
}

export function capacityFault(wanted: string, limit: string): PlimsollError {
  return new PlimsollError('KERNEL_CAPACITY', `the kernel cannot hold ${wanted}; the limit is ${limit}`)
}

/** The level of an account that comes from `level` and whose next verdict goes to the host even if it is `level` again. */
export function undecidedLevel(level: number): number {
  return LEVEL_NONE - level
}
