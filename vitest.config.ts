import { defineConfig } from 'vitest/config'
import SharedReporter from './test/support/shared-reporter.ts'

/** Folders whose tests need no Redis, no process and no built program, and end within seconds. */
const UNIT = [
  'domain',
  'golden',
  'input',
  'kernel',
  'margin',
  'memory',
  'monitor',
  'rules',
  'support',
  'venues',
]
/** It measures the heap of a process of its own: what other files load into a shared one changes the figure. */
const ALONE = 'test/monitor/allocation.test.ts'
const UNIT_FILES = UNIT.map((folder) => `test/${folder}/**/*.test.ts`)
const PROCESS_FILES = ['test/*.test.ts', `test/!(${UNIT.join('|')})/**/*.test.ts`]

export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', new SharedReporter()],
    forceRerunTriggers: ['**/vitest.config.*', '**/assembly/**', '**/asconfig.json'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: UNIT_FILES,
          exclude: [ALONE],
          // Unit tests leave no state behind, so the files of a worker share the modules that they import.
          isolate: false,
          globalSetup: 'test/support/kernel-build.ts',
        },
      },
      {
        extends: true,
        test: { name: 'process', include: [ALONE, ...PROCESS_FILES] },
      },
    ],
  },
})
