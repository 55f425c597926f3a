import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { startChild } from '../../src/demo/child.ts'
import { systemClock } from '../../src/system/clock.ts'

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-child-'))
afterAll(() => rmSync(folder, { recursive: true }))

type Out = { kind: 'ask'; text: string } | { kind: 'stop' }
type In = { kind: 'answer'; text: string } | { kind: 'other' }
let made = 0

function childOf(code: string) {
  const path = join(folder, `child-${++made}.mjs`)
  writeFileSync(path, code)
  return startChild<Out, In>({
    name: 'the echo',
    module: pathToFileURL(path),
    fault: 'SUBSCRIBER_FAILED',
    stopMessage: { kind: 'stop' },
    clock: systemClock,
  })
}

const ECHO = `process.on('message', (message) => {
  if (message.kind === 'stop') setImmediate(() => process.disconnect())
  else process.send({ kind: 'answer', text: message.text })
})`

describe('a child process of the demo', () => {
  it('answers in order and ends when asked to, once', async () => {
    const child = childOf(ECHO)
    const heard: string[] = []
    child.on('answer', ({ text }) => heard.push(text))
    const first = child.next('answer', 5_000)
    child.send({ kind: 'ask', text: 'a' })
    child.send({ kind: 'ask', text: 'b' })
    expect(await first).toEqual({ kind: 'answer', text: 'a' })
    if (heard.length < 2) await child.next('answer', 5_000)
    expect(heard).toEqual(['a', 'b'])
    await Promise.all([child.stop(), child.stop()])
    await expect(child.next('answer', 5_000)).rejects.toThrow('the echo ended early with exit code 0')
  })

  it('is a fault with a code when it ends early', async () => {
    const child = childOf('setTimeout(() => process.exit(3), 50)')
    await expect(child.next('answer', 5_000)).rejects.toMatchObject({
      code: 'SUBSCRIBER_FAILED',
      message: 'the echo ended early with exit code 3',
    })
    await child.stop()
  })

  it('is a fault when it stays silent', async () => {
    const child = childOf(ECHO)
    await expect(child.next('answer', 50)).rejects.toThrow("sent no 'answer' within 50 ms")
    await child.stop()
  })

  it('is killed when it does not stop', async () => {
    const child = childOf(`process.on('message', () => {}); process.send({ kind: 'other' })`)
    await child.next('other', 5_000)
    await child.stop()
  })
})
