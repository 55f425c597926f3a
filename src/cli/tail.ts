import { Command, InvalidArgumentError } from 'commander'
import type { Clock, MarginEvent } from '../domain/index.ts'
import { type FollowRedis, followEvents } from '../events/index.ts'

const POSITIONS_SHOWN_MAX = 3
const STREAM_ID = /^\d+-\d+$/

export interface TailContext {
  /** Opens a connection that may block. Rejects with REDIS_UNAVAILABLE. `eventsKey` is the stream of the shard. */
  readonly connect: () => Promise<{ readonly redis: FollowRedis; readonly eventsKey: string }>
  readonly clock: Clock
  readonly output?: NodeJS.WritableStream
  readonly errors?: NodeJS.WritableStream
}

interface TailOptions {
  readonly from: string
  readonly count?: number
  readonly json?: true
}

/** `plimsoll tail`: one line for every event, until `--count` or Ctrl-C (exit code 0). */
export function tailCommand(context: TailContext): Command {
  return new Command('tail')
    .description('Follow the events: one line each, oldest first.')
    .option(
      '--from <where>',
      '"now", "beginning" (all that Redis still keeps) or after a stream id',
      parseFrom,
      'now',
    )
    .option('--count <events>', 'stop after so many events', parseCount)
    .option('--json', 'print each event as one line of JSON')
    .action((options: TailOptions) => tail(context, options))
}

async function tail(context: TailContext, { from, count, json }: TailOptions): Promise<void> {
  const { clock, connect, output = process.stdout, errors = process.stderr } = context
  const { redis, eventsKey } = await connect()
  const stop = new AbortController()
  const abort = () => stop.abort()
  process.once('SIGINT', abort).once('SIGTERM', abort)
  // A reader that goes away (`| head`) ends the command like Ctrl-C.
  output.once('error', abort)
  let printed = 0
  const failed = (error: Error) => void errors.write(`plimsoll: waiting for Redis: ${error.message}\n`)
  try {
    for await (const { id, event } of followEvents({
      redis,
      key: eventsKey,
      from,
      clock,
      signal: stop.signal,
      failed,
    })) {
      if (event === undefined) {
        errors.write(`plimsoll: entry ${id} of ${eventsKey} is not a margin event\n`)
        continue
      }
      output.write(`${json ? JSON.stringify(event) : describeEvent(event)}\n`)
      printed++
      if (count !== undefined && printed >= count) break
    }
  } finally {
    process.off('SIGINT', abort).off('SIGTERM', abort)
    output.off('error', abort)
    redis.disconnect()
  }
}

/** Time, kind, levels, margin account, margin ratio, shortfall and the first positions with their marks. */
export function describeEvent(event: MarginEvent): string {
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

function parseCount(value: string): number {
  const count = Number(value)
  if (/^\d+$/.test(value) && Number.isSafeInteger(count) && count > 0) return count
  throw new InvalidArgumentError('must be a whole number above 0.')
}
