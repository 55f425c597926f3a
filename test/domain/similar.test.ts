import { describe, expect, it } from 'vitest'
import { KnownNames } from '../../src/domain/index.ts'

const of = (...names: string[]) => new KnownNames(() => names)

describe('a name that is not known', () => {
  it.each([
    ['BTC-USDT', ['BTCUSDT', 'ETHUSDT'], '; did you mean BTCUSDT?'],
    ['btcusdt', ['BTCUSDT', 'ETHUSDT'], '; did you mean BTCUSDT?'],
    ['BTC/USDT:USDT', ['BTCUSDT'], '; did you mean BTCUSDT?'],
    ['PEPE', ['kPEPE', 'BTC'], '; did you mean kPEPE?'],
    ['KPEPE', ['kPEPE', 'BTC'], '; did you mean kPEPE?'],
    ['PEPEUSDT', ['1000PEPEUSDT', 'PEPEUSDC'], '; did you mean 1000PEPEUSDT?'],
    ['BTCUSDT', ['BTC-USDT-SWAP', 'BTC-USD-SWAP'], '; did you mean BTC-USDT-SWAP?'],
    ['BTC-PERP', ['BTC-PERPETUAL'], '; did you mean BTC-PERPETUAL?'],
    ['Bybit', ['bybit', 'binance'], '; did you mean bybit?'],
    ['XBT', ['BTC'], '; did you mean BTC?'],
    ['XBt', ['XBTUSD', 'ETHUSD'], '; did you mean XBTUSD?'],
    ['BTC', ['PI_XBTUSD', 'PF_XBTUSD', 'PF_ETHUSD'], '; did you mean PI_XBTUSD or PF_XBTUSD?'],
    ['BTCUSD', ['PF_XBTUSD', 'PF_ETHUSD'], '; did you mean PF_XBTUSD?'],
    ['BTC-USD', ['BTC', 'ETH'], '; did you mean BTC?'],
    ['BTC', ['BTC-USD', 'ETH-USD'], '; did you mean BTC-USD?'],
    ['BTCUSDC', ['BTCUSDT', 'BTCUSD'], ''],
    ['USDT', ['USDTUSD', 'BTC'], '; did you mean USDTUSD?'],
    ['USD', ['BTCUSD', 'USDC'], ''],
    ['ETHUSDT', ['BTCUSDT'], ''],
    ['', ['BTCUSDT', '-'], ''],
  ])('%s beside %o is answered with "%s"', (text, names, suggestion) => {
    expect(of(...names).suggestionFor(text)).toBe(suggestion)
  })

  it('means the name that differs the least', () => {
    expect(of('BTC-USD', 'BTCUSD_PERP').suggestionFor('btcusd')).toBe('; did you mean BTC-USD?')
  })

  it('is answered with up to three names that differ as little, and with none of more', () => {
    expect(of('A-B', 'AB').suggestionFor('a_b')).toBe('; did you mean A-B or AB?')
    expect(of('A-B', 'AB', 'A_B', 'A/B').suggestionFor('ab')).toBe('')
  })

  it.each([
    ['okex', ['bybit', 'okx', 'okx-public'], '; did you mean okx?'],
    ['bybt', ['bybit', 'binance'], '; did you mean bybit?'],
    ['BTCUDST', ['BTCUSDT', 'ETHUSDT'], '; did you mean BTCUSDT?'],
    ['BTCUSD', ['BTCUSDT', 'BTCUSDC'], '; did you mean BTCUSDT or BTCUSDC?'],
    ['btc-usdt', ['BTCUSDT', 'BTCUSD'], '; did you mean BTCUSDT?'],
    ['LTCUSDT', ['BTCUSDT'], ''],
    ['ETC', ['BTC', 'ET'], ''],
    ['okexx', ['okx'], ''],
    ['okx', ['okx'], '; did you mean okx?'],
  ])('%s, where slips count, beside %o is answered with "%s"', (text, names, suggestion) => {
    expect(new KnownNames(() => names, { withSlips: true }).suggestionFor(text)).toBe(suggestion)
  })

  it('reads the known names once', () => {
    let reads = 0
    const names = new KnownNames(() => {
      reads++
      return ['BTCUSDT']
    })
    for (let asked = 0; asked < 3; asked++) names.suggestionFor('btcusdt')
    expect(reads).toBe(1)
  })
})
