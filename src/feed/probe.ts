// What a venue's stream says while somebody listens to it, frame by frame and market by market.
import type { Clock, FrameKind, FrameParser, FrameSink, PriceKind, VenueSource } from '../domain/index.ts'
import type { FeedSink } from './types.ts'

/** Different frames of one kind that are kept as samples, and how much of each. */
const SAMPLES_MAX = 3
const SAMPLE_CHARACTERS_MAX = 300
/** Markets that a probe counts; what further ones say is counted as `beyond`. */
const MARKETS_MAX = 10_000
/** A market that is silent for so many of the source's cadences has a gap. */
const GAP_CADENCES = 3

/** The kinds of which samples are kept: what no test of a parser may have seen yet. */
const SAMPLED = ['ignored', 'malformed', 'rejected'] as const satisfies readonly FrameKind[]
type SampledKind = (typeof SAMPLED)[number]

/** What a stream said of one market. Times in milliseconds. */
export interface ProbedMarket {
  readonly symbol: string
  readonly kind: Exclude<PriceKind, 'settlement'>
  readonly prices: number
  /** Frames that confirm the last price without stating one. */
  readonly confirmations: number
  /** Prices that differ from the one before. */
  readonly changes: number
  readonly lastPrice: string | null
  /** Between two statements or confirmations, before the first and after the last one. */
  readonly longestSilenceMs: number
  /** Silences of more than three cadences of the source. */
  readonly gaps: number
  /** Statements with a time before that of an earlier one. */
  readonly outOfOrder: number
  /** Time of this machine at the receipt, less the time that the venue states; null where it states none. */
  readonly age: { readonly leastMs: number; readonly meanMs: number; readonly mostMs: number } | null
}

export interface ProbedFrames {
  readonly frames: number
  readonly characters: number
  readonly longestCharacters: number
  readonly kinds: Readonly<Record<FrameKind, number>>
  readonly samples: Readonly<Record<SampledKind, readonly string[]>>
  /** Statements of markets beyond the first 10,000. */
  readonly beyond: number
}

interface Heard {
  readonly symbol: string
  readonly kind: Exclude<PriceKind, 'settlement'>
  prices: number
  confirmations: number
  changes: number
  lastPrice: string | null
  lastMs: number
  longestSilenceMs: number
  gaps: number
  outOfOrder: number
  newestEventMs: number
  timed: number
  ageSumMs: number
  ageLeastMs: number
  ageMostMs: number
}

export interface ProbeOptions {
  readonly source: VenueSource
  readonly clock: Clock
  /** Gets each frame as it came. */
  readonly record: (frame: string) => void
}

/** Listens at the parsers of one source: `source` is the same one, whose parsers tell the probe what they read. */
export class Probe {
  readonly source: VenueSource
  readonly #options: ProbeOptions
  readonly #startedMs: number
  readonly #heard = new Map<string, Heard>()
  readonly #kinds: Record<FrameKind, number> = {
    ticks: 0,
    acknowledged: 0,
    rejected: 0,
    heartbeat: 0,
    ignored: 0,
    malformed: 0,
  }
  readonly #samples: Record<SampledKind, string[]> = { ignored: [], malformed: [], rejected: [] }
  #frames = 0
  #characters = 0
  #longestCharacters = 0
  #beyond = 0

  constructor(options: ProbeOptions) {
    this.#options = options
    this.#startedMs = options.clock.monotonicMs()
    this.source = { ...options.source, createParser: () => this.#listening(options.source.createParser()) }
  }

  get frames(): ProbedFrames {
    return {
      frames: this.#frames,
      characters: this.#characters,
      longestCharacters: this.#longestCharacters,
      kinds: this.#kinds,
      samples: this.#samples,
      beyond: this.#beyond,
    }
  }

  /** Every market that a frame stated, asked for or not, up to now. */
  markets(): ReadonlyMap<string, ProbedMarket> {
    const nowMs = this.#options.clock.monotonicMs()
    const shown = [...this.#heard.values()].map((heard) => this.#marketOf(heard, nowMs))
    return new Map(shown.map((market) => [market.symbol, market]))
  }

  #listening(parser: FrameParser): FrameParser {
    const { restate } = parser
    return {
      parse: (text, sink) => {
        this.#options.record(text)
        const kind = parser.parse(text, this.#beside(sink))
        this.#frame(kind, text)
        return kind
      },
      ...(restate === undefined ? {} : { restate: restate.bind(parser) }),
    }
  }

  #beside(sink: FrameSink): FrameSink {
    return {
      price: (kind, symbol, price, eventTimeMs, funding, markSource) => {
        if (kind !== 'settlement') this.#price(kind, symbol, price, eventTimeMs)
        sink.price(kind, symbol, price, eventTimeMs, funding, markSource)
      },
      unchanged: (symbol, eventTimeMs, funding) => {
        const heard = this.#heard.get(symbol)
        if (heard !== undefined) {
          heard.confirmations++
          this.#spoke(heard, eventTimeMs)
        }
        sink.unchanged(symbol, eventTimeMs, funding)
      },
      noMark: (symbol, sinceMs) => sink.noMark(symbol, sinceMs),
      acknowledged: (symbols) => sink.acknowledged(symbols),
      rejected: (symbol, reason) => sink.rejected(symbol, reason),
      reply: (frame) => sink.reply(frame),
    }
  }

  #frame(kind: FrameKind, text: string): void {
    this.#frames++
    this.#kinds[kind]++
    this.#characters += text.length
    this.#longestCharacters = Math.max(this.#longestCharacters, text.length)
    const samples = (SAMPLED as readonly FrameKind[]).includes(kind)
      ? this.#samples[kind as SampledKind]
      : undefined
    if (samples === undefined || samples.length === SAMPLES_MAX) return
    const sample = text.slice(0, SAMPLE_CHARACTERS_MAX)
    if (!samples.includes(sample)) samples.push(sample)
  }

  #price(
    kind: Exclude<PriceKind, 'settlement'>,
    symbol: string,
    price: string,
    eventTimeMs: number | undefined,
  ): void {
    let heard = this.#heard.get(symbol)
    if (heard === undefined) {
      if (this.#heard.size === MARKETS_MAX) {
        this.#beyond++
        return
      }
      heard = silent(symbol, kind, this.#startedMs)
      this.#heard.set(symbol, heard)
    }
    heard.prices++
    if (heard.lastPrice !== null && heard.lastPrice !== price) heard.changes++
    heard.lastPrice = price
    this.#spoke(heard, eventTimeMs)
  }

  #spoke(heard: Heard, eventTimeMs: number | undefined): void {
    const { clock } = this.#options
    const nowMs = clock.monotonicMs()
    const silenceMs = nowMs - heard.lastMs
    heard.longestSilenceMs = Math.max(heard.longestSilenceMs, silenceMs)
    if (heard.prices + heard.confirmations > 1 && this.#isGap(heard, silenceMs)) heard.gaps++
    heard.lastMs = nowMs
    if (eventTimeMs === undefined) return
    const ageMs = clock.nowMs() - eventTimeMs
    heard.timed++
    heard.ageSumMs += ageMs
    heard.ageLeastMs = Math.min(heard.ageLeastMs, ageMs)
    heard.ageMostMs = Math.max(heard.ageMostMs, ageMs)
    if (eventTimeMs < heard.newestEventMs) heard.outOfOrder++
    else heard.newestEventMs = eventTimeMs
  }

  #isGap({ kind }: Heard, silenceMs: number): boolean {
    const { cadenceMs, indexCadenceMs = cadenceMs } = this.#options.source
    return silenceMs > GAP_CADENCES * (kind === 'index' ? indexCadenceMs : cadenceMs)
  }

  #marketOf(heard: Heard, nowMs: number): ProbedMarket {
    const silenceMs = nowMs - heard.lastMs
    const { timed } = heard
    return {
      symbol: heard.symbol,
      kind: heard.kind,
      prices: heard.prices,
      confirmations: heard.confirmations,
      changes: heard.changes,
      lastPrice: heard.lastPrice,
      longestSilenceMs: Math.max(heard.longestSilenceMs, silenceMs),
      gaps: heard.gaps + (this.#isGap(heard, silenceMs) ? 1 : 0),
      outOfOrder: heard.outOfOrder,
      age:
        timed === 0
          ? null
          : { leastMs: heard.ageLeastMs, meanMs: heard.ageSumMs / timed, mostMs: heard.ageMostMs },
    }
  }
}

function silent(symbol: string, kind: Heard['kind'], sinceMs: number): Heard {
  return {
    symbol,
    kind,
    prices: 0,
    confirmations: 0,
    changes: 0,
    lastPrice: null,
    lastMs: sinceMs,
    longestSilenceMs: 0,
    gaps: 0,
    outOfOrder: 0,
    newestEventMs: Number.NEGATIVE_INFINITY,
    timed: 0,
    ageSumMs: 0,
    ageLeastMs: Number.POSITIVE_INFINITY,
    ageMostMs: Number.NEGATIVE_INFINITY,
  }
}

/** What happened to the connections of a probe; the prices are the business of its parsers. */
export class ProbeLog implements FeedSink {
  readonly #clock: Clock
  readonly #startedMs: number
  /** From the start until the stream was live, milliseconds; null if it never was. */
  liveAfterMs: number | null = null
  /** Why each connection was lost, the first REASONS_MAX. */
  readonly reasons: string[] = []
  lost = 0
  /** Faults that belong to no request, in the venue's words. */
  readonly faults: string[] = []

  constructor(clock: Clock) {
    this.#clock = clock
    this.#startedMs = clock.monotonicMs()
  }

  interrupted(): void {
    // A probe says how often the connection was lost.
  }

  connection(state: 'connecting' | 'live' | 'lost', reason: string): void {
    if (state === 'live') this.liveAfterMs ??= this.#clock.monotonicMs() - this.#startedMs
    if (state !== 'lost') return
    this.lost++
    if (this.reasons.length < REASONS_MAX) this.reasons.push(reason)
  }

  fault(error: Error): void {
    if (this.faults.length < REASONS_MAX) this.faults.push(error.message)
  }

  frameStart(): void {}
  frameEnd(): void {}
  indexPrice(): void {}
  price(): void {}
  unchanged(): void {}
  marketState(): void {}
  marketUnreadable(): void {}
  marketRefused(): void {}
  marketTaken(): void {}
}

const REASONS_MAX = 10
