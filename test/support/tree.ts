import { readdirSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const FOLDERS = ['assembly', 'bench', 'examples', 'src', 'test']
const MODULE = /\.tsx?$/

/** A module of the project. `path` is relative to its root, with forward slashes. */
export interface SourceFile {
  readonly path: string
  readonly text: string
}

export interface Imported {
  readonly specifier: string
  /** Path of the module inside the project; undefined for a package. */
  readonly path: string | undefined
}

/** Every TypeScript module of these folders, sorted by path. */
export function readTree(): SourceFile[] {
  return FOLDERS.flatMap((folder) =>
    (readdirSync(`${ROOT}${folder}`, { recursive: true }) as string[])
      .filter((name) => MODULE.test(name))
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      .sort()
      .map((path) => ({ path, text: readFileSync(ROOT + path, 'utf8') })),
  )
}

const STATEMENT = /^\s*(?:import|export)\s[^'";]*?from\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]/gm
const CALL = /\b(?:import|require)\s*\(\s*['"]([^'"]+)['"]\s*\)/g

/** What a module imports or re-exports, as values or types, statically or by a call. */
export function importsOf({ path, text }: SourceFile): Imported[] {
  const code = withoutComments(text)
  const specifiers = [...code.matchAll(STATEMENT), ...code.matchAll(CALL)].map(
    ([, first, second]) => first ?? second ?? '',
  )
  return specifiers.map((specifier) => ({ specifier, path: resolved(path, specifier) }))
}

function resolved(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined
  const path = posix.join(posix.dirname(from), specifier)
  // AssemblyScript imports without an ending.
  return MODULE.test(path) || /\.\w+$/.test(path) ? path : `${path}.ts`
}

/** The code alone. A `//` after a colon or a quote is taken for a URL or a part of a string. */
export function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`\\])\/\/.*$/gm, '$1')
}
