import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { namesOf, streamsNamed } from '../../src/demo/exchange/instruments.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

const COMMAND = fileURLToPath(new URL('../../dist/src/cli/demo.js', import.meta.url))
const LAUNCH = `const { demoCommand } = await import(${JSON.stringify(COMMAND)})
try { await demoCommand().parseAsync(['node', 'demo', ...process.argv.slice(1)]) }
catch (error) { process.stderr.write(String(error.code) + ': ' + error.message); process.exitCode = 1 }`

let redis: TestRedis
beforeAll(async () => {
  expect(existsSync(COMMAND), 'the demo runs from dist/: npm run build comes first').toBe(true)
  redis = await startTestRedis()
})
afterAll(() => redis?.stop())

interface Ended {
  readonly code: number | null
  readonly output: string
  readonly errors: string
}

function demo(...flags: string[]): {
  process: ChildProcess
  ended: Promise<Ended>
  shown: (text: string) => Promise<void>
} {
  const child = spawn(process.execPath, ['--input-type=module', '-e', LAUNCH, '--', ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  let errors = ''
  child.stderr.on('data', (data) => {
    errors += data
  })
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => resolve({ code, output, errors }))
  })
  const shown = (text: string) =>
    new Promise<void>((resolve, reject) => {
      child.stdout.on('data', () => output.includes(text) && resolve())
      child.once('close', () => reject(new Error(`ended before it showed ${text}: ${output}${errors}`)))
    })
  child.stdout.prependListener('data', (data) => {
    output += data
  })
  return { process: child, ended, shown }
}

describe('plimsoll demo', () => {
  it('prints one JSON summary, with every event delivered once and as the naive replay has it', async () => {
    const { code, output, errors } = await demo(
      ...['--json', '--accounts', '2000', '--seconds', '4', '--redis-url', redis.url],
    ).ended
    expect(errors).toBe('')
    expect(output.endsWith('}\n')).toBe(true)
    const summary = JSON.parse(output)
    expect(Object.keys(summary)).toEqual([
      'ticks',
      'frames',
      'accounts',
      'positions',
      'suspects',
      'exactChecks',
      'events',
      'delivered',
      'lost',
      'duplicated',
      'disagreements',
      'latencyMs',
      'replayedAccounts',
      'seed',
      'venues',
      'ofVenues',
    ])
    expect(summary).toMatchObject({
      accounts: 2_000,
      positions: 6_000,
      lost: 0,
      duplicated: 0,
      disagreements: 0,
      replayedAccounts: 2_000,
      seed: 1,
      venues: ['bybit', 'binance', 'okx', 'kraken-futures-public', 'deribit', 'bitmex'],
    })
    expect(Object.keys(summary.latencyMs)).toEqual(['detectP50', 'detectP99', 'queueP50', 'queueP99'])
    const { warning, liquidation, recovered, revision } = summary.events
    for (const count of [warning, liquidation, recovered]) expect(count).toBeGreaterThan(0)
    expect(summary.delivered).toBe(warning + liquidation + recovered + revision)
    expect(summary.ticks).toBeGreaterThan(500)
    const ofVenues: { accounts: number; prices: number; delivered: number }[] = Object.values(
      summary.ofVenues,
    )
    expect(Object.keys(summary.ofVenues)).toEqual(['bybit', 'binance', 'okx', 'kraken', 'deribit', 'bitmex'])
    const sumOf = (figure: 'accounts' | 'prices' | 'delivered') =>
      ofVenues.reduce((sum, of) => sum + of[figure], 0)
    expect(sumOf('accounts')).toBe(summary.accounts)
    expect(sumOf('prices')).toBe(summary.ticks)
    expect(sumOf('delivered')).toBe(summary.delivered)
    expect(code).toBe(0)
  })

  it('simulates the venues that are named, and none other', async () => {
    const { code, output, errors } = await demo(
      ...['--json', '--venues', 'okx,bybit', '--accounts', '1000', '--seconds', '4'],
      ...['--redis-url', redis.url],
    ).ended
    expect(errors).toBe('')
    const proof = { lost: 0, duplicated: 0, disagreements: 0, replayedAccounts: 1_000 }
    expect(JSON.parse(output)).toMatchObject({ ...proof, venues: ['bybit', 'okx'] })
    expect(JSON.parse(output).delivered).toBeGreaterThan(0)
    expect(code).toBe(0)
  })

  it('simulates every venue, and proves each event of each', async () => {
    const { code, output, errors } = await demo(
      ...['--json', '--venues', 'all', '--accounts', '2000', '--seconds', '6'],
      ...['--redis-url', redis.url],
    ).ended
    expect(errors).toBe('')
    const proof = { lost: 0, duplicated: 0, disagreements: 0, replayedAccounts: 2_000 }
    expect(JSON.parse(output)).toMatchObject({ ...proof, venues: namesOf(streamsNamed(['all'])) })
    expect(code).toBe(0)
  })

  it('leaves no key behind in a Redis that is not its own', async () => {
    const client = new Redis(redis.url)
    try {
      expect(await client.keys('*')).toEqual([])
    } finally {
      client.disconnect()
    }
  })

  it('stops in order at the first signal, long before its time, and proves what was made until then', async () => {
    const run = demo('--accounts', '500', '--seconds', '3600', '--redis-url', redis.url)
    await run.shown('calm')
    run.process.kill('SIGINT')
    const { code, output } = await run.ended
    expect(output).toMatch(/^plimsoll demo \(interrupted\): \d{1,2}\.\d s of 3600 s of market, seed 1$/m)
    expect(output).toContain('0 lost, 0 duplicated, 0 disagreements')
    expect(code).toBe(130)
  })

  it('stops before the market moves without a summary', async () => {
    const run = demo('--accounts', '200000', '--redis-url', redis.url)
    await run.shown('accounts stored')
    run.process.kill('SIGTERM')
    const { code, output } = await run.ended
    expect(output).not.toContain('proof')
    expect(code).toBe(130)
  })

  it.each([
    [['--accounts', '0'], 'from 1 to'],
    [['--seconds', '1.5'], 'whole number'],
    [['--seed', '-1'], 'whole number'],
    [['--nonsense'], 'unknown option'],
    [['--venues', 'bybit,OKX'], '--venues OKX is unknown; it must be one or more of all, bybit, '],
    [['--venues', 'bybit,OKX'], 'did you mean okx?'],
  ])('refuses %j', async (flags, text) => {
    const { code, output, errors } = await demo(...flags).ended
    expect([code, output]).toEqual([1, ''])
    expect(errors).toContain(text)
  })

  it('names a Redis that is not there', async () => {
    const { code, errors } = await demo('--redis-url', 'redis://127.0.0.1:1', '--json').ended
    expect(errors).toMatch(/REDIS_UNAVAILABLE: .*127\.0\.0\.1:1/)
    expect(code).toBe(1)
  })
})
