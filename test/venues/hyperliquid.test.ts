/*
 * What Hyperliquid sends, and what its parser does with it. Evidence is the fixture, test or document that shows it.
 *
 * hyperliquid-public, hyperliquid-all-dexs, hyperliquid-fast
 * channel              | variants                          | role          | action                            | evidence
 * ---------------------|-----------------------------------|---------------|-----------------------------------|-------------------------
 * activeAssetCtx       | the context of one coin           | mark, index   | price, with the rate of the hour  | fixtures; "Subscriptions"
 *                      | no mark, no coin, two marks       | fault         | malformed                         | fixtures
 * allDexsAssetCtxs     | contexts by place, names known    | mark, index   | price, with the rate of the hour  | fixtures; below
 *                      | names not known                   | nothing known | ignored; post asks for the lists  | fixtures; below
 *                      | a place beyond the list           | nothing known | no price; post asks again         | fixtures; below
 *                      | a mark that is no price           | fault         | no mark of that coin; others read | fixtures
 *                      | more marks than contexts          | fault         | malformed                         | fixtures
 * post                 | allPerpMetas, the lists of coins  | none          | names the places                  | fixtures; below
 *                      | another answer, or an error       | none          | ignored                           | fixtures
 * fastAssetCtxs        | first message: all coins          | mark          | price                             | fixtures; nktkas/hyperliquid
 *                      | later: coins that have changed    | mark          | price; the others unchanged       | fixtures
 *                      | a coin with midPx alone           | confirmation  | unchanged                         | fixtures
 *                      | a mark that is no price           | fault         | no mark until the next one        | fixtures
 *                      | no base64, no deflate, a bomb     | fault         | malformed                         | fixtures; below
 * allMids              | any                               | none          | ignored: middle prices            | fixtures; recorded.test.ts
 * subscriptionResponse | subscribe, to a channel above     | by name       | acknowledged                      | fixtures
 *                      | of another channel, unsubscribe   | none          | ignored                           | fixtures
 * error                | names a coin or a channel         | by name       | rejected                          | fixtures
 *                      | names none                        | whole request | rejected                          | fixtures
 *                      | Already subscribed                | none          | ignored                           | fixtures
 * pong                 | any                               | sign of life  | heartbeat                         | fixtures
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { sourceOf } from '../../src/venues/index.ts'
import { spoilAny } from '../support/malformed/spoil.ts'
import { testCases, testSeed } from '../support/seed.ts'
import { sharedPath } from '../support/shared.ts'
import { allDexs, coinLists, fast } from './fixtures/hyperliquid.ts'
import { answersOf, DEAF_SINK, indexPricesOf, read, saidOf } from './record.ts'

const SEED = testSeed(31)

describe('the contexts of all exchanges', () => {
  const unnamed = allDexs(['', [{ markPx: '1' }]])

  it('are asked for their names once, and again only after twenty frames that lack some', () => {
    const asked = Array.from({ length: 21 }, () => unnamed)
    expect(answersOf('hyperliquid-all-dexs', ...asked.slice(0, 20))).toEqual([['reply', 'post']])
    expect(answersOf('hyperliquid-all-dexs', ...asked)).toHaveLength(2)
  })

  it('state the oracle prices of the venue as index prices, and none of a frame that states one twice', () => {
    const lists = coinLists(['BTC'], ['xyz:TSLA'])
    const both = allDexs(['', [{ markPx: '2', oraclePx: '3' }]], ['xyz', [{ markPx: '4', oraclePx: '5' }]])
    expect(indexPricesOf('hyperliquid-all-dexs', lists, both)).toEqual([['BTC/USDC index', '3', undefined]])
    const twice = both.replace('"oraclePx":"3"', '"oraclePx":"3","oraclePx":"6"')
    expect(indexPricesOf('hyperliquid-all-dexs', lists, twice)).toEqual([])
  })

  it('have no name where a list mixes exchanges or holds what no coin can be called', () => {
    const lists = coinLists(['BTC', 'xyz:TSLA', '', 'ETH'])
    const contexts = allDexs(['', ['1', '2', '3', '4'].map((markPx) => ({ markPx }))])
    expect(saidOf('hyperliquid-all-dexs', lists, contexts)).toEqual(['BTC 1', 'ETH 4', 'ticks'])
  })

  it('keep their last names when the lists come again, and lose those of an exchange that is gone', () => {
    const contexts = allDexs(['', [{ markPx: '1' }]], ['xyz', [{ markPx: '2' }]])
    const both = coinLists(['BTC'], ['xyz:TSLA'])
    expect(saidOf('hyperliquid-all-dexs', both, both, contexts)).toEqual(['BTC 1', 'xyz:TSLA 2', 'ticks'])
    expect(saidOf('hyperliquid-all-dexs', both, coinLists(['BTC']), contexts)).toEqual(['BTC 1', 'ticks'])
  })

  const recordings = sharedPath('recordings/hyperliquid')
  const suffix = recordings === undefined ? ' (skipped: no recordings beside the project)' : ''
  it.skipIf(recordings === undefined)(`are read as recorded, by a recorded list${suffix}`, () => {
    const text = (file: string) => readFileSync(`${recordings}/${file}`, 'utf8')
    const frame = text('ws-mark/nautilus-ws_all_dexs_asset_ctxs.json')
    const { universe } = JSON.parse(text('rest-tiers/hlsdk-get_info.json')) as {
      universe: { name: string }[]
    }
    const names = universe.map(({ name }) => name)
    const parser = sourceOf('hyperliquid-all-dexs').createParser()
    read(parser, coinLists(names))
    const { ticks } = read(parser, frame)
    const [[, held]] = JSON.parse(frame).data.ctxs as [[string, { markPx: string; funding: string }[]]]
    expect(ticks).toEqual(
      names.map((symbol, place) => ({
        symbol,
        markPrice: held[place]!.markPx,
        fundingRate: held[place]!.funding,
      })),
    )
    expect(ticks.slice(0, 3).map(({ symbol, markPrice }) => `${symbol} ${markPrice}`)).toEqual([
      'BTC 77562.0',
      'ETH 2123.7',
      'ATOM 2.1315',
    ])
    expect(ticks.length).toBeGreaterThan(20)
  })
})

describe('the fast contexts', () => {
  it('are not inflated beyond 1 MiB, so that a bomb costs no memory', () => {
    const bomb = fast(`{${' '.repeat(256 * 1_048_576)}}`)
    expect(bomb.length).toBeLessThan(400_000)
    const parser = sourceOf('hyperliquid-fast').createParser()
    parser.parse(bomb, DEAF_SINK)
    const before = process.memoryUsage().rss
    for (let count = 0; count < 20; count++) expect(parser.parse(bomb, DEAF_SINK)).toBe('malformed')
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1_048_576)
    const most = `{"BTC":{"markPx":"1"}${' '.repeat(1_048_576 - 22)}}`
    expect(read(parser, fast(most)).ticks).toHaveLength(1)
    expect(read(parser, fast(`${most} `)).kind).toBe('malformed')
  })

  const frames = testCases(10_000)
  it(`give no price that they do not state, however ${frames} of them are spoilt inside (seed ${SEED})`, () => {
    const random = seededRandom(SEED)
    const whole =
      '{"BTC":{"markPx":"64706.0","midPx":"64706.5"},"xyz:TSLA":{"markPx":"350.12","midPx":null},"kPEPE":{"markPx":"0.0123"}}'
    const parser = sourceOf('hyperliquid-fast').createParser()
    const kinds = new Set<string>()
    for (let count = 0; count < frames; count++) {
      const { text, says } = spoilAny(random, whole)
      const { kind, ticks } = read(parser, fast(text))
      kinds.add(kind)
      for (const { symbol, markPrice } of ticks)
        if (markOf(text, symbol) !== markPrice) expect.fail(`${says}: ${symbol} ${markPrice} of ${text}`)
    }
    expect([...kinds].sort()).toEqual(['malformed', 'ticks'])
  })
})

/** The mark of a coin in such a text, by `JSON.parse` alone. */
function markOf(text: string, coin: string): unknown {
  return (JSON.parse(text) as Record<string, { markPx?: unknown } | null>)[coin]?.markPx
}
