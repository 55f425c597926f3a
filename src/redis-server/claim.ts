import { join, resolve } from 'node:path'
import { PlimsollError } from '../errors.ts'
import { redactUrl } from '../redis/index.ts'
import { DEAD_OWNERS_MAX, isHeld, isRunning, type LockOwner, lockOwnerOf, takeLock } from '../system/index.ts'
import { inDataFolder } from './data-folder.ts'
import { processIdAt } from './port.ts'

/** File that names the owner of the folder: first the process that starts the server, then the server. */
const OWNER_FILE = 'owner.json'

interface Server {
  readonly pid: number
  /** It may contain a password; only the user of the folder may read the file. */
  readonly url: string
  /** Process id of the process that started the server and ends it. */
  readonly keeper: number
}

export interface DirectoryClaim {
  /** Call when the server runs: it becomes the owner of the folder. */
  record(server: Server): void
  release(): void
}

/** Another process runs a server on the folder, or is starting one. */
export class FolderInUse extends PlimsollError {
  /** Process id of the owner: that which starts the server, then that of the server. */
  readonly pid: number | undefined

  constructor(message: string, pid: number | undefined) {
    super('REDIS_UNAVAILABLE', message)
    this.pid = pid
  }
}

/**
 * Claims a data folder for one server: two servers would destroy one append-only file. When the owner is dead, one
 * process takes the claim over, however many try.
 * @throws FolderInUse when a server runs or is being started there; PlimsollError REDIS_UNAVAILABLE.
 */
export async function claimDirectory(directory: string): Promise<DirectoryClaim> {
  const file = join(directory, OWNER_FILE)
  let dead: LockOwner | undefined
  for (let deaths = 0; deaths <= DEAD_OWNERS_MAX; deaths++) {
    const taken = takeLock(file, dead)
    if (isHeld(taken)) {
      return { record: ({ pid, ...facts }) => taken.record(pid, facts), release: () => taken.release() }
    }
    if (await isAlive(taken)) throw inUse(directory, taken)
    dead = taken
  }
  throw new PlimsollError(
    'REDIS_UNAVAILABLE',
    `the data folder ${directory} could not be taken: ${DEAD_OWNERS_MAX} other owners took it and died meanwhile (DEAD_OWNERS_MAX); try again`,
  )
}

/**
 * The private server that runs on this data folder, whatever process started it: the `url` for ioredis, BullMQ and
 * `connectRedis`. Undefined when none runs, or when the process that started it has ended, because then the server ends
 * too.
 * @throws PlimsollError CONFIGURATION when the folder cannot be used.
 */
export async function runningRedisUrl(dataDir: string): Promise<string | undefined> {
  const owner = await ownerOfFolder(resolve(dataDir, 'redis'))
  return owner !== undefined && isKept(owner) && (await isAlive(owner)) ? urlOf(owner) : undefined
}

/** Process id of a server that runs on the folder although the process that started it has ended. */
export async function abandonedServer(directory: string): Promise<number | undefined> {
  const owner = await ownerOfFolder(directory)
  if (owner === undefined || urlOf(owner) === undefined || isKept(owner)) return undefined
  return (await isAlive(owner)) ? owner.pid : undefined
}

function ownerOfFolder(directory: string): Promise<LockOwner | undefined> {
  return inDataFolder(directory, async () => lockOwnerOf(join(directory, OWNER_FILE)))
}

function urlOf({ facts }: LockOwner): string | undefined {
  return typeof facts.url === 'string' ? facts.url : undefined
}

function isKept({ facts: { keeper } }: LockOwner): boolean {
  return typeof keeper !== 'number' || isRunning({ pid: keeper })
}

async function isAlive(owner: LockOwner): Promise<boolean> {
  const url = urlOf(owner)
  // Ask the server for its process id: the recorded one may belong to another process now.
  if (url !== undefined) return (await processIdAt(url)) === owner.pid
  return isRunning(owner)
}

function inUse(directory: string, owner: LockOwner): FolderInUse {
  const url = urlOf(owner)
  const remedy =
    url === undefined
      ? 'a server is being started there; try again'
      : `stop it or use it with REDIS_URL=${redactUrl(url)}`
  const message = `the data folder ${directory} is in use by process ${owner.pid}: ${remedy}`
  return new FolderInUse(message, owner.pid)
}
