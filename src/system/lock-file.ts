import { spawnSync } from 'node:child_process'
import { createHash, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { assert } from '../errors.ts'
import { jsonOf } from '../input/index.ts'
import { type Disk, systemDisk } from './disk.ts'

/** A lost race means that another process has the lock or freed it, so that few repeats are due. */
const TAKE_ATTEMPTS_MAX = 100
/** Owners that died one after the other while they took the lock over. */
const CHAIN_LENGTH_MAX = 1_000
/** A caller gives up after it saw so many owners that died one after the other while it tried to take over. */
export const DEAD_OWNERS_MAX = 10
const PS_TIMEOUT_MS = 2_000

/** The process that has a lock, or had it when it died. */
export interface LockOwner {
  /** Process id; undefined when the file is not readable as a lock: a power loss may leave it empty. */
  readonly pid: number | undefined
  /** When that process started. With it a process that was given the id later is not taken for the owner. */
  readonly startedAt: string | undefined
  /** What the owner added. */
  readonly facts: Readonly<Record<string, unknown>>
  /** Names this content and no other, so that nobody takes over from an owner that has changed since. */
  readonly token: string
}

/** A lock that this process has until it releases it or ends. */
export interface HeldLock {
  /** Records another process as the owner of the lock, with `facts`. */
  record(pid: number, facts: Readonly<Record<string, unknown>>): void
  release(): void
}

/** The owner that the lock names, alive or not; undefined when it names none. */
export function lockOwnerOf(path: string, disk: Disk = systemDisk): LockOwner | undefined {
  return chainOf(disk, path).at(-1)
}

/**
 * Takes the lock that the file `path` stands for, for one process of this host. It is taken if it is free, and
 * if its owner is exactly `dead`; otherwise nothing changes and the result is the owner. Of processes that take over from
 * the same dead owner one gets the lock. Every one of them links a file whose name is made of what it saw of the
 * dead owner; `link` succeeds once; and a file that was linked too late is not reached from `path` any more.
 * Errors of the file system are thrown as they are.
 */
export function takeLock(path: string, dead?: LockOwner, disk: Disk = systemDisk): HeldLock | LockOwner {
  for (let attempt = 1; attempt <= TAKE_ATTEMPTS_MAX; attempt++) {
    const chain = chainOf(disk, path)
    const owner = chain.at(-1)
    if (owner !== undefined && owner.token !== dead?.token) return owner
    const held = tryToTake(disk, path, chain)
    if (held !== undefined) return held
  }
  throw new Error(`${path} was lost to another process ${TAKE_ATTEMPTS_MAX} times (TAKE_ATTEMPTS_MAX)`)
}

export function isHeld(result: HeldLock | LockOwner): result is HeldLock {
  return 'release' in result
}

/** Whether the owner runs on this host. Where its start cannot be read, a process with its id is taken for it. */
export function isRunning({ pid, startedAt }: Partial<Pick<LockOwner, 'pid' | 'startedAt'>>): boolean {
  if (pid === undefined) return false
  try {
    process.kill(pid, 0)
  } catch (error) {
    // Any other refusal means that the process runs and belongs to another user.
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const start = startOf(pid)
  return start !== DEAD && (start === undefined || startedAt === undefined || start === startedAt)
}

function tryToTake(disk: Disk, path: string, chain: readonly LockOwner[]): HeldLock | undefined {
  const draft = `${path}.${randomUUID()}`
  const text = textOf(process.pid, {})
  const token = tokenOf(text)
  disk.writeText(draft, text)
  try {
    const last = chain.at(-1)
    const place = last === undefined ? path : successorOf(path, last)
    if (!disk.link(draft, place)) return undefined
    if (lockOwnerOf(path, disk)?.token !== token) {
      disk.remove(place)
      return undefined
    }
    if (last !== undefined) disk.rename(draft, path)
    // Not reached from the path any more.
    for (const owner of chain) disk.remove(successorOf(path, owner))
    return new Lock(disk, path, token)
  } finally {
    disk.remove(draft)
  }
}

class Lock implements HeldLock {
  readonly #disk: Disk
  readonly #path: string
  #token: string

  constructor(disk: Disk, path: string, token: string) {
    this.#disk = disk
    this.#path = path
    this.#token = token
  }

  record(pid: number, facts: Readonly<Record<string, unknown>>): void {
    const draft = `${this.#path}.${randomUUID()}`
    const text = textOf(pid, facts)
    this.#disk.writeText(draft, text)
    this.#disk.rename(draft, this.#path)
    this.#token = tokenOf(text)
  }

  release(): void {
    if (lockOwnerOf(this.#path, this.#disk)?.token === this.#token) this.#disk.remove(this.#path)
  }
}

/** The owner that `path` names and those that took over from it, in order; the last one counts. */
function chainOf(disk: Disk, path: string): LockOwner[] {
  const chain: LockOwner[] = []
  for (let owner = read(disk, path); owner !== undefined; owner = read(disk, successorOf(path, owner))) {
    chain.push(owner)
    assert(chain.length <= CHAIN_LENGTH_MAX, `${path} names more than ${CHAIN_LENGTH_MAX} owners`)
  }
  return chain
}

function successorOf(path: string, owner: LockOwner): string {
  return `${path}.after.${owner.token}`
}

function read(disk: Disk, path: string): LockOwner | undefined {
  const text = disk.readText(path)
  if (text === undefined) return undefined
  const value = jsonOf(text)
  const stated: Readonly<Record<string, unknown>> = typeof value === 'object' ? { ...value } : {}
  const { pid, startedAt, ...facts } = stated
  return {
    pid: Number.isSafeInteger(pid) && Number(pid) > 0 ? Number(pid) : undefined,
    startedAt: typeof startedAt === 'string' ? startedAt : undefined,
    facts,
    token: tokenOf(text),
  }
}

function textOf(pid: number, facts: Readonly<Record<string, unknown>>): string {
  const start = startOf(pid)
  return JSON.stringify({ ...facts, pid, startedAt: start === DEAD ? undefined : start, nonce: randomUUID() })
}

function tokenOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}

const DEAD = Symbol('dead')

/** When the process started, in words that only comparing gives a meaning; undefined when the system does not tell. */
function startOf(pid: number): string | typeof DEAD | undefined {
  return process.platform === 'linux' ? linuxStartOf(pid) : psStartOf(pid)
}

function linuxStartOf(pid: number): string | typeof DEAD | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // The name of the program may hold spaces and brackets.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state, ticks] = [fields[0], fields[19]]
    // A zombie has ended; its parent has not read its exit code yet.
    if (state === 'Z' || state === 'X') return DEAD
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()} ${ticks}`
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== undefined) return undefined
    throw error
  }
}

function psStartOf(pid: number): string | undefined {
  const options = { encoding: 'latin1', timeout: PS_TIMEOUT_MS } as const
  const words = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], options).stdout?.trim()
  return words === '' ? undefined : words
}
