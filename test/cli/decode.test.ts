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

async function both(...args: string[]): Promise<{ readonly printed: string; readonly told: string }> {
  const text = { printed: '', told: '' }
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text.printed += chunk
    return true
  })
  vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
    text.told += chunk
    return true
  })
  await decodeCommand().exitOverride().parseAsync(args, { from: 'user' })
  return text
}

const run = async (...args: string[]) => (await both(...args)).printed
const told = async (...args: string[]) => (await both(...args)).told

function fileOf(text: string): string {
  const path = join(folder, 'frames.jsonl')
  writeFileSync(path, text)
  return path
}

/** Node's own words differ from version to version. */
function reasonOf(text: string): string {
  try {
    return String(JSON.parse(text))
  } catch (error) {
    return (error as Error).message
  }
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
        `{"kind":"malformed","ticks":[],"reason":"not JSON: ${reasonOf('{"broken')}"}\n` +
        '{"kind":"heartbeat","ticks":[]}\n',
    )
  })

  it('gives the words of a venue that refuses, and the markets that it names', async () => {
    const frame =
      '{"event":"error","code":"60018","msg":"Wrong URL or channel:mark-price,instId:FOO doesn\'t exist"}'
    const [rejected] = (await run('--venue', 'okx', fileOf(frame))).split('\n')
    expect(JSON.parse(rejected!)).toEqual({ kind: 'rejected', ticks: [], reason: frame, refused: ['FOO'] })
    const whole = '{"success":false,"ret_msg":"too many args","op":"subscribe"}'
    const [refused] = (await run('--venue', 'bybit', fileOf(whole))).split('\n')
    expect(JSON.parse(refused!)).toEqual({ kind: 'rejected', ticks: [], reason: whole })
  })

  it.each([
    [
      SNAPSHOT.replace('"markPrice"', '"markPrice":"1","markPrice"'),
      'data.markPrice must not be given twice',
    ],
    ['7', 'no message of this stream: a field is missing or cannot be read'],
    [
      SNAPSHOT.replace('61875.250', 'dear'),
      'no message of this stream: a field is missing or cannot be read',
    ],
  ])('says which rule %s breaks', async (frame, reason) => {
    expect(JSON.parse(await run('--venue', 'bybit', fileOf(frame)))).toMatchObject({
      kind: 'malformed',
      reason,
    })
  })

  it('reads a frame of a capture, beside the time of its arrival', async () => {
    const kept = `{"recv":1626994928.03,"msg":${SNAPSHOT}}\n{"recv": 1626994929, "msg": ${JSON.stringify(DELTA)}}\n`
    const { printed, told: nothing } = await both('--venue', 'bybit', fileOf(kept))
    expect(printed).toBe(await run('--venue', 'bybit', fileOf(`${SNAPSHOT}\n${DELTA}\n`)))
    expect(nothing).toBe('')
  })

  it('says once that a line is one message, and whether the file as a whole is JSON', async () => {
    const pretty = JSON.stringify(JSON.parse(SNAPSHOT), undefined, 2)
    const path = fileOf(pretty)
    const count = pretty.split('\n').length
    const words = `plimsoll: ${count} of ${count} lines are no JSON: each line must be one whole message; `
    expect(await told('--venue', 'bybit', path)).toBe(
      `${words}the file as a whole is one JSON value: jq -c . ${path} puts it on one line\n`,
    )
    const list = JSON.stringify([JSON.parse(SNAPSHOT), JSON.parse(DELTA)], undefined, 2)
    expect(await told('--venue', 'bybit', fileOf(list))).toContain(
      `the file as a whole is one JSON list: jq -c '.[]' ${path} puts each of its entries on a line`,
    )
    expect(await told('--venue', 'bybit', fileOf(`${SNAPSHOT}\n{"broken`))).toBe(
      'plimsoll: 1 of 2 lines is no JSON: each line must be one whole message\n',
    )
    expect(await told('--venue', 'bybit', fileOf(SNAPSHOT))).toBe('')
  })

  it('says that no line holds a price where most are ignored', async () => {
    const other = '{"feed":"book","product_id":"PI_ETHUSD"}'
    const line =
      'plimsoll: none of 3 lines holds a price, and 2 are ignored: the frames may be of another venue or channel\n'
    expect(await told('--venue', 'kraken', fileOf(`${other}\n${other}\n{"event":"info","version":1}`))).toBe(
      line.replace('2 are', '3 are'),
    )
    expect(
      await told('--venue', 'bybit', fileOf(`${SNAPSHOT}\n{"topic":"x","data":{}}\n{"topic":"x","data":{}}`)),
    ).toBe('')
    expect(await told('--venue', 'bybit', fileOf(''))).toBe('')
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
      `{"kind":"malformed","ticks":[],"reason":"longer than ${LINE_CHARACTERS_MAX} characters"}\n` +
        '{"kind":"heartbeat","ticks":[]}\n',
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
