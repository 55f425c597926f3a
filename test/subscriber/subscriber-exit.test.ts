import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { startTestRedis } from '../support/redis.ts'
import { queueConnection } from '../support/sample-events.ts'
import { until } from '../support/until.ts'

const INDEX = fileURLToPath(new URL('../../dist/src/index.js', import.meta.url))

it('a subscriber whose Redis is gone ends when it is closed, and holds its process no longer', async () => {
  const redis = await startTestRedis()
  const probe = queueConnection(redis.url)
  const script = `
    const { subscribe } = await import(${JSON.stringify(INDEX)})
    const subscription = subscribe({ connection: { url: ${JSON.stringify(redis.url)} }, handler: () => {} })
    process.once('SIGTERM', () => void subscription.close())
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' })
  try {
    // The only client that Redis can hold back is the subscriber, which waits for its first job.
    await until(async () => (await probe.info('clients')).includes('blocked_clients:1'))
    probe.disconnect()
    await redis.stop()
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
  } finally {
    probe.disconnect()
    child.kill('SIGKILL')
  }
}, 60_000)
