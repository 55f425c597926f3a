import { expect, test } from 'vitest'
import { scanAccounts } from '../../src/book/scan.ts'
import type { RedisCommands } from '../../src/redis/index.ts'
import { Slices, systemClock } from '../../src/system/index.ts'
import { SERVER_INFO } from '../support/redis.ts'

/** Two pages; the second one fails where `fails` is set. */
function twoPages(cursors: string[], fails: boolean): RedisCommands {
  return {
    call: async (command, _key, cursor) => {
      if (command === 'INFO') return SERVER_INFO
      cursors.push(String(cursor))
      if (cursor === '0') return ['7', ['a', '1', 'b', '2']]
      if (fails) throw new Error('away')
      return ['0', ['c', '3']]
    },
  }
}

test('a scan asks for the next page before it gives the accounts of the present one', async () => {
  const cursors: string[] = []
  const askedAt: [string, number][] = []
  await scanAccounts(twoPages(cursors, false), 'accounts', new Slices(systemClock), (id) => {
    askedAt.push([id, cursors.length])
  })
  expect(askedAt).toEqual([
    ['a', 2],
    ['b', 2],
    ['c', 2],
  ])
  expect(cursors).toEqual(['0', '7'])
})

test('a scan whose next page fails gives the accounts of the present one, then rejects', async () => {
  const found: string[] = []
  const scan = scanAccounts(
    twoPages([], true),
    'accounts',
    new Slices(systemClock),
    (id) => void found.push(id),
  )
  await expect(scan).rejects.toThrow('away')
  expect(found).toEqual(['a', 'b'])
})

test('a scan whose next page fails as well reports what `found` throws', async () => {
  const scan = scanAccounts(twoPages([], true), 'accounts', new Slices(systemClock), () => {
    throw new Error('refused')
  })
  await expect(scan).rejects.toThrow('refused')
})
