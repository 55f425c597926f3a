import { Command, InvalidArgumentError } from 'commander'
import { type ConfigOverrides, loadConfig } from '../config.ts'
import { type Clock, isStreamStart, STREAM_START_RULE } from '../domain/index.ts'
import type { FollowRedis } from '../subscriber/index.ts'
import { systemClock, systemRandom } from '../system/index.ts'
import { EVENT_INDENT, EventLines } from './event-lines.ts'
import { writeLine } from './lines.ts'
import { whole } from './options.ts'
import { untilSignal } from './signals.ts'
import { type Output, paletteFor, speaksJson } from './terminal.ts'
import { jsonLine, visible } from './visible.ts'
import { fitted, tell } from './wrapping.ts'

interface TailConnection {
  readonly redis: FollowRedis
  /** Key of the shard's stream of events. */
  readonly eventsKey: string
  /** Closes what `connect` opened. */
  close(): Promise<void>
}

export interface TailContext {
  readonly connect: (overrides: ConfigOverrides, signal: AbortSignal) => Promise<TailConnection>
  readonly clock: Clock
  readonly output: Output
  readonly errors: Output
}

interface TailFlags {
  readonly from: string
  readonly count?: number
  readonly json?: true
  readonly redisUrl?: string
  readonly dataDir?: string
  readonly shard?: string
}

const REAL: TailContext = {
  connect,
  clock: systemClock,
  output: process.stdout,
  errors: process.stderr,
}

/** `plimsoll tail`: prints every event, as lines for people or as JSON lines, until `--count` or Ctrl-C (exit code 0). */
export function tailCommand(context: TailContext = REAL): Command {
  return new Command('tail')
    .description('Follows the events, oldest first: as lines at a terminal, as JSON lines on a pipe')
    .option(
      '--from <where>',
      '"now", "beginning" (all that Redis still keeps) or the stream id after which to begin',
      parseFrom,
      'now',
    )
    .option('--count <events>', 'stop after so many events', whole(1))
    .option('--json', 'JSON lines at a terminal too')
    .option('--redis-url <url>', 'Redis to read instead of the private one')
    .option('--data-dir <folder>', 'folder of the private Redis (default .data)')
    .option('--shard <name>', 'shard of the book (default 0)')
    .addHelpText(
      'after',
      '\nAt a terminal: time in UTC, kind, margin account, what is missing and how far it\n' +
        'is over its line; then its positions with their marks and liquidation prices,\n' +
        'and what would cure it. Ends on Ctrl-C, and when its reader goes away, with exit\n' +
        'code 0. docs/events.md describes the JSON.',
    )
    .action((flags: TailFlags) => tail(context, flags))
}

async function connect(overrides: ConfigOverrides, signal: AbortSignal): Promise<TailConnection> {
  const { redisUrl, dataDir, appendfsync, shard } = loadConfig(overrides)
  // The client of Redis is loaded when the settings hold: it takes longer than all that comes before.
  const { connectRedis, keysOf } = await import('../redis/index.ts')
  const { openRedis, refuseMissingFolder } = await import('../redis-server/index.ts')
  if (redisUrl === undefined) await refuseMissingFolder(dataDir)
  const clock = systemClock
  const notify = (line: string) => tell(process.stderr, line)
  const server = await openRedis({ redisUrl, dataDir, appendfsync, clock, notify, signal })
  try {
    const redis = await connectRedis({
      url: server.url,
      role: 'blocking',
      clock,
      random: systemRandom,
      signal,
    })
    return { redis, eventsKey: keysOf(shard).events, close: () => server.close() }
  } catch (error) {
    await server.close()
    throw error
  }
}

async function tail(context: TailContext, { from, count, json, ...overrides }: TailFlags): Promise<void> {
  const { clock, output, errors } = context
  const ended = untilSignal()
  const stop = new AbortController()
  const abort = () => stop.abort()
  void ended.promise.then(abort)
  // A closed pipe (`| head`) ends the command like Ctrl-C.
  output.once('error', abort)
  const say = (line: string) => tell(errors, `plimsoll: ${visible(line)}`)
  // The client library's message names its own settings, which does not help the user.
  const reasonOf = ({ name, message }: Error) =>
    name === 'MaxRetriesPerRequestError' ? 'it does not answer' : message
  const failed = (error: Error) => say(`waiting for Redis: ${reasonOf(error)}`)
  const toJson = speaksJson(output, json)
  const lines = new EventLines(paletteFor(output))
  try {
    const { redis, eventsKey, close } = await context.connect(overrides, stop.signal)
    try {
      const { followEvents } = await import('../subscriber/index.ts')
      if (!toJson) say(openingLine(eventsKey, from))
      let printed = 0
      const events = followEvents({ redis, key: eventsKey, from, clock, signal: stop.signal, failed })
      for await (const { id, event } of events) {
        if (event === undefined) {
          say(`entry ${id} of ${eventsKey} is not an event of this version`)
          continue
        }
        const shown = toJson
          ? [jsonLine(event)]
          : lines.of(event).map((line) => fitted(output, line, EVENT_INDENT))
        for (const line of shown) await writeLine(output, line, stop.signal)
        printed++
        if (printed === count) break
      }
    } finally {
      redis.disconnect()
      await close()
    }
  } catch (error) {
    // The signal cancels the start of a Redis and the wait for a slow reader.
    const isGivenUp = error === stop.signal.reason || (error as Error).name === 'AbortError'
    if (!stop.signal.aborted || !isGivenUp) throw error
  } finally {
    output.off('error', abort)
    ended.dispose()
  }
}

function openingLine(eventsKey: string, from: string): string {
  if (from === 'now') return `waiting for events in ${eventsKey}; Ctrl-C ends`
  const start = from === 'beginning' ? 'from the beginning' : `after ${from}`
  return `events of ${eventsKey} ${start}, then those that follow; Ctrl-C ends`
}

function parseFrom(value: string): string {
  if (isStreamStart(value)) return value
  throw new InvalidArgumentError(`It ${STREAM_START_RULE}.`)
}
