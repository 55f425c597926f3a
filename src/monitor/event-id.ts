import { hash } from 'node:crypto'
import type { EventKind, LevelName, MarketEventKind, VenueEventKind } from '../domain/index.ts'

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
const ID_LENGTH = 26

/**
 * What identifies an event. It holds no tick, price, time or worker, so two workers give one event one id. It holds the log,
 * because episodes are numbered in the log's Redis: a Redis that starts empty counts from 1 again.
 */
export interface EventIdentity {
  readonly logId: string
  readonly shard: string
  /** The margin account's id, or the name of a market or venue. */
  readonly subject: string
  readonly episode: number
  readonly kind: EventKind | MarketEventKind | VenueEventKind
  /** Empty for an event of a market or venue. */
  readonly level: LevelName | ''
}

/** `e_` and the first 26 characters of the base32 (RFC 4648, lower case) of the SHA-256 of the identity. */
export function eventId({ logId, shard, subject, episode, kind, level }: EventIdentity): string {
  const text = `v2|${logId}|${shard}|${subject}|${episode}|${kind}|${level}`
  return `e_${base32(hash('sha256', text, 'buffer')).slice(0, ID_LENGTH)}`
}

/** A gap is its market and its beginning, whatever the number of silences that a worker knows. */
export function marketEventId({
  sinceMs,
  episode,
  ...of
}: Omit<EventIdentity, 'level' | 'kind'> & {
  readonly kind: MarketEventKind
  readonly sinceMs: number
}): string {
  const isGap = of.kind === 'market-gap'
  return eventId({ ...of, episode: isGap ? 0 : episode, level: isGap ? String(sinceMs) : '' })
}

function base32(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let bitCount = 0
  for (const byte of bytes) {
    bits = (bits << 8) | byte
    bitCount += 8
    while (bitCount >= 5) {
      bitCount -= 5
      text += BASE32[(bits >>> bitCount) & 31]
    }
    bits &= (1 << bitCount) - 1
  }
  return bitCount === 0 ? text : text + BASE32[(bits << (5 - bitCount)) & 31]
}
