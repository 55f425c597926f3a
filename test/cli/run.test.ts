import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { subscribe } from '../../src/api/subscribe.ts'
import type { PlimsollEvent } from '../../src/domain/index.ts'
import { runningRedisUrl } from '../../src/redis-server/index.ts'
import { testAccount } from '../support/accounts.ts'
import { runCli, temporaryFolder } from '../support/cli.ts'
import { PROJECT_DATA_DIR, startTestRedis, type TestRedis } from '../support/redis.ts'
import { ScriptedVenue } from '../support/scripted-venue.ts'
import { until } from '../support/until.ts'
import { WorkerProcess } from '../support/worker.ts'
import { bybitDialect } from '../venues/fixtures/bybit.ts'

/** The orderly stop ends within 5 s; the rest is for a busy machine to end the process. */
const STOP_LIMIT_MS = 6_000

let redis: TestRedis
let probe: Redis
beforeAll(async () => {
  redis = await startTestRedis()
  probe = new Redis(redis.url)
})
afterEach(async () => {
  await probe.config('SET', 'maxmemory-policy', 'noeviction')
  await probe.config('SET', 'appendonly', 'yes')
  await probe.flushall()
})
const folder = temporaryFolder()
afterAll(async () => {
  probe.disconnect()
  await redis.stop()
  folder.remove()
})

const run = (...args: string[]) => runCli(['run', '--redis-url', redis.url, ...args], { cwd: folder.path })

describe('a Redis that will not do', () => {
  it('is missing: one line that names the server, exit code 1', async () => {
    const taken = createServer()
    await new Promise<void>((resolve) => void taken.listen(0, '127.0.0.1', resolve))
    const { port } = taken.address() as { port: number }
    await new Promise((resolve) => void taken.close(resolve))
    const env = { REDIS_URL: `redis://:secret@127.0.0.1:${port}` }
    const { code, stdout, stderr } = await runCli(['run'], { env, cwd: folder.path })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toBe(
      `plimsoll: REDIS_UNAVAILABLE: no Redis at redis://:***@127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}\n`,
    )
  })

  it('refuses the password: one line, exit code 2, and the password is in no output', async () => {
    await probe.acl('SETUSER', 'guest', 'on', '>open-sesame', '~*', '+@all')
    for (const command of [['run'], ['import', '-'], ['tail']]) {
      const url = redis.url.replace('//', '//guest:wrong-word@')
      const { code, stdout, stderr } = await runCli(command, {
        env: { REDIS_URL: url, PLIMSOLL_LOG_LEVEL: 'debug' },
        cwd: folder.path,
      })
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(/^plimsoll: REDIS_REFUSED: no Redis at redis:\/\/guest:\*\*\*@.*WRONGPASS.*\n$/)
      expect(stderr).not.toContain('wrong-word')
    }
  })

  /** A way to Redis that breaks for good when it sees the command. */
  async function breakingAt(command: string): Promise<{ port: number; close(): void }> {
    const sockets = new Set<Socket>()
    const breaking = createServer((socket) => {
      const upstream = connect(Number(new URL(redis.url).port), '127.0.0.1')
      for (const end of [socket, upstream]) sockets.add(end.on('error', () => undefined))
      upstream.pipe(socket)
      socket.on('data', (chunk) => {
        if (!chunk.toString('latin1').toUpperCase().includes(`\r\n${command}\r\n`))
          return void upstream.write(chunk)
        breaking.close()
        for (const end of sockets) end.destroy()
      })
    })
    await new Promise<void>((resolve) => void breaking.listen(0, '127.0.0.1', resolve))
    return { port: (breaking.address() as { port: number }).port, close: () => void breaking.close() }
  }

  it.each(['INFO', 'CONFIG', 'XREVRANGE', 'HSCAN'])(
    'ends while the worker starts, at %s: one clear fault without the password, no stack, exit code 1',
    async (command) => {
      await probe.acl('SETUSER', 'guest', 'on', '>secret-word', '~*', '+@all')
      const way = await breakingAt(command)
      const env = { REDIS_URL: `redis://guest:secret-word@127.0.0.1:${way.port}` }
      const { code, stderr } = await runCli(['run'], { env, cwd: folder.path })
      way.close()
      const plain = stderr.split('\n').filter((line) => line !== '' && !line.startsWith('{'))
      expect(plain).toEqual([expect.stringMatching(/^plimsoll: REDIS_UNAVAILABLE: .*Redis/)])
      // At INFO the connection is not open yet.
      const during =
        command === 'INFO' ? 'no Redis at' : 'the worker ends before it watches anything, because Redis at'
      expect(plain[0]).toContain(`REDIS_UNAVAILABLE: ${during} redis://guest:***@127.0.0.1:${way.port}`)
      // In our words, not in those of the client library.
      expect(plain[0]).not.toMatch(/Connection is closed|timed out|isn't writeable|max retries/)
      expect(plain[0]).toMatch(/: (?:the connection was lost|read ECONNRESET|connect ECONNREFUSED [\d.:]+)$/)
      expect(code).toBe(1)
      expect(stderr).not.toMatch(/secret-word|plimsoll: bug|\.js:\d/)
    },
  )

  it('is something else that speaks another protocol: named as well', async () => {
    const other = createServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await new Promise<void>((resolve) => void other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as { port: number }
    const { code, stderr } = await runCli(['run', '--redis-url', `redis://127.0.0.1:${port}`])
    other.close()
    expect(code).toBe(1)
    expect(stderr).toMatch(
      new RegExp(`^plimsoll: REDIS_UNAVAILABLE: no Redis at redis://127.0.0.1:${port}: .+\n$`),
    )
  })

  it('evicts keys: refused with the setting and the remedy, exit code 2, and nothing is written', async () => {
    await probe.config('SET', 'maxmemory-policy', 'allkeys-lru')
    const { code, stderr } = await run()
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /^plimsoll: REDIS_POLICY: Redis setting maxmemory-policy is allkeys-lru and must be noeviction.*\n$/,
    )
    expect(await probe.dbsize()).toBe(0)
  })

  it('keeps no append-only file: refused with the setting and the remedy, exit code 2', async () => {
    await probe.config('SET', 'appendonly', 'no')
    const { code, stderr } = await run()
    expect(code).toBe(2)
    expect(stderr).toMatch(/^plimsoll: REDIS_NO_AOF: Redis setting appendonly is no and must be yes.*\n$/)
    expect(await probe.dbsize()).toBe(0)
  })

  it('is taken with --allow-unsafe-redis, loudly', async () => {
    await probe.config('SET', 'maxmemory-policy', 'volatile-ttl')
    await probe.config('SET', 'appendonly', 'no')
    const worker = await WorkerProcess.start(['--redis-url', redis.url, '--allow-unsafe-redis'])
    const loud = worker.log.filter(({ level, msg }) => level >= 50 && msg.startsWith('UNSAFE REDIS'))
    expect(loud.map(({ msg }) => /\((\w+)\)/.exec(msg)?.[1])).toEqual(['REDIS_POLICY', 'REDIS_NO_AOF'])
    expect((await worker.end('SIGTERM')).code).toBe(0)
  })
})

describe('a worker on a Redis that is given', () => {
  it.each([
    ['always', 30, /^Redis loses nothing at a power loss/],
    ['everysec', 40, /^Redis loses up to two seconds of acknowledged accounts and events at a power loss/],
  ])(
    'says at its start what a power loss takes with appendfsync %s',
    async (appendfsync, level, sentence) => {
      await probe.config('SET', 'appendfsync', appendfsync)
      const worker = await WorkerProcess.start(['--redis-url', redis.url])
      const lines = worker.log.filter(({ msg }) => /power loss/.test(msg))
      expect(lines).toMatchObject([{ level, appendfsync, msg: expect.stringMatching(sentence) }])
      expect((await worker.end('SIGTERM')).code).toBe(0)
    },
  )
})

describe('rules that break their own arithmetic', () => {
  const rules = (maintenanceDeduction: string) => ({
    bybit: {
      FOOUSDT: {
        kind: 'linear',
        settle: 'USDT',
        tiers: [
          { cap: '1000', maintenanceMarginRate: '0.01', maintenanceDeduction: '0' },
          { cap: '5000', maintenanceMarginRate: '0.02', maintenanceDeduction },
        ],
      },
    },
  })
  const file = join(folder.path, 'rules.json')

  it('are refused, strictly, with file, row and exit code 2 before anything is opened', async () => {
    writeFileSync(file, JSON.stringify(rules('11')))
    const { code, stderr } = await runCli(['run', '--rules', file, '--strict-rules'], { cwd: folder.path })
    expect(code).toBe(2)
    expect(stderr).toMatch(/^plimsoll: RULES_INVALID: rules file .*rules\.json: .*FOOUSDT.* is 11.*\n$/)
    expect(stderr).toContain('tiers[1]')
    expect(readdirSync(folder.path)).toEqual(['rules.json'])
  })

  it('cost only their own symbols otherwise: the worker runs, says so, and states the rules of its accounts', async () => {
    writeFileSync(file, JSON.stringify(rules('11')))
    const store = ['--redis-url', redis.url, '--shard', 'rules', '--rules', file]
    const position = {
      symbol: 'BTCUSDT',
      marginMode: 'isolated',
      size: '1',
      entryPrice: '60000',
      leverage: '5',
    }
    const input = JSON.stringify({ id: 'a', venue: 'bybit', positions: [position] })
    expect((await runCli(['import', '-', ...store], { input })).code).toBe(0)
    const worker = await WorkerProcess.start(store)
    const refused = worker.log.find(({ msg }) => msg.startsWith('rules refused: bybit FOOUSDT: '))
    expect(refused?.msg).toContain('is 11')
    expect(worker.logged('rules in use')).toMatchObject({
      venue: 'bybit',
      contracts: 1,
      oldest: '2026-08-05',
      undated: 0,
      ruleBook: expect.stringContaining('rules.json@'),
    })
    expect((await worker.end('SIGINT')).code).toBe(0)
  })

  it('are taken when they are right', async () => {
    writeFileSync(file, JSON.stringify(rules('10')))
    const worker = await WorkerProcess.start(['--redis-url', redis.url, '--rules', file])
    expect((await worker.end('SIGINT')).code).toBe(0)
  })
})

describe('a worker without a book', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'says what to do next, waits, and stops in order on %s with a summary',
    async (signal) => {
      const worker = await WorkerProcess.start(['--redis-url', redis.url, '--json'])
      expect(worker.logged('the book is empty, so nothing is watched')).toMatchObject({
        fill: expect.stringContaining('plimsoll import FILE'),
      })
      const { code, stdout, elapsedMs } = await worker.end(signal)
      expect(code).toBe(0)
      expect(elapsedMs).toBeLessThan(STOP_LIMIT_MS)
      expect(JSON.parse(stdout)).toMatchObject({ accounts: 0, positions: 0, ticks: 0, auditDisagreements: 0 })
      expect(worker.log.at(-1)).toMatchObject({ msg: 'stopped', events: 0 })
    },
  )
})

it('Ctrl-C that comes twice, from the terminal and from npm, stops in order', async () => {
  const worker = await WorkerProcess.start(['--redis-url', redis.url])
  worker.child.kill('SIGINT')
  await until(() => worker.child.killed)
  const { code } = await worker.end('SIGINT')
  expect({ code, last: worker.log.at(-1)?.msg }).toEqual({ code: 0, last: 'stopped' })
})

describe('the private Redis', () => {
  it('is started on the data folder, used, and gone after the stop', async () => {
    const dataDir = join(folder.path, 'data')
    mkdirSync(dataDir)
    // A server that an earlier test has unpacked need not be fetched again.
    const unpacked = join(PROJECT_DATA_DIR, 'redis-dist')
    if (existsSync(unpacked)) symlinkSync(unpacked, join(dataDir, 'redis-dist'))
    const exchange = await ScriptedVenue.start({ dialect: bybitDialect, cadenceMs: 100, prices: 'stated' })
    exchange.setMark('BTCUSDT', '1')
    const stream = `bybit-linear=${exchange.url}`
    const worker = await WorkerProcess.start(['--data-dir', dataDir, '--stream-url', stream])
    expect(worker.logged('worker runs')).toMatchObject({ redis: 'started' })
    const url = await runningRedisUrl(dataDir)
    expect(url).toBe(join(dataDir, 'redis', 'redis.sock'))
    const ways = worker.logged('private redis')!
    expect(ways).toMatchObject({
      source: 'started',
      url,
      commands: `--data-dir ${dataDir}`,
      subscribers: `subscribe({ dataDir: "${dataDir}" })`,
    })
    expect(execFileSync('/bin/sh', ['-c', `${ways.shell} ping`], { encoding: 'utf8' })).toBe('PONG\n')
    const input = JSON.stringify(testAccount('desk/1', 1))
    const second = await runCli(['import', '--data-dir', dataDir, '--json', '-'], { input })
    expect(second).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('"imported":1') })
    const tail = await runCli(['tail', '--data-dir', dataDir, '--from', 'beginning', '--count', '1'])
    expect(tail).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(tail.stdout)).toMatchObject({ account: 'desk/1', kind: 'liquidation' })
    const seen: PlimsollEvent[] = []
    const subscription = subscribe({ dataDir, handler: (event) => void seen.push(event) })
    await until(() => seen.length === 1)
    expect(seen).toEqual([JSON.parse(tail.stdout)])
    await subscription.close()
    await exchange.stop()
    expect((await worker.end('SIGTERM')).code).toBe(0)
    expect(await runningRedisUrl(dataDir)).toBeUndefined()
  })

  it('on a data folder that cannot be used: one line that names it and the reason, exit code 2', async () => {
    const file = join(folder.path, 'no-folder')
    writeFileSync(file, '')
    const { code, stdout, stderr } = await runCli(['run', '--data-dir', file], { cwd: folder.path })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(
      /^plimsoll: CONFIGURATION: the data folder .*no-folder\/redis cannot be used: ENOTDIR.*REDIS_URL\n$/,
    )
  })

  it('is not started where the recording cannot be written: one line that names the folder, exit code 2', async () => {
    const file = join(folder.path, 'no-recording')
    writeFileSync(file, '')
    const dataDir = join(folder.path, 'unstarted')
    const { code, stdout, stderr } = await runCli(['run', '--data-dir', dataDir, '--record', file], {
      cwd: folder.path,
    })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(
      /^plimsoll: CONFIGURATION: --record \(PLIMSOLL_RECORD\) is ".*no-recording": must be a folder.*\n$/,
    )
    expect(existsSync(dataDir)).toBe(false)
  })

  it('whose owner file a power loss left empty is started again', async () => {
    const dataDir = join(folder.path, 'after-power-loss')
    mkdirSync(join(dataDir, 'redis'), { recursive: true })
    writeFileSync(join(dataDir, 'redis', 'owner.json'), '')
    const unpacked = join(PROJECT_DATA_DIR, 'redis-dist')
    if (existsSync(unpacked)) symlinkSync(unpacked, join(dataDir, 'redis-dist'))
    const worker = await WorkerProcess.start(['--data-dir', dataDir])
    expect((await worker.end('SIGTERM')).code).toBe(0)
  })

  it('that is still being fetched is given up on SIGTERM, in order and without leftovers', async () => {
    const programs = join(folder.path, 'programs')
    const dataDir = join(folder.path, 'fetched')
    mkdirSync(programs)
    const begun = join(folder.path, 'begun')
    // A mirror that does not answer.
    const apt = `#!/bin/sh\ntest "$1" = --version || { echo $$ > ${begun}; exec /bin/sleep 60; }\n`
    writeFileSync(join(programs, 'apt-get'), apt, { mode: 0o755 })
    writeFileSync(join(programs, 'dpkg'), '#!/bin/sh\n', { mode: 0o755 })
    const worker = new WorkerProcess(['--data-dir', dataDir], { env: { PATH: programs } })
    await until(() => existsSync(begun) && readFileSync(begun, 'utf8') !== '')
    const { code, elapsedMs, stderr } = await worker.end('SIGTERM')
    expect({ code, left: readdirSync(dataDir) }).toEqual({ code: 0, left: [] })
    expect(elapsedMs).toBeLessThan(STOP_LIMIT_MS)
    expect(stderr).toContain('stopped while starting')
    expect(() => process.kill(Number(readFileSync(begun, 'utf8')), 0)).toThrow('ESRCH')
  })
})
