import type { Clock } from '../domain/index.ts'
import type { Log } from '../log.ts'
import { parseEvent } from '../subscriber/index.ts'
import { EVENT_INDENT, type EventLines } from './event-lines.ts'

/** Pause between two reads of the stream of events. */
const LOOK_EVERY_MS = 500
/** Events that one read shows. More are counted, so a cascade costs the worker no more than a quiet minute. */
export const EVENTS_SHOWN_MAX = 10
const EMPTY_STREAM = '0-0'

export interface EventsViewOptions {
  /** An ioredis instance fits. */
  readonly redis: { call(command: string, ...args: (string | number)[]): Promise<unknown> }
  /** The stream of events. */
  readonly key: string
  readonly lines: EventLines
  readonly print: (line: string) => void
  readonly clock: Clock
  readonly log: Log
}

type Entry = readonly [id: string, fields: readonly string[]]

/**
 * Prints events as they reach the stream, at most EVENTS_SHOWN_MAX a read. An instant begins with its liquidations, worst
 * first, so the events that are only counted are the less urgent ones.
 */
export class EventsView {
  readonly #options: EventsViewOptions
  #position = EMPTY_STREAM
  #cancel: () => void = () => undefined
  #looking: Promise<void> = Promise.resolve()
  #isStopped = false
  #inOutage = false

  constructor(options: EventsViewOptions) {
    this.#options = options
  }

  /** Shows events that reach the stream after this call. */
  async start(): Promise<void> {
    this.#position = await this.#top()
    this.#lookLater()
  }

  /** Shows the events that are in the stream now, then ends. */
  async stop(): Promise<void> {
    this.#cancel()
    this.#isStopped = true
    await this.#looking
    await this.#lookOnce()
  }

  #lookLater(): void {
    this.#cancel = this.#options.clock.after(LOOK_EVERY_MS, () => {
      this.#looking = this.#lookOnce().finally(() => {
        if (!this.#isStopped) this.#lookLater()
      })
    })
  }

  async #lookOnce(): Promise<void> {
    try {
      await this.#look()
      this.#inOutage = false
    } catch (error) {
      if (!this.#inOutage) this.#options.log.warn({ error: (error as Error).message }, 'showing the events')
      this.#inOutage = true
    }
  }

  async #look(): Promise<void> {
    const { redis, key, print } = this.#options
    const range = [`(${this.#position}`, '+', 'COUNT', EVENTS_SHOWN_MAX]
    const entries = (await redis.call('XRANGE', key, ...range)) as Entry[]
    for (const entry of entries) this.#show(entry)
    if (entries.length < EVENTS_SHOWN_MAX) return
    const top = await this.#top()
    const more = entriesBetween(this.#position, top)
    if (more === 0) return
    print(
      `${EVENT_INDENT}and ${more ?? 'many'} more events; plimsoll tail --from ${this.#position} shows them`,
    )
    this.#position = top
  }

  #show([id, [field, text = '']]: Entry): void {
    this.#position = id
    if (field !== 'event') return
    const event = parseEvent(text)
    const lines =
      event === undefined ? [`entry ${id} is no event of this version`] : this.#options.lines.of(event)
    for (const line of lines) this.#options.print(line)
  }

  async #top(): Promise<string> {
    const { redis, key } = this.#options
    const newest = (await redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)) as Entry[]
    return newest[0]?.[0] ?? EMPTY_STREAM
  }
}

/**
 * Number of entries after `id` up to `top`. Sequences of one writer have no gaps. Undefined when the ids are of two
 * writers.
 */
function entriesBetween(id: string, top: string): number | undefined {
  const [fence, sequence] = id.split('-')
  const [topFence, topSequence] = top.split('-')
  return fence === topFence ? Number(topSequence) - Number(sequence) : undefined
}
