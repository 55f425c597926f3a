import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { fileInbox, once } from '../../src/subscriber/index.ts'
import { type Disk, systemDisk } from '../../src/system/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-disk-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** The system's disk with a fault in one of its calls. */
function brokenDisk(fault: Partial<Disk>): Disk {
  return { ...systemDisk, ...fault }
}

describe('an inbox on a disk that fails', () => {
  it('lets no further effect happen after a write that found the disk full, and has the earlier ids after a restart', async () => {
    const path = join(folder, 'full')
    let room = 1
    const disk = brokenDisk({
      write(file, bytes) {
        if (room-- > 0) systemDisk.write(file, bytes)
        else throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
      },
    })
    const inbox = fileInbox(path, { disk })
    const effects: string[] = []
    const handle = (id: string) => once(id, () => void effects.push(id), { inbox })
    await handle('e_a')
    await expect(handle('e_b')).rejects.toMatchObject({
      code: 'SUBSCRIBER_FAILED',
      message: expect.stringContaining('write failed, so no further event may take effect: Error: ENOSPC'),
    })
    await expect(handle('e_c')).rejects.toMatchObject({ code: 'SUBSCRIBER_FAILED' })
    expect(effects).toEqual(['e_a', 'e_b'])
    await inbox.close()
    const reopened = fileInbox(path)
    expect(['e_a', 'e_b', 'e_c'].map((id) => reopened.has(id))).toEqual([true, false, false])
    await reopened.close()
  })

  it('trusts no file after an fdatasync that failed: the system may have dropped what it could not write', async () => {
    let syncs = 0
    const disk = brokenDisk({
      async sync(file) {
        if (++syncs === 2) throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })
        await systemDisk.sync(file)
      },
    })
    const inbox = fileInbox(join(folder, 'io'), { disk })
    inbox.add('e_a')
    await inbox.sync()
    inbox.add('e_b')
    await expect(inbox.sync()).rejects.toMatchObject({ message: expect.stringContaining('fdatasync failed') })
    await expect(inbox.sync()).rejects.toMatchObject({ code: 'SUBSCRIBER_FAILED' })
    expect(() => inbox.add('e_c')).toThrow('fdatasync failed')
    expect(syncs).toBe(2)
    await inbox.close()
  })

  it.each(['write', 'syncNow', 'rename', 'syncEntry'] as const)(
    'leaves no file open after a compaction that failed in %s',
    async (call) => {
      const open = new Set<number>()
      let isFull = false
      const fails = () => {
        if (isFull) throw new Error('EIO: i/o error')
      }
      const disk: Disk = {
        ...systemDisk,
        open(path, mode) {
          isFull = mode === 'create'
          const file = systemDisk.open(path, mode)
          open.add(file)
          return file
        },
        closeNow(file) {
          systemDisk.closeNow(file)
          open.delete(file)
        },
        async close(file) {
          await systemDisk.close(file)
          open.delete(file)
        },
        [call](...args: never[]) {
          fails()
          return (systemDisk[call] as (...args: never[]) => unknown)(...args)
        },
      }
      const inbox = fileInbox(join(folder, `compaction-${call}`), { disk, idsMax: 1 })
      inbox.add('e_a')
      inbox.add('e_b')
      await expect(inbox.sync()).rejects.toThrow('compact failed')
      await inbox.close()
      expect([...open]).toEqual([])
    },
  )

  it('closes its file once, however often it is closed: the number may belong to another file afterwards', async () => {
    let closed = 0
    const disk: Disk = {
      ...systemDisk,
      async close(file) {
        closed++
        await systemDisk.close(file)
      },
    }
    const inbox = fileInbox(join(folder, 'closed-twice'), { disk })
    await Promise.all([inbox.close(), inbox.close()])
    await inbox.close()
    expect(closed).toBe(1)
  })
})
