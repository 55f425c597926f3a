import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { temporaryFolder } from './cli.ts'
import { isKernelStale } from './kernel-build.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())

test('the kernel is stale when a target is missing, or older than a source or the settings', () => {
  const root = `${folder.path}/`
  const write = (name: string, changedSeconds: number): void => {
    writeFileSync(root + name, '')
    utimesSync(root + name, changedSeconds, changedSeconds)
  }
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
