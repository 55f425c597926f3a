import { z } from 'zod'

// Fields of events with their descriptions, which docs/events.md repeats.

export const text = (description: string) => z.string().describe(description)
export const figureOrNull = (description: string) => z.string().nullable().describe(description)
/** A term of the account. Absent if the account does not state it. */
export const termOf = (description: string) => z.string().optional().describe(description)
const sinceEpoch = (description: string) => `Milliseconds since 1970, UTC: ${description}`
export const timeMs = (description: string) => z.number().describe(sinceEpoch(description))
export const timeMsOrNull = (description: string) => z.number().nullable().describe(sinceEpoch(description))
