import { PlimsollError } from '../errors.ts'

export interface CheckedRedis {
  info(section: string): Promise<string>
}

export interface CheckOptions {
  /** Start all the same, but say so. */
  readonly allowUnsafe: boolean
  readonly warn: (message: string) => void
}

/**
 * Refuses a server that may lose accounts or events without an error: one that evicts keys, or one that
 * keeps no append-only file. Reads INFO only, which managed servers allow where CONFIG is forbidden.
 * @throws PlimsollError REDIS_POLICY or REDIS_NO_AOF with the setting, its value and the remedy.
 */
export async function checkRedis(connection: CheckedRedis, options: CheckOptions): Promise<void> {
  const policy = fieldOf(await connection.info('memory'), 'maxmemory_policy')
  const aofEnabled = fieldOf(await connection.info('persistence'), 'aof_enabled')
  const faults: PlimsollError[] = []
  if (policy !== 'noeviction') {
    faults.push(
      new PlimsollError(
        'REDIS_POLICY',
        `Redis setting maxmemory-policy is ${policy ?? 'unknown'} and must be noeviction: another policy deletes accounts, ` +
          'events and jobs when memory is full. Fix: CONFIG SET maxmemory-policy noeviction, and the same in redis.conf',
      ),
    )
  }
  if (aofEnabled !== '1') {
    faults.push(
      new PlimsollError(
        'REDIS_NO_AOF',
        `Redis setting appendonly is ${aofEnabled === '0' ? 'no' : 'unknown'} and must be yes: without the append-only file ` +
          'a restart loses acknowledged events. Fix: CONFIG SET appendonly yes, and the same in redis.conf',
      ),
    )
  }
  for (const fault of faults) {
    if (!options.allowUnsafe) throw fault
    options.warn(`UNSAFE REDIS ALLOWED BY FLAG (${fault.code}): ${fault.message}`)
  }
}

function fieldOf(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1]
}
