import { describe, expect, it } from 'vitest'
import { orAtLimit, waitAtMost } from '../../src/system/index.ts'
import { TestClock } from '../support/clock.ts'

describe('a wait with a limit', () => {
  it('ends as the promise does, and leaves no timer', async () => {
    const clock = new TestClock()
    let cancelled = 0
    clock.after = () => () => void cancelled++
    await expect(orAtLimit(clock, Promise.resolve('kept'), 10, () => 'late')).resolves.toBe('kept')
    await expect(waitAtMost(clock, Promise.reject(new Error('away')), 10)).rejects.toThrow('away')
    await Promise.resolve()
    expect(cancelled).toBe(2)
  })

  it('ends at the limit with what the caller says there, and drops what comes later', async () => {
    const clock = new TestClock()
    let fail = (_: Error): void => undefined
    const slow = new Promise<string>((_, reject) => {
      fail = reject
    })
    const late = orAtLimit(clock, slow, 10, () => 'late')
    const refused = orAtLimit(clock, slow, 10, () => {
      throw new Error('no answer')
    })
    const ended = waitAtMost(clock, slow, 10)
    clock.advance(10)
    await expect(late).resolves.toBe('late')
    await expect(refused).rejects.toThrow('no answer')
    await expect(ended).resolves.toBeUndefined()
    fail(new Error('too late to matter'))
    await slow.catch(() => undefined)
  })
})
