import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../support/cli.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())

/** Effects of the five events e_1 to e_5, a line each; the process kills itself after one of them, before its note. */
const PROGRAM = `
const { appendFileSync } = await import('node:fs')
const { fileInbox, once } = await import(${JSON.stringify(new URL('../../dist/src/index.js', import.meta.url).href)})
const [inboxFile, effectsFile, killedAfter] = process.argv.slice(1)
const inbox = fileInbox(inboxFile)
for (const id of ['e_1', 'e_2', 'e_3', 'e_4', 'e_5']) {
  await once(id, () => {
    appendFileSync(effectsFile, id + '\\n')
    if (id === killedAfter) process.kill(process.pid, 'SIGKILL')
  }, { inbox })
}
await inbox.close()
`

describe('an inbox in a file', () => {
  it('repeats one effect for each crash between an effect and its note, and no other', () => {
    const [inboxFile, effectsFile] = [join(folder.path, 'inbox'), join(folder.path, 'effects')]
    const run = (killedAfter: string) => {
      const args = ['--input-type=module', '-e', PROGRAM, inboxFile, effectsFile, killedAfter]
      const { signal, status, stderr } = spawnSync(process.execPath, args, {
        encoding: 'utf8',
        timeout: 60_000,
      })
      expect({ ended: signal ?? status, stderr }).toEqual({
        ended: killedAfter === '' ? 0 : 'SIGKILL',
        stderr: '',
      })
      return readFileSync(effectsFile, 'utf8').trim().split('\n')
    }
    expect(run('e_3')).toEqual(['e_1', 'e_2', 'e_3'])
    expect(run('e_4')).toEqual(['e_1', 'e_2', 'e_3', 'e_3', 'e_4'])
    const effects = run('')
    expect(effects).toEqual(['e_1', 'e_2', 'e_3', 'e_3', 'e_4', 'e_4', 'e_5'])
    expect(run('')).toEqual(effects)
    expect(existsSync(`${inboxFile}.lock`)).toBe(false)
  })
})
