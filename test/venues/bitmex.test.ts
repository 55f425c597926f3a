/*
 * What BitMEX sends, and what its parser does with it. Evidence is the fixture, test or document that shows it.
 *
 * bitmex-public
 * channel      | variants                  | role          | action                         | evidence
 * -------------|---------------------------|---------------|--------------------------------|---------------------------
 * instrument   | partial                   | mark, index   | price; replaces the row        | fixtures
 *              | insert after the partial  | mark, index   | price; replaces the row        | below
 *              | insert before the partial | nothing known | ignored                        | below
 *              | update with a mark        | mark          | price; funding kept            | fixtures
 *              | update without a mark     | confirmation  | unchanged                      | fixtures
 *              | update before the partial | nothing known | ignored                        | fixtures
 *              | delete                    | none          | the row goes                   | fixtures
 *              | a mark that is null       | no mark       | noMark at its time             | below
 *              | a mark that is no price   | fault         | malformed; nothing confirms it | fixtures; below
 *              | such a row beside others  | fault         | noMark; the others count       | below
 * other tables | any                       | none          | ignored                        | fixtures, recorded.test.ts
 * success      | subscribe to instrument   | by name       | acknowledged                   | fixtures; below
 *              | unsubscribe               | none          | ignored                        | fixtures; every-venue.test.ts
 * error        | of one topic              | by name       | rejected                       | fixtures; below
 *              | of several topics         | whole request | rejected                       | fixtures; below
 * pong         | a bare word               | sign of life  | heartbeat                      | fixtures
 */
import { describe, expect, it } from 'vitest'
import { sourceOf } from '../../src/venues/index.ts'
import { answersOf, read, saidOf } from './record.ts'

const table = (action: string, columns: string) =>
  `{"table":"instrument","action":"${action}","data":[{"symbol":"XBTUSD"${columns},"timestamp":"2020-01-29T11:31:37.114Z"}]}`

it('after a mark that cannot be read no update without one confirms the mark before it', () => {
  const parser = sourceOf('bitmex-public').createParser()
  expect(read(parser, table('partial', ',"markPrice":9277.2')).ticks).toHaveLength(1)
  expect(read(parser, table('update', ',"lastPrice":1')).unchanged).toEqual(['XBTUSD'])
  expect(read(parser, table('update', ',"markPrice":"none"')).kind).toBe('malformed')
  expect(read(parser, table('update', ',"lastPrice":2')).unchanged).toEqual([])
})

it('a refusal is for its topic; one of several topics, which does not say which is wrong, for the request', () => {
  const refusal = (...args: readonly string[]) =>
    JSON.stringify({ status: 400, error: 'Unknown or expired symbol.', request: { op: 'subscribe', args } })
  expect(
    answersOf(
      'bitmex-public',
      JSON.stringify({ success: true, subscribe: 'instrument:XBTUSD', request: {} }),
      refusal('instrument:ABCUSD'),
      refusal('instrument:ABCUSD', 'instrument:XBTUSD'),
    ),
  ).toEqual([
    ['acknowledged', ['XBTUSD']],
    ['rejected', 'ABCUSD'],
    ['rejected', 'request'],
  ])
})

describe('a frame of several rows', () => {
  const AT = '2020-01-29T11:31:37.114Z'
  const rows = (action: string, ...data: readonly object[]) =>
    JSON.stringify({ table: 'instrument', action, data: data.map((row) => ({ timestamp: AT, ...row })) })
  const known = [
    rows('partial', { symbol: 'XBTUSD', markPrice: 60_000 }),
    rows('partial', { symbol: 'XBTZ26', markPrice: 61_000 }),
  ]
  const good = { symbol: 'XBTUSD', markPrice: 50_000 }

  it.each([
    ['null, which says that there is none', { markPrice: null }, 'none'],
    ['no price', { markPrice: 'none' }, 'unreadable'],
    ['of no time', { markPrice: 50_000, timestamp: undefined }, 'unreadable'],
    ['of a time that is none', { markPrice: 50_000, timestamp: 'today' }, 'unreadable'],
  ])('of which one has a mark that is %s has the marks of the others', (_, columns, said) => {
    const bad = { symbol: 'XBTZ26', ...columns }
    for (const frame of [rows('update', good, bad), rows('update', bad, good)]) {
      expect([...saidOf('bitmex-public', ...known, frame)].sort()).toEqual([
        'XBTUSD 50000',
        `XBTZ26 ${said}`,
        'ticks',
      ])
      const next = rows('update', { symbol: 'XBTZ26', lastPrice: 1 }, { symbol: 'XBTUSD', lastPrice: 1 })
      expect(saidOf('bitmex-public', ...known, frame, next)).toEqual(['XBTUSD unchanged', 'ticks'])
    }
  })

  it('of which one names no market has the marks of the others', () => {
    const frame = rows('update', { markPrice: 1 }, good)
    expect(saidOf('bitmex-public', ...known, frame)).toEqual([
      'undefined unreadable',
      'XBTUSD 50000',
      'ticks',
    ])
  })

  it('before the partial is of an image that is not there: an insert is dropped as an update is', () => {
    expect(saidOf('bitmex-public', rows('insert', good))).toEqual(['ignored'])
    expect(saidOf('bitmex-public', rows('insert', good), rows('update', good))).toEqual(['ignored'])
  })

  it('is taken where the partial had no row of the market, or the row went', () => {
    const empty = JSON.stringify({
      table: 'instrument',
      action: 'partial',
      filter: { symbol: 'XBTUSD' },
      data: [],
    })
    expect(saidOf('bitmex-public', empty, rows('insert', good))).toEqual(['XBTUSD 50000', 'ticks'])
    const gone = rows('delete', { symbol: 'XBTUSD' })
    expect(saidOf('bitmex-public', ...known, gone, rows('insert', good))).toEqual(['XBTUSD 50000', 'ticks'])
  })

  it('that cannot be read at all may have had any mark: none is confirmed until it is stated again', () => {
    const twice = table('update', ',"markPrice":1,"markPrice":2')
    const next = rows('update', { symbol: 'XBTUSD', lastPrice: 1 })
    expect(saidOf('bitmex-public', ...known, twice)).toEqual(['malformed'])
    expect(saidOf('bitmex-public', ...known, twice, next)).toEqual(['ticks'])
    expect(saidOf('bitmex-public', ...known, twice, rows('update', good), next)).toEqual([
      'XBTUSD unchanged',
      'ticks',
    ])
  })
})
