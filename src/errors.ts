/**
 * Faults that a user or an operator can act on. Bugs are plain assertion errors and crash;
 * bad data from a venue is a value (`malformed`) and is counted.
 */
export type FaultCode =
  | 'USAGE'
  | 'CONFIGURATION'
  | 'ACCOUNT_INVALID'
  | 'ACCOUNT_NOT_FOUND'
  | 'ACCOUNT_UNSUPPORTED'
  | 'ACCOUNT_VERSION_CONFLICT'
  | 'BOOK_LOST'
  | 'SYMBOL_UNKNOWN'
  | 'CONTRACT_EXPIRED'
  | 'RULES_INVALID'
  | 'MARK_INVALID'
  | 'INPUT_INVALID'
  | 'REDIS_UNAVAILABLE'
  | 'REDIS_REFUSED'
  | 'REDIS_NOT_FOUND'
  | 'REDIS_POLICY'
  | 'REDIS_NO_AOF'
  | 'PORT_OCCUPIED'
  | 'FEED_REJECTED'
  | 'VENUE_UNAVAILABLE'
  | 'HISTORY_UNAVAILABLE'
  | 'KERNEL_LAYOUT'
  | 'KERNEL_CAPACITY'
  | 'INBOX_FULL'
  | 'OUTBOX_FULL'
  | 'STREAM_FENCED'
  | 'LOG_RENEWED'
  | 'QUEUE_UNREAD'
  | 'SUBSCRIBER_FAILED'
  | 'STOP_TIMEOUT'

/** A fault with a stable `code`. `path` names the field of the input that broke the rule, if there is one. */
export class PlimsollError extends Error {
  readonly code: FaultCode
  readonly path: string | undefined

  constructor(code: FaultCode, message: string, options: { path?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.name = 'PlimsollError'
    this.code = code
    this.path = options.path
  }
}

/** Exit codes of every command: 0 ok, 1 fault, 2 usage or configuration. */
export const EXIT_OK = 0
export const EXIT_FAULT = 1
export const EXIT_USAGE = 2

const USAGE_CODES: ReadonlySet<FaultCode> = new Set([
  'USAGE',
  'CONFIGURATION',
  'RULES_INVALID',
  'REDIS_REFUSED',
  'REDIS_NOT_FOUND',
  'REDIS_POLICY',
  'REDIS_NO_AOF',
])

export function exitCodeOf(error: unknown): number {
  return error instanceof PlimsollError && USAGE_CODES.has(error.code) ? EXIT_USAGE : EXIT_FAULT
}

/** For broken invariants: a bug in this program, never bad input. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`)
}

/** Why a file cannot be read, in words that say what to look at. */
export function fileReason(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException
  if (code === 'ENOENT') return `there is no such file (a relative path starts at ${process.cwd()})`
  if (code === 'EISDIR') return 'it is a folder; name a file in it'
  return code === 'EACCES' ? 'this user may not read it' : message
}

/** Why a file of so many bytes is not read. */
export function tooLongReason(bytes: number, bytesMax: number): string {
  return `it has ${bytes} bytes, and at most ${bytesMax} are read`
}
