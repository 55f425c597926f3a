import { assert } from '../errors.ts'
import type { Inbox } from './once.ts'

/** Ids that an inbox keeps by default. About 100 bytes each. */
export const INBOX_IDS_MAX = 500_000

/**
 * An inbox in memory, for effects that do not outlive the process. It keeps the `idsMax` ids that were added or asked for
 * last. An event whose id was dropped takes effect again if it comes again.
 */
export function memoryInbox({ idsMax = INBOX_IDS_MAX }: { readonly idsMax?: number } = {}): Inbox {
  assert(Number.isSafeInteger(idsMax) && idsMax > 0, `idsMax is ${idsMax}; it must be a whole number above 0`)
  const ids = new Set<string>()
  const touch = (id: string) => {
    ids.delete(id)
    ids.add(id)
  }
  return {
    has(id) {
      const known = ids.has(id)
      if (known) touch(id)
      return known
    },
    add(id) {
      touch(id)
      for (const oldest of ids) {
        if (ids.size <= idsMax) break
        ids.delete(oldest)
      }
    },
    sync: async () => undefined,
    close: async () => undefined,
  }
}
