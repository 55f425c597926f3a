import { PlimsollError } from '../errors.ts'
import { pairsOf, type RedisCommands } from './commands.ts'

/** How many items to ask for in the next page. Redis may give somewhat more or fewer. */
export type PageSize = () => number

/**
 * The fields of a hash with their values, one page of HSCAN at a time; while the caller uses a page, Redis makes the next one.
 * A field that is there during the whole scan comes at least once, and may come twice. One that is written or removed
 * meanwhile may be missing, or come in either version. `arrived` gets each page before Redis is asked for the next.
 * @throws PlimsollError REDIS_UNAVAILABLE if another server process answers before the end.
 */
export async function* scanHash(
  redis: RedisCommands,
  key: string,
  pageSize: PageSize,
  arrived: (list: readonly string[]) => void = () => undefined,
): AsyncGenerator<readonly (readonly [field: string, value: string])[]> {
  const ask = (cursor: string) => redis.call('HSCAN', key, cursor, 'COUNT', pageSize())
  for await (const list of pagesOf(redis, ask, arrived)) yield pairsOf(list)
}

/** The keys that match the pattern, one page of SCAN at a time. The rules of `scanHash` hold for them too. */
export function scanKeys(
  redis: RedisCommands,
  pattern: string,
  pageSize: PageSize,
): AsyncGenerator<readonly string[]> {
  return pagesOf(redis, (cursor) => redis.call('SCAN', cursor, 'MATCH', pattern, 'COUNT', pageSize()))
}

type Page = readonly [cursor: string, list: readonly string[]]

/**
 * A cursor means something to the server process that gave it, and to no other: each process hashes with a seed of its
 * own, so another one would skip fields without an error. The process is asked for its `run_id` behind each page, on the
 * connection of the page.
 */
async function* pagesOf(
  redis: RedisCommands,
  askPage: (cursor: string) => Promise<unknown>,
  arrived: (list: readonly string[]) => void = () => undefined,
): AsyncGenerator<readonly string[]> {
  const server = await runIdOf(redis)
  const ask = (cursor: string) => Promise.all([askPage(cursor), runIdOf(redis)])
  let asked: Promise<[unknown, string]> | undefined = ask('0')
  while (asked !== undefined) {
    const [page, answering] = await asked
    if (answering !== server) throw replaced()
    const [cursor, list] = page as Page
    arrived(list)
    asked = cursor === '0' ? undefined : ask(cursor)
    // The next turn of the loop reports a failure; until then nobody waits for it.
    asked?.catch(() => undefined)
    yield list
  }
}

const RUN_ID = /^run_id:(\w+)/m

async function runIdOf(redis: RedisCommands): Promise<string> {
  const info = String(await redis.call('INFO', 'server'))
  const [, runId] = RUN_ID.exec(info) ?? []
  if (runId !== undefined) return runId
  throw new PlimsollError(
    'REDIS_UNAVAILABLE',
    'INFO server of Redis states no run_id, so a scan could not tell that another process answers',
  )
}

function replaced(): PlimsollError {
  return new PlimsollError(
    'REDIS_UNAVAILABLE',
    'another Redis process took the place of the one that was read (a restart or a failover), and what was read so far may lack entries: read again',
  )
}
