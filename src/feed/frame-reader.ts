import type { Clock, FeedCounters, FrameParser, VenueSource } from '../domain/index.ts'
import type { Hearing } from './hearing.ts'
import type { Intake } from './intake.ts'
import { OneWaySink } from './one-way-sink.ts'
import { RefusalSink } from './refusal-sink.ts'

export interface FrameReaderOptions {
  readonly source: VenueSource
  readonly clock: Clock
  readonly hearing: Hearing
  readonly intake: Intake
  readonly counters: FeedCounters
}

/** Reads bodies and lines. Each is one frame; the parser keeps its state from one to the next. */
export class FrameReader {
  readonly #options: FrameReaderOptions
  readonly #sink: OneWaySink
  readonly #parser: FrameParser

  constructor(options: FrameReaderOptions) {
    this.#options = options
    this.#sink = new OneWaySink(options.intake)
    this.#parser = options.source.createParser()
  }

  /** Returns false for a text that the parser cannot read. */
  read(text: string): boolean {
    const { clock, hearing, intake, counters } = this.#options
    const receivedMs = clock.monotonicMs()
    counters.frames++
    try {
      this.#sink.started(receivedMs, hearing.at(receivedMs))
      const kind = this.#parser.parse(text, this.#sink)
      intake.frameEnded()
      if (kind === 'heartbeat') counters.heartbeats++
      else if (kind !== 'ticks') counters[kind]++
      return kind !== 'malformed'
    } catch (error) {
      intake.failed(error as Error)
      return true
    }
  }

  /** The venue's words if the text read last refuses the request as a whole. */
  get requestRefusal(): string | undefined {
    return this.#sink.requestRefusal
  }

  /** The same of a text whose prices, if it had any, would not count. */
  refusalIn(text: string): string | undefined {
    const { source, counters } = this.#options
    const sink = new RefusalSink()
    source.createParser().parse(text, sink)
    if (sink.words !== undefined) {
      counters.frames++
      counters.rejected++
    }
    return sink.words
  }

  /** Counts a text that was too long to be kept as malformed. */
  refuse(): void {
    this.#options.counters.frames++
    this.#options.counters.malformed++
  }
}
