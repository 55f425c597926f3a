import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, openSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { locateRedisServer, runningRedisUrl } from '../../src/redis-server/index.ts'
import { systemClock } from '../../src/system/clock.ts'
import { temporaryFolder } from '../support/cli.ts'
import { PROJECT_DATA_DIR } from '../support/redis.ts'
import { until } from '../support/until.ts'

const PROJECT = fileURLToPath(new URL('../../', import.meta.url))
const MAIN = join(PROJECT, 'dist/src/cli/main.js')
const folder = temporaryFolder()
afterAll(() => folder.remove())

/** A data folder that need not fetch a server again. */
async function dataFolder(name: string): Promise<string> {
  await locateRedisServer({ dataDir: PROJECT_DATA_DIR, clock: systemClock, notify: () => undefined })
  const dataDir = join(folder.path, name)
  mkdirSync(dataDir)
  const unpacked = join(PROJECT_DATA_DIR, 'redis-dist')
  if (existsSync(unpacked)) symlinkSync(unpacked, join(dataDir, 'redis-dist'))
  return dataDir
}

interface Line {
  readonly msg: string
}

/** Starts a command of npm in a package of its own; its log goes to a file, as a terminal that stays open. */
async function startByNpm(name: string, command: readonly string[]) {
  const dataDir = await dataFolder(name)
  const cwd = join(folder.path, `${name}-package`)
  mkdirSync(join(cwd, 'node_modules/.bin'), { recursive: true })
  const run = `run --data-dir ${dataDir}`
  const scripts = { start: `node ${MAIN} ${run}`, chained: `true && node ${MAIN} ${run}` }
  writeFileSync(join(cwd, 'package.json'), JSON.stringify({ name: 'desk', version: '1.0.0', scripts }))
  writeFileSync(join(cwd, 'node_modules/.bin/plimsoll'), `#!/bin/sh\nexec node ${MAIN} ${run}\n`, {
    mode: 0o755,
  })
  const logFile = join(cwd, 'log')
  const out = openSync(logFile, 'w')
  const npm = spawn(command[0]!, command.slice(1), { cwd, stdio: ['ignore', out, out], detached: true })
  const log = () =>
    readFileSync(logFile, 'utf8')
      .split('\n')
      .flatMap((line) => (line.startsWith('{') ? [(JSON.parse(line) as Line).msg] : []))
  await until(() => log().includes('worker runs'))
  const owner = JSON.parse(readFileSync(join(dataDir, 'redis/owner.json'), 'utf8')) as {
    pid: number
    keeper: number
  }
  return { npm, dataDir, log, redis: owner.pid, worker: owner.keeper }
}

const isRunning = (pid: number) => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe.runIf(process.platform === 'linux')('a worker that npm has started', () => {
  it.each([
    ['npm start', 'SIGTERM'],
    ['npm start', 'SIGKILL'],
    ['npm run chained', 'SIGTERM'],
    ['npm run chained', 'SIGKILL'],
    ['npx plimsoll', 'SIGTERM'],
    ['npx plimsoll', 'SIGKILL'],
  ] as const)('by %s ends in order, and its Redis with it, when npm gets %s', async (command, signal) => {
    const name = `${command.replaceAll(' ', '-')}-${signal}`
    const { npm, dataDir, log, redis, worker } = await startByNpm(name, command.split(' '))
    expect([isRunning(worker), isRunning(redis)]).toEqual([true, true])
    npm.kill(signal)
    await until(() => !isRunning(worker) && !isRunning(redis))
    expect(log().slice(-2)).toEqual(['npm, which started the worker, is gone: the worker stops', 'stopped'])
    expect(await runningRedisUrl(dataDir)).toBeUndefined()
    expect(existsSync(join(dataDir, 'redis/owner.json'))).toBe(false)
  })

  it('runs as long as npm does', async () => {
    const { npm, log, worker } = await startByNpm('stays', ['npm', 'start'])
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    expect(isRunning(worker)).toBe(true)
    expect(log().filter((line) => line.startsWith('npm,') || line === 'stopped')).toEqual([])
    npm.kill('SIGTERM')
    await until(() => !isRunning(worker))
  })
})
