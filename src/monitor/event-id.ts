import { createHash } from 'node:crypto'
import type { Decimal, EventKind } from '../domain/index.ts'

const BASE32 = 'abcdefghijklmnopqrstuvwxyz234567'
const ID_LENGTH = 26

/** What makes an event the same event: no tick, price, time or worker, so two workers give it one id. */
export interface EventIdentity {
  readonly marginAccount: string
  readonly episode: number
  readonly kind: EventKind
  readonly level: Decimal
}

/** `e_` and the first 26 characters of the base32 (RFC 4648, lower case) of the SHA-256 of the identity. */
export function eventId({ marginAccount, episode, kind, level }: EventIdentity): string {
  const digest = createHash('sha256').update(`v1|${marginAccount}|${episode}|${kind}|${level}`).digest()
  return `e_${base32(digest).slice(0, ID_LENGTH)}`
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
