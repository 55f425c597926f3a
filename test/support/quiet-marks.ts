import type { Kernel } from '../../src/kernel/index.ts'

/** Begins an instant with a mark for each instrument. */
export function setMarks(kernel: Kernel, marks: readonly number[]): void {
  kernel.beginInstant()
  for (const [instrument, mark] of marks.entries()) kernel.setMark(instrument, mark)
}

/**
 * The mark farthest from the start, at most `reach` times it or the part that `reach` divides it to, at which no trigger fires;
 * by halving, to the last bit.
 */
export function lastQuietMark(
  kernel: Kernel,
  start: readonly number[],
  moved: number,
  direction: number,
  reach: number,
): number {
  const fires = (mark: number) => {
    kernel.beginInstant()
    kernel.setMark(moved, mark)
    return kernel.nominate() > 0
  }
  let quiet = start[moved]!
  if (fires(quiet)) return quiet
  let loud = direction > 0 ? quiet * reach : quiet / reach
  if (!fires(loud)) return loud
  for (;;) {
    const middle = (quiet + loud) / 2
    if (middle === quiet || middle === loud) return quiet
    if (fires(middle)) loud = middle
    else quiet = middle
  }
}

/** A decimal that rounds to this f64. */
export function decimalOfMark(mark: number): string {
  return mark.toFixed(18)
}
