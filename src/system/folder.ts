import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

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

/** Makes the folder, which only this user may read, and those above it, unless they are there. */
export function makeFolder(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: OWNER_ONLY })
}
