import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { startTestRedis } from '../support/redis.ts'

const INDEX = fileURLToPath(new URL('../../dist/src/index.js', import.meta.url))

it('a subscriber whose Redis is gone ends when it is closed, and holds its process no longer', async () => {
  const redis = await startTestRedis()
  const script = `
    const { subscribe } = await import(${JSON.stringify(INDEX)})
    const subscription = subscribe({ connection: { url: ${JSON.stringify(redis.url)} }, handler: () => {} })
    process.once('SIGTERM', () => void subscription.close())
    setTimeout(() => console.log('subscribed'), 1_500)
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await once(child.stdout, 'data')
  await redis.stop()
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  expect(await ended).toEqual([0, null])
}, 60_000)
