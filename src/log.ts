import { type DestinationStream, pino } from 'pino'

/** One event is one constant message; its facts are fields. Nothing per tick or frame is logged. */
export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(bindings: object): Log
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Bytes that wait for a slow reader of the log; what comes on top is dropped, never the work. */
export const LOG_BUFFER_BYTES_MAX = 4 * 1_048_576

/** JSON lines to standard error, or to the given stream. */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const target = destination ?? pino.destination({ fd: 2, sync: false, maxLength: LOG_BUFFER_BYTES_MAX })
  return pino({ name: 'plimsoll', level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, target)
}
