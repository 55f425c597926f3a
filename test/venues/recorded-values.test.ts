import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { sourceOf, VENUE_NAMES, VENUES } from '../../src/venues/index.ts'
import { exactly } from '../support/malformed/twins.ts'
import { pricesIn, type RecordedPrice } from '../support/recorded-prices.ts'
import { framesOf, RECORDED_VENUES, recordedFiles } from '../support/recordings.ts'
import { sharedPath } from '../support/shared.ts'
import { coinLists } from './fixtures/hyperliquid.ts'
import { read } from './record.ts'

/** Its contexts have names by their places in lists that the recording lacks: here they are C0, C1 and so on. */
const UNNAMED = 'hyperliquid/ws-mark/nautilus-ws_all_dexs_asset_ctxs.json'
const COINS = Array.from({ length: 300 }, (_, place) => `C${place}`)

/** One list for each exchange of the frame. */
function listsFor(frame: string): string {
  const { ctxs } = (JSON.parse(frame) as { data: { ctxs: readonly [string, unknown][] } }).data
  return coinLists(...ctxs.map(([name]) => (name === '' ? COINS : COINS.map((coin) => `${name}:${coin}`))))
}

const recordings = sharedPath('recordings')
const suffix = recordings === undefined ? ' (skipped: no recordings beside the project)' : ''
const folderOf = (file: string) => file.split('/')[0]!
const venueOfFile = (file: string) => VENUE_NAMES.get(RECORDED_VENUES[folderOf(file)]!)!

interface Row {
  files: number
  frames: number
  prices: number
}
/** The same text for equal prices: numbers are compared digit by digit, without zeros at their ends. */
const line = ({ kind, symbol, price }: RecordedPrice) => `${kind} ${symbol} ${exactly(price)}`

/** The prices that the product reads, frame by frame. */
function decoded(file: string): readonly (readonly string[])[] {
  const source =
    file === UNNAMED
      ? sourceOf('hyperliquid-all-dexs')
      : VENUES.find(({ id }) => id === venueOfFile(file))!.sources[0]!
  const parser = source.createParser()
  return framesOf(recordings!, file).map((frame) => {
    if (file === UNNAMED) read(parser, listsFor(frame))
    const { ticks, indexPrices } = read(parser, frame)
    const marks = ticks.map(({ symbol, markPrice }) => line({ kind: 'mark', symbol, price: markPrice }))
    const indexes = indexPrices.map(([symbol, price]) => line({ kind: 'index', symbol, price }))
    return [...marks, ...indexes].sort()
  })
}

/** The prices that the frames hold, by the reader that is no part of the product. */
function held(file: string): readonly (readonly string[])[] {
  const heard = new Map<string, string>()
  const coins = file === UNNAMED ? COINS : undefined
  return framesOf(recordings!, file).map((frame) =>
    pricesIn(venueOfFile(file), frame, heard, coins).map(line).sort(),
  )
}

describe.skipIf(recordings === undefined)(`every recorded frame${suffix}`, () => {
  it('is of a venue that is read here', () => {
    const folders = readdirSync(recordings!, { withFileTypes: true }).filter((entry) => entry.isDirectory())
    const streamed = folders.filter(({ name }) =>
      readdirSync(`${recordings}/${name}`).some((folder) => folder.startsWith('ws-')),
    )
    expect(streamed.map(({ name }) => name).filter((name) => RECORDED_VENUES[name] === undefined)).toEqual([])
    expect([...new Set(Object.values(RECORDED_VENUES))].sort()).toEqual(
      VENUES.map(({ id }) => String(id))
        .filter((id) => id !== 'cme')
        .sort(),
    )
  })

  it('gives every price that it holds, and no other', () => {
    const table = new Map<string, Row>(VENUES.map(({ id }) => [id, { files: 0, frames: 0, prices: 0 }]))
    for (const file of recordedFiles(recordings!)) {
      const prices = decoded(file)
      expect.soft(prices, file).toEqual(held(file))
      const row = table.get(venueOfFile(file))!
      row.files++
      row.frames += prices.length
      row.prices += prices.flat().length
    }
    console.table([...table].map(([venue, row]) => ({ venue, ...row })))
    // Recordings of BitMEX hold rows without their tables, or tables without marks; CME has no stream.
    const silent = [...table].filter(([, { prices }]) => prices === 0).map(([id]) => id)
    expect(silent.sort()).toEqual(['bitmex', 'cme'])
  })
})
