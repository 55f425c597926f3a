import { type RedisCommands, scanHash } from '../redis/index.ts'
import type { Slices } from '../system/index.ts'
import { ReplySize } from './reply-size.ts'

/**
 * Calls `found` for every stored account, in slices, and rarely twice for one. An account that is written or removed
 * meanwhile may be missing, or come in either version.
 */
export async function scanAccounts(
  redis: RedisCommands,
  key: string,
  slices: Slices,
  found: (id: string, stored: string) => void,
): Promise<void> {
  const size = new ReplySize()
  const learn = (list: readonly string[]) => size.learn(list.length / 2, list)
  for await (const page of scanHash(redis, key, () => size.items, learn)) {
    // The reply may be here already, so that waiting for it ended no slice.
    await slices.next()
    for (const [id, stored] of page) {
      found(id, stored)
      if (slices.isOver) await slices.next()
    }
  }
}
