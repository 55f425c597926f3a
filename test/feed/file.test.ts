import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { FileSource } from '../../src/domain/index.ts'
import { type Feed, type FeedOptions, openFeed } from '../../src/feed/index.ts'
import { LINE_LENGTH_MAX } from '../../src/input/index.ts'
import { connectSocket, followPipe, httpGet } from '../../src/system/index.ts'
import { until } from '../support/until.ts'
import { optionsOf, RecordingSink, stateOf } from './harness.ts'

/** Lines are `symbol price time`. */
const source: FileSource = {
  kind: 'file',
  id: 'written',
  path: '/nowhere',
  from: 'start',
  carries: () => true,
  cadenceMs: 20,
  createParser: () => ({
    parse(line, sink) {
      const [symbol, price, time] = line.split(' ')
      if (symbol === undefined || price === undefined || time === undefined) return 'malformed'
      sink.price('mark', symbol, price, Number(time), undefined)
      return 'ticks'
    },
  }),
}

let folder: string
let path: string
let feed: Feed | undefined
let sink: RecordingSink

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-file-feed-'))
  path = join(folder, 'prices.txt')
  sink = new RecordingSink()
})
afterEach(async () => {
  await feed?.close()
  rmSync(folder, { recursive: true })
})

function openFile(symbols: readonly string[], changes: Partial<FeedOptions> = {}): Feed {
  feed = openFeed({ ...optionsOf({ url: path }, symbols), source, sink, ...changes })
  return feed
}

describe('a file of prices', () => {
  it('that is closed while it is opened is closed for good, though a pipe without an end is behind it', async () => {
    const pipe = new PassThrough()
    let opened = (): void => {}
    const opening = new Promise<void>((resolve) => {
      opened = resolve
    })
    const openFollowed = async () => {
      await opening
      return followPipe(pipe)
    }
    openFile(['A'], { machine: { connect: connectSocket, httpGet, openFollowed } })
    const closed = feed!.close()
    opened()
    await closed
    expect([pipe.destroyed, sink.heard.length]).toEqual([true, 1])
  })

  it('is read from its start and followed while it grows; each line is one instant', async () => {
    writeFileSync(path, 'A 1 1\nB 2 1\nA 3 2\n')
    openFile(['A', 'B'])
    await until(() => sink.marks('A').length === 2)
    appendFileSync(path, 'A 4 3\r\nB 5')
    await until(() => sink.marks('A').length === 3)
    appendFileSync(path, ' 4\n')
    await until(() => sink.marks('B').length === 2)
    expect([sink.marks('A'), sink.marks('B')]).toEqual([
      [1, 3, 4],
      [2, 5],
    ])
    const frames = sink.heard.filter(({ what }) => what === 'frameStart')
    expect(frames).toHaveLength(5)
  })

  it('is read from its end if the source says so', async () => {
    writeFileSync(path, 'A 1 1\n')
    const opened = openFile(['A'], { source: { ...source, from: 'end' } })
    await until(() => opened.counters.connects === 1)
    appendFileSync(path, 'A 2 2\n')
    await until(() => sink.marks('A').length > 0)
    expect(sink.marks('A')).toEqual([2])
  })

  it('gives the marks of a market that was added from then on', async () => {
    writeFileSync(path, 'B 1 1\n')
    const opened = openFile(['A'])
    await until(() => opened.counters.foreign === 1)
    opened.add(['B'])
    appendFileSync(path, 'B 2 2\n')
    await until(() => stateOf(opened, 'B') === 'fresh')
    expect(sink.marks('B')).toEqual([2])
  })

  it('that is not there is looked for again, and read from its start when it comes', async () => {
    const opened = openFile(['A'], { source: { ...source, from: 'end' } })
    await until(() => sink.lost.length >= 2)
    expect(sink.lost[0]).toMatch(/ENOENT/)
    writeFileSync(path, 'A 1 1\n')
    await until(() => stateOf(opened, 'A') === 'fresh')
  })

  it('that is replaced or written over is read again from its start, whatever its times', async () => {
    writeFileSync(path, 'A 1 100\nA 2 101\n')
    openFile(['A'])
    await until(() => sink.marks('A').length === 2)
    writeFileSync(`${path}.new`, 'A 3 1\n')
    renameSync(`${path}.new`, path)
    await until(() => sink.marks('A').includes(3))
    // A file that is written over with as many bytes is told from one that grew once its end was seen.
    await new Promise((resolve) => setTimeout(resolve, 50))
    writeFileSync(path, 'A 4 2\n')
    await until(() => sink.marks('A').includes(4))
    expect(sink.lost).toContain('the file is another one now')
  })

  it('loses a line above the limit and one that cannot be read, and no other', async () => {
    writeFileSync(path, `A 1 1\nA 5 2 ${'9'.repeat(LINE_LENGTH_MAX)}\nnonsense\nA 2 3\n`)
    const opened = openFile(['A'])
    await until(() => sink.marks('A').length === 2)
    expect(sink.marks('A')).toEqual([1, 2])
    expect(opened.counters.malformed).toBe(2)
    expect(sink.lost).toEqual([])
  })

  it('that does not grow leaves its markets stale', async () => {
    writeFileSync(path, 'A 1 1\n')
    const opened = openFile(['A'])
    await until(() => stateOf(opened, 'A') === 'stale')
    expect(sink.lost).toEqual([])
  })
})

describe('standard input', () => {
  it('is read until it ends, which is a loss; it is not opened again', async () => {
    const input = new PassThrough()
    let opened = 0
    const openFollowed = async () => {
      opened++
      return followPipe(input)
    }
    openFile(['A'], { url: '-', machine: { connect: connectSocket, httpGet, openFollowed } })
    input.write('A 1 1\nA 2')
    await until(() => sink.marks('A').length === 1)
    input.end(' 2')
    await until(() => sink.lost.length > 0)
    expect(sink.marks('A')).toEqual([1, 2])
    expect(sink.lost).toEqual(['standard input has ended'])
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(opened).toBe(1)
  })

  it('is left at once when the feed closes', async () => {
    const input = new PassThrough()
    const openFollowed = async () => followPipe(input)
    const opened = openFile(['A'], { url: '-', machine: { connect: connectSocket, httpGet, openFollowed } })
    await until(() => opened.counters.connects === 1)
    await opened.close()
    expect(sink.lost).toEqual([])
  })
})
