import type { FrameParser, FrameSink } from '../src/domain/index.ts'
import { sourceOf } from '../src/venues/index.ts'
import { type Effort, type Measured, measureInTurns } from './harness.ts'
import { CONSUMERS, type Take } from './parse-consumers.ts'
import { framesOf } from './parse-frames.ts'

export const PARSE_SEED = 20_261_130
export const PARSE_FRAMES = 4_000

export interface ParseBench {
  readonly source: string
  readonly frames: number
  /** Of a frame, on the average. */
  readonly bytes: number
  /** Marks, and index prices of other digits than the last: both ways give the same. */
  readonly prices: number
  /** Nanoseconds for all frames: by the venue, and by `JSON.parse` with the fields. */
  readonly results: readonly [venue: Measured, json: Measured]
  /** Time of the venue over that of `JSON.parse` with the fields. */
  readonly ratio: number
}

/**
 * Reads the frames of one connection with the parser of the venue, and with `JSON.parse` and the fields. Throws when the two do
 * not give the same prices.
 */
export function benchParse(source: string, frames: number, seed: number, effort: Effort): ParseBench {
  const texts = framesOf(source, frames, seed)
  const prices = checked(source, texts)
  const parser = sourceOf(source).createParser()
  const [venue, json] = measureInTurns(frames, effort, {
    venue: () => readByVenue(parser, texts),
    'JSON.parse and fields': () => readByFields(source, texts),
  }) as [Measured, Measured]
  const bytes = texts.reduce((sum, text) => sum + text.length, 0) / frames
  return { source, frames, bytes, prices, results: [venue, json], ratio: venue.medianNs / json.medianNs }
}

/** The parser knows the stream, as that of a connection which has been open for some seconds. */
function readByVenue(parser: FrameParser, frames: readonly string[]): number {
  let digits = 0
  const sink: FrameSink = {
    ...NOTHING,
    price: (_kind, symbol, price) => {
      digits += symbol.length + price.length
    },
  }
  for (const frame of frames) parser.parse(frame, sink)
  return digits
}

function readByFields(source: string, frames: readonly string[]): number {
  let digits = 0
  const take: Take = (symbol, price) => {
    digits += symbol.length + price.length
  }
  const consumer = CONSUMERS[source]!
  for (const frame of frames) consumer(frame, take, take)
  return digits
}

const NOTHING: Omit<FrameSink, 'price'> = {
  unchanged: () => {},
  noMark: () => {},
  acknowledged: () => {},
  rejected: () => {},
  reply: () => {},
}

/** How many prices both ways give. */
function checked(source: string, frames: readonly string[]): number {
  const venue = new Said()
  const json = new Said()
  const parser = sourceOf(source).createParser()
  for (const [number, frame] of frames.entries()) {
    const kind = parser.parse(frame, {
      ...NOTHING,
      price: (priceKind, symbol, price, timeMs) =>
        priceKind === 'mark' ? venue.mark(symbol, price, timeMs ?? 0) : venue.index(symbol, price),
    })
    if (kind !== 'ticks' && kind !== 'ignored') throw new Error(`frame ${number} of ${source} is ${kind}`)
    const index: Take = (contract, price) => json.index(contract, price)
    CONSUMERS[source]!(frame, (symbol, price, timeMs) => json.mark(symbol, price, timeMs), index)
    if (venue.text !== json.text)
      throw new Error(`frame ${number} of ${source}: the venue gives ${venue.text}, the fields ${json.text}`)
  }
  return venue.prices
}

/** The prices of a stream. A venue names an index price by its asset, and repeats one that a frame leaves out. */
class Said {
  prices = 0
  /** The newest mark and index price. */
  text = ''
  #mark = ''
  #index = ''
  readonly #indexes = new Map<string, string>()

  mark(symbol: string, price: string, timeMs: number): void {
    this.prices++
    this.#mark = `${symbol} ${digitsOf(price)} ${timeMs}`
    this.#print()
  }

  index(name: string, price: string): void {
    if (this.#indexes.get(name) === price) return
    this.#indexes.set(name, price)
    this.prices++
    this.#index = digitsOf(price)
    this.#print()
  }

  #print(): void {
    this.text = `${this.#mark}, index ${this.#index}`
  }
}

/** A number of JSON has no zeros at its end; a text of a venue may have some. */
function digitsOf(price: string): string {
  return price.includes('.') ? price.replace(/\.?0+$/, '') : price
}
