import type { Clock } from '../domain/index.ts'

interface Waiting {
  readonly admit: () => void
  readonly refuse: (error: Error) => void
}

export interface GateLimits {
  readonly requestsPerSecondMax: number
  /** Requests without an answer. Further ones wait. */
  readonly inFlightMax: number
  /** A pause that is longer refuses who waits and who comes, until it has passed: nobody waits for an hour. */
  readonly pauseWaitMaxMs: number
}

/**
 * Lets requests to one venue pass in the order in which they come, evenly spaced on the monotonic clock. Who calls bounds how
 * many wait.
 */
export class RequestGate {
  readonly #clock: Clock
  readonly #limits: GateLimits
  readonly #waiting: Waiting[] = []
  #inFlight = 0
  #nextMs = Number.NEGATIVE_INFINITY
  #cancelTimer: () => void = () => {}

  constructor(clock: Clock, limits: GateLimits) {
    this.#clock = clock
    this.#limits = limits
  }

  /** Milliseconds until a request may pass; 0 or less: at once. */
  get pauseMs(): number {
    return this.#nextMs - this.#clock.monotonicMs()
  }

  /** Resolves when one request may be sent; call `leave` after its answer. Rejects with the error of `pause` or `close`. */
  enter(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ admit: resolve, refuse: reject })
      this.#admit()
    })
  }

  leave(): void {
    this.#inFlight--
    this.#admit()
  }

  /** Lets nothing pass for so long. `refusal`: what those get who would wait for longer than the limit. */
  pause(forMs: number, refusal: () => Error): void {
    this.#nextMs = Math.max(this.#nextMs, this.#clock.monotonicMs() + forMs)
    if (this.isRefusing) this.refuseAll(refusal)
  }

  /** Whether a pause lasts for longer than anybody waits. */
  get isRefusing(): boolean {
    return this.pauseMs > this.#limits.pauseWaitMaxMs
  }

  /** Ends every wait with that error. */
  refuseAll(refusal: () => Error): void {
    this.#cancelTimer()
    for (const { refuse } of this.#waiting.splice(0)) refuse(refusal())
  }

  #admit(): void {
    this.#cancelTimer()
    while (this.#waiting.length > 0 && this.#inFlight < this.#limits.inFlightMax) {
      const waitMs = this.pauseMs
      if (waitMs > 0) {
        this.#cancelTimer = this.#clock.after(waitMs, () => this.#admit())
        return
      }
      this.#nextMs = this.#clock.monotonicMs() + 1_000 / this.#limits.requestsPerSecondMax
      this.#inFlight++
      this.#waiting.shift()!.admit()
    }
  }
}
