import { randomBytes } from 'node:crypto'
import { chmod, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { freePort } from './port.ts'

const SOCKET_FILE = 'redis.sock'
/** File with one line of Redis configuration, `requirepass <password>`. */
const PASSWORD_FILE = 'password.conf'
/** Longest path of a Unix socket: Linux takes 107 bytes, macOS 103. */
export const SOCKET_PATH_BYTES_MAX = 103
const PASSWORD_BYTES = 32
const OWNER_ONLY = 0o600

/** Where a private server listens, and who may reach it. */
export interface Address {
  /** What ioredis and BullMQ take as `url`: the path of a Unix socket, or `redis://[:password@]127.0.0.1:port`. */
  readonly url: string
  /**
   * File of Redis configuration with the password. The command line, which every user of the machine can read, never has
   * it.
   */
  readonly configFile: string | undefined
  readonly settings: Readonly<Record<string, string>>
}

/**
 * A Unix socket in the folder, which only its owner may enter. If its path is too long, or has a `?`, after which a
 * client reads options: a port of 127.0.0.1 with a password that is new at every start.
 */
export async function privateAddress(directory: string): Promise<Address> {
  const path = join(directory, SOCKET_FILE)
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX || path.includes('?')) {
    return await loopbackAddress(directory, await freePort(), randomBytes(PASSWORD_BYTES).toString('hex'))
  }
  return {
    url: path,
    configFile: undefined,
    settings: { port: '0', unixsocket: path, unixsocketperm: '600' },
  }
}

/** A port of 127.0.0.1; without a password every user of the machine can reach it. */
export async function loopbackAddress(directory: string, port: number, password?: string): Promise<Address> {
  const settings = { port: String(port), bind: '127.0.0.1' }
  if (password === undefined) return { url: `redis://127.0.0.1:${port}`, configFile: undefined, settings }
  const configFile = join(directory, PASSWORD_FILE)
  await writeFile(configFile, '', { mode: OWNER_ONLY })
  // An existing file keeps its mode when it is written.
  await chmod(configFile, OWNER_ONLY)
  await writeFile(configFile, `requirepass ${password}\n`)
  return { url: `redis://:${password}@127.0.0.1:${port}`, configFile, settings }
}

/** Removes the password when its server has ended. */
export async function forgetAddress({ configFile }: Address): Promise<void> {
  if (configFile !== undefined) await rm(configFile, { force: true })
}

/** The shell command that opens a client of the server; `program` is `redis-cli` with what it needs to start. */
export function shellCommandOf({ url, configFile }: Address, program: readonly string[]): string {
  const command = program.map(quoted).join(' ')
  if (url.startsWith('/')) return `${command} -s ${quoted(url)}`
  const { port } = new URL(url)
  const login = configFile === undefined ? '' : `REDISCLI_AUTH=$(cut -d' ' -f2 ${quoted(configFile)}) `
  return `${login}${command} -p ${port}`
}

function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
