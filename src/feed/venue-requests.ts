import type { Clock, Random } from '../domain/index.ts'
import type { HttpAnswer, HttpPost } from '../system/index.ts'
import { jitteredDelayMs } from './backoff.ts'
import { LIMITED_PAUSE_MS, REPLY_CHARACTERS_MAX } from './limits.ts'
import { requestErrorText } from './request-error.ts'
import { type GateLimits, RequestGate } from './request-gate.ts'
import { retryAfterMsOf } from './retry-after.ts'
import type { FeedMachine } from './types.ts'

/** Every limit of requests to the public endpoints of a venue beside its streams, and what happens at it. */
export interface RequestLimits extends Omit<GateLimits, 'requestsPerSecondMax'> {
  /** From the request to the end of its body. Then the try has failed. */
  readonly requestTimeoutMs: number
  /** Tries of one request. After the last one it fails. */
  readonly triesMax: number
  /** Between two tries: full jitter, up to base·2^(tries − 1), at most the cap. */
  readonly backoffBaseMs: number
  readonly backoffCapMs: number
  /** No request to the venue for so long after status 418 or 429 without `Retry-After`. */
  readonly limitedPauseMs: number
  /** The same after 403, by which Bybit bans an address for 10 minutes. */
  readonly bannedPauseMs: number
}

export const REQUEST_LIMITS: RequestLimits = {
  requestTimeoutMs: 10_000,
  triesMax: 5,
  backoffBaseMs: 500,
  backoffCapMs: 15_000,
  inFlightMax: 4,
  limitedPauseMs: LIMITED_PAUSE_MS,
  bannedPauseMs: 600_000,
  pauseWaitMaxMs: 120_000,
}

/** What of a venue counts requests together, and how many of them it tolerates. */
export interface Limited {
  readonly id: string
  readonly limitId?: string
  readonly requestsPerSecondMax: number
}

/** One GET, or a POST where there is `json`. `read` makes of the body what is asked for, and throws for a body that is no answer. */
export interface VenueRequest<Read> {
  readonly of: Limited
  readonly url: string
  /** A body of JSON. */
  readonly json?: string | undefined
  readonly bodyBytesMax: number
  readonly read: (body: string) => Read | Promise<Read>
  /** Called after each try but one that the venue refuses for good; `reason`: why it failed, undefined of one that did not. */
  readonly tried?: (reason: string | undefined) => void
}

/** Why there is no answer, in words. */
export class RequestFailure extends Error {}

/** What is known of a try without an answer: `refused` by the venue for what is asked, `limited`: it wants no requests for long. */
type Failure = 'failed' | 'refused' | 'limited'
type Tried<Read> = { readonly read: Read } | { readonly reason: string; readonly failure: Failure }

export interface VenueRequestsOptions {
  readonly clock: Clock
  readonly random: Random
  readonly machine: Pick<FeedMachine, 'httpGet'> & { readonly httpPost: HttpPost }
  /** Replaces limits, for tests. */
  readonly limits?: Partial<RequestLimits>
}

/**
 * Asks public endpoints, in the order of the questions within the limit of each venue; a request that fails is tried again with
 * full jitter. All readers of a worker share one, so that a venue is never asked more often than it tolerates.
 */
export class VenueRequests {
  readonly #options: VenueRequestsOptions
  readonly #limits: RequestLimits
  readonly #gates = new Map<string, RequestGate>()
  readonly #inFlight = new Set<AbortController>()
  readonly #endWaits = new Set<() => void>()
  #isClosed = false

  constructor(options: VenueRequestsOptions) {
    this.#options = options
    this.#limits = { ...REQUEST_LIMITS, ...options.limits }
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  /**
   * @throws RequestFailure with the reason: no answer after `triesMax` tries, the venue refuses the request, or wants no requests for
   * longer than `pauseWaitMaxMs`; or all is closed.
   */
  async get<Read>(request: VenueRequest<Read>): Promise<Read> {
    const { triesMax, backoffBaseMs, backoffCapMs } = this.#limits
    for (let tries = 1; ; tries++) {
      this.#refuseClosed()
      const tried = await this.#try(request)
      this.#refuseClosed()
      if ('read' in tried) {
        request.tried?.(undefined)
        return tried.read
      }
      const { reason, failure } = tried
      if (failure !== 'refused') request.tried?.(reason)
      if (failure !== 'failed') throw new RequestFailure(reason)
      if (tries === triesMax) throw new RequestFailure(`${reason}, at the last of ${triesMax} tries`)
      await this.#wait(jitteredDelayMs(tries - 1, backoffBaseMs, backoffCapMs, this.#options.random))
    }
  }

  /** Ends every wait and request; requests that have not ended, and later ones, reject. */
  close(): void {
    this.#isClosed = true
    for (const gate of this.#gates.values()) gate.refuseAll(() => new Error('closed'))
    for (const abort of this.#inFlight) abort.abort()
    for (const end of [...this.#endWaits]) end()
  }

  #refuseClosed(): void {
    if (this.#isClosed) throw new RequestFailure('the reader is closed')
  }

  #gateOf({ id, limitId = id, requestsPerSecondMax }: Limited): RequestGate {
    let gate = this.#gates.get(limitId)
    if (gate === undefined) {
      gate = new RequestGate(this.#options.clock, { ...this.#limits, requestsPerSecondMax })
      this.#gates.set(limitId, gate)
    }
    return gate
  }

  async #try<Read>(request: VenueRequest<Read>): Promise<Tried<Read>> {
    const gate = this.#gateOf(request.of)
    if (gate.isRefusing) return { reason: pauseText(gate), failure: 'limited' }
    try {
      await gate.enter()
    } catch (error) {
      return { reason: (error as Error).message, failure: 'limited' }
    }
    try {
      return await this.#judged(request, gate, await this.#answer(request))
    } catch (error) {
      return { reason: requestErrorText(error as Error), failure: 'failed' }
    } finally {
      gate.leave()
    }
  }

  /** Rejects if there is no answer in time. */
  async #answer<Read>({ url, json, bodyBytesMax }: VenueRequest<Read>): Promise<HttpAnswer> {
    const { clock, machine } = this.#options
    const { requestTimeoutMs } = this.#limits
    const abort = new AbortController()
    this.#inFlight.add(abort)
    const cancel = clock.after(requestTimeoutMs, () =>
      abort.abort(new Error(`no answer after ${requestTimeoutMs} ms`)),
    )
    try {
      if (json !== undefined) return await machine.httpPost(url, json, bodyBytesMax, abort.signal)
      return await machine.httpGet(url, bodyBytesMax, abort.signal)
    } finally {
      cancel()
      this.#inFlight.delete(abort)
    }
  }

  async #judged<Read>(
    request: VenueRequest<Read>,
    gate: RequestGate,
    { status, body, retryAfter }: HttpAnswer,
  ): Promise<Tried<Read>> {
    if (status >= 200 && status <= 299) return { read: await request.read(body) }
    const reason = `the venue answers with status ${status}: ${body.slice(0, REPLY_CHARACTERS_MAX)}`
    const { limitedPauseMs, bannedPauseMs } = this.#limits
    if (status >= 500) return { reason, failure: 'failed' }
    if (status !== 403 && status !== 418 && status !== 429) return { reason, failure: 'refused' }
    const defaultMs = status === 403 ? bannedPauseMs : limitedPauseMs
    gate.pause(
      retryAfterMsOf(retryAfter, this.#options.clock.nowMs()) ?? defaultMs,
      () => new Error(pauseText(gate)),
    )
    return { reason, failure: gate.isRefusing ? 'limited' : 'failed' }
  }

  async #wait(delayMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const end = () => {
        cancel()
        this.#endWaits.delete(end)
        resolve()
      }
      const cancel = this.#options.clock.after(delayMs, end)
      this.#endWaits.add(end)
    })
  }
}

function pauseText(gate: RequestGate): string {
  return `the venue wants no requests for another ${Math.ceil(gate.pauseMs / 1_000)} s`
}
