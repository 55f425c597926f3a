import { describe, expect, it } from 'vitest'
import { type Bar, KlineReader } from '../../src/replay/index.ts'
import { binance } from '../../src/venues/index.ts'

const NAMED = 'symbol,openTimeMs,open,high,low,close'
const BAR = 'BTCUSDT,1760129400000,116830.30,116830.30,116304.00,116372.00'
const ARCHIVE = '1760129400000,116830.30,116830.30,116304.00,116372.00,810.2,1760129459999,94,1200,400,46,0'

function read(
  lines: readonly string[],
  { file = 'bars.csv', klines = binance.klines }: { file?: string; klines?: typeof binance.klines } = {},
): Bar[] {
  const reader = new KlineReader(file, binance.symbol, klines)
  return lines.flatMap((text, index) => reader.read({ number: index + 1, text, isCut: false }) ?? [])
}

const WANTED: Bar = {
  symbol: 'BTCUSDT',
  openTimeMs: 1_760_129_400_000,
  open: '116830.30',
  high: '116830.30',
  low: '116304.00',
  close: '116372.00',
}

describe('a file of klines', () => {
  it('names its columns, in any order and in the words of the archive', () => {
    expect(read([NAMED, BAR, ''])).toEqual([WANTED])
    const inverted = 'close,low,high,open,volume,Open_Time,symbol'
    const bar = '116372.00,116304.00,116830.30,116830.30,9,1760129400000,BTCUSDT'
    expect(read([inverted, bar])).toEqual([WANTED])
  })

  it('without names has the columns of the venue and the contract of its name', () => {
    const file = 'BTCUSDT-1m-2025-10-10.csv'
    expect(read([ARCHIVE], { file })).toEqual([WANTED])
    expect(
      read(['open_time,open,high,low,close,volume,close_time,quote_volume,count', ARCHIVE], { file }),
    ).toEqual([WANTED])
    const dated = read([ARCHIVE], { file: 'BTCUSD_251226-15m-2025-10.csv' })
    expect(dated[0]?.symbol).toBe('BTCUSD_251226')
  })

  it.each([
    ['BTCUSDT-1m-2025-10-10.csv', 60_000],
    ['BTCUSDT-1h-2025-10.csv', 3_600_000],
    ['BTCUSD_251226-15m-2025-10.csv', 900_000],
    ['BTCUSDT-1M-2025.csv', undefined],
    ['BTCUSDT-0m-2025-10-10.csv', undefined],
    ['bars.csv', undefined],
    ['-', undefined],
  ])('%s states a length of %s', (file, statedMs) => {
    expect(new KlineReader(file, binance.symbol, undefined).statedMs).toBe(statedMs)
  })

  it('may state microseconds', () => {
    expect(read([NAMED, BAR.replace('1760129400000', '1760129400000000')])).toEqual([WANTED])
  })

  it.each([
    [
      'a time of ten digits',
      [NAMED, BAR.replace('1760129400000', '1760129400')],
      /line 2: openTime is "1760129400": must be Unix time in mill/,
    ],
    ['microseconds within one', [NAMED, BAR.replace('1760129400000', '1760129400000001')], /openTime is/],
    [
      'a price of zero',
      [NAMED, BAR.replace('116304.00', '0.00')],
      /line 2: low is "0.00": must be a price above zero/,
    ],
    ['a price with an exponent', [NAMED, BAR.replace('116372.00', '1e5')], /close is "1e5"/],
    ['a missing price', [NAMED, BAR.slice(0, BAR.lastIndexOf(','))], /close is ""/],
    [
      'a high below its open',
      [NAMED, BAR.replace('116830.30,116830.30', '116830.30,116830.29')],
      /high is "116830.29": must be at least the open, 116830.30/,
    ],
    [
      'a low above its close',
      [NAMED, BAR.replace('116304.00', '116372.01')],
      /low is "116372.01": must be at most the close, 116372.00/,
    ],
    [
      'a symbol that no contract has',
      [NAMED, BAR.replace('BTCUSDT', 'BTC-USDT')],
      /symbol is "BTC-USDT": is no name of a contract/,
    ],
    [
      'a first line that names too little',
      ['symbol,open,high,low,close', BAR],
      /line 1: .*must name a column openTime/,
    ],
    ['a name that says no contract', [ARCHIVE], /the name of the file is "bars.csv": says no contract/],
  ])('is refused for %s, by line, field, value and rule', (_, lines, message) => {
    expect(() => read(lines)).toThrow(message)
  })

  it('of a venue without a known form must name its columns', () => {
    const reader = new KlineReader('x.csv', binance.symbol, undefined)
    expect(() => reader.read({ number: 1, text: ARCHIVE, isCut: false })).toThrow(/must name the columns/)
    const named = new KlineReader('x.csv', binance.symbol, undefined)
    expect(named.read({ number: 1, text: NAMED, isCut: false })).toBeUndefined()
    expect(named.read({ number: 2, text: BAR, isCut: false })).toEqual(WANTED)
  })

  it('is refused for a line that was cut', () => {
    const reader = new KlineReader('x.csv', binance.symbol, binance.klines)
    expect(() => reader.read({ number: 1, text: NAMED, isCut: true })).toThrow(/line 1: .*too long/)
  })
})
