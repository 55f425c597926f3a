import { mkdirSync, readdirSync, rmdirSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

const OWNER_ONLY = 0o700

export interface FileInFolder {
  readonly name: string
  readonly path: string
  readonly bytes: number
}

/** The files of a folder in the order of their names. @throws the error of the system, with its `code`. */
export function filesIn(folder: string): FileInFolder[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => ({ name, path: join(folder, name), bytes: statSync(join(folder, name)).size }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Makes the folder, which only this user may read, and those above it, unless they are there. Returns what it made, the innermost first. */
export function makeFolder(folder: string): string[] {
  const outermost = mkdirSync(folder, { recursive: true, mode: OWNER_ONLY })
  if (outermost === undefined) return []
  const made = [resolve(folder)]
  while (made.at(-1) !== resolve(outermost)) made.push(dirname(made.at(-1)!))
  return made
}

/** Removes these folders, the innermost first, until one is not empty. */
export function removeEmptyFolders(folders: readonly string[]): void {
  try {
    for (const folder of folders) rmdirSync(folder)
  } catch (error) {
    // Something is in it by now, or another process has removed it: it is not ours any more.
    if (!['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
  }
}
