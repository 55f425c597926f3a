import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { longAt100 } from '../support/accounts.ts'
import { until } from '../support/until.ts'
import { Servers, type Shard } from './harness.ts'

const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url))
/** `script` runs a command on a terminal of its own. That of other systems than Linux knows no `-c`. */
const hasScript = process.platform === 'linux' && existsSync('/usr/bin/script')
const skipped = hasScript ? '' : ' (skipped: no script(1) of Linux)'

let servers: Servers
let shard: Shard
const open: ChildProcess[] = []
beforeAll(async () => {
  servers = await Servers.start()
})
beforeEach(() => {
  shard = servers.nextShard()
})
afterEach(() => {
  for (const child of open.splice(0)) child.kill('SIGKILL')
})
afterAll(() => servers.stop())

/** `plimsoll run` at a terminal of 160 columns that shows colours. */
function runAtTerminal(...flags: string[]) {
  const command = [process.execPath, MAIN, 'run', ...shard.args, ...flags]
    .map((word) => `'${word}'`)
    .join(' ')
  const { CI: _, NO_COLOR: __, ...env } = process.env
  const child = spawn('/usr/bin/script', ['-qefc', `stty cols 160; exec ${command}`, '/dev/null'], {
    cwd: servers.folder,
    env: { ...env, TERM: 'xterm-256color' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  open.push(child)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  const code = new Promise<number | null>((resolve) => void child.once('close', resolve))
  const end = async () => {
    child.stdin.write('\x03')
    return await code
  }
  const lines = () =>
    stripVTControlCharacters(output)
      .split('\n')
      .map((line) => line.trimEnd())
  return { output: () => output, lines, end }
}

describe.skipIf(!hasScript)(`plimsoll run at a terminal${skipped}`, () => {
  it('prints its log and the events as lines for a person, with colour', async () => {
    servers.exchange.setMark('AAAUSDT', '80.5')
    await shard.store([longAt100('desk/1', '20')])
    const { output, lines, end } = runAtTerminal()
    await until(() => lines().some((line) => line.includes('cure: add')))
    expect(await end()).toBe(0)
    const at = lines().findIndex((line) => line.includes('LIQUIDATION'))
    expect(lines().slice(at, at + 3)).toEqual([
      expect.stringMatching(
        /^\d\d:\d\d:\d\dZ {2}LIQUIDATION {3}desk\/1:isolated:AAAUSDT:long {2}short 0\.305 USDT {2}ratio 1\.61 {2}rules-undated$/,
      ),
      '           AAAUSDT 1 at 80.5, liquidation price 80.80808',
      expect.stringMatching(/^ {11}cure: add \S+ USDT/),
    ])
    expect(output()).toContain('\x1b[31m\x1b[1mLIQUIDATION')
    expect(lines().some((line) => /^\d\d:\d\d:\d\dZ worker runs/.test(line))).toBe(true)
    expect(lines().filter((line) => line.startsWith('{'))).toEqual([])
  })

  it('prints only JSON with --json', async () => {
    servers.exchange.setMark('AAAUSDT', '80.5')
    await shard.store([longAt100('desk/1', '20')])
    const { lines, end } = runAtTerminal('--json')
    await until(() => lines().some((line) => line.includes('"worker runs"')))
    await until(async () => (await shard.streamed()).length === 1)
    expect(await end()).toBe(0)
    const shown = lines().filter((line) => line !== '' && line !== '^C')
    expect(shown.length).toBeGreaterThan(3)
    for (const line of shown) expect(() => JSON.parse(line.replace(/^\^C/, '')), line).not.toThrow()
  })
})
