import { Readable, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { isTooLong, LINE_CHARACTERS_MAX, linesOf, writeLine } from '../../src/cli/lines.ts'

async function collect(input: Readable): Promise<string[]> {
  const lines = []
  for await (const line of linesOf(input)) lines.push(line)
  return lines
}

describe('lines of a stream', () => {
  it('are whole however the stream is cut, even inside a character', async () => {
    const bytes = Buffer.from('één\n\nzwei\ndrei')
    const single = Array.from(bytes, (byte) => Buffer.from([byte]))
    expect(await collect(Readable.from(single, { objectMode: false }))).toEqual(['één', '', 'zwei', 'drei'])
  })

  it('beyond the limit are cut to what shows it, and those around them are whole', async () => {
    const chunk = 'x'.repeat(1024 * 1024)
    const chunks = Array.from({ length: LINE_CHARACTERS_MAX / chunk.length + 2 }, () => chunk)
    const lines = await collect(Readable.from(['before\n', ...chunks, '\nafter']))
    expect(lines.map((line) => line.length)).toEqual([6, LINE_CHARACTERS_MAX + 1, 5])
    expect(lines.map(isTooLong)).toEqual([false, true, false])
    expect(isTooLong('x'.repeat(LINE_CHARACTERS_MAX))).toBe(false)
  })

  it('begin after a byte order mark', async () => {
    const bytes = Buffer.from('\ufeffone\n\ufefftwo')
    expect(await collect(Readable.from([bytes], { objectMode: false }))).toEqual(['one', '\ufefftwo'])
  })

  it('end with the error of the stream', async () => {
    const input = Readable.from(
      (async function* () {
        yield 'one\n'
        throw new Error('the disk is gone')
      })(),
    )
    await expect(collect(input)).rejects.toThrow('the disk is gone')
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
