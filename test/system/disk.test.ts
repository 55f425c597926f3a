import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'

const faults = vi.hoisted(() => ({ fsync: false }))
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>()
  return {
    ...fs,
    fsyncSync(file: number) {
      if (faults.fsync) throw new Error('EIO: i/o error, fsync')
      fs.fsyncSync(file)
    },
  }
})

const { systemDisk } = await import('../../src/system/index.ts')
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-entry-'))
afterAll(() => rmSync(folder, { recursive: true }))

it.runIf(process.platform === 'linux')('a folder that cannot be synced is closed again', () => {
  const openFiles = () => readdirSync('/proc/self/fd').length
  const before = openFiles()
  faults.fsync = true
  expect(() => systemDisk.syncEntry(join(folder, 'file'))).toThrow('EIO')
  expect(openFiles()).toBe(before)
})
