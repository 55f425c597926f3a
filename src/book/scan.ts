import type { BookRedis } from './redis.ts'
import { ReplySize, type Slices } from './slices.ts'

type Page = readonly [cursor: string, list: readonly string[]]

/**
 * Calls `found` for every stored account, in slices, and rarely twice for one. An account that is written or removed
 * meanwhile may be missing, or come in either version. While one page is given to `found`, Redis makes the next one.
 */
export async function scanAccounts(
  redis: BookRedis,
  key: string,
  slices: Slices,
  found: (id: string, stored: string) => void,
): Promise<void> {
  const size = new ReplySize()
  const ask = (cursor: string) => redis.call('HSCAN', key, cursor, 'COUNT', size.items) as Promise<Page>
  let asked: Promise<Page> | undefined = ask('0')
  while (asked !== undefined) {
    const [cursor, list]: Page = await asked
    // The reply may be here already, so that waiting for it ended no slice.
    await slices.next()
    size.learn(list.length / 2, bytesOf(list))
    asked = cursor === '0' ? undefined : ask(cursor)
    // The next turn of the loop reports a failure; until then nobody waits for it.
    asked?.catch(() => undefined)
    for (let index = 0; index + 1 < list.length; index += 2) {
      found(list[index] ?? '', list[index + 1] ?? '')
      if (slices.isOver) await slices.next()
    }
  }
}

function bytesOf(list: readonly string[]): number {
  let bytes = 0
  for (const text of list) bytes += text.length
  return bytes
}
