import { assert } from '../errors.ts'

/**
 * Id of an entry of a Redis stream, two numbers. In the stream of events it is `<fence>-<sequence>`: `fence` grows with every
 * owner of the stream, `sequence` counts the events of one owner from 1; sequence 0 is the entry by which an owner takes
 * over. In the stream of changes Redis gives `<Unix milliseconds>-<counter>`.
 */
export interface StreamId {
  readonly fence: number
  readonly sequence: number
}

/** The id before the first entry of any stream. */
export const EMPTY_STREAM = '0-0'

export function formatStreamId(fence: number, sequence: number): string {
  return `${fence}-${sequence}`
}

/** Reads a text from outside, in the form in which Redis writes it; undefined when it is no id. */
export function readStreamId(text: string): StreamId | undefined {
  const match = /^(0|[1-9]\d{0,14})-(0|[1-9]\d{0,14})$/.exec(text)
  return match === null ? undefined : { fence: Number(match[1]), sequence: Number(match[2]) }
}

/** Completes "it …" in the refusal of a text that `isStreamStart` does not take. */
export const STREAM_START_RULE = 'must be now, beginning or a stream id such as 1763770000000-12'

/** Whether the text says where a reader of a stream begins: `now`, `beginning`, or the id after which it begins. */
export function isStreamStart(text: string): boolean {
  return text === 'now' || text === 'beginning' || readStreamId(text) !== undefined
}

export function parseStreamId(text: string): StreamId {
  const id = readStreamId(text)
  assert(id !== undefined, `stream id ${JSON.stringify(text)} is not <fence>-<sequence>`)
  return id
}

/** Below 0 when `a` comes before `b`. */
export function compareStreamIds(a: StreamId, b: StreamId): number {
  return a.fence === b.fence ? a.sequence - b.sequence : a.fence - b.fence
}

/** Whether the id `left` comes before `right`, both as text. */
export function isEarlierId(left: string, right: string): boolean {
  return compareStreamIds(parseStreamId(left), parseStreamId(right)) < 0
}
