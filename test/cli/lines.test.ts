import { Readable, Writable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { LINE_CHARACTERS_MAX, linesOf, writeLine } from '../../src/cli/lines.ts'

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

  it('end with a fault where one is longer than the limit', async () => {
    const chunk = 'x'.repeat(1024 * 1024)
    const chunks = Array.from({ length: LINE_CHARACTERS_MAX / chunk.length + 1 }, () => chunk)
    await expect(collect(Readable.from(chunks))).rejects.toMatchObject({ code: 'INPUT_INVALID' })
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
