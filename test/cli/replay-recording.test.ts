import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { constants, gzipSync } from 'node:zlib'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { replayCommand } from '../../src/cli/replay.ts'
import { isolatedLong } from '../support/accounts.ts'
import { temporaryFolder } from '../support/cli.ts'

const folder = temporaryFolder()
let recordings = 0
afterAll(() => folder.remove())
afterEach(() => {
  process.exitCode = undefined
})

const START_MS = Date.parse('2025-10-10T21:00:00Z')
const ACCOUNT = isolatedLong('desk/long', {
  symbol: 'BTCUSDT',
  size: '1',
  entryPrice: '100000',
  leverage: '20',
  isolatedMargin: '8000',
})

const TERMS = { recording: 1, levels: ['10%'], hysteresis: '0.01', ruleBooks: {} }
/** What a worker takes from its start until it has loaded the book. */
const begun = (terms: object = {}) => [
  { start: START_MS, ...TERMS, ...terms },
  { change: START_MS, put: ACCOUNT },
  { loaded: START_MS },
]
const priced = (second: number, markPrice: string) => ({
  prices: START_MS + second * 1_000,
  of: [['binance', 'BTCUSDT', markPrice, START_MS + second * 1_000]],
})

const linesOf = (entries: readonly object[]) => entries.map((entry) => `${JSON.stringify(entry)}\n`).join('')

const deflatedUntilFlush = (entries: readonly object[]) =>
  gzipSync(linesOf(entries), { finishFlush: constants.Z_SYNC_FLUSH })

const packed = (entries: readonly object[]) => gzipSync(linesOf(entries))

/** A folder of these files. */
function recordingOf(...files: readonly Uint8Array[]): string {
  const path = join(folder.path, `r${recordings++}`)
  mkdirSync(path)
  for (const [index, bytes] of files.entries())
    writeFileSync(join(path, `recording-20251010T21000000${index}Z.jsonl.gz`), bytes)
  return path
}

async function run(...args: readonly string[]) {
  const text = { output: '', errors: '' }
  const context = {
    output: new PassThrough(),
    errors: new PassThrough(),
    nowMs: START_MS,
    stopwatch: () => 0,
  }
  context.output.on('data', (chunk) => (text.output += chunk))
  context.errors.on('data', (chunk) => (text.errors += chunk))
  process.exitCode = undefined
  await replayCommand(context).exitOverride().parseAsync(args, { from: 'user' })
  const lines = text.output.split('\n').filter((line) => line !== '')
  const events = lines.map((line) => JSON.parse(line)).map(({ kind, level }) => `${kind} ${level}`)
  return { events, errors: text.errors, exitCode: process.exitCode }
}

describe('plimsoll replay of a recording', () => {
  it('judges by the levels of each worker, and names each rule book that is another one here', async () => {
    const first = begun({ ruleBooks: { binance: 'old' } })
    const second = begun({ levels: ['5%'], ruleBooks: { binance: 'older', bybit: 'old' } })
    const folder = recordingOf(
      packed([...first, priced(1, '99000')]),
      packed([...second, priced(2, '98500'), priced(3, '97000')]),
      packed([...second, priced(4, '97000')]),
    )
    const { events, errors, exitCode } = await run(folder)
    expect(events).toEqual(['warning 10%', 'recovered 0', 'warning 5%'])
    const named = errors.split('\n').filter((line) => line.includes('was judged by rule book'))
    expect(named.map((line) => line.slice(0, line.indexOf(', and')))).toEqual([
      'plimsoll: binance was judged by rule book old',
      'plimsoll: binance was judged by rule book older',
      'plimsoll: bybit was judged by rule book old',
    ])
    expect(exitCode).toBeUndefined()
  })

  describe('with a damaged end', () => {
    const start = [...begun(), priced(1, '99000')]
    /** As after a crash: flushed, but not ended. */
    const flushed = deflatedUntilFlush(start)
    const next = packed([...begun({ levels: ['5%'] }), priced(2, '97000')])

    it.each([
      ['nothing after it', Buffer.alloc(0)],
      ['zero bytes', Buffer.alloc(512)],
      ['bytes that are no part of it', Buffer.from('\xff\xee\xdd garbage \xff', 'latin1')],
    ])('gives the events up to %s, says so, and goes on with the next file', async (_, bytes) => {
      const { events, errors, exitCode } = await run(recordingOf(Buffer.concat([flushed, bytes]), next))
      expect(events).toEqual(['warning 10%', 'warning 5%'])
      expect(errors).toContain('recording-20251010T210000000Z.jsonl.gz is not whole')
      expect(exitCode).toBeUndefined()
    })

    it('still refuses a line that is no entry before others that are', async () => {
      const wrong = deflatedUntilFlush([...start, { other: 1 }, priced(3, '98000')])
      await expect(run(recordingOf(wrong))).rejects.toThrow('line 5: recording is missing')
    })
  })

  it('judges by the levels of a flag in the place of those of all workers', async () => {
    const folder = recordingOf(packed([...begun({ levels: ['50%'] }), priced(1, '99000')]))
    expect((await run(folder, '--levels', '10%')).events).toEqual(['warning 10%'])
  })
})
