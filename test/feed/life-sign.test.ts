import { describe, expect, it } from 'vitest'
import type { SocketSource } from '../../src/domain/index.ts'
import { FEED_LIMITS } from '../../src/feed/index.ts'
import { LifeSign } from '../../src/feed/life-sign.ts'
import type { Socket } from '../../src/system/index.ts'
import { testSource } from './harness.ts'

const { checkEveryMs } = FEED_LIMITS
/** Every place that the first check may have after the last frame. */
const PHASES = Array.from({ length: checkEveryMs }, (_, phase) => phase + 1)
const LAST_FRAME_MS = 10_000

interface Quiet {
  readonly cadenceMs: number
  /** Whether the other side answers the ping at the beginning, and those after the last frame. */
  readonly answersFirst: boolean
  readonly answersLater: boolean
  readonly hasTicked?: boolean
  readonly phase: number
}

/** A connection that is opened, hears its last frame, and is checked until it ends: when that was, and why. */
function ending({ cadenceMs, answersFirst, answersLater, hasTicked = true, phase }: Quiet) {
  let answers = answersFirst
  let pings = 0
  const socket = {
    ping() {
      pings++
      if (answers) life.ponged()
    },
  } as Socket
  const source: SocketSource = { ...testSource, cadenceMs }
  const life = new LifeSign(source, FEED_LIMITS, socket)
  life.opened(0)
  answers = answersLater
  for (let nowMs = LAST_FRAME_MS + phase; nowMs < LAST_FRAME_MS + 600_000; nowMs += checkEveryMs) {
    const reason = life.overdue(nowMs, LAST_FRAME_MS, hasTicked)
    if (reason !== undefined) return { afterMs: nowMs - LAST_FRAME_MS, reason, pings }
    life.beat(nowMs, LAST_FRAME_MS)
  }
  return { afterMs: Number.POSITIVE_INFINITY, reason: '', pings }
}

const latest = (quiet: Omit<Quiet, 'phase'>) =>
  PHASES.map((phase) => ending({ ...quiet, phase })).sort((left, right) => right.afterMs - left.afterMs)[0]!

describe('a connection whose other side is gone', () => {
  it.each([100, 1_000, 5_000, 10_000])(
    'is found within 3 s of its last frame if it answered a ping before, at a cadence of %d ms',
    (cadenceMs) => {
      const { afterMs, reason, pings } = latest({ cadenceMs, answersFirst: true, answersLater: false })
      expect(afterMs).toBeLessThanOrEqual(3_000)
      expect(reason).toBe('no frame for 1250 ms and no pong after 1250 ms')
      expect(pings).toBe(2)
    },
  )

  it('is found within 3 s on a stream of 1 Hz even if it never answered a ping', () => {
    const { afterMs, reason, pings } = latest({ cadenceMs: 1_000, answersFirst: false, answersLater: false })
    expect(afterMs).toBeLessThanOrEqual(3_000)
    expect(reason).toBe('no frame for 2750 ms')
    expect(pings).toBe(1)
  })

  it('is found before any market has ticked', () => {
    const quiet = { cadenceMs: 1_000, answersFirst: true, answersLater: false, hasTicked: false }
    expect(latest(quiet).afterMs).toBeLessThanOrEqual(3_000)
  })
})

describe('a connection that answers pings', () => {
  it.each([
    [1_000, 4_750],
    [5_000, 14_750],
    [10_000, 29_750],
  ])('and sends nothing is ended after three cadences of %d ms, at least %d ms', (cadenceMs, silenceMs) => {
    const { afterMs, reason } = latest({ cadenceMs, answersFirst: true, answersLater: true })
    expect(reason).toBe(`no frame for ${silenceMs} ms`)
    expect(afterMs).toBeGreaterThan(silenceMs)
    expect(afterMs).toBeLessThanOrEqual(silenceMs + checkEveryMs)
  })

  it('stays while none of its markets has ticked: the time for a first tick ends it', () => {
    const quiet = { cadenceMs: 1_000, answersFirst: true, answersLater: true, hasTicked: false }
    expect(latest(quiet).afterMs).toBe(Number.POSITIVE_INFINITY)
  })

  it('and brings frames is sent no ping but the first', () => {
    let pings = 0
    const life = new LifeSign(testSource, FEED_LIMITS, { ping: () => void pings++ } as Socket)
    life.opened(0)
    life.ponged()
    for (let nowMs = 0; nowMs < 60_000; nowMs += 250) {
      const lastFrameMs = nowMs - (nowMs % 1_000)
      expect(life.overdue(nowMs, lastFrameMs, true)).toBeUndefined()
      life.beat(nowMs, lastFrameMs)
    }
    expect(pings).toBe(1)
  })
})

it('a market of a stream of 1 Hz that goes silent is found within 5 s', () => {
  const staleAfterMs = Math.max(5 * 1_000 - checkEveryMs, FEED_LIMITS.stalenessMinMs)
  expect(staleAfterMs + checkEveryMs).toBeLessThanOrEqual(5_000)
})
