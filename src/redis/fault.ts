import { PlimsollError } from '../errors.ts'
import { ioredis } from './clients.ts'

/** A wrong login, permission or database stays wrong on a retry; ioredis itself would continue with database 0. */
const REFUSED = /WRONGPASS|NOAUTH|NOPERM|invalid password|DB index/i
/**
 * Messages of ioredis when it has no connection, and what they mean. These errors have neither a code nor a class of their
 * own, and their messages name the settings of ioredis.
 */
const DISCONNECTED: readonly (readonly [message: RegExp, meaning: string])[] = [
  [/^(?:Connection is closed|Stream isn't writeable|Reached the max retries)/, 'the connection was lost'],
  [/^(?:Command timed out|Socket timeout)/, 'it does not answer'],
]
const SYSTEM_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'ENOENT'])

/** Whether the server refuses the connection, so that only another setting helps. */
export function isRefusal(error: Error): boolean {
  return REFUSED.test(error.message)
}

/**
 * The error without what may hold a password: ioredis keeps the arguments of the command that failed, those of AUTH
 * included.
 */
export function withoutSecrets(error: unknown): Error {
  const plain = new Error(reasonOf(error))
  if (error instanceof Error) plain.name = error.name
  return plain
}

/** REDIS_REFUSED or REDIS_UNAVAILABLE; `what` names the server and the request. */
export function redisFault(what: string, error: unknown): PlimsollError {
  const cause = withoutSecrets(error)
  return new PlimsollError(
    isRefusal(cause) ? 'REDIS_REFUSED' : 'REDIS_UNAVAILABLE',
    `${what}: ${meaningOf(cause.message) ?? cause.message}`,
    { cause },
  )
}

/** Turns an error of the server or of the connection into a fault. Any other error is a bug and is returned as it is. */
export function asRedisFault(what: string, error: unknown): unknown {
  return isOfRedis(error) ? redisFault(what, error) : error
}

function isOfRedis(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof PlimsollError) return false
  const { code, syscall } = error as NodeJS.ErrnoException
  const isOfSocket = syscall !== undefined && /^(?:connect|read|write)$/.test(syscall)
  return (
    error instanceof ioredis.ReplyError ||
    meaningOf(error.message) !== undefined ||
    (isOfSocket && code !== undefined && SYSTEM_CODES.has(code))
  )
}

/** What a message of ioredis says of the connection; undefined when it says something else. */
function meaningOf(message: string): string | undefined {
  return DISCONNECTED.find(([form]) => form.test(message))?.[1]
}

/** A name with several addresses fails with one error for each of them, and an empty message. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '')
    return error.errors.map((each) => reasonOf(each)).join(', ')
  return error instanceof Error ? error.message : String(error)
}
