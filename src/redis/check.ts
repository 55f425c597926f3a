import type { Clock } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'

/** Time between two checks of the settings of a running server, which may change. */
export const CHECK_EVERY_MS = 60_000

export interface CheckedRedis {
  info(section: string): Promise<string>
  config(subcommand: 'GET', name: string): Promise<unknown>
}

export interface CheckOptions {
  /** Start although a setting may lose data, with a warning. */
  readonly allowUnsafe: boolean
  readonly warn: (message: string) => void
}

/** When the server writes to the disk, and what a power loss takes. */
export interface Durability {
  /** undefined when the server does not let us read it, which is so on managed servers. */
  readonly appendfsync: string | undefined
  readonly isSafe: boolean
  /** For the log. */
  readonly sentence: string
}

/**
 * Refuses a server that may lose accounts or events without an error: one that evicts keys, or one that keeps no
 * append-only file. Needs INFO only, which managed servers allow even if they forbid CONFIG. What a power loss may take is
 * reported and never refused.
 * @throws PlimsollError REDIS_POLICY or REDIS_NO_AOF with the setting, its value and the
 * remedy.
 */
export async function checkRedis(connection: CheckedRedis, options: CheckOptions): Promise<Durability> {
  for (const fault of await faultsOf(connection)) {
    if (!options.allowUnsafe) throw fault
    options.warn(`UNSAFE REDIS ALLOWED BY FLAG (${fault.code}): ${fault.message}`)
  }
  return await durabilityOf(connection)
}

export interface WatchOptions {
  readonly connection: CheckedRedis
  readonly clock: Clock
  /** Gets a fault that the check before did not find. */
  readonly failed: (fault: PlimsollError) => void
  /** Gets the message of a fault that the check before found and this one does not. */
  readonly mended: (message: string) => void
}

/** Checks again every CHECK_EVERY_MS, until the result is called. Faults of the first check are not reported again. */
export function watchRedis({ connection, clock, failed, mended }: WatchOptions): () => void {
  let known: readonly string[] | undefined
  let cancel = () => {}
  let isStopped = false
  const round = async () => {
    // Commands on this connection report an outage; a server that is away has no settings.
    const faults = await faultsOf(connection).catch(() => undefined)
    if (isStopped) return
    if (faults !== undefined) {
      const messages = faults.map(({ message }) => message)
      for (const fault of faults) if (known?.includes(fault.message) === false) failed(fault)
      for (const message of known ?? []) if (!messages.includes(message)) mended(message)
      known = messages
    }
    cancel = clock.after(CHECK_EVERY_MS, () => void round())
  }
  void round()
  return () => {
    isStopped = true
    cancel()
  }
}

async function faultsOf(connection: CheckedRedis): Promise<PlimsollError[]> {
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
  return faults
}

/** What a power loss takes under each policy. */
const LOSSES: Readonly<Record<string, string>> = {
  everysec: 'up to two seconds of acknowledged accounts and events',
  no: 'acknowledged accounts and events of as long as the system keeps them in memory, often 30 seconds',
}

async function durabilityOf(connection: CheckedRedis): Promise<Durability> {
  const appendfsync = await appendfsyncOf(connection)
  if (appendfsync === 'always') {
    return {
      appendfsync,
      isSafe: true,
      sentence: 'Redis loses nothing at a power loss: appendfsync is always',
    }
  }
  if (appendfsync === undefined) {
    const sentence = `Redis does not let this user read appendfsync: unless it is always, a power loss takes ${LOSSES.everysec}`
    return { appendfsync, isSafe: false, sentence }
  }
  const sentence =
    `Redis loses ${LOSSES[appendfsync] ?? 'an unknown part of what it acknowledged'} at a power loss: appendfsync is ` +
    `${appendfsync}. Fix: CONFIG SET appendfsync always, and the same in redis.conf`
  return { appendfsync, isSafe: false, sentence }
}

async function appendfsyncOf(connection: CheckedRedis): Promise<string | undefined> {
  try {
    const reply = await connection.config('GET', 'appendfsync')
    return Array.isArray(reply) && typeof reply[1] === 'string' ? reply[1] : undefined
  } catch (error) {
    // Managed servers forbid CONFIG, or do not know it.
    if (error instanceof Error && /NOPERM|unknown command/i.test(error.message)) return undefined
    throw error
  }
}

function fieldOf(info: string, name: string): string | undefined {
  return new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1]
}
