import type { Clock } from '../domain/index.ts'
import { createFormattedLog, createLog, type Log, type LogLevel, openSink } from '../log.ts'
import { closeRedis, connectRedis, keysOf, redactUrl } from '../redis/index.ts'
import type { OpenedRedis } from '../redis-server/index.ts'
import { systemRandom } from '../system/index.ts'
import { EVENT_INDENT, EventLines } from './event-lines.ts'
import { EventsView } from './events-view.ts'
import { logLines } from './log-lines.ts'
import { paletteFor, speaksJson } from './terminal.ts'
import { columnsOf, fitted, type Screen } from './wrapping.ts'

/** The log of `run`: lines for people when standard error is a terminal; JSON otherwise and with `--json`. */
export function runLog(level: LogLevel, json: true | undefined, screen: Screen = process.stderr): Log {
  if (speaksJson(screen, json)) return createLog(level)
  const palette = paletteFor(screen)
  return createFormattedLog(level, openSink(2), (record) => logLines(record, palette, columnsOf(screen)))
}

export interface RunDisplayOptions {
  readonly redisUrl: string
  readonly shard: string
  readonly json: true | undefined
  readonly clock: Clock
  readonly log: Log
}

/**
 * Runs `action`. Meanwhile it shows the events of the shard if standard output is a terminal. On a pipe and with `--json`
 * it opens nothing: programs use `plimsoll tail`.
 */
export async function showingEvents(
  { redisUrl, shard, json, clock, log }: RunDisplayOptions,
  action: () => Promise<void>,
  screen: Screen = process.stdout,
): Promise<void> {
  if (speaksJson(screen, json)) return action()
  const redis = await connectRedis({ url: redisUrl, role: 'command', clock, random: systemRandom })
  const sink = openSink(1)
  const view = new EventsView({
    redis,
    key: keysOf(shard).events,
    lines: new EventLines(paletteFor(screen)),
    print: (line) => void sink.write(`${fitted(screen, line, EVENT_INDENT)}\n`),
    clock,
    log,
  })
  try {
    await view.start()
    await action()
    await view.stop()
  } finally {
    await closeRedis(redis, clock)
  }
}

/** Logs the next step when the book is empty. */
export function tellOfEmptyBook(accounts: number, log: Log): void {
  if (accounts > 0) return
  const fill = 'plimsoll import FILE (with the same settings)'
  log.warn({ fill, example: 'plimsoll demo' }, 'the book is empty, so nothing is watched')
}

type Reachable = Pick<OpenedRedis, 'source' | 'url' | 'shellCommand'>

/** How other programs reach the private Redis of that data folder. */
export function waysToConnect({ source, url, shellCommand }: Reachable, dataDir: string) {
  return {
    source,
    url: redactUrl(url),
    commands: `--data-dir ${dataDir}`,
    subscribers: `subscribe({ dataDir: ${JSON.stringify(dataDir)} })`,
    shell: shellCommand,
  }
}

/** The same in few words: another command needs the folder only. docs/operations.md has the rest. */
export function waysForPeople({ source }: Reachable, dataDir: string) {
  return { source, follow: `plimsoll tail --data-dir ${dataDir}` }
}
