import { closeRedis, connectRedis, keysOf } from '../src/redis/index.ts'
import { systemClock as clock, systemRandom } from '../src/system/index.ts'

/** Messages of the bench to the watcher, which observes the stream from another process. */
export type WatcherRequest =
  | { readonly kind: 'open'; readonly redisUrl: string; readonly shard: string }
  /** Answers when `events` more entries are in the stream, and again when they are in the queue. */
  | { readonly kind: 'watch'; readonly events: number }
  | { readonly kind: 'stop' }
export type WatcherAnswer =
  | { readonly kind: 'opened' }
  | { readonly kind: 'watching' }
  /** The first new entry of the stream: its time and its event. */
  | {
      readonly kind: 'first'
      readonly atMs: number
      readonly event: { readonly kind: string; readonly receivedTimeMs: number }
    }
  | { readonly kind: 'streamed'; readonly atMs: number }
  | { readonly kind: 'queued'; readonly atMs: number }

const POLL_MS = 2

type Connection = Awaited<ReturnType<typeof connectRedis>>
let connection: Connection | undefined
let events = ''
let isStopped = false

function answer(message: WatcherAnswer): void {
  process.send?.(message)
}

/** Entries ever added to the stream, and the id of the last. */
async function position(redis: Connection): Promise<{ added: number; last: string }> {
  const reply = (await redis.call('XINFO', 'STREAM', events)) as (string | number)[]
  const at = (field: string) => reply[reply.indexOf(field) + 1]
  return { added: Number(at('entries-added')), last: String(at('last-generated-id')) }
}

async function watch(redis: Connection, wanted: number): Promise<void> {
  const start = await position(redis)
  answer({ kind: 'watching' })
  let [isFirst, isStreamed] = [true, false]
  let last = ''
  while (!isStopped) {
    const now = await position(redis)
    if (isFirst && now.added > start.added) {
      const atMs = clock.nowMs()
      isFirst = false
      const entries = (await redis.call('XRANGE', events, `(${start.last}`, '+', 'COUNT', 1)) as [
        string,
        string[],
      ][]
      answer({ kind: 'first', atMs, event: JSON.parse(entries[0]![1][1]!) })
    }
    if (!isStreamed && now.added >= start.added + wanted) {
      isStreamed = true
      last = now.last
      answer({ kind: 'streamed', atMs: clock.nowMs() })
    }
    if (isStreamed) {
      const cursor = (await redis.call('GET', `${events}:enqueued`)) as string | null
      if (cursor !== null && sequenceOf(cursor) >= sequenceOf(last)) {
        answer({ kind: 'queued', atMs: clock.nowMs() })
        return
      }
    }
    await new Promise<void>((resolve) => void clock.after(POLL_MS, resolve))
  }
}

function sequenceOf(streamId: string): number {
  return Number(streamId.slice(streamId.indexOf('-') + 1))
}

process.on('message', (message: WatcherRequest) => {
  void handle(message)
})

async function handle(message: WatcherRequest): Promise<void> {
  switch (message.kind) {
    case 'open':
      connection = await connectRedis({ url: message.redisUrl, role: 'command', clock, random: systemRandom })
      events = keysOf(message.shard).events
      answer({ kind: 'opened' })
      break
    case 'watch':
      await watch(connection!, message.events)
      break
    case 'stop':
      isStopped = true
      if (connection !== undefined) await closeRedis(connection, clock)
      process.disconnect()
  }
}
