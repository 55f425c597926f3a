import { assert } from '../errors.ts'

/**
 * Id of a stream entry, `<fence>-<sequence>`. `fence` grows with every owner of the stream, `sequence`
 * counts the events of one owner from 1; sequence 0 is the entry by which an owner takes over.
 */
export interface StreamId {
  readonly fence: number
  readonly sequence: number
}

export const EMPTY_STREAM = '0-0'

export function formatStreamId(fence: number, sequence: number): string {
  return `${fence}-${sequence}`
}

/** Reads a text from outside; undefined when it is no id. */
export function readStreamId(text: string): StreamId | undefined {
  const match = /^(\d{1,15})-(\d{1,15})$/.exec(text)
  return match === null ? undefined : { fence: Number(match[1]), sequence: Number(match[2]) }
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
