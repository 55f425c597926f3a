import { counted } from '../domain/index.ts'
import type { FeedLimits } from './limits.ts'

/** Counts malformed frames, window by window. */
export class MalformedWindow {
  readonly #limits: FeedLimits
  #startMs: number
  #frames = 0
  #malformed = 0

  constructor(limits: FeedLimits, nowMs: number) {
    this.#limits = limits
    this.#startMs = nowMs
  }

  /** Counts one frame. Returns a reason to end the connection at the end of a window with too many malformed frames. */
  add(isMalformed: boolean, nowMs: number): string | undefined {
    this.#frames++
    if (isMalformed) this.#malformed++
    if (nowMs - this.#startMs < this.#limits.malformedWindowMs) return undefined
    const { malformedShareMax, malformedFramesMin } = this.#limits
    const frames = this.#frames
    const malformed = this.#malformed
    this.#startMs = nowMs
    this.#frames = 0
    this.#malformed = 0
    if (malformed < malformedFramesMin || malformed <= malformedShareMax * frames) return undefined
    return `${malformed} of ${counted(frames, 'frame')} were malformed, the limit is ${malformedShareMax} of them`
  }
}
