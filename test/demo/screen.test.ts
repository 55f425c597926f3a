import { type ChildProcess, fork, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../support/cli.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { until } from '../support/until.ts'
import { PREPARATION } from './snapshots.ts'
import { TestTerminal } from './terminal.ts'

const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url))
const SCREEN = fileURLToPath(new URL('../../dist/src/demo/screen/screen-main.js', import.meta.url))
/** `script` runs a command on a terminal of its own. That of other systems than Linux knows no `-c`. */
const hasScript = process.platform === 'linux' && existsSync('/usr/bin/script')
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-screen-'))

let redis: TestRedis
beforeAll(async () => {
  redis = await startTestRedis()
})
afterAll(async () => {
  await redis?.stop()
  rmSync(folder, { recursive: true })
})

interface Session {
  readonly terminal: TestTerminal
  readonly process: ChildProcess
  /** All that the terminal received. */
  readonly output: () => string
  readonly ended: Promise<void>
  /** The process of the demo itself. */
  readonly demoPid: () => number
}

/** The demo on a terminal of `columns` by `rows`, on the Redis of the tests where `target` names no other. */
function demoOn(
  columns: number,
  rows: number,
  flags: readonly string[],
  target: { readonly flags: readonly string[]; readonly path: string } = {
    flags: ['--redis-url', redis.url],
    path: process.env.PATH ?? '',
  },
): Session {
  const demo = [
    ...['/usr/bin/env', `PATH=${target.path}`, process.execPath],
    ...[MAIN, 'demo', ...target.flags, ...flags],
  ]
  const quoted = demo.map((word) => `'${word}'`).join(' ')
  const command = join(folder, 'run.sh')
  const pidFile = join(folder, 'pid')
  // As under a shell, the terminal outlives the demo.
  const lines = [
    `stty cols ${columns} rows ${rows}`,
    `sh -c "echo \\$\\$ > ${pidFile}; exec ${quoted}"`,
    'sleep 1',
  ]
  writeFileSync(command, lines.join('\n'))
  const child = spawn('/usr/bin/script', ['-qfc', `sh ${command}`, '/dev/null'], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, TERM: 'xterm-256color' },
  })
  const terminal = new TestTerminal(columns, rows)
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    terminal.write(text)
  })
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const demoPid = () => Number(readFileSync(pidFile, 'utf8'))
  return { terminal, process: child, output: () => output, ended, demoPid }
}

describe('the process that draws', () => {
  it('ends in order when `stop` comes before it listens', async () => {
    const child = fork(SCREEN, { execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
    let errors = ''
    let output = ''
    child.stderr!.on('data', (text) => {
      errors += text
    })
    child.stdout!.on('data', (text) => {
      output += text
    })
    child.send({ kind: 'snapshot', snapshot: PREPARATION })
    child.send({ kind: 'stop' })
    const code = await new Promise((resolve) => child.once('close', resolve))
    expect([code, errors]).toEqual([0, ''])
    expect(output.endsWith('\x1b[?25h')).toBe(true)
  })

  it('gives the cursor back when its parent is gone', async () => {
    const child = fork(SCREEN, { execArgv: [], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    let output = ''
    child.stdout!.on('data', (text) => {
      output += text
    })
    const drawn = new Promise((resolve) => child.once('message', resolve))
    child.send({ kind: 'snapshot', snapshot: PREPARATION })
    expect(await drawn).toEqual({ kind: 'drawn' })
    const ended = new Promise((resolve) => child.stdout!.once('end', resolve))
    child.disconnect()
    await ended
    expect(output.endsWith('\x1b[?25h')).toBe(true)
  })
})

const skipped = hasScript ? '' : ' (skipped: no script(1) of Linux)'

describe.skipIf(!hasScript)(`the demo on a terminal${skipped}`, () => {
  it('shows the market at 80x24 without a torn or wrapped line and ends with what to try next', async () => {
    const { terminal, output, ended } = demoOn(80, 24, ['--accounts', '2000', '--seconds', '5'])
    await until(() => /^(LIQUIDATION|WARNING|recovered) /m.test(terminal.shown.join('\n')))
    const titles = terminal.shown.filter((line) => line.startsWith('plimsoll demo'))
    expect(titles).toHaveLength(1)
    expect(terminal.isCursorVisible).toBe(false)
    await ended
    expect(terminal.isCursorVisible).toBe(true)
    expect(terminal.wrapped).toEqual([])
    expect(output()).toContain('0 lost, 0 duplicated, 0 disagreements')
    const commands = [...output().matchAll(/npx plimsoll (\S+) +(\S+)/g)].map(([, name, path]) => [
      name,
      path,
    ])
    expect(commands.map(([name]) => name)).toEqual(['margin', 'import', 'run', 'demo'])
    const margin = await runCli(['margin', commands[0]![1]!], { cwd: folder })
    const states = margin.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).marginAccounts)
    for (const marginAccounts of states) expect(marginAccounts).toMatchObject([{ verdict: 'breach' }])
    const dryRun = await runCli(['import', commands[1]![1]!, '--dry-run'], { cwd: folder })
    expect([margin.code, dryRun.code]).toEqual([0, 0])
  })

  it('shows in its first screen that Redis is fetched, without a torn or wrapped line', async () => {
    const programs = join(folder, 'programs')
    mkdirSync(programs)
    // A mirror that does not answer.
    writeFileSync(join(programs, 'apt-get'), '#!/bin/sh\ntest "$1" = --version || exec /bin/sleep 60\n', {
      mode: 0o755,
    })
    writeFileSync(join(programs, 'dpkg'), '#!/bin/sh\n', { mode: 0o755 })
    const target = { flags: ['--data-dir', join(folder, 'fetched')], path: programs }
    const { terminal, process: demo, ended } = demoOn(80, 24, ['--accounts', '200'], target)
    const lineOf = (text: string) => terminal.shown.findIndex((line) => line.includes(text))
    await until(() => lineOf('redis-server') >= 0)
    const note = lineOf('redis-server')
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(terminal.shown.filter((line) => line.startsWith('plimsoll demo'))).toHaveLength(1)
    expect(lineOf('plimsoll demo')).toBeLessThan(note)
    expect(lineOf('redis-server')).toBe(note)
    expect(terminal.wrapped).toEqual([])
    demo.stdin!.write('\x03')
    await ended
  })

  it('gives the cursor back after Ctrl-C, and when it is killed', async () => {
    for (const kill of [false, true]) {
      const session = demoOn(80, 24, [
        '--accounts',
        '200',
        '--seconds',
        '3600',
        ...(kill ? ['--seed', '2'] : []),
      ])
      await until(() => session.terminal.shown.join('\n').includes('warnings'))
      if (kill) process.kill(session.demoPid(), 'SIGKILL')
      else session.process.stdin!.write('\x03')
      await session.ended
      await until(() => session.terminal.isCursorVisible)
    }
  })
})
