import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { Plugin } from 'vitest/config'
import type { TestProject } from 'vitest/node'
import buildKernel, { changedMs, ROOT } from './kernel-build.ts'

/** What `npm run build` compiles into `dist/`, each under its own name. */
const BUILT = ['src', 'bench', 'examples']
const BUILT_MODULE = /^((?:src|bench|examples|assembly)\/.*)\.ts$/

/** True when a module was not compiled since it was changed. */
export function isProgramStale(root = ROOT): boolean {
  return BUILT.flatMap((folder) =>
    readdirSync(root + folder, { recursive: true, encoding: 'utf8' }).map((name) => `${folder}/${name}`),
  )
    .filter((path) => path.endsWith('.ts'))
    .some((path) => changedMs(root + path) > changedMs(`${root}dist/${path.replace(/\.ts$/, '.js')}`))
}

function buildStaleProgram(): void {
  if (isProgramStale()) execFileSync('npm', ['run', '-s', 'build:program'], { cwd: ROOT, stdio: 'inherit' })
}

/**
 * Tests import the program as `npm run build` made it, in place of its sources. Node loads it by itself: that takes a
 * third less than modules which Vitest transforms, at the import and at each call between modules.
 */
export function builtProgram(): Plugin {
  return {
    name: 'built-program',
    enforce: 'pre',
    resolveId(source, importer) {
      if (!source.startsWith('.') || importer === undefined) return undefined
      const path = resolve(dirname(importer), source)
      const module = path.startsWith(ROOT) ? BUILT_MODULE.exec(path.slice(ROOT.length)) : null
      return module === null ? undefined : { id: `${ROOT}dist/${module[1]}.js`, external: true }
    },
  }
}

/** Builds kernel and program before the first test, and in watch mode before each run that follows a change. */
export default function setup(project: TestProject): void {
  buildKernel(project)
  buildStaleProgram()
  project.onTestsRerun(() => {
    try {
      buildStaleProgram()
    } catch {
      // The compiler has printed its errors. The watch continues with the program of before.
    }
  })
}
