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

/** From this number on a record of the log is a warning, or an error. */
export const LOG_WARN_NUMBER = pino.levels.values.warn!
export const LOG_ERROR_NUMBER = pino.levels.values.error!

/** Bytes that wait for a slow reader of the log; what comes on top is dropped, never the work. */
export const LOG_BUFFER_BYTES_MAX = 4 * 1_048_576

/** One line of the log: what is the same in every record, and the facts beside it. */
export interface LogRecord {
  /** ISO time. */
  readonly time: string
  readonly level: number
  readonly msg: string
  readonly [fact: string]: unknown
}

/** JSON lines to standard error, or to the given stream. */
export function createLog(level: LogLevel, destination: DestinationStream = openSink(2)): Log {
  const options = { name: 'plimsoll', level, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  return pino(options, destination)
}

/** The same records, each as the text that `format` makes of it, to `sink`. */
export function createFormattedLog(
  level: LogLevel,
  sink: DestinationStream,
  format: (record: LogRecord) => string,
): Log {
  return createLog(level, { write: (line) => sink.write(format(JSON.parse(line) as LogRecord)) })
}

/**
 * A file descriptor for lines that must never hold up the work: a reader that stops (Ctrl-S at a terminal, a full
 * pipe) costs lines beyond LOG_BUFFER_BYTES_MAX, while a write to `process.stderr` would block the whole process.
 */
export function openSink(fd: 1 | 2): DestinationStream {
  return pino.destination({ fd, sync: false, maxLength: LOG_BUFFER_BYTES_MAX })
}

/** Prints faults for which no callback is given, one line each. The log is made with the first one. */
export function printFault(): (fault: { readonly code: string; readonly message: string }) => void {
  let log: Log | undefined
  return ({ code, message }) => {
    log ??= createLog('warn')
    log.warn({ code }, message)
  }
}
