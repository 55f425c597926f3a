import { defineConfig } from 'vitest/config'
import SharedReporter from './test/support/shared-reporter.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: ['default', new SharedReporter()],
  },
})
