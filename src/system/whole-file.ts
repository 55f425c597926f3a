import { lstatSync, readlinkSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileReason, PlimsollError } from '../errors.ts'

const MODE_OF_A_NEW_FILE = 0o666

/**
 * Writes a file through all links that lead to it: a reader finds the old file or the new one, never a part. A device or a
 * pipe is written into, since a file in its place would take it from all others that use it.
 * @throws PlimsollError USAGE, naming the path.
 */
export function writeWhole(path: string, text: string): void {
  try {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found !== undefined && !found.isFile()) {
      writeFileSync(path, text)
      return
    }
    const file = found === undefined ? missingFileOf(path) : realpathSync(path)
    const part = `${file}.part`
    writeFileSync(part, text, { mode: found?.mode ?? MODE_OF_A_NEW_FILE })
    renameSync(part, file)
  } catch (cause) {
    throw new PlimsollError('USAGE', `${path} cannot be written: ${fileReason(cause)}`, { cause })
  }
}

/** The path of the file that a write would make: links lead to it, and nothing is there. */
function missingFileOf(path: string): string {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return path
  return missingFileOf(resolve(realpathSync(dirname(path)), readlinkSync(path)))
}

/** What is at the end of the links of a path; `other` is a device, a pipe or a folder. */
export function kindOfFile(path: string): 'regular' | 'other' | 'missing' {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return 'missing'
  return found.isFile() ? 'regular' : 'other'
}
