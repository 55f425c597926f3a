import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { PlimsollError } from '../errors.ts'
import { redactUrl } from './connection.ts'
import { inDataFolder } from './data-folder.ts'
import { processIdAt } from './port.ts'

/** Names the process that owns the folder: first the one that starts the server, then the server. */
const OWNER_FILE = 'owner.json'
const CLAIM_ATTEMPTS_MAX = 3

/** Only the owner of the folder may read the URL: it may hold a password. */
const OWNER_FILE_MODE = 0o600

interface Owner {
  readonly pid: number
  readonly url?: string
  /** The process that started the server and ends it. */
  readonly keeper?: number
}

export interface DirectoryClaim {
  record(owner: Owner): Promise<void>
  release(): Promise<void>
}

/**
 * Takes a data folder for one server: two on one append-only file would destroy it. A claim whose owner is
 * gone is taken over.
 * @throws PlimsollError REDIS_UNAVAILABLE naming the owner, when a server runs there.
 */
export async function claimDirectory(directory: string): Promise<DirectoryClaim> {
  const file = join(directory, OWNER_FILE)
  const draft = `${file}.${process.pid}`
  const claim: DirectoryClaim = {
    async record(owner) {
      await writeFile(draft, JSON.stringify(owner), { mode: OWNER_FILE_MODE })
      await rename(draft, file)
    },
    release: () => rm(file, { force: true }),
  }
  for (let attempt = 1; attempt <= CLAIM_ATTEMPTS_MAX; attempt++) {
    await writeFile(draft, JSON.stringify({ pid: process.pid }), { mode: OWNER_FILE_MODE })
    const taken = await linkOnce(draft, file)
    await rm(draft)
    if (taken) return claim
    const owner = await ownerOf(file)
    if (owner !== undefined && (await isAlive(owner))) throw inUse(directory, owner)
    await rm(file, { force: true })
  }
  throw new PlimsollError(
    'REDIS_UNAVAILABLE',
    `the data folder ${directory} could not be taken in ${CLAIM_ATTEMPTS_MAX} attempts (CLAIM_ATTEMPTS_MAX)`,
  )
}

/**
 * The private server that runs on this data folder, whatever process started it: the `url` for ioredis, BullMQ and
 * `connectRedis`. undefined where none runs, or where the process that started it is gone, since it ends then.
 * @throws PlimsollError CONFIGURATION where the folder cannot be used.
 */
export async function runningRedisUrl(dataDir: string): Promise<string | undefined> {
  const owner = await ownerOfFolder(resolve(dataDir, 'redis'))
  return owner !== undefined && isKept(owner) && (await isAlive(owner)) ? owner.url : undefined
}

/** Process id of a server that runs on the folder although the process that started it is gone. */
export async function abandonedServer(directory: string): Promise<number | undefined> {
  const owner = await ownerOfFolder(directory)
  return owner?.url !== undefined && !isKept(owner) && (await isAlive(owner)) ? owner.pid : undefined
}

function ownerOfFolder(directory: string): Promise<Owner | undefined> {
  return inDataFolder(directory, () => ownerOf(join(directory, OWNER_FILE)))
}

function isKept({ keeper }: Owner): boolean {
  return keeper === undefined || isRunning(keeper)
}

async function linkOnce(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

async function ownerOf(file: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Owner
  } catch (error) {
    // A power loss may leave the file empty; whoever owned the folder is gone since.
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function isAlive(owner: Owner): Promise<boolean> {
  // A server is known by its answer: its pid may have been given to another process since.
  if (owner.url !== undefined) return (await processIdAt(owner.url)) === owner.pid
  return owner.pid !== process.pid && isRunning(owner.pid)
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function inUse(directory: string, owner: Owner): PlimsollError {
  const remedy =
    owner.url === undefined
      ? 'a server is being started there; try again'
      : `stop it or use it with REDIS_URL=${redactUrl(owner.url)}`
  return new PlimsollError(
    'REDIS_UNAVAILABLE',
    `the data folder ${directory} is in use by process ${owner.pid}: ${remedy}`,
  )
}
