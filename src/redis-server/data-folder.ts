import { PlimsollError } from '../errors.ts'

/**
 * Runs an action that reads or writes the data folder.
 * @throws PlimsollError CONFIGURATION with the system's reason when
 * the folder cannot be used.
 */
export async function inDataFolder<T>(folder: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action()
  } catch (cause) {
    // Only errors of system calls have a code.
    if (!(cause instanceof Error && 'syscall' in cause)) throw cause
    const remedy = 'choose another with --data-dir or PLIMSOLL_DATA_DIR, or set REDIS_URL'
    const message = `the data folder ${folder} cannot be used: ${cause.message}; ${remedy}`
    throw new PlimsollError('CONFIGURATION', message, { cause, path: 'dataDir' })
  }
}
