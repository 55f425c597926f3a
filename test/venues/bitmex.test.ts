/*
 * What BitMEX sends, and what its parser does with it. Evidence is the fixture, test or document that shows it.
 *
 * channel      | variants                  | role          | action                         | evidence
 * -------------|---------------------------|---------------|--------------------------------|---------------------------
 * instrument   | partial, insert           | mark, index   | price; replaces the row        | fixtures
 *              | update with a mark        | mark          | price; funding kept            | fixtures
 *              | update without a mark     | confirmation  | unchanged                      | fixtures
 *              | update before the partial | nothing known | ignored                        | fixtures
 *              | delete                    | none          | the row goes                   | fixtures
 *              | a mark that is no price   | fault         | malformed; nothing confirms it | fixtures; below
 * other tables | any                       | none          | ignored                        | fixtures, recorded.test.ts
 * success      | subscribe to instrument   | by name       | acknowledged                   | fixtures; below
 * error        | of one topic              | by name       | rejected                       | fixtures; below
 *              | of several topics         | whole request | rejected                       | fixtures; below
 * pong         | a bare word               | sign of life  | heartbeat                      | fixtures
 */
import { expect, it } from 'vitest'
import { sourceOf } from '../../src/venues/index.ts'
import { answersOf, read } from './record.ts'

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
