import { z } from 'zod'
import { marginModeSchema } from './account.ts'
import { decimalSchema, positiveDecimalSchema } from './decimal.ts'

export const EVENT_SCHEMA_VERSION = 1

export const eventKindSchema = z.enum(['warning', 'liquidation', 'recovered', 'unknown', 'closed'])
/**
 * A change of state of a margin account. `warning` and `liquidation`: the margin ratio reached `level`.
 * `recovered`: it fell back to `level`. `unknown`: there is no verdict any more, `reasons` says why
 * (`stale-mark`, `account-refused`); when there is one again, where the account stands is told afresh, as
 * `recovered` only if it is safe. `closed`: the last position was closed. The last three end the episode.
 */
export type EventKind = z.infer<typeof eventKindSchema>

const figure = z.string()
const figureOrNull = z.string().nullable()

/** Payload of every event. All money is decimal strings in the settlement asset. Readers ignore fields they do not know. */
export const marginEventSchema = z.object({
  schemaVersion: z.literal(EVENT_SCHEMA_VERSION),
  id: z.string().regex(/^e_[a-z2-7]{26}$/),
  kind: eventKindSchema,
  venue: z.string(),
  account: z.string(),
  accountVersion: z.int().nonnegative(),
  marginAccount: z.string(),
  marginMode: marginModeSchema,
  settle: z.string(),
  /** Counts the episodes of the margin account from 1. */
  episode: z.int().positive(),
  /** Counts the events of the account (over all its margin accounts) from 1 without gaps. */
  sequence: z.int().positive(),
  /** Level after the event: `0`, a warning level such as `0.7`, or `1`. */
  level: decimalSchema,
  /** Level before the event. */
  previousLevel: decimalSchema,
  /** Place by shortfall among the events of its instant, worst first, from 1. */
  rank: z.int().positive(),
  marks: z.array(
    z.object({
      symbol: z.string(),
      markPrice: positiveDecimalSchema.nullable(),
      eventTimeMs: z.number().nullable(),
      ageMs: z.number().nullable(),
    }),
  ),
  walletBalance: figureOrNull,
  unrealizedPnl: figureOrNull,
  marginBalance: figureOrNull,
  maintenanceMargin: figureOrNull,
  marginRatio: figureOrNull,
  shortfall: figureOrNull,
  positions: z.array(
    z.object({
      symbol: z.string(),
      size: figure,
      notional: figureOrNull,
      unrealizedPnl: figureOrNull,
      maintenanceMargin: figureOrNull,
      liquidationPrice: figureOrNull,
      bankruptcyPrice: figureOrNull,
    }),
  ),
  cure: z
    .object({
      topUp: figure,
      reductions: z.array(z.object({ symbol: z.string(), size: figureOrNull })),
    })
    .nullable(),
  confidence: z.enum(['confirmed', 'suspect']),
  reasons: z.array(z.string()),
  ruleBook: z.string(),
  /** Venue time of the tick that caused the event; null for changes of the account itself. */
  eventTimeMs: z.number().nullable(),
  receivedTimeMs: z.number(),
  /** From receipt of the frame to the verdict, milliseconds with a fraction. */
  detectionLatencyMs: z.number().nonnegative(),
})
export type MarginEvent = Readonly<z.infer<typeof marginEventSchema>>

/** What must survive a restart so that what was told is known, and ids and sequences go on: kept per account, written with its events. */
export const accountProgressSchema = z.object({
  sequence: z.int().nonnegative(),
  marginAccounts: z.record(
    z.string(),
    z.object({
      episode: z.int().nonnegative(),
      /** Whether the episode of that number is still open. */
      open: z.boolean(),
      level: decimalSchema,
      /** Whether the level is the last known one only: a mark is stale, or the terms are refused. */
      unknown: z.boolean(),
      venue: z.string(),
      marginMode: marginModeSchema,
      settle: z.string(),
    }),
  ),
})
export type AccountProgress = z.infer<typeof accountProgressSchema>
export type MarginAccountProgress = AccountProgress['marginAccounts'][string]

/** One event with the progress of its account after it, as handed from the monitor to the log of events. */
export interface EventRecord {
  readonly event: MarginEvent
  readonly progress: AccountProgress
}
