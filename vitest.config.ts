import { defineConfig } from 'vitest/config'
import { builtProgram } from './test/support/built-program.ts'
import SharedReporter from './test/support/shared-reporter.ts'

/** Folders whose tests need no Redis, no process and no built program, and end within seconds. */
const UNIT = [
  'domain',
  'golden',
  'input',
  'integrity',
  'kernel',
  'margin',
  'memory',
  'monitor',
  'questions',
  'replay',
  'rules',
  'support',
  'venues',
]
/**
 * They measure the heap or the open files of their process, or replace a module of Node: each has a process of its own and
 * the sources.
 */
const ALONE = [
  'test/delivery/outbox.test.ts',
  'test/feed/allocation.test.ts',
  'test/feed/malformed.test.ts',
  'test/monitor/allocation.test.ts',
  'test/subscriber/inbox-disk.test.ts',
  'test/system/disk.test.ts',
]
const UNIT_FILES = UNIT.map((folder) => `test/${folder}/**/*.test.ts`)
/** They compute for minutes. Beside them the tests of processes, which have limits of seconds, would starve. */
const DIFFERENTIAL = 'differential'
const PROCESS_FILES = ['test/*.test.ts', `test/!(${[...UNIT, DIFFERENTIAL].join('|')})/**/*.test.ts`]

export default defineConfig({
  test: {
    testTimeout: 120_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 2,
    unstubEnvs: true,
    reporters: ['default', new SharedReporter()],
    forceRerunTriggers: ['**/vitest.config.*', '**/assembly/**', '**/asconfig.json'],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: UNIT_FILES,
          exclude: ALONE,
          // Tests leave no state behind, so the files of a worker share the modules that they import.
          isolate: false,
          globalSetup: 'test/support/kernel-build.ts',
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: DIFFERENTIAL,
          include: [`test/${DIFFERENTIAL}/**/*.test.ts`],
          isolate: false,
          globalSetup: 'test/support/kernel-build.ts',
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        plugins: [builtProgram()],
        test: {
          name: 'process',
          include: PROCESS_FILES,
          exclude: ALONE,
          isolate: false,
          globalSetup: 'test/support/built-program.ts',
          server: { deps: { external: [/\/dist\//] } },
          // Their tests wait for processes and sockets more than they compute.
          maxWorkers: 3,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          include: ALONE,
          globalSetup: 'test/support/built-program.ts',
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
