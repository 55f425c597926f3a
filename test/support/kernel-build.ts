import { execFileSync } from 'node:child_process'
import { readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { TestProject } from 'vitest/node'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const TARGETS = ['simd', 'scalar', 'debug']

/** Unix milliseconds of the last change; 0 for a file that is missing. */
export function changedMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

/** True where a target of the kernel is missing or older than the newest source or the compiler's settings. */
export function isKernelStale(root = ROOT): boolean {
  const assembly = `${root}assembly/`
  const sources = readdirSync(assembly, { recursive: true, encoding: 'utf8' }).map((name) => assembly + name)
  const newestSourceMs = Math.max(...[...sources, `${root}asconfig.json`].map(changedMs))
  return TARGETS.some((target) => changedMs(`${root}dist/wasm/${target}.wasm`) < newestSourceMs)
}

function buildStaleKernel(): void {
  if (isKernelStale()) execFileSync('npm', ['run', '-s', 'build:wasm'], { cwd: ROOT, stdio: 'inherit' })
}

/** Builds the kernel before the first test, and in watch mode before each run that follows a change of its sources. */
export default function setup(project: TestProject): void {
  buildStaleKernel()
  project.onTestsRerun(() => {
    try {
      buildStaleKernel()
    } catch {
      // The compiler has printed its errors. The watch continues with the kernel of before.
    }
  })
}
