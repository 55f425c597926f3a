import { describe, expect, it } from 'vitest'
import { EventLines } from '../../src/cli/event-lines.ts'
import { EVENTS_SHOWN_MAX, EventsView } from '../../src/cli/events-view.ts'
import { paletteOf } from '../../src/cli/terminal.ts'
import { grouped } from '../../src/domain/index.ts'
import { createLog } from '../../src/log.ts'
import { systemClock } from '../../src/system/clock.ts'
import { sampleEvent } from '../support/sample-events.ts'

/** A stream in memory with the two commands that the view sends, and a clock whose timer the test fires. */
function setUp() {
  const entries: [string, string[]][] = []
  const calls: string[] = []
  const printed: string[] = []
  const logged: string[] = []
  let timer: (() => void) | undefined
  let isDown = false
  const view = new EventsView({
    redis: {
      async call(command, _key, from, _to, _count, count) {
        calls.push(command)
        if (isDown) throw new Error('Connection is closed.')
        if (command === 'XREVRANGE') return entries.slice(-1)
        const after = String(from).slice(1)
        const start = entries.findIndex(([id]) => id === after) + 1
        return entries.slice(start, start + Number(count))
      },
    },
    key: 'events',
    lines: new EventLines(paletteOf(false)),
    print: (line) => void printed.push(line),
    clock: {
      ...systemClock,
      after(_delayMs, callback) {
        timer = callback
        return () => {
          timer = undefined
        }
      },
    },
    log: createLog('warn', { write: (line) => void logged.push(JSON.parse(line).msg) }),
  })
  return {
    view,
    entries,
    calls,
    printed,
    logged,
    add(count: number) {
      for (let added = 0; added < count; added++) {
        const sequence = entries.length
        const text = JSON.stringify(sampleEvent('desk/1', sequence + 1))
        entries.push([`7-${sequence}`, ['event', text]])
      }
    },
    async look() {
      timer?.()
      await new Promise((resolve) => void setImmediate(resolve))
    },
    setDown(down: boolean) {
      isDown = down
    },
  }
}

const shownIn = (printed: readonly string[]) => printed.filter((line) => line.includes('LIQUIDATION')).length

describe('the events of a worker at its terminal', () => {
  it('are those that come after its start', async () => {
    const { view, printed, add, look } = setUp()
    add(3)
    await view.start()
    await look()
    expect(printed).toEqual([])
    add(2)
    await look()
    expect(shownIn(printed)).toBe(2)
    await look()
    expect(shownIn(printed)).toBe(2)
  })

  it('of a cascade are the first ones and a count, for a cost that does not grow with it', async () => {
    const { view, calls, printed, add, look } = setUp()
    await view.start()
    add(5_000)
    calls.length = 0
    await look()
    expect(shownIn(printed)).toBe(EVENTS_SHOWN_MAX)
    const more = grouped(5_000 - EVENTS_SHOWN_MAX)
    expect(printed.at(-1)).toContain(`and ${more} more events; plimsoll tail --from 7-9`)
    expect(calls).toEqual(['XRANGE', 'XREVRANGE'])
    add(1)
    await look()
    expect(shownIn(printed)).toBe(EVENTS_SHOWN_MAX + 1)
  })

  it('are shown to the last when it stops', async () => {
    const { view, printed, add } = setUp()
    await view.start()
    add(1)
    await view.stop()
    expect(shownIn(printed)).toBe(1)
  })

  it('wait for a Redis that is gone; one line of the log an outage', async () => {
    const { view, printed, logged, add, look, setDown } = setUp()
    await view.start()
    setDown(true)
    await look()
    await look()
    setDown(false)
    add(1)
    await look()
    expect(shownIn(printed)).toBe(1)
    expect(logged).toEqual(['showing the events'])
  })
})
