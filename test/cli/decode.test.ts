import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { decode, decodeCommand } from '../../src/cli/decode.ts'
import { LINE_CHARACTERS_MAX } from '../../src/cli/lines.ts'
import { sourceOf } from '../../src/venues/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'plimsoll-decode-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => vi.restoreAllMocks())

const SNAPSHOT =
  '{"topic":"tickers.BTCUSDT","type":"snapshot","data":{"symbol":"BTCUSDT","markPrice":"61875.250","indexPrice":"61903.73","fundingRate":"0.00008055","nextFundingTime":"1715760000000"},"cs":3,"ts":1715748762463}'
const DELTA =
  '{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT","markPrice":"61875.06"},"cs":4,"ts":1715748763063}'

async function run(...args: string[]): Promise<string> {
  let printed = ''
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    printed += chunk
    return true
  })
  await decodeCommand().exitOverride().parseAsync(args, { from: 'user' })
  return printed
}

function fileOf(text: string): string {
  const path = join(folder, 'frames.jsonl')
  writeFileSync(path, text)
  return path
}

describe('plimsoll decode', () => {
  it('prints one line a frame, in order, with prices as printed and state carried over', async () => {
    const path = fileOf(`${SNAPSHOT}\n\n  \n${DELTA}\r\n{"broken\n{"op":"ping","success":true}`)
    expect(await run('--venue', 'bybit', path)).toBe(
      '{"kind":"ticks","ticks":[{"symbol":"BTCUSDT","markPrice":"61875.250",' +
        '"fundingRate":"0.00008055","nextFundingTimeMs":1715760000000,"eventTimeMs":1715748762463}],' +
        '"indexPrices":[{"index":"BTC/USDT index","indexPrice":"61903.73","eventTimeMs":1715748762463}]}\n' +
        '{"kind":"ticks","ticks":[{"symbol":"BTCUSDT","markPrice":"61875.06",' +
        '"fundingRate":"0.00008055","nextFundingTimeMs":1715760000000,"eventTimeMs":1715748763063}],' +
        '"indexPrices":[{"index":"BTC/USDT index","indexPrice":"61903.73","eventTimeMs":1715748763063}]}\n' +
        '{"kind":"malformed","ticks":[]}\n' +
        '{"kind":"heartbeat","ticks":[]}\n',
    )
  })

  it('leaves out what a frame does not say', async () => {
    const path = fileOf('{"e":"markPriceUpdate","E":7,"s":"BTCUSD_201225","p":"1.50","r":"","T":0}\n')
    expect(await run('--venue', 'binance-coinm', path)).toBe(
      '{"kind":"ticks","ticks":[{"symbol":"BTCUSD_201225","markPrice":"1.50","eventTimeMs":7}]}\n',
    )
  })

  it('takes no part of a frame that is too long for the whole, and reads on', async () => {
    const path = fileOf(`${SNAPSHOT}${' '.repeat(LINE_CHARACTERS_MAX)}{\n{"op":"ping","success":true}\n`)
    expect(await run('--venue', 'bybit', path)).toBe(
      '{"kind":"malformed","ticks":[]}\n{"kind":"heartbeat","ticks":[]}\n',
    )
  })

  it.each([
    ['an unknown venue', ['--venue', 'mtgox', '-'], /--venue mtgox.*bybit, bybit-linear/],
    ['a name from the prototype', ['--venue', 'constructor', '-'], /--venue constructor/],
    ['a file that does not exist', ['--venue', 'bybit', join(folder, 'none')], /none cannot be read/],
    ['a directory', ['--venue', 'bybit', folder], /is a folder; name a file in it/],
  ])('refuses %s as wrong usage', async (_name, args, message) => {
    await expect(run(...args)).rejects.toThrow(message)
    await expect(run(...args)).rejects.toMatchObject({ code: 'USAGE' })
  })

  it('waits for an output that is slower than the input', async () => {
    const written: string[] = []
    const slow = new Writable({
      highWaterMark: 1,
      write: (chunk, _encoding, done) => {
        written.push(String(chunk))
        setImmediate(done)
      },
    })
    async function* lines() {
      for (let count = 0; count < 100; count++) {
        expect(written.length).toBe(count)
        yield { number: count + 1, text: '{}', isCut: false }
      }
    }
    await decode(sourceOf('bybit-linear').createParser(), lines(), slow)
    expect(written).toHaveLength(100)
  })
})
