import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { fileInbox, once } from '../../src/subscriber/index.ts'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'plimsoll-inbox-')))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const freshPath = () => join(folder, `inbox-${++files}`)

async function filled(ids: readonly string[], options = {}): Promise<string> {
  const path = freshPath()
  const inbox = fileInbox(path, options)
  for (const id of ids) await once(id, () => undefined, { inbox })
  await inbox.close()
  return path
}

describe('the inbox in a file', () => {
  it('knows after a restart what took effect before it', async () => {
    const path = await filled(['e_a', 'e_b'])
    const inbox = fileInbox(path)
    expect(['e_a', 'e_b', 'e_c'].map((id) => inbox.has(id))).toEqual([true, true, false])
    await inbox.close()
  })

  it('recovers from a last record that is torn at any byte, and continues after the complete ones', async () => {
    const whole = readFileSync(await filled(['e_a', 'e_b', 'e_last']))
    const lastStart = whole.indexOf('e_last')
    expect(lastStart).toBeGreaterThan(0)
    for (let length = lastStart; length < whole.length; length++) {
      const path = freshPath()
      writeFileSync(path, whole.subarray(0, length))
      const torn = fileInbox(path)
      expect(['e_a', 'e_b', 'e_last'].map((id) => torn.has(id))).toEqual([true, true, false])
      torn.add('e_next')
      await torn.close()
      const reopened = fileInbox(path)
      expect(['e_a', 'e_b', 'e_last', 'e_next'].map((id) => reopened.has(id))).toEqual([
        true,
        true,
        false,
        true,
      ])
      await reopened.close()
    }
  })

  it('cuts off a last line with a wrong checksum', async () => {
    const path = await filled(['e_a'])
    appendFileSync(path, 'e_b 00000000\n')
    const inbox = fileInbox(path)
    expect([inbox.has('e_a'), inbox.has('e_b')]).toEqual([true, false])
    await inbox.close()
  })

  it('refuses a damaged line in the middle, naming file and line', async () => {
    const path = await filled(['e_a', 'e_b', 'e_c'])
    const content = readFileSync(path, 'latin1')
    writeFileSync(path, content.replace('e_b', 'e_x'))
    expect(() => fileInbox(path)).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', message: expect.stringContaining(`${path}, line 2`) }),
    )
  })

  it('keeps the newest ids, and the file within twice as many', async () => {
    const ids = Array.from({ length: 95 }, (_, index) => `e_${String(index).padStart(3, '0')}`)
    const path = await filled(ids, { idsMax: 10 })
    const lineLength = 'e_000 12345678\n'.length
    expect(statSync(path).size).toBeLessThanOrEqual(20 * lineLength)
    const inbox = fileInbox(path, { idsMax: 10 })
    expect(ids.slice(-10).every((id) => inbox.has(id))).toBe(true)
    expect(inbox.has(ids[0]!)).toBe(false)
    await inbox.close()
  })

  it('makes all that wait durable together', async () => {
    const inbox = fileInbox(freshPath())
    const effects: string[] = []
    const ids = Array.from({ length: 200 }, (_, index) => `e_${index}`)
    await Promise.all(ids.map((id) => once(id, () => void effects.push(id), { inbox })))
    expect(effects).toEqual(ids)
    expect(ids.every((id) => inbox.has(id))).toBe(true)
    await inbox.close()
  })

  it('refuses ids that would break its lines', async () => {
    const inbox = fileInbox(freshPath())
    for (const id of ['', 'a b', 'a\nb', 'x'.repeat(129), 'é']) {
      expect(() => inbox.add(id)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }))
    }
    await inbox.close()
  })

  it('is refused to a second opener, by whatever name, until the first one closes it', async () => {
    const path = await filled(['e_a'])
    const link = freshPath()
    symlinkSync(path, link)
    const first = fileInbox(path)
    for (const name of [path, link, relative(process.cwd(), path)]) {
      expect(() => fileInbox(name)).toThrow(
        expect.objectContaining({
          code: 'SUBSCRIBER_FAILED',
          message: expect.stringContaining(`${path} is in use by process ${process.pid}`),
        }),
      )
    }
    first.add('e_b')
    await first.close()
    const second = fileInbox(link)
    expect(['e_a', 'e_b'].map((id) => second.has(id))).toEqual([true, true])
    await second.close()
  })

  it('that is refused as damaged is refused for the same reason when it is opened again', async () => {
    const path = await filled(['e_a', 'e_b'])
    writeFileSync(path, readFileSync(path, 'latin1').replace('e_a', 'e_x'))
    for (let opening = 1; opening <= 2; opening++) {
      expect(() => fileInbox(path)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }))
    }
  })

  it('refuses what is not a regular file', () => {
    expect(() => fileInbox('/dev/null')).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', message: expect.stringContaining('/dev/null') }),
    )
  })

  it.skipIf(!existsSync('/proc/self/fd'))(
    'lets nothing take effect after it could not write (needs /proc)',
    async () => {
      const path = freshPath()
      const inbox = fileInbox(path)
      const file = readdirSync('/proc/self/fd').find((name) => linkOf(name) === path)
      closeSync(Number(file))
      const effects: string[] = []
      const failed = expect.objectContaining({ code: 'SUBSCRIBER_FAILED' })
      await expect(once('e_a', () => void effects.push('a'), { inbox })).rejects.toEqual(failed)
      await expect(once('e_b', () => void effects.push('b'), { inbox })).rejects.toEqual(failed)
      expect(effects).toEqual(['a'])
    },
  )
})

function linkOf(name: string): string | undefined {
  const link = `/proc/self/fd/${name}`
  return existsSync(link) ? readlinkSync(link) : undefined
}
