import { inflateRawSync } from 'node:zlib'

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

/**
 * The text behind base64 of raw DEFLATE (RFC 1951). undefined for what is no such thing, and for a text of more than `bytesMax`
 * bytes, of which no more are written: a small message may stand for gigabytes.
 */
export function inflatedText(base64: string, bytesMax: number): string | undefined {
  if (!BASE64.test(base64)) return undefined
  try {
    return inflateRawSync(Buffer.from(base64, 'base64'), { maxOutputLength: bytesMax }).toString()
  } catch {
    return undefined
  }
}
