import type { Announcer } from './announcer.ts'
import type { MonitorOptions } from './options.ts'
import type { Revisions } from './revisions.ts'

/** The longest work in one turn of the event loop, so that sockets and timers are served. */
export const SLICE_MS = 5
/**
 * Time in each turn for making events, beside that for verdicts. In three runs each of the bench `overload`, the p99 from
 * frame to verdict was 39 to 131 ms with 2 ms, and 35 to 90 ms with 1 ms.
 */
const ANNOUNCE_SLICE_MS = 1
/** An event log without room is asked again after this time. */
const ROOM_POLL_MS = 10

/** When the monitor works: at once while nothing waits, and in slices of later turns of the event loop while something does. */
export class Turns {
  readonly #options: Pick<MonitorOptions, 'clock' | 'hasRoom'>
  readonly #announcer: Announcer
  readonly #revisions: Revisions | undefined
  /** Gives verdicts until the given time, monotonic. True when none waits. */
  readonly #judgeUntil: (endMs: number) => boolean
  #isScheduled = false
  /** What frames took of the present turn because they were judged at once. */
  #judgedAtOnceMs = 0
  #isPolling = false
  #isStopped = false

  constructor(
    options: Pick<MonitorOptions, 'clock' | 'hasRoom'>,
    announcer: Announcer,
    revisions: Revisions | undefined,
    judgeUntil: (endMs: number) => boolean,
  ) {
    this.#options = options
    this.#announcer = announcer
    this.#revisions = revisions
    this.#judgeUntil = judgeUntil
  }

  /** Whether no work waits for a later turn. */
  get isFree(): boolean {
    return !this.#isScheduled && !this.#isStopped
  }

  /** Nothing is evaluated or published from here on. */
  stop(): void {
    this.#isStopped = true
  }

  /** Gives verdicts and makes events, at once unless a later turn is asked for, which does it then. */
  work(): void {
    if (!this.#isScheduled) this.#work()
  }

  /**
   * The same for a frame, whose verdicts come at once also while a later turn is asked for: behind the events that wait it would
   * wait for all else that the turn reads. Frames take SLICE_MS of a turn at most; the others wait for the slice that is asked for.
   */
  judge(): void {
    if (!this.#isScheduled) {
      this.#work()
      return
    }
    const leftMs = SLICE_MS - this.#judgedAtOnceMs
    if (this.#isStopped || leftMs <= 0) return
    const { clock } = this.#options
    const startedMs = clock.monotonicMs()
    this.#judgeUntil(startedMs + leftMs)
    this.#judgedAtOnceMs += clock.monotonicMs() - startedMs
  }

  #work(): void {
    if (this.#isStopped) return
    const { clock } = this.#options
    const isJudged = this.#judgeUntil(clock.monotonicMs() + SLICE_MS)
    const isPublished =
      this.#announcer.waiting === 0 || this.#announcer.work(clock.monotonicMs() + ANNOUNCE_SLICE_MS)
    const isRevised =
      this.#revisions === undefined ||
      this.#revisions.due === 0 ||
      this.#revisions.work(clock.monotonicMs() + ANNOUNCE_SLICE_MS)
    if (isJudged && isPublished && isRevised) return
    if (isJudged && !this.#options.hasRoom()) this.#pollRoom()
    else this.#goOnLater()
  }

  #goOnLater(): void {
    this.#isScheduled = true
    this.#options.clock.nextTurn(() => {
      this.#isScheduled = false
      this.#judgedAtOnceMs = 0
      this.#work()
    })
  }

  /** Asks the event log for room later. Ticks are evaluated meanwhile. */
  #pollRoom(): void {
    if (this.#isPolling) return
    this.#isPolling = true
    this.#options.clock.after(ROOM_POLL_MS, () => {
      this.#isPolling = false
      this.work()
    })
  }
}
