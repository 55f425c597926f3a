import { createRequire } from 'node:module'

const load = createRequire(import.meta.url)

/**
 * The client of Redis and BullMQ. Both are CommonJS: `import` searches each of their files for names before it runs it,
 * so that both take 0.6 s of CPU at the start of a process; `require` takes 0.27 s, and gives the module that `import` gives.
 */
export const ioredis = load('ioredis') as typeof import('ioredis')

/** Loads BullMQ at the first call: most commands do without it. */
export function loadBullMq(): typeof import('bullmq') {
  return load('bullmq') as typeof import('bullmq')
}
