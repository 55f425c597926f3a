// New files that a command writes into a folder of the user.
import { fileReason, PlimsollError } from '../errors.ts'
import { makeFolder } from '../system/index.ts'

/**
 * What `use` makes of the folder, which is made where it is missing; it gets the folders that were made. `setting` names it.
 * @throws PlimsollError CONFIGURATION for a folder that cannot be written.
 */
export function inWritableFolder<T>(folder: string, setting: string, use: (made: readonly string[]) => T): T {
  try {
    return use(makeFolder(folder))
  } catch (cause) {
    const rule = `must be a folder that can be written: ${fileReason(cause)}`
    throw new PlimsollError('CONFIGURATION', `${setting} is ${JSON.stringify(folder)}: ${rule}`, { cause })
  }
}

/** A time for the name of a file, whose order is that of the times. */
export function timeInName(timeMs: number): string {
  return new Date(timeMs).toISOString().replaceAll(/[-:.]/g, '')
}
