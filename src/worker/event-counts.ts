import {
  eventKindSchema,
  marketEventKindSchema,
  type PlimsollEvent,
  venueEventKindSchema,
} from '../domain/index.ts'

/** Events that a worker has published, by kind. */
export type EventCounts = Record<PlimsollEvent['kind'], number>

export function noEvents(): EventCounts {
  const kinds = [
    ...eventKindSchema.options,
    ...marketEventKindSchema.options,
    ...venueEventKindSchema.options,
    'revision',
  ]
  return Object.fromEntries(kinds.map((kind) => [kind, 0])) as EventCounts
}
