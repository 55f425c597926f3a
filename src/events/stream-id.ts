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

export function parseStreamId(text: string): StreamId {
  const match = /^(\d+)-(\d+)$/.exec(text)
  assert(match !== null, `stream id ${JSON.stringify(text)} is not <fence>-<sequence>`)
  return { fence: Number(match[1]), sequence: Number(match[2]) }
}
