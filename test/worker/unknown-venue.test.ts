import { expect, it } from 'vitest'
import { venueId } from '../../src/domain/index.ts'
import { ruleBooks } from '../../src/worker/rule-books.ts'
import { isolatedLong } from '../support/accounts.ts'
import { openMonitor, restoreInto } from '../support/monitor.ts'

it('what another version published for a venue that this one does not know is closed when its account is gone', () => {
  const nyse = venueId('nyse')
  const first = openMonitor()
  first.monitor.apply({ kind: 'put', account: isolatedLong('gone') })
  first.frame([['AUSDT', '81']])
  const records = first.records.map((record) => {
    const { progress } = record
    return progress === null ? record : { ...record, progress: { ...progress, venue: nyse } }
  })
  const book = ruleBooks({}, 0).bookOf(nyse)
  const second = openMonitor({ books: { nyse: book } })
  restoreInto(second.monitor, records)
  second.monitor.loaded()
  expect(second.story()).toEqual(['closed gone:isolated:AUSDT:long 0 #1 2'])
  expect(second.events()[0]).toMatchObject({ venue: 'nyse', ruleBook: 'nyse-unknown' })
})
