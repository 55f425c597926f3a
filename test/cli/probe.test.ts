import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decode } from '../../src/cli/decode.ts'
import { linesOf } from '../../src/cli/lines.ts'
import { probeCommand } from '../../src/cli/probe.ts'
import { unheardOf } from '../../src/cli/probe-asked.ts'
import { connectSocket, httpGet, openFollowed, systemClock, systemRandom } from '../../src/system/index.ts'
import { sourceOf } from '../../src/venues/index.ts'
import { ScriptedVenue } from '../support/scripted-venue.ts'
import { until } from '../support/until.ts'
import type { Dialect } from '../venues/dialect.ts'
import { FIXTURES } from '../venues/fixtures.ts'

const CADENCE_MS = 25
const sockets = Object.entries(FIXTURES).filter(([id]) => sourceOf(id).kind === 'socket')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plimsoll-probe-'))
})
afterEach(() => {
  process.exitCode = undefined
  rmSync(folder, { recursive: true })
})

function run(args: string[], isTTY = false) {
  const output = Object.assign(new PassThrough(), { isTTY, columns: 200 })
  const errors = new PassThrough()
  const text = { output: '', errors: '' }
  output.on('data', (chunk) => (text.output += chunk))
  errors.on('data', (chunk) => (text.errors += chunk))
  let end!: () => void
  const promise = new Promise<void>((resolve) => (end = resolve))
  const command = probeCommand({
    output,
    errors,
    clock: systemClock,
    random: systemRandom,
    machine: { connect: connectSocket, httpGet, openFollowed },
    limits: {},
    untilSignal: () => ({ promise, fail: () => undefined, dispose: () => undefined }),
  })
  command.exitOverride().configureOutput({ writeErr: () => undefined })
  return { done: command.parseAsync(args, { from: 'user' }), text, end }
}

async function marksIn(file: string, id: string): Promise<string[]> {
  const output = new PassThrough()
  let text = ''
  output.on('data', (chunk) => (text += chunk))
  await decode(sourceOf(id).createParser(), linesOf(chunks(gunzipSync(readFileSync(file)))), output)
  return text
    .trim()
    .split('\n')
    .flatMap((line) => JSON.parse(line).ticks.map(({ symbol }: { symbol: string }) => symbol))
}

async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

describe.each(sockets)('plimsoll probe --venue %s', (id, { dialect, symbols }) => {
  let venue: ScriptedVenue
  beforeEach(async () => {
    const prices = 'counted'
    venue = await ScriptedVenue.start({
      dialect: dialect as Dialect,
      cadenceMs: CADENCE_MS,
      prices,
      markets: symbols,
    })
    venue.script.eventTimeMs = 'now'
  })
  afterEach(async () => await venue.stop())

  it('says what came of each market and records the frames, which decode reads again', async () => {
    const flags = ['--symbols', symbols.join(), '--url', venue.url, '--record', folder]
    const { done, text, end } = run(['--venue', id, ...flags])
    await until(() => venue.counter > 20 && symbols.every((symbol) => venue.isHeard(symbol)))
    await until(() => venue.counter > 40)
    end()
    await done
    const report = JSON.parse(text.output)
    expect(report.source).toBe(id)
    expect(report.markets.map(({ symbol }: { symbol: string }) => symbol)).toEqual(symbols)
    for (const market of report.markets) {
      expect(market.state).toBe('fresh')
      expect(market.prices).toBeGreaterThan(10)
      expect(market.longestSilenceMs).toBeLessThan(report.listenedMs)
    }
    expect(report.kinds.malformed).toBe(0)
    const decoded = await marksIn(report.file, id)
    for (const { symbol, prices } of report.markets)
      expect(decoded.filter((one) => one === symbol)).toHaveLength(prices)
    expect(process.exitCode).toBeUndefined()
  })
})

describe('plimsoll probe', () => {
  const ID = 'bybit-linear'
  const { dialect, symbols } = FIXTURES[ID]!
  const [taken, refused] = symbols as [string, string]
  let venue: ScriptedVenue
  beforeEach(async () => {
    venue = await ScriptedVenue.start({
      dialect: dialect!,
      cadenceMs: CADENCE_MS,
      prices: 'counted',
      markets: symbols,
    })
    venue.script.eventTimeMs = 'now'
  })
  afterEach(async () => await venue.stop())

  it('names a refused market and shows frames that cannot be read, at a terminal', async () => {
    venue.script.refused = [refused]
    venue.script.garbage = { frame: '{"topic": \u001b[31m', every: 5 }
    const flags = ['--symbols', `${taken},${refused}`, '--url', venue.url, '--no-record', '--seconds', '2']
    const { done, text } = run(['--venue', ID, ...flags], true)
    await done
    const shown = stripVTControlCharacters(text.output)
    expect(shown).toContain(`refused: ${refused}: `)
    expect(shown).toContain('malformed frame: {"topic": \\x1b[31m')
    expect(shown).toMatch(new RegExp(`${taken} +fresh +\\d+`))
    expect(shown).not.toContain('frames: ')
    expect(text.errors).toContain(`listening for 2 s: ${ID} (2 of its markets, ${venue.url})`)
  })

  it('exits with 1 where no price came', async () => {
    venue.script.sendsPrices = false
    const flags = ['--symbols', taken, '--url', venue.url, '--no-record', '--seconds', '1']
    const { done, text } = run(['--venue', ID, ...flags], true)
    await done
    expect(process.exitCode).toBe(1)
    expect(text.output).toContain(`no price came of ${taken}`)
  })

  it('ends at once with one line where nothing can be reached, and leaves no folder that it made', async () => {
    const url = venue.url
    await venue.stop()
    const { done, text } = run(['--venue', ID, '--url', url, '--record', join(folder, 'data', 'frames')])
    await expect(done).rejects.toMatchObject({ code: 'VENUE_UNAVAILABLE' })
    await expect(done).rejects.toThrow(/^no frame came: bybit-linear at ws:\/\/\S+: .*ECONNREFUSED/)
    expect(text).toEqual({ output: '', errors: '' })
    expect(readdirSync(folder)).toEqual([])
    await expect(run(['--venue', ID, '--url', url, '--record', folder]).done).rejects.toThrow()
    expect(existsSync(folder)).toBe(true)
    venue = await ScriptedVenue.start({ dialect: dialect!, cadenceMs: CADENCE_MS, prices: 'counted' })
  })

  it.each([
    [['--venue', 'bybitt'], /--venue bybitt is unknown.*bybit/],
    [
      ['--venue', 'cme'],
      /cme has no stream with a public address: name one of cme-file, cme-poll, and its address by --url/,
    ],
    [['--venue', 'cme-poll'], /--venue cme-poll has no public address: give yours by --url/],
    [
      ['--venue', 'binance-margin-index'],
      /--venue binance-margin-index has no public address: give yours by --url, and its markets by --symbols/,
    ],
    [
      ['--venue', 'binance-margin-index', '--url', 'http://127.0.0.1:1'],
      /the built-in rules hold no market of binance-margin-index: give some by --symbols/,
    ],
    [['--venue', 'bybit', '--symbols', 'BTCUSDT,no such'], /no stream of bybit carries no such/],
    [
      ['--venue', 'bybit', '--url', 'ws://127.0.0.1:1'],
      /--url is one stream: --venue must name one of bybit-linear/,
    ],
  ])('refuses %j', async (args, message) => {
    await expect(run([...args, '--no-record']).done).rejects.toThrow(message)
  })

  it.each([
    [
      'kraken',
      [],
      ['kraken-spot (--venue kraken-spot, with --symbols: the built-in rules hold no market of it)'],
    ],
    [
      'hyperliquid',
      [],
      [
        'hyperliquid-all-dexs (--venue hyperliquid-all-dexs: heard on request)',
        'hyperliquid-fast (--venue hyperliquid-fast: heard on request)',
      ],
    ],
    ['coinbase', [], ['coinbase-intx (--venue coinbase-intx, with --url: it has no public address)']],
    ['bybit', [], []],
    ['kraken', ['PF_XBTUSD'], []],
    ['kraken-spot', ['XBTUSD'], []],
  ])('says which streams of %s it does not hear, and how they are named: %j', (name, stated, unheard) => {
    const symbols = stated.length === 0 ? {} : { symbols: stated }
    expect(unheardOf({ venue: name, ...symbols }, Date.now())).toEqual(unheard)
  })

  it('says so before it listens', async () => {
    const { done, text } = run(['--venue', 'kraken', '--no-record', '--url', 'ws://127.0.0.1:1'])
    await expect(done).rejects.toMatchObject({ code: 'VENUE_UNAVAILABLE' })
    expect(text.errors).toBe(
      'plimsoll: not heard: kraken-spot (--venue kraken-spot, with --symbols: the built-in rules hold no market of it)\n',
    )
  })

  it('refuses a folder that cannot be written, before it connects', async () => {
    const path = join(folder, 'a-file')
    writeFileSync(path, '')
    const flags = ['--url', venue.url, '--record', join(path, 'frames')]
    await expect(run(['--venue', ID, ...flags]).done).rejects.toThrow(/--record is ".*": must be a folder/)
    expect(venue.connections).toBe(0)
  })
})
