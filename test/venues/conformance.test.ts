import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { indexOf, isPrice, symbolSchema } from '../../src/domain/index.ts'
import { sourceCarrying, sourceOf, VENUE_NAMES, VENUES } from '../../src/venues/index.ts'
import { testSeed } from '../support/seed.ts'
import { FIXTURES } from './fixtures.ts'
import { argumentsOf, type Reading, read } from './record.ts'

const SEED = testSeed(29)

const FRAME_CHARACTERS_MAX = 10_000
const sources = VENUES.flatMap((venue) => venue.sources.map((source) => ({ venue, source, id: source.id })))

describe.each(sources)('the source $id', ({ venue, source, id }) => {
  const fixture = FIXTURES[id]!
  const newParser = () => {
    const parser = source.createParser()
    for (const frame of fixture.needs ?? []) read(parser, frame)
    return parser
  }

  it('has a fixture that shows every kind of frame it can send', () => {
    const kinds = new Set(fixture.frames.map(({ kind }) => kind))
    if (source.kind !== 'socket')
      return expect([...kinds]).toEqual(expect.arrayContaining(['malformed', 'ticks']))
    const expected = ['acknowledged', 'ignored', 'malformed', 'rejected', 'ticks']
    const heartbeat = source.heartbeat?.frame
    if (heartbeat !== undefined && heartbeat !== 'protocol') expect(kinds).toContain('heartbeat')
    kinds.delete('heartbeat')
    expect([...kinds].sort()).toEqual(expected)
  })

  it('reads the frames of its fixture, in order and with one parser, as they are', () => {
    const parser = source.createParser()
    for (const { says, frame, kind, ticks = [], unchanged = [] } of fixture.frames) {
      // `indexes.test.ts` has the index prices.
      const { indexPrices: _, ...reading } = read(parser, frame)
      expect({ says, ...reading }).toEqual({ says, kind, ticks, unchanged })
    }
  })

  it('keeps nothing from one parser to the next', () => {
    const first = source.createParser()
    for (const { frame } of fixture.frames) read(first, frame)
    const priced = fixture.frames.find(({ kind }) => kind === 'ticks')!
    expect(read(newParser(), priced.frame)).toMatchObject({ kind: 'ticks', ticks: priced.ticks ?? [] })
  })

  it('carries the symbols that the venue names so, and no others', () => {
    for (const symbol of fixture.symbols)
      expect({ symbol, by: sourceCarrying(venue.id, symbol, { [id]: 'its address' })?.id }).toEqual({
        symbol,
        by: id,
      })
    for (const symbol of fixture.foreign)
      expect({ symbol, carried: source.carries(symbol) }).toEqual({ symbol, carried: false })
  })

  it.runIf(source.isOptIn)('carries nothing unless the settings give its address', () => {
    for (const symbol of fixture.symbols) expect(sourceCarrying(venue.id, symbol)?.id).not.toBe(id)
  })

  it('is known under its own name, which is one of the names of its venue', () => {
    expect(sourceOf(id)).toBe(source)
    expect(VENUE_NAMES.get(id)).toBe(venue.id)
  })

  it('gives no tick of a frame that is cut off anywhere', () => {
    for (const { frame, says } of fixture.frames) {
      for (let length = 0; length < frame.length; length++) {
        const { ticks, unchanged, indexPrices } = read(newParser(), frame.slice(0, length))
        const none = { ticks: [], unchanged: [], indexPrices: [] }
        expect({ says, length, ticks, unchanged, indexPrices }).toEqual({ says, length, ...none })
      }
    }
  })

  it('throws nothing and lets through no price outside the grammar when bits are flipped', () => {
    for (const { frame } of fixture.frames) {
      const bytes = Buffer.from(frame)
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        bytes[bit >> 3]! ^= 1 << (bit & 7)
        expectSound(read(newParser(), bytes.toString()))
        bytes[bit >> 3]! ^= 1 << (bit & 7)
      }
    }
  })

  it(`throws nothing on any JSON value, by itself or in place of a part of a frame (seed ${SEED})`, () => {
    const isJson = ({ frame }: { frame: string }) => frame.startsWith('{') || frame.startsWith('[')
    const frames = fixture.frames.filter(isJson).map(({ frame }) => JSON.parse(frame))
    const replaced = fc
      .tuple(fc.constantFrom(...frames), fc.jsonValue(), fc.nat())
      .map(([frame, value, at]) => JSON.stringify(replacePart(frame, value, at)))
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), replaced), (frame) => {
        expectSound(read(newParser(), frame))
      }),
      { seed: SEED, numRuns: 5_000 },
    )
  })
})

const sockets = sources.flatMap(({ id, source }) => (source.kind === 'socket' ? [{ id, source }] : []))

describe.each(sockets)('the socket $id', ({ source, id }) => {
  const { symbolAt = (index: number) => `S${index}USDT`, topicsOf = argumentsOf } = FIXTURES[id]!
  const symbols = Array.from({ length: source.symbolsPerConnectionMax }, (_, index) => symbolAt(index))

  it('says that it states stored prices first exactly if it states prices without a time', () => {
    const times = FIXTURES[id]!.frames.flatMap(({ ticks = [] }) => ticks.map((tick) => tick.eventTimeMs))
    expect(source.statesStoredFirst === true).toBe(times.includes(undefined))
  })

  it('subscribes to every symbol once, in frames that the venue takes', () => {
    const requests = source.subscribe(symbols)
    if (source.statesEveryMarket) return expect(requests.map((one) => one.symbols)).toEqual([symbols])
    const topics = requests.flatMap(({ frame, symbols: asked }) => {
      expect(frame.length).toBeLessThan(FRAME_CHARACTERS_MAX)
      expect(topicsOf(frame)).toHaveLength(asked.length)
      return topicsOf(frame).map((topic) => JSON.stringify(topic))
    })
    expect(requests.flatMap(({ symbols: asked }) => asked)).toEqual(symbols)
    for (const [index, topic] of topics.entries())
      expect(topic.toLowerCase()).toContain(symbols[index]!.toLowerCase())
    expect(new Set(topics).size).toBe(symbols.length)
    expect(source.subscribe([])).toEqual([])
  })

  it('numbers its requests apart', () => {
    const frames = source.subscribe(symbols)
    // A venue that answers by name alone has no ids.
    const ids = frames.map(({ frame }) => JSON.parse(frame).id ?? JSON.parse(frame).req_id ?? frame)
    expect(new Set(ids).size).toBe(frames.length)
  })
})

it('a stream that no venue has is refused by name', () => {
  expect(() => sourceOf('bybit-spot')).toThrow(expect.objectContaining({ code: 'CONFIGURATION' }))
  expect(() => sourceOf('bybit-spot')).toThrow(/bybit-spot.*bybit-linear/)
})

function expectSound({ ticks, indexPrices }: Reading): void {
  for (const [name, price, timeMs] of indexPrices)
    if (indexOf(name) === undefined || !isPrice(price) || !isTime(timeMs))
      expect.fail(`unsound index price ${JSON.stringify(indexPrices)}`)
  for (const { symbol, markPrice, eventTimeMs, fundingRate, nextFundingTimeMs } of ticks) {
    const sound =
      symbolSchema.safeParse(symbol).success &&
      isPrice(markPrice) &&
      isTime(eventTimeMs) &&
      (fundingRate === undefined || /^-?\d{1,15}(\.\d{1,18})?$/.test(fundingRate)) &&
      (nextFundingTimeMs === undefined || isTime(nextFundingTimeMs))
    if (!sound) expect.fail(`unsound tick ${JSON.stringify(ticks)}`)
  }
}

/** Some venues state none. */
const isTime = (time: number | undefined) => time === undefined || (Number.isSafeInteger(time) && time > 0)

/** A copy of `node` in which the `at`-th value, counted through all levels, is `value`. */
function replacePart(node: unknown, value: unknown, at: number): unknown {
  let count = 0
  const size = JSON.stringify(node).length
  const target = at % Math.max(1, Math.floor(size / 12))
  return JSON.parse(JSON.stringify(node, (_key, part) => (count++ === target ? value : part)) ?? 'null')
}
