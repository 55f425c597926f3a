import { deflateRawSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SocketSource } from '../../src/domain/index.ts'
import { type Feed, openFeed } from '../../src/feed/index.ts'
import { FRAGMENTS_MAX, FRAME_BYTES_MAX } from '../../src/feed/limits.ts'
import { sourceOf } from '../../src/venues/index.ts'
import { type DrippingProxy, startDrippingProxy } from '../support/dripping-proxy.ts'
import { ScriptedVenue, type Sends } from '../support/scripted-venue.ts'
import { until } from '../support/until.ts'
import type { Dialect } from '../venues/dialect.ts'
import { FIXTURES } from '../venues/fixtures.ts'
import { expectGapless, optionsOf, RecordingSink, SHORT_LIMITS, stateOf } from './harness.ts'

const sockets = Object.entries(FIXTURES).filter(([id]) => sourceOf(id).kind === 'socket')
const CADENCE_MS = 40
const FAR_MS = 600_000
const FIN_TEXT_COMPRESSED = 0xc1
const FIN_TEXT = 0x81
const LENGTH_OF_64_BITS = 127

/** In so many fragments, cut between bytes, not letters. They go out together: a frame between them would be a breach. */
const inFragments =
  (count: number): Sends =>
  (frame, socket) => {
    const bytes = Buffer.from(frame)
    for (let at = 0; at < count; at++) {
      const part = bytes.subarray((bytes.length * at) / count, (bytes.length * (at + 1)) / count)
      socket.send(part, { binary: false, fin: at === count - 1 })
    }
  }

/** With blanks at its end, which JSON allows. */
const inBytes =
  (bytes: number): Sends =>
  (frame, socket) =>
    socket.send(frame + ' '.repeat(bytes - Buffer.byteLength(frame)))

const giantInFragments: Sends = (frame, socket) => {
  socket.send(frame, { fin: false })
  for (let at = 1; at <= 8; at++) socket.send(' '.repeat(FRAME_BYTES_MAX / 8), { fin: at === 8 })
}

/** A header that announces a terabyte, and no more. */
const announced: Sends = (_, __, wire) => {
  const header = Buffer.alloc(10)
  header[0] = FIN_TEXT
  header[1] = LENGTH_OF_64_BITS
  header.writeBigUInt64BE(1n << 40n, 2)
  wire.write(header)
}

/** As permessage-deflate has it, though the client does not offer that. */
const compressedUnasked: Sends = (frame, _, wire) => {
  const payload = deflateRawSync(frame)
  wire.write(
    Buffer.concat([
      Buffer.from([FIN_TEXT_COMPRESSED, 126, payload.length >> 8, payload.length & 255]),
      payload,
    ]),
  )
}

const BROKEN: readonly (readonly [string, Sends, RegExp])[] = [
  ['a byte more than a frame may have', inBytes(FRAME_BYTES_MAX + 1), /^Max payload size exceeded$/],
  ['fragments that are together too large', giantInFragments, /^Max payload size exceeded$/],
  [
    'a frame that announces a terabyte',
    announced,
    /^(Unsupported WebSocket frame: payload length|Max payload)/,
  ],
  ['a fragment more than a frame may have', inFragments(FRAGMENTS_MAX + 1), /^Too many message fragments$/],
  ['compression that nobody offered', compressedUnasked, /^Invalid WebSocket frame: RSV1 must be clear$/],
]

describe.each(sockets)('a feed of %s', (id, { dialect, symbols }) => {
  let venue: ScriptedVenue
  let proxy: DrippingProxy | undefined
  let feed: Feed | undefined
  let sink: RecordingSink
  const start = async (compresses?: true) => {
    venue = await ScriptedVenue.start({
      dialect: dialect as Dialect,
      cadenceMs: CADENCE_MS,
      prices: 'counted',
      markets: symbols,
      ...(compresses && { compresses }),
    })
  }
  beforeEach(async () => {
    sink = new RecordingSink()
    feed = undefined
    proxy = undefined
  })
  afterEach(async () => {
    await feed?.close()
    await proxy?.stop()
    await venue.stop()
  })
  const open = (url = venue.url): Feed => {
    const source: SocketSource = {
      ...(sourceOf(id) as SocketSource),
      cadenceMs: CADENCE_MS,
      requestsPerSecondMax: 200,
    }
    const limits = {
      ...SHORT_LIMITS,
      firstTickTimeoutMs: 1_000,
      stalenessMinMs: 1_000,
      renewalAfterMs: FAR_MS,
    }
    feed = openFeed({ ...optionsOf({ url }, symbols), source, sink, limits })
    return feed
  }
  const allHeard = (more = 2) => {
    const before = symbols.map((symbol) => sink.marks(symbol).length)
    return until(() => symbols.every((symbol, at) => sink.marks(symbol).length >= before[at]! + more))
  }

  it.each<[string, Sends]>([
    ['in two fragments', inFragments(2)],
    ['in as many fragments as a frame may have', inFragments(FRAGMENTS_MAX)],
    ['in as many bytes as a frame may have', inBytes(FRAME_BYTES_MAX)],
  ])('hears each mark once that comes %s', async (_, sends) => {
    await start()
    const whole = venue.script.sends
    const opened = open()
    await allHeard(1)
    let left = 2 * symbols.length
    venue.script.sends = (frame, socket, wire) => (left-- > 0 ? sends : whole)(frame, socket, wire)
    await until(() => left < 0)
    await allHeard()
    for (const symbol of symbols) {
      expectGapless(sink.marks(symbol))
      expect(new Set(sink.marks(symbol)).size).toBe(sink.marks(symbol).length)
    }
    expect([venue.connections, sink.lost, sink.faults]).toEqual([1, [], []])
    expect(opened.counters.malformed).toBe(0)
  })

  it('hears a venue that would compress, and does not offer to read that', async () => {
    await start(true)
    const extensions = new Set<string>()
    venue.script.sends = (frame, socket) => {
      extensions.add(socket.extensions)
      socket.send(frame)
    }
    open()
    await allHeard()
    expect([[...extensions], venue.connections, sink.lost]).toEqual([[''], 1, []])
  })

  it.each(BROKEN)(
    'leaves a connection that brings %s, counts it, and hears every market again',
    async (_, sends, says) => {
      await start()
      const whole = venue.script.sends
      const [broken] = symbols as [string]
      const opened = open()
      await allHeard()
      venue.script.sends = (frame, socket, wire) => {
        venue.script.sends = whole
        sends(frame, socket, wire)
      }
      await until(() => sink.lost.length > 0)
      expect(sink.lost).toEqual([expect.stringMatching(says)])
      expect(sink.interruptions.flat().sort()).toEqual([...symbols].sort())
      await allHeard()
      await until(() => opened.blindMarkets === 0)
      expect(stateOf(opened, broken)).toBe('fresh')
      expect([venue.connections, opened.counters.reconnects, sink.faults]).toEqual([2, 1, []])
    },
  )

  it('hears marks that come byte by byte, and leaves a connection whose bytes come too slowly', async () => {
    await start()
    const url = new URL(venue.url)
    proxy = await startDrippingProxy(Number(url.port))
    url.port = String(proxy.port)
    const opened = open(url.href)
    await allHeard()
    for (const symbol of symbols) expectGapless(sink.marks(symbol))
    expect(sink.lost).toEqual([])
    // A frame takes longer than a venue may be silent.
    proxy.everyMs = 100
    await until(() => sink.lost.length > 0)
    expect(sink.lost[0]).toMatch(/^no (frame|pong|tick)/)
    proxy.everyMs = 0
    await allHeard()
    await until(() => opened.blindMarkets === 0)
    expect(sink.faults).toEqual([])
  })
})
