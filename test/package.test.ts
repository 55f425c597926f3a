import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const PROJECT = fileURLToPath(new URL('..', import.meta.url))
const json = (name: string) => JSON.parse(readFileSync(`${PROJECT}/${name}`, 'utf8'))

/** Paths of the files that `npm pack` takes. */
function packedPaths(): string[] {
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: PROJECT,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [{ files }] = JSON.parse(packed) as [{ files: { path: string }[] }]
  return files.map(({ path }) => path)
}

/** The declarations that a compiler reads for `import 'plimsoll'`. */
function publicDeclarations(): Set<string> {
  const found = new Set<string>()
  const visit = (path: string) => {
    if (found.has(path)) return
    found.add(path)
    const text = readFileSync(`${PROJECT}/${path}`, 'utf8')
    for (const [, specifier] of text.matchAll(/(?:from|import\()\s*['"](\.[^'"]+)['"]/g))
      visit(join(dirname(path), specifier!).replace(/\.[jt]s$/, '.d.ts'))
  }
  visit('dist/src/index.d.ts')
  return found
}

const KINDS = /\.(?:js|d\.ts|wasm|md|json|yml)$|^LICENSE$/
const isDeclaration = (path: string) => path.endsWith('.d.ts')

describe('the package', () => {
  it('holds what its documentation names', () => {
    const paths = packedPaths()
    for (const path of [
      ...['README.md', 'CHANGELOG.md', 'LICENSE', 'margin-event.schema.json', 'docker-compose.yml'],
      ...['docs/events.md', 'docs/accounts.md', 'docs/operations.md', 'docs/rules.md'],
      ...['dist/src/index.js', 'dist/src/index.d.ts', 'dist/src/cli/main.js'],
      ...['dist/wasm/simd.wasm', 'dist/wasm/scalar.wasm'],
    ]) {
      expect(paths).toContain(path)
    }
  })

  it('holds nothing else: no sources, no maps, no declarations of rooms that the public types do not use', () => {
    const paths = packedPaths()
    expect(paths.filter((path) => !KINDS.test(path) || /^(?:test|src|bench|examples)\//.test(path))).toEqual(
      [],
    )
    const declarations = publicDeclarations()
    expect(paths).toEqual(expect.arrayContaining([...declarations]))
    const rooms = new Set([...declarations].map(dirname))
    expect(paths.filter((path) => isDeclaration(path) && !rooms.has(dirname(path)))).toEqual([])
  })

  it('settles every install script of its dependencies, so that npm prints nothing about them', () => {
    const { packages } = json('package-lock.json') as {
      packages: Record<string, { hasInstallScript?: true }>
    }
    const withScript = Object.entries(packages)
      .filter(([, { hasInstallScript }]) => hasInstallScript === true)
      .map(([path]) => path.replace(/^.*node_modules\//, ''))
    expect(withScript).not.toEqual([])
    expect(Object.keys(json('package.json').allowScripts).sort()).toEqual([...new Set(withScript)].sort())
  })

  it('gives programs the book, events and subscriptions by its name', async () => {
    const program = `
      const library = await import('plimsoll')
      const names = ['openBook', 'subscribe', 'follow', 'fileInbox', 'memoryInbox', 'once', 'startWorker', 'keysOf']
      console.log(names.filter((name) => typeof library[name] !== 'function').join())`
    const missing = execFileSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: PROJECT,
      encoding: 'utf8',
    })
    expect(missing).toBe('\n')
  })
})
