import { type Clock, counted, EMPTY_STREAM, readStreamId } from '../domain/index.ts'
import type { Log } from '../log.ts'
import { newestStreamId, type RedisCommands, readStreamRange, type StreamEntry } from '../redis/index.ts'
import { parseEvent } from '../subscriber/index.ts'
import { EVENT_INDENT, type EventLines } from './event-lines.ts'

/** Pause between two reads of the stream of events. */
const LOOK_EVERY_MS = 500
/** Events that one read shows. More are counted, so a cascade costs the worker no more than a quiet minute. */
export const EVENTS_SHOWN_MAX = 10

export interface EventsViewOptions {
  readonly redis: RedisCommands
  /** The stream of events. */
  readonly key: string
  readonly lines: EventLines
  readonly print: (line: string) => void
  readonly clock: Clock
  readonly log: Log
}

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
    const { redis, key } = this.#options
    this.#position = await newestStreamId(redis, key)
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
    const entries = await readStreamRange(redis, key, `(${this.#position}`, '+', EVENTS_SHOWN_MAX)
    for (const entry of entries) this.#show(entry)
    if (entries.length < EVENTS_SHOWN_MAX) return
    const top = await newestStreamId(redis, key)
    const more = entriesBetween(this.#position, top)
    if (more === 0) return
    print(
      `${EVENT_INDENT}and ${more === undefined ? 'many more events' : counted(more, 'more event')}; plimsoll tail --from ${this.#position} shows them`,
    )
    this.#position = top
  }

  #show({ id, fields }: StreamEntry): void {
    this.#position = id
    const text = fields.get('event')
    if (text === undefined) return
    const event = parseEvent(text)
    const lines =
      event === undefined ? [`entry ${id} is not an event of this version`] : this.#options.lines.of(event)
    for (const line of lines) this.#options.print(line)
  }
}

/**
 * Number of entries after `id` up to `top`. Sequences of one writer have no gaps. Undefined when the ids are of two
 * writers.
 */
function entriesBetween(id: string, top: string): number | undefined {
  const from = readStreamId(id)
  const to = readStreamId(top)
  return from !== undefined && from.fence === to?.fence ? to.sequence - from.sequence : undefined
}
