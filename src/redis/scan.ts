import { pairsOf, type RedisCommands } from './commands.ts'

/** How many items to ask for in the next page. Redis may give somewhat more or fewer. */
export type PageSize = () => number

/**
 * The fields of a hash with their values, one page of HSCAN at a time; while the caller uses a page, Redis makes the next one.
 * A field that is there during the whole scan comes at least once, and may come twice. One that is written or removed
 * meanwhile may be missing, or come in either version. `arrived` gets each page before Redis is asked for the next.
 */
export async function* scanHash(
  redis: RedisCommands,
  key: string,
  pageSize: PageSize,
  arrived: (list: readonly string[]) => void = () => undefined,
): AsyncGenerator<readonly (readonly [field: string, value: string])[]> {
  const ask = (cursor: string) => redis.call('HSCAN', key, cursor, 'COUNT', pageSize())
  for await (const list of pagesOf(ask, arrived)) yield pairsOf(list)
}

/** The keys that match the pattern, one page of SCAN at a time. The rules of `scanHash` hold for them too. */
export function scanKeys(
  redis: RedisCommands,
  pattern: string,
  pageSize: PageSize,
): AsyncGenerator<readonly string[]> {
  return pagesOf((cursor) => redis.call('SCAN', cursor, 'MATCH', pattern, 'COUNT', pageSize()))
}

type Page = readonly [cursor: string, list: readonly string[]]

async function* pagesOf(
  ask: (cursor: string) => Promise<unknown>,
  arrived: (list: readonly string[]) => void = () => undefined,
): AsyncGenerator<readonly string[]> {
  let asked: Promise<unknown> | undefined = ask('0')
  while (asked !== undefined) {
    const [cursor, list] = (await asked) as Page
    arrived(list)
    asked = cursor === '0' ? undefined : ask(cursor)
    // The next turn of the loop reports a failure; until then nobody waits for it.
    asked?.catch(() => undefined)
    yield list
  }
}
