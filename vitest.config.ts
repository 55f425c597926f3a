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
const UNIT_FILES = UNIT.map((folder) => `test/${folder}/**/*.test.ts`)

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
          // Unit tests leave no state behind, so the files of a worker share the modules that they import.
          isolate: false,
          globalSetup: 'test/support/kernel-build.ts',
        },
      },
      {
        extends: true,
        test: { name: 'process', include: ['test/**/*.test.ts'], exclude: UNIT_FILES },
      },
    ],
  },
})
