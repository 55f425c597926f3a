import { Readable, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { LINE_CHARACTERS_MAX, linesOf, writeLine } from '../../src/cli/lines.ts'
import type { Line } from '../../src/input/index.ts'

async function all(input: Readable): Promise<Line[]> {
  const lines = []
  for await (const line of linesOf(input)) lines.push(line)
  return lines
}

function collect(...chunks: (string | Uint8Array)[]): Promise<Line[]> {
  return all(Readable.from(chunks.map((chunk) => Buffer.from(chunk))))
}

async function textsOf(...chunks: (string | Uint8Array)[]): Promise<string[]> {
  return (await collect(...chunks)).map(({ text }) => text)
}

describe('lines of a stream', () => {
  it('are whole however the stream is cut, even inside a character', async () => {
    const bytes = Buffer.from('één\n\nzwei\ndrei')
    const single = Array.from(bytes, (byte) => Buffer.from([byte]))
    expect(await textsOf(...single)).toEqual(['één', '', 'zwei', 'drei'])
  })

  it('beyond the limit are cut and marked, and those around them are whole', async () => {
    const chunk = 'x'.repeat(1024 * 1024)
    const chunks = Array.from({ length: LINE_CHARACTERS_MAX / chunk.length + 2 }, () => chunk)
    const lines = await collect('before\n', ...chunks, '\nafter')
    expect(lines.map(({ text, isCut }) => [text.length, isCut])).toEqual([
      [6, false],
      [LINE_CHARACTERS_MAX, true],
      [5, false],
    ])
    expect(await collect('x'.repeat(LINE_CHARACTERS_MAX))).toMatchObject([{ isCut: false }])
  })

  it('begin after a byte order mark', async () => {
    const bytes = Buffer.from('\ufeffone\n\ufefftwo')
    expect(await textsOf(bytes)).toEqual(['one', '\ufefftwo'])
  })

  it('end with the error of the stream', async () => {
    const input = Readable.from(
      (async function* () {
        yield Buffer.from('one\n')
        throw new Error('the disk is gone')
      })(),
    )
    await expect(all(input)).rejects.toThrow('the disk is gone')
  })
})

describe('writing a line', () => {
  it('waits while the reader is behind', async () => {
    let release: (() => void) | undefined
    const accept = (done: () => void) => {
      release = done
    }
    const output = new Writable({ highWaterMark: 1, write: (_, __, done) => accept(done) })
    let written = false
    const writing = writeLine(output, 'text').then(() => {
      written = true
    })
    await Promise.resolve()
    expect(written).toBe(false)
    release!()
    await writing
    expect(written).toBe(true)
  })
})
