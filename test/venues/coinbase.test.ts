/*
 * What Coinbase sends, and what its parsers do with it. Evidence is the fixture, test or document that shows it.
 *
 * coinbase-cfm (US futures, Advanced Trade)
 * channel         | variants                        | role           | action                         | evidence
 * ----------------|---------------------------------|----------------|--------------------------------|------------------------
 * ticker          | best bid and ask                | mark           | price: their middle, exactly   | fixtures; recorded.test.ts
 *                 | several contracts               | mark           | price of each                  | fixtures
 *                 | an empty side                   | no book        | noMark from the time of it     | below
 *                 | bid above ask, no book stated   | fault          | noMark: cannot be read         | below
 *                 | a best bid stated twice         | fault          | malformed                      | fixtures
 * ticker_batch    | any                             | none           | ignored: it has no book        | fixtures; recorded.test.ts
 * subscriptions   | with `ticker`                   | answer         | acknowledged, all that it lists | fixtures; recorded.test.ts
 *                 | without it                      | none           | ignored                        | fixtures
 * heartbeats      | any                             | sign of life   | heartbeat                      | fixtures; recorded.test.ts
 * error           | any                             | whole request  | rejected                       | fixtures
 *
 * coinbase-intx (International exchange)
 * channel         | variants                        | role           | action                         | evidence
 * ----------------|---------------------------------|----------------|--------------------------------|------------------------
 * RISK            | snapshot, update                | mark           | price, under both names        | fixtures
 *                 | a mark that is none, or twice   | fault          | malformed                      | fixtures
 * SUBSCRIPTIONS   | snapshot with RISK              | answer         | acknowledged, all that it lists | fixtures; ccxt
 *                 | without it                      | none           | ignored                        | fixtures
 *                 | reject                          | whole request  | rejected                       | fixtures; ccxt
 * FUNDING, MATCH  | any                             | none           | ignored                        | fixtures
 */
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { middleOf } from '../../src/venues/book-middle.ts'
import { accountSchema, symbolFaultsOf } from '../../src/venues/index.ts'
import { testSeed } from '../support/seed.ts'
import { answersOf, saidOf } from './record.ts'

const SEED = testSeed(33)

const ticker = (best_bid: unknown, best_ask: unknown) =>
  JSON.stringify({
    channel: 'ticker',
    timestamp: '2026-04-07T14:30:03.123456Z',
    events: [{ type: 'update', tickers: [{ product_id: 'BIP-20DEC30-CDE', best_bid, best_ask }] }],
  })
const said = (bid: unknown, ask: unknown) => saidOf('coinbase-cfm', ticker(bid, ask))

describe('a book of the US exchange', () => {
  it('has no middle where a side is empty: the contract has no mark from then on', () => {
    const none = ['BIP-20DEC30-CDE none', 'ticks']
    expect([said('', '68930'), said('68925', ''), said('', '')]).toEqual([none, none, none])
  })

  it('that cannot be read leaves the last middle in force until it is old', () => {
    const unreadable = ['BIP-20DEC30-CDE unreadable', 'malformed']
    for (const [bid, ask] of [
      ['68930.1', '68930'],
      ['68925', undefined],
      ['0', '68930'],
      ['68925', null],
    ])
      expect(said(bid, ask)).toEqual(unreadable)
  })
})

it('an answer that lists contracts again takes each of them, whatever else it lists', () => {
  const answer = (subscriptions: object) =>
    JSON.stringify({ channel: 'subscriptions', events: [{ subscriptions }] })
  expect(
    answersOf(
      'coinbase-cfm',
      answer({ ticker: ['BIP-20DEC30-CDE'], heartbeats: ['heartbeats'] }),
      answer({ ticker: ['BIP-20DEC30-CDE', 'BIT-24APR26-CDE'] }),
    ),
  ).toEqual([
    ['acknowledged', ['BIP-20DEC30-CDE']],
    ['acknowledged', ['BIP-20DEC30-CDE', 'BIT-24APR26-CDE']],
  ])
})

it.each(['BIP-20DEC30-CDE', 'BTC-PERP', 'ETH-PERP-INTX'])('an account in %s can be heard', (symbol) => {
  const position = { symbol, size: '1', entryPrice: '60000', marginMode: 'cross' }
  const account = accountSchema.parse({
    id: 'a',
    venue: 'coinbase',
    positions: [position],
  })
  expect(symbolFaultsOf(account)).toEqual([])
})

describe('the middle of a book', () => {
  it.each([
    ['68925', '68930', '68927.5'],
    ['0.1', '0.25', '0.175'],
    ['1.50', '1.5', '1.5'],
    ['0.000000000000000002', '0.000000000000000002', '0.000000000000000002'],
    ['999999999999999', '999999999999999', '999999999999999'],
    ['9', '10.00', '9.5'],
  ])('of %s and %s is %s', (bid, ask, middle) => {
    expect(middleOf(bid, ask)).toBe(middle)
  })

  it('is none of a crossed book, of what is no price, and where it has 19 decimals', () => {
    expect(middleOf('2', '1')).toBeUndefined()
    for (const bad of ['', '0', '-1', 'NaN', '1e3', 1, null, undefined])
      expect([middleOf(bad, '1'), middleOf('1', bad)]).toEqual([undefined, undefined])
    expect(middleOf('0.000000000000000001', '0.000000000000000002')).toBeUndefined()
  })

  it(`is as far from the bid as from the ask, for 20,000 books (seed ${SEED})`, () => {
    const random = seededRandom(SEED)
    const units = (text: string) => {
      const [whole = '', fraction = ''] = text.split('.')
      return BigInt(whole + fraction.padEnd(18, '0'))
    }
    for (let book = 0; book < 20_000; book++) {
      const decimals = Math.floor(random() * 9)
      const bid = (random() * 100_000 + 1).toFixed(decimals)
      const ask = (Number(bid) + random() * 100).toFixed(decimals + Math.floor(random() * 2))
      const middle = middleOf(bid, ask)
      if (units(bid) > units(ask)) continue
      if (middle === undefined) expect.fail(`${bid} and ${ask} have no middle`)
      if (units(middle) - units(bid) !== units(ask) - units(middle)) expect.fail(`${bid} ${ask} ${middle}`)
      if (/\.\d*0$/.test(middle)) expect.fail(`${middle} ends with a zero`)
    }
  })
})
