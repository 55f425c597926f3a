import { readFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'
import { sharedPath } from './shared.ts'

/** Modules that read the material beside the project import this one. */
const READS_SHARED = /from '[./]*support\/shared\.ts'/

/** The part of a test module that is needed to count what it skips. */
export interface CountedModule {
  readonly moduleId: string
  readonly children: { allTests(state: 'skipped'): Iterable<unknown> }
}

/** What is not tested where the material beside the project is absent; undefined where nothing is left out. */
export function absentLine(
  modules: readonly CountedModule[],
  textOf: (path: string) => string,
): string | undefined {
  let skipped = 0
  for (const { moduleId, children } of modules) {
    if (READS_SHARED.test(textOf(moduleId))) skipped += [...children.allTests('skipped')].length
  }
  if (skipped === 0) return undefined
  return `${skipped} tests on recorded frames and worked examples of others are skipped: ../shared is absent. The project's own fixtures cover every parser and formula.`
}

/** Says in one line, at the end of a run, what the absence of `../shared` leaves out. */
export default class SharedReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (sharedPath('') !== undefined) return
    const line = absentLine(modules, (path) => readFileSync(path, 'utf8'))
    if (line !== undefined) process.stdout.write(`\n ${line}\n`)
  }
}
