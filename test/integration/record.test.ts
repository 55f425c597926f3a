import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { constants, gunzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, expect, it, onTestFinished } from 'vitest'
import { isVenueEvent, type PlimsollEvent, venueId } from '../../src/domain/index.ts'
import { isolatedLong } from '../support/accounts.ts'
import { runCli, temporaryFolder } from '../support/cli.ts'
import { isMarginEvent } from '../support/monitor.ts'
import { until } from '../support/until.ts'
import { WorkerProcess } from '../support/worker.ts'
import { ONE_PERCENT, Servers, told } from './harness.ts'

/** 10 at 100 with a margin of 100: at 1 % it is liquidated at 90.909…. */
const LONG = {
  ...isolatedLong('desk/long', { symbol: 'AAAUSDT', size: '10', entryPrice: '100', isolatedMargin: '100' }),
  venue: venueId('bybit'),
}

let servers: Servers
let worker: WorkerProcess | undefined
let standby: WorkerProcess | undefined
const folder = temporaryFolder()
beforeAll(async () => {
  servers = await Servers.start()
})
afterEach(async () => {
  await worker?.end('SIGKILL')
  worker = undefined
  await standby?.end('SIGKILL')
  standby = undefined
})
afterAll(async () => {
  await servers.stop()
  folder.remove()
})

/** The lines of the only file of the recording that have reached the disk. */
function recordedSoFar(): string {
  const [name] = readdirSync(folder.path)
  const bytes = readFileSync(join(folder.path, name!))
  return gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString()
}

/** What an event says, without what belongs to the log that holds it and to the moment in which it was made. */
function said(event: PlimsollEvent) {
  const { kind, episode, sequence } = event
  if (event.kind === 'revision' || isVenueEvent(event)) return event
  if (!isMarginEvent(event)) return { kind, market: event.symbol, episode, sequence }
  const { marginAccount, level, previousLevel, reasons, marks, marginBalance, accountVersion } = event
  const prices = marks.map(({ symbol, markPrice, eventTimeMs }) => ({ symbol, markPrice, eventTimeMs }))
  return {
    kind,
    marginAccount,
    episode,
    sequence,
    level,
    previousLevel,
    reasons,
    prices,
    marginBalance,
    accountVersion,
  }
}

it('a recording replays to what its workers published, also one that was killed, and twice to the same bytes', async () => {
  const { exchange } = servers
  const shard = servers.nextShard()
  const rules = servers.writeRules({ AAAUSDT: ONE_PERCENT })
  const store = ['--redis-url', servers.redis.url, '--shard', shard.name, '--rules', rules]
  const importLong = async (version: number, isolatedMargin: string) => {
    const positions = [{ ...LONG.positions[0]!, isolatedMargin }]
    const input = JSON.stringify({ ...LONG, version, positions })
    expect((await runCli(['import', ...store, '--json', '-'], { input })).code).toBe(0)
  }
  await importLong(1, '100')
  exchange.setMark('AAAUSDT', '100')
  const { effects } = shard.subscribe()
  const flags = ['--json', '--rules', rules, '--record', folder.path]
  worker = await shard.startWorker(...flags)
  const other = ['--levels', '0.4,0.9', '--hysteresis', '0.02']
  standby = new WorkerProcess([...shard.args, ...flags, ...other])
  await until(() => standby!.log.some(({ msg }) => msg.startsWith('standby')))
  // It takes nothing while it waits.
  expect(readdirSync(folder.path)).toHaveLength(1)
  await until(() => exchange.isHeard('AAAUSDT'))
  exchange.setMark('AAAUSDT', '90')
  await until(() => effects.length === 1)
  await importLong(2, '400')
  await until(() => effects.length === 2)
  // It is killed in an episode, and the next one goes on with it.
  exchange.setMark('AAAUSDT', '59')
  await until(() => effects.length === 3)
  // What a worker took in its last second may be lost with it.
  await until(() => recordedSoFar().includes('"59"'))
  await worker.end('SIGKILL')

  await until(() => standby!.logged('worker runs') !== undefined)
  await until(() => exchange.isHeard('AAAUSDT'))
  exchange.setMark('AAAUSDT', '58')
  exchange.setMark('AAAUSDT', '70')
  await until(() => effects.length === 4)
  exchange.setMark('AAAUSDT', '61.5')
  await until(() => effects.length === 5)
  await standby.end('SIGTERM')
  expect(readdirSync(folder.path)).toHaveLength(2)
  const streamed = await shard.streamed()
  expect(streamed.map(told)).toEqual([
    'desk/long #1 episode 1 liquidation 0 → 1',
    'desk/long #2 episode 1 recovered 1 → 0',
    'desk/long #3 episode 2 liquidation 0 → 1',
    'desk/long #4 episode 2 recovered 1 → 0',
    'desk/long #5 episode 3 warning 0 → 0.4',
  ])

  const replayed = await runCli(['replay', folder.path, '--rules', rules])
  expect(replayed.stderr).toContain('is not whole, as after a crash')
  expect(replayed.code).toBe(0)
  const events: PlimsollEvent[] = replayed.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const markets = events.filter((event) => !isMarginEvent(event))
  // A recording holds what was heard. That something was not heard between two workers is no price of it.
  const published = (await shard.marketEvents()).filter(({ kind }) => kind !== 'market-gap')
  expect([...events.filter(isMarginEvent), ...markets].map(said)).toEqual(
    [...streamed, ...published].map(said),
  )
  const again = await runCli(['replay', folder.path, '--rules', rules])
  expect(again.stdout).toBe(replayed.stdout)

  // Other rules are named, because they are not those of the worker.
  const builtIn = await runCli(['replay', folder.path])
  expect(builtIn.stderr).toContain('bybit was judged by rule book')
})

it('a worker reads its rules once, from a pipe too: its recording names the rule book of its events', async () => {
  const { exchange } = servers
  const shard = servers.nextShard()
  const own = temporaryFolder()
  onTestFinished(() => own.remove())
  const pipe = join(own.path, 'piped-rules.json')
  execFileSync('mkfifo', [pipe])
  await shard.store([LONG])
  exchange.setMark('AAAUSDT', '90')
  const written = writeFile(pipe, JSON.stringify({ bybit: { AAAUSDT: ONE_PERCENT } }))
  const recording = join(own.path, 'recording')
  worker = await shard.startWorker('--rules', pipe, '--record', recording)
  await written
  await until(async () => (await shard.streamed()).length > 0)
  expect((await worker.end('SIGTERM')).code).toBe(0)
  const [name] = readdirSync(recording)
  const [first = ''] = gunzipSync(readFileSync(join(recording, name!)))
    .toString()
    .split('\n')
  const [event] = await shard.streamed()
  expect(JSON.parse(first)).toMatchObject({
    levels: ['0.5', '0.7', '0.9'],
    ruleBooks: { bybit: event!.ruleBook },
  })
  expect(event!.ruleBook).toContain('+piped-rules.json@')
})
