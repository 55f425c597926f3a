import type {
  FrameKind,
  FrameParser,
  FrameSink,
  Funding,
  MarkSource,
  SocketSource,
} from '../../src/domain/index.ts'
import { sourceOf } from '../../src/venues/index.ts'

/** A tick as the tests write it: symbol, mark, event time, then whatever details the frame or its state hold. */
export interface RecordedTick extends Partial<Funding> {
  readonly symbol: string
  readonly markPrice: string
  /** undefined where the venue states no time. */
  readonly eventTimeMs?: number | undefined
  /** Absent for the venue's own mark. */
  readonly markSource?: MarkSource | undefined
}

export interface Reading {
  readonly kind: FrameKind
  readonly ticks: readonly RecordedTick[]
  readonly unchanged: readonly string[]
  /** Name, price and event time of each. */
  readonly indexPrices: readonly (readonly [string, string, number | undefined])[]
}

/** Takes everything and keeps nothing. */
export const DEAF_SINK: FrameSink = {
  price: () => {},
  unchanged: () => {},
  noMark: () => {},
  acknowledged: () => {},
  rejected: () => {},
  reply: () => {},
}

/** A sink that writes down everything which it hears, one text each. */
export function listener(): { readonly said: string[]; readonly sink: FrameSink } {
  const said: string[] = []
  const hear = (...words: readonly unknown[]) => void said.push(JSON.stringify(words))
  const fundingOf = (funding: Funding | undefined) =>
    funding && [funding.fundingRate, funding.nextFundingTimeMs]
  const sink: FrameSink = {
    price: (kind, symbol, price, timeMs, funding) => hear(kind, symbol, price, timeMs, fundingOf(funding)),
    unchanged: (symbol, timeMs, funding) => hear('unchanged', symbol, timeMs, fundingOf(funding)),
    noMark: (symbol, sinceMs) => hear('no mark', symbol, sinceMs),
    acknowledged: (symbols) => hear('acknowledged', symbols),
    rejected: (symbol, reason) => hear('rejected', symbol, reason.trim()),
    reply: (frame) => hear('reply', frame),
  }
  return { said, sink }
}

/** What `parser` makes of one frame, copied out of the sink. Details that are undefined are left out. */
export function read(parser: FrameParser, frame: string): Reading {
  const ticks: RecordedTick[] = []
  const unchanged: string[] = []
  const indexPrices: [string, string, number | undefined][] = []
  const kind = parser.parse(frame, {
    ...DEAF_SINK,
    price: (priceKind, symbol, price, eventTimeMs, funding, markSource) => {
      const { fundingRate, nextFundingTimeMs } = funding ?? {}
      if (priceKind === 'mark')
        ticks.push(
          withoutUndefined({
            symbol,
            markPrice: price,
            eventTimeMs,
            fundingRate,
            nextFundingTimeMs,
            markSource,
          }),
        )
      if (priceKind === 'index') indexPrices.push([symbol, price, eventTimeMs])
    },
    unchanged: (symbol) => void unchanged.push(symbol),
  })
  return { kind, ticks, unchanged, indexPrices }
}

function withoutUndefined(tick: RecordedTick): RecordedTick {
  return Object.fromEntries(Object.entries(tick).filter(([, value]) => value !== undefined)) as never
}

/** A source that is a WebSocket, by its id. */
export function socketOf(sourceId: string): SocketSource {
  const source = sourceOf(sourceId)
  if (source.kind === 'socket') return source
  throw new Error(`${sourceId} is no socket`)
}

/** What a subscribing frame asks for. */
export function argumentsOf(frame: string): string[] {
  const request = JSON.parse(frame)
  return request.args ?? request.params
}

/** The index prices that a new parser of the source reads of the frames, in order. */
export function indexPricesOf(sourceId: string, ...frames: readonly string[]) {
  const parser = sourceOf(sourceId).createParser()
  return frames.flatMap((frame) => read(parser, frame).indexPrices)
}

/** What the last of the frames says of markets: their marks, `unchanged`, `none` and `unreadable`; and its kind. */
export function saidOf(sourceId: string, ...frames: readonly string[]): readonly string[] {
  const parser = sourceOf(sourceId).createParser()
  let said: string[] = []
  const sink: FrameSink = {
    ...DEAF_SINK,
    price: (kind, symbol, price) => {
      if (kind === 'mark') said.push(`${symbol} ${price}`)
    },
    unchanged: (symbol) => void said.push(`${symbol} unchanged`),
    noMark: (symbol, sinceMs) => void said.push(`${symbol} ${sinceMs === undefined ? 'unreadable' : 'none'}`),
  }
  for (const frame of frames) {
    said = []
    said.push(parser.parse(frame, sink))
  }
  return said
}

/** What a new parser of the source says of answers: for whom, and what it sends back. */
export function answersOf(sourceId: string, ...frames: readonly string[]): readonly (readonly unknown[])[] {
  const heard: unknown[][] = []
  const parser = sourceOf(sourceId).createParser()
  const sink: FrameSink = {
    ...DEAF_SINK,
    acknowledged: (symbols) => void heard.push(['acknowledged', symbols]),
    rejected: (symbol) => void heard.push(['rejected', symbol]),
    reply: (frame) => void heard.push(['reply', JSON.parse(frame).method]),
  }
  for (const frame of frames) parser.parse(frame, sink)
  return heard
}
