import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { gunzipSync } from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { CLOSE_LIMIT_MS, CompressedFile, filesIn, readCompressed } from '../../src/system/index.ts'
import { temporaryFolder } from '../support/cli.ts'
import { TestClock } from '../support/clock.ts'
import { until } from '../support/until.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())
let files = 0

interface Opened {
  readonly bytesMax?: number
  readonly waitingMax?: number
  readonly path?: string
  readonly openFile?: (path: string) => Writable
}

function open({ openFile, ...limits }: Opened = {}) {
  const path = limits.path ?? join(folder.path, `${++files}.gz`)
  const clock = new TestClock()
  const reasons: (string | Error)[] = []
  const { bytesMax = 1_000_000, waitingMax = 1_000_000 } = limits
  const ended = (reason: string | Error) => void reasons.push(reason)
  const own = openFile === undefined ? {} : { openFile }
  const file = new CompressedFile({ path, clock, bytesMax, waitingMax, ended, ...own })
  return { path, clock, reasons, file }
}

async function textOf(path: string): Promise<string> {
  let text = ''
  for await (const chunk of readCompressed(path)) text += chunk
  return text
}

const bytesOf = (path: string) => (existsSync(path) ? statSync(path).size : 0)

/** A text that gzip cannot make shorter. */
const noise = (length: number) =>
  Array.from({ length }, (_, index) => ((index * 2_654_435_761) % 4_294_967_296).toString(36)).join('')

describe('a compressed file', () => {
  it('holds every line when it is closed', async () => {
    const { file, path, reasons } = open()
    for (let line = 0; line < 5_000; line++) file.append(`line ${line} ${noise(3)}`)
    await file.close()
    const lines = gunzipSync(readFileSync(path)).toString().trimEnd().split('\n')
    expect(lines).toHaveLength(5_000)
    expect(lines.at(-1)).toContain('line 4999')
    expect(reasons).toEqual([])
  })

  it('brings what was written into the file each second, so that a crash loses no more', async () => {
    const { file, path, clock } = open()
    file.append('first')
    clock.advance(1_000)
    file.append('second')
    await until(() => bytesOf(path) > 10)
    const cut = join(folder.path, 'cut.gz')
    writeFileSync(cut, readFileSync(path))
    let text = ''
    const reading = async () => {
      for await (const chunk of readCompressed(cut)) text += chunk
    }
    await expect(reading()).rejects.toMatchObject({ code: 'Z_BUF_ERROR' })
    expect(text).toBe('first\n')
    await file.close()
    expect(await textOf(path)).toBe('first\nsecond\n')
  })

  it('is read to its end where other bytes stand after it, few or many', async () => {
    for (const bytes of [4_096, 1_000_000]) {
      const { file, path } = open()
      file.append('whole')
      await file.close()
      writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.alloc(bytes)]))
      expect(await textOf(path)).toBe('whole\n')
    }
  })

  it('ends when it is full, says so once, and keeps what it has', async () => {
    const { file, path, clock, reasons } = open({ bytesMax: 100 })
    file.append(noise(100))
    clock.advance(1_000)
    await until(() => bytesOf(path) > 100)
    file.append('one too many')
    file.append('another')
    expect(reasons).toEqual(['full'])
    expect(file.isEnded).toBe(true)
    await file.close()
    expect(await textOf(path)).toBe(`${noise(100)}\n`)
  })

  it('ends when too much waits for the disk', async () => {
    const { file, reasons } = open({ waitingMax: 10 })
    file.append('longer than ten characters')
    file.append('more')
    expect(reasons).toEqual(['behind'])
    await file.close()
  })

  it('ends with the error of the disk, and is no file that was there before', async () => {
    const missing = open({ path: join(folder.path, 'no', 'such.gz') })
    await until(() => missing.reasons.length > 0)
    expect(missing.reasons).toEqual([expect.objectContaining({ code: 'ENOENT' })])
    await missing.file.close()
    const path = join(folder.path, 'there.gz')
    writeFileSync(path, 'kept')
    const there = open({ path })
    await until(() => there.reasons.length > 0)
    await there.file.close()
    expect(readFileSync(path, 'utf8')).toBe('kept')
  })

  it('does not wait for a disk that never answers: at the limit it is left, and says that it may be cut off', async () => {
    const disk = new Writable({ write: () => undefined })
    const { file, clock, reasons } = open({ openFile: () => disk })
    file.append('lost')
    const closing = file.close()
    clock.advance(CLOSE_LIMIT_MS - 1)
    await new Promise(setImmediate)
    expect({ reasons, isDestroyed: disk.destroyed }).toEqual({ reasons: [], isDestroyed: false })
    clock.advance(1)
    await closing
    await new Promise(setImmediate)
    const message =
      'the disk has not taken the rest within 5000 ms (CLOSE_LIMIT_MS), so the file may be cut off'
    expect(reasons).toEqual([expect.objectContaining({ message })])
    expect({ isDestroyed: disk.destroyed, timers: clock.timers }).toEqual({ isDestroyed: true, timers: 0 })
  })

  it('is whole where a slow disk answers before the limit, and leaves no timer', async () => {
    const answers: (() => void)[] = []
    const disk = new Writable({ write: (_chunk, _encoding, done) => void answers.push(done) })
    const { file, clock, reasons } = open({ openFile: () => disk })
    file.append('kept')
    const closing = file.close()
    clock.advance(CLOSE_LIMIT_MS - 1)
    const answering = setInterval(() => answers.shift()?.(), 1)
    await closing
    clearInterval(answering)
    expect({ reasons, timers: clock.timers }).toEqual({ reasons: [], timers: 0 })
  })

  it('says that the disk failed while it was closed', async () => {
    const disk = new Writable({ write: (_chunk, _encoding, done) => done(new Error('no space')) })
    const { file, reasons } = open({ openFile: () => disk })
    file.append('lost')
    await file.close()
    expect(reasons).toEqual([expect.objectContaining({ message: 'no space' })])
  })

  it('is listed with its size, folders are not', () => {
    const listed = filesIn(folder.path)
    expect(listed.find(({ name }) => name === 'there.gz')).toMatchObject({ bytes: 4 })
    expect(listed.map(({ name }) => name)).toEqual(listed.map(({ name }) => name).sort())
  })
})
