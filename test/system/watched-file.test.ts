import { execFileSync } from 'node:child_process'
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WatchedFile } from '../../src/system/index.ts'
import { temporaryFolder } from '../support/cli.ts'

const BYTES_MAX = 64

function watched(text?: string) {
  const folder = temporaryFolder()
  onTestFinished(() => folder.remove())
  const path = join(folder.path, 'watched.json')
  if (text !== undefined) writeFileSync(path, text)
  const file = new WatchedFile(path, BYTES_MAX)
  /** A change is read at the second look that finds it. */
  const looks = async () => {
    const read = [await file.look(), await file.look(), await file.look()]
    return read.map((bytes) => bytes?.toString())
  }
  return { path, file, looks }
}

describe('a watched file', () => {
  it('is not read while it stays the same', async () => {
    expect(await watched('one').looks()).toEqual([undefined, undefined, undefined])
  })

  it('is read once after it was written over, also with as many bytes', async () => {
    const { path, looks } = watched('one')
    writeFileSync(path, 'two')
    expect(await looks()).toEqual([undefined, 'two', undefined])
  })

  it('is read once after another file took its name', async () => {
    const { path, looks } = watched('one')
    writeFileSync(`${path}.new`, 'one')
    renameSync(`${path}.new`, path)
    expect(await looks()).toEqual([undefined, 'one', undefined])
  })

  it('is not read while it is written, because two looks in a row find it different', async () => {
    const { path, file, looks } = watched('one')
    for (const text of ['1', '12', '123']) {
      writeFileSync(path, text)
      expect(await file.look()).toBeUndefined()
    }
    expect(await looks()).toEqual(['123', undefined, undefined])
  })

  it('is refused once when it goes away, and read when it comes back', async () => {
    const { path, file, looks } = watched('one')
    rmSync(path)
    await file.look()
    await expect(file.look()).rejects.toThrow(`file ${path} cannot be read: there is no such file`)
    expect(await file.look()).toBeUndefined()
    writeFileSync(path, 'two')
    expect(await looks()).toEqual([undefined, 'two', undefined])
  })

  it('is refused once when it is too long', async () => {
    const { path, file } = watched('one')
    writeFileSync(path, ' '.repeat(BYTES_MAX + 1))
    await file.look()
    await expect(file.look()).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining(`it has ${BYTES_MAX + 1} bytes, and at most ${BYTES_MAX} are read`),
    })
    expect(await file.look()).toBeUndefined()
  })

  it('that is a pipe or becomes a folder is not waited for', async () => {
    const { path, looks } = watched()
    execFileSync('mkfifo', [path])
    const pipe = new WatchedFile(path, BYTES_MAX)
    expect([await pipe.look(), await pipe.look()]).toEqual([undefined, undefined])
    rmSync(path)
    mkdirSync(path)
    await expect(looks()).rejects.toThrow('it is no regular file')
  })
})
