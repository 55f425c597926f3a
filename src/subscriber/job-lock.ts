import type { Job } from 'bullmq'
import type { Clock } from '../domain/index.ts'

/**
 * The lock that gives a job to this subscriber. BullMQ renews it while the handler runs. When a handler blocks the event
 * loop, the renewal stops and Redis may give the job to another subscriber.
 */
export class JobLock {
  readonly #job: Job
  readonly #token: string
  readonly #clock: Clock
  readonly #lockMs: number
  readonly #lost: () => void
  #knownMs: number
  #isLost = false

  /** `lost` is called when another subscriber has the job. */
  constructor(job: Job, token: string, clock: Clock, lockMs: number, lost: () => void) {
    this.#job = job
    this.#token = token
    this.#clock = clock
    this.#lockMs = lockMs
    this.#lost = lost
    this.#knownMs = clock.monotonicMs()
  }

  /**
   * Whether the job is still ours. Asks Redis if half of the lock's time has passed without an answer; waits while Redis
   * is away.
   */
  async isKept(): Promise<boolean> {
    if (this.#clock.monotonicMs() - this.#knownMs < this.#lockMs / 2) return !this.#isLost
    const askedMs = this.#clock.monotonicMs()
    const reply = await this.#job.extendLock(this.#token, this.#lockMs)
    this.#knownMs = askedMs
    if (reply !== 1) this.lose()
    return !this.#isLost
  }

  lose(): void {
    this.#isLost = true
    this.#lost()
  }
}
