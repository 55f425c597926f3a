import type { Clock } from '../domain/index.ts'
import type { Log } from '../log.ts'
import { parseEvent } from '../subscriber/index.ts'
import { EVENT_INDENT, type EventLines } from './event-lines.ts'

/** Between two looks at the stream of events. */
const LOOK_EVERY_MS = 500
/** Events that one look shows. The rest of a cascade is counted: showing costs the worker the same at any time. */
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
 * Prints events as they reach the stream, up to EVENTS_SHOWN_MAX a look. Liquidations stand first in their instant,
 * worst first, so what is counted instead of shown is the lesser part.
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

  /** Shows what comes after this call. */
  async start(): Promise<void> {
    this.#position = await this.#top()
    this.#lookLater()
  }

  /** Shows what has come, then no more. */
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

/** How many entries one writer, whose sequences have no gaps, put between two ids; undefined where it changed. */
function entriesBetween(id: string, top: string): number | undefined {
  const [fence, sequence] = id.split('-')
  const [topFence, topSequence] = top.split('-')
  return fence === topFence ? Number(topSequence) - Number(sequence) : undefined
}
