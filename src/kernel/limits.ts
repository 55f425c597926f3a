import { LEVELS_MAX } from '../../assembly/layout.ts'
import { assert, PlimsollError } from '../errors.ts'

/** The largest book of one kernel; beyond it `reserve` throws KERNEL_CAPACITY. */
export const ROWS_MAX = 16_777_216
export const ACCOUNTS_MAX = 16_777_216

/** Called on every tick, so the message is made only when it is needed. */
export function assertFinite(value: number): void {
  if (!Number.isFinite(value)) throw new Error(`invariant broken: the kernel was given ${value}`)
}

export function assertLevels(values: readonly number[], releaseFactor: number): void {
  assert(
    values.length >= 1 && values.length <= LEVELS_MAX,
    `${values.length} levels; the limit is ${LEVELS_MAX}`,
  )
  // The error bound of the re-check assumes weights of at most 2.
  assert(
    values.every((value, index) => value > (values[index - 1] ?? 0) && value <= 2),
    `levels ${values.join(', ')}`,
  )
  assert(releaseFactor >= 1 && releaseFactor <= 2, `release factor ${releaseFactor}`)
}

export function capacityFault(wanted: string, limit: string): PlimsollError {
  return new PlimsollError('KERNEL_CAPACITY', `the kernel cannot hold ${wanted}; the limit is ${limit}`)
}
