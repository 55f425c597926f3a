import { describe, expect, test } from 'vitest'
import { accountIn } from '../../src/book/stored-account.ts'
import { textReader } from '../../src/book/stored-text.ts'
import { type Account, AS_OF_MAX_MS, AS_OF_MIN_MS } from '../../src/domain/index.ts'
import { below, seededRandom } from '../../src/system/index.ts'
import { VENUE_NAMES } from '../../src/venues/index.ts'

const read = textReader(VENUE_NAMES)
const isVenue = (venue: string) => VENUE_NAMES.get(venue) === venue

/** What the reader of parsed JSON takes, the slow twin of the reader of texts. */
function slowly(id: string, text: string): Account | undefined {
  let raw: unknown
  try {
    raw = JSON.parse(text)
  } catch {
    return undefined
  }
  const account = accountIn(raw, isVenue)
  return account?.id === id ? account : undefined
}

const cross = { symbol: 'BTCUSDT', marginMode: 'cross', size: '0.5', entryPrice: '61250.1', leverage: '10' }
const isolated = { symbol: 'ETHUSDT', marginMode: 'isolated', size: '-2', entryPrice: '3000' }
const account = {
  version: 3,
  id: 'desk/1',
  venue: 'bybit',
  collateral: [
    { asset: 'USDT', amount: '12.5' },
    { asset: 'BTC', amount: '-1' },
  ],
  positions: [cross, { ...isolated, isolatedMargin: '-4.5' }, { ...isolated, size: '2', leverage: '10' }],
  liabilities: [],
}
const written = JSON.stringify(account)

/** The same account with some fields replaced. A new field stands where the book writes it. */
function stored(fields: Record<string, unknown>): string {
  const { version, id, venue, collateral, positions, liabilities } = account
  return JSON.stringify({
    version,
    id,
    venue,
    asOfMs: undefined,
    collateral,
    separateWallets: undefined,
    positions,
    liabilities,
    ...fields,
  })
}

const manyPositions = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ ...cross, symbol: `C${index}` }))

const manyAssets = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ asset: `C${index}`, amount: '1' }))

describe('The reader of stored texts', () => {
  test.each([
    ['with positions of every kind', written],
    ['without positions', stored({ positions: [] })],
    ['without collateral', stored({ collateral: [] })],
    ['with separate wallets', stored({ separateWallets: true })],
    ['without separate wallets', stored({ separateWallets: false })],
    ['of version 0', stored({ version: 0 })],
    ['with the time of its balances', stored({ asOfMs: 1_790_000_000_000 })],
    ['with the earliest time', stored({ asOfMs: AS_OF_MIN_MS })],
    ['with the latest time', stored({ asOfMs: AS_OF_MAX_MS })],
    ['with a symbol of another script', stored({ positions: [{ ...cross, symbol: '币安人生USDT' }] })],
    ['with 1,000 positions', stored({ positions: manyPositions(1_000) })],
    ['with 1,000 assets', stored({ collateral: manyAssets(1_000) })],
  ])('takes an account %s as JSON.parse gives it', (_, text) => {
    expect(JSON.stringify(read('desk/1', text))).toBe(text)
    expect(read('desk/1', text)).toEqual(slowly('desk/1', text))
  })

  test.each([
    ['under another id', written, 'desk/2'],
    ['with a space', written.replace(',"venue"', ', "venue"')],
    ['with something behind it', `${written} `],
    ['that is cut', written.slice(0, -1)],
    ['with another order of fields', JSON.stringify(Object.fromEntries(Object.entries(account).reverse()))],
    ['with an unknown field', stored({ liabilities: [], more: 1 })],
    ['that states its id twice', written.replace('"venue"', '"id":"desk/1","venue"')],
    ['with an escape', written.replace('desk/1', 'desk\\/1')],
    ['with a quote in its id', stored({ id: 'a"b' }), 'a"b'],
    ['with a backslash in its id', stored({ id: 'a\\b' }), 'a\\b'],
    ['with an id of 129 characters', stored({ id: 'x'.repeat(129) }), 'x'.repeat(129)],
    ['of a venue that it does not know', stored({ venue: 'mtgox' })],
    ['of a venue under another of its names', stored({ venue: 'bybit-linear' })],
    ['with a time in seconds', stored({ asOfMs: 1_790_000_000 })],
    ['with a time of 14 digits', stored({ asOfMs: AS_OF_MAX_MS + 1 })],
    ['with a time that is no whole number', stored({ asOfMs: AS_OF_MIN_MS + 0.5 })],
    ['with a version of 16 digits', written.replace(':3,', ':9007199254740993,')],
    ['with a version that begins with 0', written.replace(':3,', ':03,')],
    ['with a price of 0', written.replace('61250.1', '0.0')],
    ['with a leverage below 0', written.replace('"leverage":"10"', '"leverage":"-10"')],
    [
      'with an isolated margin of a cross position',
      stored({ positions: [{ ...cross, isolatedMargin: '1' }] }),
    ],
    ['with an isolated position without margin and leverage', stored({ positions: [isolated] })],
    ['with a position twice', stored({ positions: [cross, isolated, cross] })],
    ['with an asset twice', stored({ collateral: [account.collateral[0], account.collateral[0]] })],
    ['with 1,001 positions', stored({ positions: manyPositions(1_001) })],
    ['with 1,001 assets', stored({ collateral: manyAssets(1_001) })],
    ['with a liability', stored({ liabilities: [{ asset: 'USDT', amount: '1' }] })],
    ['with a comma behind the last position', written.replace('],"liabilities"', ',],"liabilities"')],
  ])('leaves an account %s to the reader of JSON', (_, text, id = 'desk/1') => {
    expect(read(id, text)).toBeUndefined()
  })

  test('takes nothing that the reader of JSON refuses or reads differently, whatever is broken in a text (seed 11)', () => {
    const random = seededRandom(11)
    const pick = <T>(list: ArrayLike<T>) => list[below(random, list.length)]!
    const pieces = written.match(/"[^"]*"|[^"]/g)!
    const strange = [
      '\\u0031',
      '\\',
      '"',
      '\n',
      ' ',
      '\u0000',
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '-',
      '.',
      '0',
      '1e9',
    ]
    const more = [
      '1'.repeat(16),
      '𝔸',
      '\ud800',
      'null',
      'true',
      '"__proto__":1,',
      '"leverage":"10",',
      '"size":""',
    ]
    const values = ['"1.5"', '"-2"', '"0"', '"DOGEUSDT"', '"币安人生USDT"', '"cross"', '"isolated"', '"ETH"']
    const outcomes = { taken: 0, left: 0 }
    for (let run = 0; run < 20_000; run++) {
      const broken = [...pieces]
      for (let breaks = 1 + below(random, 3); breaks > 0; breaks--) {
        const at = below(random, broken.length)
        const way = below(random, 6)
        if (way === 0) broken.splice(at, 1)
        else if (way === 1) broken.splice(at, 0, pick([...strange, ...more, ...pieces]))
        else if (way === 2) broken[at] = pick(pieces)
        else if (way >= 4) {
          if (broken[at]!.startsWith('"')) broken[at] = pick(values)
        } else {
          const inside = below(random, broken[at]!.length)
          broken[at] =
            broken[at]!.slice(0, inside) + pick([...strange, ...more]) + broken[at]!.slice(inside + 1)
        }
      }
      const text = broken.join('')
      const found = read('desk/1', text)
      if (found === undefined) outcomes.left++
      else {
        outcomes.taken++
        expect(JSON.stringify(found)).toBe(JSON.stringify(slowly('desk/1', text)))
      }
    }
    expect(outcomes.taken).toBeGreaterThan(500)
    expect(outcomes.left).toBeGreaterThan(5_000)
  })
})
