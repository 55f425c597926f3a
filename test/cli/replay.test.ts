import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { replayCommand } from '../../src/cli/replay.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { isolatedLong } from '../support/accounts.ts'
import { runCli, temporaryFolder } from '../support/cli.ts'
import { sharedPath } from '../support/shared.ts'

const folder = temporaryFolder()
afterAll(() => folder.remove())
afterEach(() => {
  process.exitCode = undefined
})

function fileOf(name: string, lines: readonly string[]): string {
  const path = join(folder.path, name)
  writeFileSync(path, `${lines.join('\n')}\n`)
  return path
}

/** A file of one account with an isolated long. */
function accountFile(venue: string, id: string, position: Parameters<typeof isolatedLong>[1]): string {
  const account = { ...isolatedLong(id, position), venue }
  return fileOf(`${id.replace('/', '-')}.jsonl`, [JSON.stringify(account)])
}

/** Two bars of BTCUSDT that fall to 91,000, in a file of its day. */
function fallFrom(startMs: number): string {
  const barOf = (minute: number, prices: string) => `${startMs + minute * 60_000},${prices},0,0,0,0,0,0,0`
  return fileOf(`BTCUSDT-1m-${new Date(startMs).toISOString().slice(0, 10)}.csv`, [
    barOf(0, '100000,100000,95000,96000'),
    barOf(1, '96000,97000,91000,97000'),
  ])
}

const START_MS = Date.parse('2025-10-10T21:00:00Z')
const KLINES = fallFrom(START_MS)
const ACCOUNTS = accountFile('binance', 'desk/long', {
  symbol: 'BTCUSDT',
  size: '1',
  entryPrice: '100000',
  leverage: '20',
  isolatedMargin: '8000',
})
const ONE_AT_ONE = { size: '1', entryPrice: '1', leverage: '1' }
/** One-minute bars of twelve contracts in the largest cascade of liquidations on record. */
const CRASH = sharedPath('data/binance-usdm-1m-2025-10-10.csv')

async function run(args: readonly string[], columns?: number) {
  const streamOf = () =>
    Object.assign(new PassThrough(), columns === undefined ? {} : { isTTY: true, columns })
  const text = { output: '', errors: '' }
  const context = { output: streamOf(), errors: streamOf(), nowMs: START_MS, stopwatch: () => 0 }
  context.output.on('data', (chunk) => (text.output += chunk))
  context.errors.on('data', (chunk) => (text.errors += chunk))
  process.exitCode = undefined
  const command = replayCommand(context).exitOverride()
  command.configureOutput({ writeErr: () => undefined })
  await command.parseAsync(args, { from: 'user' })
  const plain = stripVTControlCharacters
  return { output: plain(text.output), errors: plain(text.errors), exitCode: process.exitCode }
}

const eventsOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('plimsoll replay', () => {
  it('prints events as JSON lines and says on standard error what came out', async () => {
    const { output, errors, exitCode } = await run(['--klines', KLINES, '--file', ACCOUNTS])
    const events = eventsOf(output)
    const last = events.findLast(({ kind }) => kind === 'liquidation')
    expect(last).toMatchObject({ account: 'desk/long', marks: [{ symbol: 'BTCUSDT', markPrice: '91000' }] })
    expect(last.receivedTimeMs).toBe(START_MS + 80_000)
    expect(errors).toContain('binance  1 contract  2 bars of 60 s  2025-10-10 21:00Z to 2025-10-10 21:02Z')
    expect(errors).toContain('1 with 1 position')
    expect(errors).toContain('2025-10-10 21:01Z, the minute with the most liquidations: 1')
    expect(exitCode).toBeUndefined()
  })

  it('judges by the rules of that day', async () => {
    const askedAt = async (klines: string) => {
      const { output } = await run(['--klines', klines, '--file', ACCOUNTS])
      return eventsOf(output).findLast(({ kind }) => kind === 'liquidation').maintenanceMargin
    }
    // Binance asked for 0.4 % up to a notional of 300,000, and a year before up to 50,000; then 0.5 % less 50.
    expect(await askedAt(KLINES)).toBe('364')
    expect(await askedAt(fallFrom(Date.parse('2024-10-10T21:00:00Z')))).toBe('405')
  })

  it('shows a person the first events, how many more there are, and no JSON', async () => {
    const { output, errors } = await run(['--klines', KLINES, '--file', ACCOUNTS, '--limit', '1'], 100)
    expect(output).toContain('desk/long:isolated:BTCUSDT:long')
    expect(output).toMatch(/and \d+ more events/)
    expect(output).not.toContain('{')
    expect(errors).toContain('way through a bar: low first unless it falls')
  })

  it('takes the order of a bar, leaves contracts out, and counts accounts of other venues', async () => {
    const elsewhere = accountFile('bybit', 'other', { symbol: 'BTCUSDT', ...ONE_AT_ONE })
    const high = await run(['--klines', KLINES, '--file', ACCOUNTS, '--order', 'high-first'])
    expect(eventsOf(high.output).findLast(({ kind }) => kind === 'liquidation').receivedTimeMs).toBe(
      START_MS + 100_000,
    )
    const other = await run(['--klines', KLINES, '--file', elsewhere])
    expect(other.errors).toContain('1 is of another venue')
    await expect(run(['--klines', KLINES, '--file', ACCOUNTS, '--without', 'BTCUSDT'])).rejects.toThrow(
      'the files hold no bar to replay',
    )
  })

  it('ends with 1 where an account cannot be judged, and names it', async () => {
    const odd = accountFile('binance', 'odd', { symbol: 'NOUSDT', ...ONE_AT_ONE })
    const { errors, exitCode } = await run(['--klines', KLINES, '--file', odd])
    expect(errors).toContain('odd: ')
    expect(errors).toContain('1 is refused by the rules')
    expect(exitCode).toBe(1)
  })

  it('ends with 1 and names the prices that no klines bring', async () => {
    const position = { marginMode: 'cross', leverage: '10' }
    const btc = { ...position, symbol: 'BTCUSDT', size: '0.01', entryPrice: '100000' }
    const eth = { ...position, symbol: 'ETHUSDT', size: '1', entryPrice: '4000' }
    const wallet = (asset: string) => [{ asset, amount: '5000' }]
    const file = fileOf('unpriced.jsonl', [
      JSON.stringify({ id: 'two', venue: 'binance', collateral: wallet('USDT'), positions: [btc, eth] }),
      JSON.stringify({ id: 'eth', venue: 'binance', collateral: wallet('USDT'), positions: [eth] }),
      JSON.stringify({
        id: 'pool',
        venue: 'binance',
        pool: { currency: 'USDT' },
        collateral: wallet('BTC'),
        positions: [btc],
      }),
    ])
    const { output, errors, exitCode } = await run(['--klines', KLINES, '--file', file])
    expect(output).not.toContain('liquidation')
    expect(errors).toContain('not judged: 3 margin accounts lack a price')
    expect(errors).toContain('no mark of ETHUSDT (binance): 2 margin accounts are unknown')
    expect(errors).toContain('no index price of BTC: 1 margin account is unknown')
    expect(exitCode).toBe(1)
  })

  it('takes the length of one bar from the name of its file', async () => {
    const bar = `${START_MS},100000,100000,95000,96000`
    const hour = fileOf('BTCUSDT-1h-2025-10-10.csv', [bar])
    const { errors } = await run(['--klines', hour, '--file', ACCOUNTS])
    expect(errors).toContain('1 bar of 3600 s  2025-10-10 21:00Z to 2025-10-10 22:00Z')
    const nameless = fileOf('lone.csv', ['symbol,openTime,open,high,low,close', `BTCUSDT,${bar}`])
    await expect(run(['--klines', nameless, '--file', ACCOUNTS])).rejects.toThrow(/one bar .* no length/)
  })

  it('says once a contract, and in each event, that no table of that day is known', async () => {
    const long = { size: '1', entryPrice: '100000', leverage: '20', isolatedMargin: '8000' }
    const bybit = accountFile('bybit', 'desk/later', { symbol: 'BTCUSDT', ...long })
    const klines = fileOf('named.csv', [
      'symbol,openTime,open,high,low,close',
      `BTCUSDT,${START_MS},100000,100000,95000,96000`,
      `BTCUSDT,${START_MS + 60_000},96000,97000,91000,97000`,
    ])
    const { output, errors } = await run(['--klines', klines, '--file', bybit, '--venue', 'bybit'])
    const events = eventsOf(output)
    expect(events.length).toBeGreaterThan(0)
    for (const { kind, ruleAgeDays, reasons } of events)
      expect([kind, ruleAgeDays, reasons]).toEqual([kind, null, expect.arrayContaining(['rules-later'])])
    expect(events.map((event) => verifyEvent(event).differences)).toEqual(events.map(() => []))
    expect(errors.match(/no table of BTCUSDT is known of that time: .* seen on 2026-08-05/g)).toHaveLength(1)
    const known = await run(['--klines', KLINES, '--file', ACCOUNTS])
    expect(known.errors).not.toContain('no table')
    expect(eventsOf(known.output)[0].reasons).not.toContain('rules-later')
  })

  it.each([
    ['no accounts', [], /give accounts by --file, or a number of made-up ones by --synthetic/],
    ['both kinds of accounts', ['--file', ACCOUNTS, '--synthetic', '5'], /--file, or .* --synthetic/],
    ['too few contracts', ['--synthetic', '5'], /at least 5 linear contracts .*, and the files hold 1/],
    ['a venue that nobody knows', ['--file', ACCOUNTS, '--venue', 'nowhere'], /venue "nowhere"/],
  ])('refuses %s', async (_, args, message) => {
    await expect(run(['--klines', KLINES, ...args])).rejects.toThrow(message)
  })

  it.skipIf(CRASH === undefined)(
    'gives the same bytes of the crash of 2025-10-10 twice, and every event verifies',
    async () => {
      const args = ['replay', '--klines', CRASH!, '--synthetic', '60', '--without', 'FILUSDT']
      const [first, second] = await Promise.all([runCli(args), runCli(args)])
      expect(first.code).toBe(0)
      expect(first.stdout).toBe(second.stdout)
      expect(eventsOf(first.stdout).filter(({ kind }) => kind === 'liquidation').length).toBeGreaterThan(10)
      const verified = await runCli(['verify', '-'], { input: first.stdout })
      expect(verified.code).toBe(0)
    },
    60_000,
  )
})
