import { describe, expect, it } from 'vitest'
import { followEvents } from '../../src/subscriber/index.ts'
import { systemClock } from '../../src/system/clock.ts'

function reader(from: string, signal: AbortSignal) {
  const calls: string[] = []
  const redis = {
    call: async (name: string) => {
      calls.push(name)
      return null
    },
    disconnect: () => void calls.push('disconnect'),
  }
  const failed = () => undefined
  const events = followEvents({ redis, key: 'events', from, clock: systemClock, signal, failed } as never)
  return { calls, events }
}

describe('reading the events of a stream', () => {
  it('disconnects its client and reads nothing when its signal came before the first read', async () => {
    const { calls, events } = reader('beginning', AbortSignal.abort())
    expect(await events.next()).toEqual({ done: true, value: undefined })
    expect(calls).toEqual(['disconnect'])
  })

  it('reads nothing from a place that no stream has', async () => {
    const { calls, events } = reader('garbage', new AbortController().signal)
    await expect(events.next()).rejects.toMatchObject({ code: 'USAGE', path: 'from' })
    expect(calls).toEqual([])
  })
})
