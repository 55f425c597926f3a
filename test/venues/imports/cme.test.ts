import { describe, expect, it } from 'vitest'
import { ruleBookOfEntries } from '../../../src/rules/index.ts'
import { importRules, parseVenueId, ruleBookOf } from '../../../src/venues/index.ts'

const CME = parseVenueId('cme')

function imported(name: string, text: string, book = ruleBookOf(CME)) {
  return importRules(CME, [{ name, value: text }], { asOf: '2026-08-01', book, window: 'overnight' })
}

const NO_BOOK = ruleBookOfEntries({
  venue: CME,
  version: 'empty',
  defaults: { closingFee: 'none', liquidation: 'passed' },
  symbols: () => [],
  entriesOf: () => [],
})

describe('a file of margins of CME', () => {
  it('becomes an entry a day, ascending, under the product that names the file', () => {
    const { rules, refused } = imported(
      'margins/BTC.csv',
      'date,initial,maintenance\n20180201,21499,19544\n20171218,45172,41065\n',
    )
    expect(refused.size).toBe(0)
    expect(rules.get('BTC')).toEqual([
      { effectiveFrom: '2017-12-18', rules: expect.objectContaining({ asOf: '2017-12-18' }) },
      {
        effectiveFrom: '2018-02-01',
        rules: {
          baseAsset: 'BTC',
          contribution: 'linear',
          multiplier: '5',
          settlementAsset: 'USD',
          takerFeeRate: '0',
          asOf: '2018-02-01',
          maintenance: { kind: 'per-contract', amount: '19544' },
          initial: { kind: 'multiple', factor: '11/10', roundUpTo: '1' },
          closingFee: 'none',
          liquidation: 'passed',
          assumptions: ['the margin is that of an outright position; spreads and options are not offset'],
        },
      },
    ])
  })

  it('keeps an initial margin that is not 110 % of the maintenance margin', () => {
    const { rules } = imported('MBT.csv', 'date,initial,maintenance\n2022-01-03,1300,1300\n', NO_BOOK)
    expect(rules.get('MBT')![0]!.rules).toMatchObject({
      multiplier: '0.1',
      initial: { kind: 'per-contract', amount: '1300' },
    })
  })

  it('is read up to the row that asks for less than a quarter of the one before', () => {
    const { rules, refused } = imported(
      'BTC.csv',
      'date,initial,maintenance\n20201231,53825,48931\n20210503,11979,10890\n20210601,60000,54545\n',
    )
    expect(rules.get('BTC')!.map(({ effectiveFrom }) => effectiveFrom)).toEqual(['2020-12-31'])
    expect([...refused.keys()]).toEqual(['BTC from 2021-05-03'])
  })

  it('is refused where its first row asks for less than a quarter a coin of what the book asked for then', () => {
    const text = 'date,initial,maintenance\n20210503,244,221\n'
    expect([...imported('MBT.csv', text).refused]).toEqual([
      [
        'MBT',
        'the row of 2021-05-03: 221 is less than a quarter of what was asked for before: it looks like the margin of a spread',
      ],
    ])
    expect(imported('MBT.csv', text, NO_BOOK).rules.has('MBT')).toBe(true)
  })

  it.each([
    [
      'ES.csv',
      'date,initial,maintenance\n20210503,1,1\n',
      /size of its contract is not known; known are BTC/,
    ],
    ['BTC.csv', 'date,initial,maintenance\n', /it has no rows/],
    ['BTC.csv', 'day,initial\n20210503,1\n', /first line must name the columns date, initial, maintenance/],
    ['BTC.csv', 'date,initial,maintenance\n20210503,many,1\n', /line 2 is "20210503,many,1"/],
    ['BTC.csv', 'date,initial,maintenance\n20211399,2,1\n', /line 2 is/],
  ])('%s with %j is refused', (name, text, reason) => {
    const { rules, refused } = imported(name, text)
    expect(rules.size).toBe(0)
    expect([...refused.values()].join()).toMatch(reason)
  })
})

describe('a row of CME that cannot be in force', () => {
  const refusedOf = (...rows: readonly string[]) =>
    imported('BTC.csv', `date,initial,maintenance\n${rows.join('\n')}\n`, NO_BOOK).refused.get('BTC')

  it.each([
    [
      'one of two with other margins of one day',
      ['20210101,110,100', '20210101,111,100'],
      '2021-01-01 has two rows with other margins: must have one',
    ],
    [
      'an initial margin below the maintenance margin',
      ['20210101,99,100'],
      'line 2 is "20210101,99,100": initial must be at least maintenance',
    ],
    [
      'a margin of 0',
      ['20210101,110,0'],
      'line 2 is "20210101,110,0": must be a day and two amounts above 0',
    ],
    [
      'a day that is none',
      ['20210230,110,100'],
      'line 2 is "20210230,110,100": must be a day and two amounts above 0',
    ],
  ])('is refused: %s', (_, rows, reason) => {
    expect(refusedOf(...rows)).toBe(reason)
  })

  it('is taken once where it is there twice', () => {
    const { rules, refused } = imported(
      'BTC.csv',
      'date,initial,maintenance\n20210101,110,100\n2021-01-01,110,100\n',
      NO_BOOK,
    )
    expect([rules.get('BTC')!.length, refused.size]).toEqual([1, 0])
  })

  it('and a file that no product names: the reason says how standard input is called', () => {
    const { refused } = imported('standard input', 'date,initial,maintenance\n20210101,110,100\n', NO_BOOK)
    expect([...refused.values()][0]).toMatch(/--name BTC\.csv/)
  })
})
