import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'

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

/** What a user needs; of sources and data only the examples, to which the documents lead. */
const KINDS = /\.(?:js|d\.ts|wasm|md|json|yml)$|^LICENSE$|^docs\/demo\.svg$|^examples\/[a-z-]+\.(?:ts|csv)$/

/** Targets of the links and images of a document that are no URL and no place in it, without their fragment. */
function relativeLinks(text: string): string[] {
  return [...text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target))
}

const isDeclaration = (path: string) => path.endsWith('.d.ts')

describe('the package', () => {
  it.skipIf(process.platform === 'win32')('has a command that runs by its path after each build', () => {
    const folder = mkdtempSync(join(tmpdir(), 'plimsoll-build-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    for (const name of ['package.json', 'tsconfig.json'])
      copyFileSync(join(PROJECT, name), join(folder, name))
    symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'))
    mkdirSync(join(folder, 'src/cli'), { recursive: true })
    writeFileSync(join(folder, 'src/cli/main.ts'), "#!/usr/bin/env node\nconsole.log('runs')\n")
    const { scripts, bin } = json('package.json')
    expect(scripts.build).toBe('npm run -s build:wasm && npm run -s build:program')
    for (const _build of ['first', 'after dist was removed']) {
      rmSync(join(folder, 'dist'), { recursive: true, force: true })
      execFileSync('npm', ['run', '-s', 'build:program'], { cwd: folder })
      expect(execFileSync(join(folder, bin.plimsoll), { encoding: 'utf8' })).toBe('runs\n')
    }
  })

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

  it('holds every file to which one of its documents leads', () => {
    const paths = packedPaths()
    const documents = paths.filter((path) => path.endsWith('.md'))
    const dead = documents.flatMap((document) =>
      relativeLinks(readFileSync(`${PROJECT}/${document}`, 'utf8'))
        .map((link) => join(dirname(document), link))
        // A test needs the checkout, and is there.
        .filter(
          (path) => !paths.includes(path) && !(path.startsWith('test/') && existsSync(join(PROJECT, path))),
        )
        .map((path) => `${document}: ${path}`),
    )
    expect(documents).toContain('README.md')
    expect(dead).toEqual([])
  })

  it('holds nothing else: no sources, no maps, no declarations of rooms that the public types do not use', () => {
    const paths = packedPaths()
    expect(paths.filter((path) => !KINDS.test(path) || /^(?:test|src|bench)\//.test(path))).toEqual([])
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
