import type { BookRedis } from './redis.ts'
import { ReplySize, type Slices } from './slices.ts'

/**
 * Calls `found` for every stored account, in slices, and rarely twice for one. An account that is written or removed
 * meanwhile may be missing, or come in either version.
 */
export async function scanAccounts(
  redis: BookRedis,
  key: string,
  slices: Slices,
  found: (id: string, stored: string) => void,
): Promise<void> {
  const size = new ReplySize()
  let cursor = '0'
  do {
    const reply = await redis.call('HSCAN', key, cursor, 'COUNT', size.items)
    slices.begin()
    const [next, list] = reply as [string, string[]]
    let bytes = 0
    for (let index = 0; index + 1 < list.length; index += 2) {
      const id = list[index] ?? ''
      const stored = list[index + 1] ?? ''
      bytes += id.length + stored.length
      found(id, stored)
      if (slices.isOver) await slices.next()
    }
    size.learn(list.length / 2, bytes)
    cursor = next
  } while (cursor !== '0')
}
