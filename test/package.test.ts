import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const PROJECT = fileURLToPath(new URL('..', import.meta.url))
const json = (name: string) => JSON.parse(readFileSync(`${PROJECT}/${name}`, 'utf8'))

describe('the package', () => {
  it('holds what its documentation names', () => {
    const packed = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
      cwd: PROJECT,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [{ files }] = JSON.parse(packed) as [{ files: { path: string }[] }]
    const paths = files.map(({ path }) => path)
    for (const path of [
      ...['README.md', 'CHANGELOG.md', 'LICENSE', 'margin-event.schema.json', 'docker-compose.yml'],
      ...['docs/events.md', 'docs/accounts.md', 'docs/operations.md', 'docs/rules.md'],
      ...['dist/src/index.js', 'dist/src/index.d.ts', 'dist/src/cli/main.js'],
      ...['dist/wasm/simd.wasm', 'dist/wasm/scalar.wasm'],
    ]) {
      expect(paths).toContain(path)
    }
    expect(paths.filter((path) => /^(test|src|bench)\//.test(path))).toEqual([])
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
