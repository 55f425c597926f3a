import { access } from 'node:fs/promises'
import { resolve } from 'node:path'
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

/**
 * For a command that reads what is stored: without a folder it would start an empty Redis, and wait for ever or answer of no account.
 * @throws PlimsollError CONFIGURATION when the folder does not exist.
 */
export async function refuseMissingFolder(dataDir: string): Promise<void> {
  const folder = resolve(dataDir)
  const exists = await access(folder).then(
    () => true,
    () => false,
  )
  if (exists) return
  const message = `the data folder ${folder} does not exist: name that of the worker with --data-dir or PLIMSOLL_DATA_DIR`
  throw new PlimsollError('CONFIGURATION', message, { path: 'dataDir' })
}
