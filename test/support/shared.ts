import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const SHARED = new URL('../../../shared/', import.meta.url)

/** Path of a file of the shared material beside the project, or undefined where it is not present. */
export function sharedPath(relative: string): string | undefined {
  const path = fileURLToPath(new URL(relative, SHARED))
  return existsSync(path) ? path : undefined
}
