import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { isProgramStale } from './built-program.ts'
import { temporaryFolder } from './cli.ts'
import { isKernelStale } from './kernel-build.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())

const root = `${folder.path}/`
const write = (name: string, changedSeconds: number): void => {
  writeFileSync(root + name, '')
  utimesSync(root + name, changedSeconds, changedSeconds)
}

test('the kernel is stale when a target is missing, or older than a source or the settings', () => {
  mkdirSync(`${root}assembly`)
  mkdirSync(`${root}dist/wasm`, { recursive: true })
  write('assembly/index.ts', 100)
  write('asconfig.json', 100)
  utimesSync(`${root}assembly`, 100, 100)
  write('dist/wasm/simd.wasm', 200)
  write('dist/wasm/scalar.wasm', 200)
  expect(isKernelStale(root)).toBe(true)

  write('dist/wasm/debug.wasm', 200)
  expect(isKernelStale(root)).toBe(false)

  write('assembly/index.ts', 300)
  expect(isKernelStale(root)).toBe(true)

  write('assembly/index.ts', 100)
  write('asconfig.json', 300)
  expect(isKernelStale(root)).toBe(true)
})

test('the program is stale when a module was added or changed since it was compiled', () => {
  for (const name of ['src/feed', 'bench', 'examples', 'dist/src/feed']) {
    mkdirSync(root + name, { recursive: true })
  }
  write('src/feed/feed.ts', 100)
  write('src/feed/frame.json', 300)
  expect(isProgramStale(root)).toBe(true)

  write('dist/src/feed/feed.js', 200)
  expect(isProgramStale(root)).toBe(false)

  write('src/feed/feed.ts', 300)
  expect(isProgramStale(root)).toBe(true)
})
