import { describe, expect, it } from 'vitest'
import { memoryInbox, once } from '../../src/subscriber/index.ts'

describe('once', () => {
  it('runs the effect for the first delivery and for no later one', async () => {
    const inbox = memoryInbox()
    let effects = 0
    const deliver = () => once('e_1', () => void effects++, { inbox })
    expect([await deliver(), await deliver(), await deliver()]).toEqual([true, false, false])
    expect(effects).toBe(1)
  })

  it('runs it once for deliveries at the same time; all of them wait for it', async () => {
    const inbox = memoryInbox()
    let effects = 0
    let finish = () => {}
    const effect = () =>
      new Promise<void>((resolve) => {
        effects++
        finish = resolve
      })
    const deliveries = [1, 2, 3].map(() => once('e_1', effect, { inbox }))
    await new Promise(setImmediate)
    finish()
    expect(await Promise.all(deliveries)).toEqual([true, false, false])
    expect(effects).toBe(1)
  })

  it('leaves no note of a failed effect, so that the next delivery runs it', async () => {
    const inbox = memoryInbox()
    const failing = () => {
      throw new Error('no')
    }
    await expect(once('e_1', failing, { inbox })).rejects.toThrow('no')
    expect(await once('e_1', () => undefined, { inbox })).toBe(true)
  })

  it('keeps inboxes apart', async () => {
    expect(await once('e_1', () => undefined, { inbox: memoryInbox() })).toBe(true)
    expect(await once('e_1', () => undefined, { inbox: memoryInbox() })).toBe(true)
  })
})

describe('the inbox in memory', () => {
  it('forgets the id that was used longest ago when it is full', () => {
    const inbox = memoryInbox({ idsMax: 3 })
    for (const id of ['a', 'b', 'c']) inbox.add(id)
    expect(inbox.has('a')).toBe(true)
    inbox.add('d')
    expect(['a', 'b', 'c', 'd'].map((id) => inbox.has(id))).toEqual([true, false, true, true])
  })
})
