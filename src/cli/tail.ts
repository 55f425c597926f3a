import { Command, InvalidArgumentError } from 'commander'
import { systemClock } from '../clock.ts'
import { type ConfigOverrides, loadConfig } from '../config.ts'
import type { Clock, MarginEvent } from '../domain/index.ts'
import { type FollowRedis, followEvents } from '../events/index.ts'
import { systemRandom } from '../random.ts'
import { connectRedis, keysOf, openRedis } from '../redis/index.ts'
import { whole } from './options.ts'
import { untilSignal } from './signals.ts'

const POSITIONS_SHOWN_MAX = 3
const STREAM_ID = /^\d+-\d+$/

interface TailConnection {
  readonly redis: FollowRedis
  /** The stream of the shard. */
  readonly eventsKey: string
  /** Ends what `connect` started. */
  close(): Promise<void>
}

export interface TailContext {
  readonly connect: (overrides: ConfigOverrides, signal: AbortSignal) => Promise<TailConnection>
  readonly clock: Clock
  readonly output: NodeJS.WritableStream
  readonly errors: NodeJS.WritableStream
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

/** `plimsoll tail`: one line for every event, until `--count` or Ctrl-C (exit code 0). */
export function tailCommand(context: TailContext = REAL): Command {
  return new Command('tail')
    .description('Follow the events: one line each, oldest first')
    .option(
      '--from <where>',
      '"now", "beginning" (all that Redis still keeps) or the stream id after which to begin',
      parseFrom,
      'now',
    )
    .option('--count <events>', 'stop after so many events', whole(1))
    .option('--json', 'print each event as one line of JSON')
    .option('--redis-url <url>', 'Redis to read instead of the private one')
    .option('--data-dir <folder>', 'folder of the private Redis (default .data)')
    .option('--shard <name>', 'shard of the book (default 0)')
    .action((flags: TailFlags) => tail(context, flags))
}

async function connect(overrides: ConfigOverrides, signal: AbortSignal): Promise<TailConnection> {
  const { redisUrl, dataDir, appendfsync, shard } = loadConfig(overrides)
  const clock = systemClock
  const notify = (line: string) => void process.stderr.write(`${line}\n`)
  const server = await openRedis({ redisUrl, dataDir, appendfsync, clock, notify, signal })
  try {
    const redis = await connectRedis({ url: server.url, role: 'blocking', clock, random: systemRandom })
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
  // A reader that goes away (`| head`) ends the command like Ctrl-C.
  output.once('error', abort)
  const failed = (error: Error) => void errors.write(`plimsoll: waiting for Redis: ${error.message}\n`)
  try {
    const { redis, eventsKey, close } = await context.connect(overrides, stop.signal)
    try {
      let printed = 0
      const events = followEvents({ redis, key: eventsKey, from, clock, signal: stop.signal, failed })
      for await (const { id, event } of events) {
        if (event === undefined) {
          errors.write(`plimsoll: entry ${id} of ${eventsKey} is not a margin event\n`)
          continue
        }
        output.write(`${json === true ? JSON.stringify(event) : describeEvent(event)}\n`)
        printed++
        if (printed === count) break
      }
    } finally {
      redis.disconnect()
      await close()
    }
  } catch (error) {
    if (error !== stop.signal.reason) throw error
  } finally {
    output.off('error', abort)
    ended.dispose()
  }
}

/** Time, kind, levels, margin account, margin ratio, shortfall and the first positions with their marks. */
function describeEvent(event: MarginEvent): string {
  const parts = [
    new Date(event.receivedTimeMs).toISOString(),
    event.kind.padEnd('liquidation'.length),
    `${event.previousLevel} → ${event.level}`,
    event.marginAccount,
    `ratio ${event.marginRatio ?? 'none'}`,
    `shortfall ${event.shortfall ?? 'unknown'} ${event.settle}`,
    describePositions(event),
  ]
  if (event.confidence === 'suspect') parts.push(`suspect: ${event.reasons.join(', ')}`)
  return parts.join('  ')
}

function describePositions({ positions, marks }: MarginEvent): string {
  const markPriceOf = new Map(marks.map(({ symbol, markPrice }) => [symbol, markPrice]))
  const shown = positions
    .slice(0, POSITIONS_SHOWN_MAX)
    .map(({ symbol, size }) => `${symbol} ${size} @ ${markPriceOf.get(symbol) ?? 'unknown'}`)
  const more = positions.length - shown.length
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join(', ')
}

function parseFrom(value: string): string {
  if (value === 'now' || value === 'beginning' || STREAM_ID.test(value)) return value
  throw new InvalidArgumentError('must be now, beginning or a stream id such as 1763770000000-12.')
}
