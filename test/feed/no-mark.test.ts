import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FileSource, venueId } from '../../src/domain/index.ts'
import { type Feed, openFeed } from '../../src/feed/index.ts'
import { MarketData } from '../../src/feed/market-data.ts'
import { connectSocket, httpGet, openFollowed, systemClock } from '../../src/system/index.ts'
import { bitmex } from '../../src/venues/bitmex.ts'
import { until } from '../support/until.ts'
import { optionsOf, RecordingLog, RecordingSink, stateOf } from './harness.ts'

const SYMBOL = 'XBTUSD'

let folder: string
let path: string
let open: { close(): Promise<void> } | undefined
let source: FileSource
/** Behind our clock, because a time ahead of it orders nothing. */
let at = Date.now() - 600_000

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-no-mark-'))
  path = join(folder, 'frames.jsonl')
  writeFileSync(path, '')
  source = {
    kind: 'file',
    id: 'frames',
    path,
    from: 'start',
    carries: () => true,
    cadenceMs: 1e9,
    createParser: bitmex.sources[0]!.createParser,
  }
})
afterEach(async () => {
  await open?.close()
  rmSync(folder, { recursive: true })
})

/** A row of BitMEX, a second after the one before. */
function say(action: 'partial' | 'update', columns: object, beforeMs = 0): void {
  at += 1_000
  const data = [{ symbol: SYMBOL, ...columns, timestamp: new Date(at - beforeMs).toISOString() }]
  appendFileSync(path, `${JSON.stringify({ table: 'instrument', action, data })}\n`)
}

describe('a market of which the venue says that it has no mark', () => {
  function openFile(): { readonly feed: Feed; readonly sink: RecordingSink } {
    const sink = new RecordingSink()
    const feed = openFeed({ ...optionsOf({ url: path }, [SYMBOL]), source, sink })
    open = feed
    return { feed, sink }
  }

  it('is stale at once, until it has one again', async () => {
    const { feed, sink } = openFile()
    say('partial', { markPrice: 60_000 })
    say('update', { markPrice: null })
    say('update', { lastPrice: 1 })
    await until(() => feed.counters.frames === 3)
    expect([stateOf(feed, SYMBOL), sink.states(SYMBOL)]).toEqual(['stale', ['fresh', 'stale']])
    say('update', { markPrice: 50_000 })
    await until(() => feed.counters.frames === 4)
    expect([stateOf(feed, SYMBOL), sink.states(SYMBOL)]).toEqual(['fresh', ['fresh', 'stale', 'fresh']])
    expect(feed.counters).toMatchObject({ unreadable: 0, malformed: 0 })
  })

  it('keeps a mark that is newer than what says so', async () => {
    const { feed, sink } = openFile()
    say('partial', { markPrice: 60_000 })
    say('update', { markPrice: null }, 5_000)
    await until(() => feed.counters.frames === 2)
    expect([sink.states(SYMBOL), feed.counters.droppedOld]).toEqual([['fresh'], 1])
  })

  it('that had none before stays unknown', async () => {
    const { feed, sink } = openFile()
    say('partial', { markPrice: null })
    await until(() => feed.counters.frames === 1)
    expect([stateOf(feed, SYMBOL), sink.states(SYMBOL)]).toEqual(['unknown', []])
  })
})

describe('a market with an entry that cannot be read', () => {
  it('is counted each time and named once, until it has a mark again', async () => {
    const log = new RecordingLog()
    const marketData = new MarketData({
      monitor: {
        frameStart: () => {},
        tick: () => {},
        unchanged: () => {},
        indexPrice: () => {},
        frameEnd: () => {},
        marketInterrupted: () => undefined,
        marketStale: () => {},
        isHeld: () => true,
        unknownMarginAccounts: 0,
      },
      sourceCarrying: () => source,
      streamUrls: {},
      clock: systemClock,
      random: () => 0.5,
      machine: { connect: connectSocket, httpGet, openFollowed },
      log,
      failed: (error) => {
        throw error
      },
    })
    open = marketData
    marketData.add(venueId('bitmex'), SYMBOL)
    marketData.open()
    const counters = () => marketData.counters().frames![0]!
    const named = () => log.lines.filter(({ message }) => /cannot be read/.test(message))
    say('partial', { markPrice: 60_000 })
    say('update', { markPrice: 'x' })
    say('update', { markPrice: 'y' })
    await until(() => counters().frames === 3)
    expect(counters()).toMatchObject({ unreadable: 2, malformed: 2 })
    await until(() => named().length === 1)
    expect(named()[0]!.fields).toMatchObject({ markets: 1, symbols: [SYMBOL] })
    say('update', { markPrice: 60_000 })
    say('update', { markPrice: 'z' })
    await until(() => named().length === 2)
    expect(counters()).toMatchObject({ unreadable: 3 })
  })
})
