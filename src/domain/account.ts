import { z } from 'zod'
import { assert } from '../errors.ts'
import { assetSchema } from './asset.ts'
import { poolSchema } from './collateral.ts'
import { decimalSchema, positiveDecimalSchema, shareSchema } from './decimal.ts'
import type { FieldFault } from './fault.ts'
import { warningLevelsSchema } from './level.ts'
import { liabilitySchema } from './liability.ts'
import { fourHourlyRolloverRateSchema, reasonAgainstRolloverTime } from './rollover.ts'
import { KnownNames } from './similar.ts'

export const POSITIONS_PER_ACCOUNT_MAX = 1_000
/** Assets of one wallet. Venues take a few hundred as margin. */
export const COLLATERAL_ASSETS_MAX = 1_000
export const ACCOUNT_ID_LENGTH_MAX = 128
export const ACCOUNT_ID_PATTERN = /^[\x21-\x7e]+$/
/** Bounds of `asOfMs` and `rolloverTimeMs`, so that they have 13 digits: 2001 to 2286. Seconds since 1970 are below them. */
export const AS_OF_MIN_MS = 1_000_000_000_000
export const AS_OF_MAX_MS = 9_999_999_999_999
/** The last version that the book writes, 2^53 − 1. */
export const ACCOUNT_VERSION_MAX = Number.MAX_SAFE_INTEGER
/** The last version that may be stated, so that the book has one left to rewrite the account. */
export const ACCOUNT_VERSION_STATED_MAX = ACCOUNT_VERSION_MAX - 1
export const ACCOUNT_VERSION_RULE = `must be at most ${ACCOUNT_VERSION_STATED_MAX}, so that a version above it exists`

declare const venueIdBrand: unique symbol
/** The id under which the accounts of a venue are stored. Which ids there are is known to the registry in `venues/`. */
export type VenueId = string & { readonly [venueIdBrand]: true }

const VENUE_ID_PATTERN = /^[a-z][a-z0-9-]{0,31}$/

/**
 * Marks a text as the id of a venue: for the venue that declares it, and for an id that we stored ourselves. Text from
 * outside goes through `venueIdSchemaOf`.
 */
export function venueId(text: string): VenueId {
  assert(VENUE_ID_PATTERN.test(text), `${JSON.stringify(text)} is not an id of a venue`)
  return text as VenueId
}

/** Every name under which a venue may be given, with the id under which it is stored. */
export type VenueNames = ReadonlyMap<string, VenueId>

/** Reads a name of a venue; gives the venue's id. */
export function venueIdSchemaOf(names: VenueNames) {
  const known = [...names.keys()]
  const similar = new KnownNames(() => known, { withSlips: true })
  const rule = `must be one of ${known.join(', ')}`
  return z
    .enum(known as [string, ...string[]], {
      error: ({ input }) => (typeof input === 'string' ? rule + similar.suggestionFor(input) : rule),
    })
    .transform((name) => names.get(name)!)
}

const text = z.string({ error: 'must be a string' })
const LIST_RULE = 'must be a list'
const TIME_RULE = 'must be a time in Unix milliseconds, a whole number of 13 digits'
const timeMsSchema = z
  .number({ error: TIME_RULE })
  .refine((timeMs) => Number.isInteger(timeMs), TIME_RULE)
  .min(AS_OF_MIN_MS, TIME_RULE)
  .max(AS_OF_MAX_MS, TIME_RULE)

/** Characters of a symbol, as SYMBOL_PATTERN counts them. */
export const SYMBOL_LENGTH_MAX = 40
/**
 * What any venue may call an instrument: BTCUSDT, kPEPE, xyz:TSLA, XBT/USD, BTC-26DEC25, 币安人生USDT. Spaces, control
 * characters and `|` are in no name. Which of these names a venue lists is the venue's own grammar.
 */
export const SYMBOL_PATTERN = new RegExp(
  `^[\\p{L}\\p{N}@][\\p{L}\\p{M}\\p{N}@_:/.+-]{0,${SYMBOL_LENGTH_MAX - 1}}$`,
  'u',
)
export const symbolSchema = text.regex(
  SYMBOL_PATTERN,
  `must be a venue symbol: at most ${SYMBOL_LENGTH_MAX} letters and digits of any script, @ _ - / : . +`,
)

export const marginModeSchema = z.enum(['isolated', 'cross'], { error: 'must be isolated or cross' })
export type MarginMode = z.infer<typeof marginModeSchema>

/**
 * A position as the venue states it. `size` is signed (long > 0), in units of `multiplier` of its rules: base units, or
 * contracts (inverse; of OKX, CME and Coinbase US linear ones too). `isolatedMargin` is the whole margin assigned to an isolated position, in the settlement
 * asset; absent, it is the venue's initial margin at the entry price and the given leverage.
 */
export const positionSchema = z
  .strictObject({
    symbol: symbolSchema,
    marginMode: marginModeSchema,
    size: decimalSchema,
    entryPrice: positiveDecimalSchema,
    leverage: positiveDecimalSchema.optional(),
    isolatedMargin: decimalSchema.optional(),
    /** The rate that the venue states for this position in place of its table (BitMEX `maintMarginReq`). */
    maintenanceMarginRate: shareSchema.optional(),
    /** The greatest leverage that the venue keeps for this position (Hyperliquid); not the one it was opened with. */
    maxLeverage: positiveDecimalSchema
      .refine((text) => /[1-9]/.test(text.split('.')[0]!), 'must be at least 1')
      .optional(),
    /** What four hours cost (Kraken spot margin), charged at `rolloverTimeMs` and every four hours before and after it. */
    fourHourlyRolloverRate: fourHourlyRolloverRateSchema.optional(),
    /** The next rollover as the venue states it (Kraken `rollovertm`), or the opening of the position; Unix milliseconds. */
    rolloverTimeMs: timeMsSchema.optional(),
  })
  .superRefine((position, context) => {
    if (position.marginMode === 'cross' && position.isolatedMargin !== undefined) {
      context.addIssue({
        code: 'custom',
        path: ['isolatedMargin'],
        message: 'belongs to isolated positions only',
      })
    }
    if (
      position.marginMode === 'isolated' &&
      position.isolatedMargin === undefined &&
      position.leverage === undefined
    ) {
      context.addIssue({
        code: 'custom',
        path: ['isolatedMargin'],
        message: 'an isolated position needs isolatedMargin or leverage',
      })
    }
    if ((position.fourHourlyRolloverRate === undefined) !== (position.rolloverTimeMs === undefined)) {
      const [stated, absent] =
        position.rolloverTimeMs === undefined
          ? ['fourHourlyRolloverRate', 'rolloverTimeMs']
          : ['rolloverTimeMs', 'fourHourlyRolloverRate']
      context.addIssue({ code: 'custom', path: [absent], message: `must be stated beside ${stated}` })
    }
  })
export type Position = z.infer<typeof positionSchema>

/** One asset of the cross wallet. The margin of isolated positions is not part of it. */
export const collateralSchema = z.strictObject({ asset: assetSchema, amount: decimalSchema })
export type Collateral = z.infer<typeof collateralSchema>

const versionSchema = z
  .number({ error: 'must be a whole number' })
  .refine((version) => Number.isInteger(version), 'must be a whole number')
  .min(0, 'must not be below 0')

const accountFieldsOf = (names: VenueNames) =>
  z.strictObject({
    id: text
      .regex(ACCOUNT_ID_PATTERN, 'must be printable ASCII without spaces')
      .max(ACCOUNT_ID_LENGTH_MAX, `must have at most ${ACCOUNT_ID_LENGTH_MAX} characters`),
    venue: venueIdSchemaOf(names),
    version: versionSchema.max(ACCOUNT_VERSION_STATED_MAX, ACCOUNT_VERSION_RULE).default(0),
    /**
     * When the stated balances were true, Unix milliseconds. Funding, interest and rollovers after it are applied to them. Without it
     * nothing is applied, because nobody can know which payments the balances hold.
     */
    asOfMs: timeMsSchema.optional(),
    collateral: z
      .array(collateralSchema, { error: LIST_RULE })
      .max(COLLATERAL_ASSETS_MAX, `must hold at most ${COLLATERAL_ASSETS_MAX} assets`)
      .default([]),
    /**
     * Each currency of the wallet backs the positions that settle in it and no others (Binance
     * single-asset mode, Bybit inverse). Without it an asset in which no position settles is refused.
     */
    separateWallets: z.boolean({ error: 'must be true or false' }).optional(),
    positions: z
      .array(positionSchema, { error: LIST_RULE })
      .max(POSITIONS_PER_ACCOUNT_MAX, `must hold at most ${POSITIONS_PER_ACCOUNT_MAX} positions`)
      .default([]),
    /** What is borrowed, interest included, by asset. Only a pool can hold debts. */
    liabilities: z
      .array(liabilitySchema, { error: LIST_RULE })
      .max(COLLATERAL_ASSETS_MAX, `must hold at most ${COLLATERAL_ASSETS_MAX} assets`)
      .default([]),
    /** All assets stand behind all cross positions (multi-asset and spot margin). */
    pool: poolSchema.optional(),
    /** Its own warning levels, in place of those of the worker. None: only the line. */
    levels: warningLevelsSchema.optional(),
  })

/** What the venue calls an account, as imported. Unknown fields are refused. */
export const accountSchemaOf = (names: VenueNames) => accountFieldsOf(names).superRefine(refuseRepeatedParts)
export type Account = z.infer<ReturnType<typeof accountSchemaOf>>

/** An account as the book holds it: its last version may be one that the book gave. */
export const storedAccountSchemaOf = (names: VenueNames) =>
  accountFieldsOf(names)
    .extend({
      version: versionSchema.max(ACCOUNT_VERSION_MAX, `must be at most ${ACCOUNT_VERSION_MAX}`).default(0),
    })
    .superRefine(refuseRepeatedParts)

function refuseRepeatedParts(
  account: z.infer<ReturnType<typeof accountFieldsOf>>,
  context: z.core.$RefinementCtx,
): void {
  refuseRepeats(
    account.collateral.map((entry) => entry.asset),
    'collateral',
    'asset',
    context,
  )
  refuseRepeats(account.positions.map(positionKey), 'positions', 'symbol', context)
  refuseRepeats(
    account.liabilities.map((entry) => entry.asset),
    'liabilities',
    'asset',
    context,
  )
  refuseLateRollovers(account, context)
  if (account.pool !== undefined && account.separateWallets === true) {
    const message = 'contradicts pool: either all assets stand behind all positions, or each behind its own'
    context.addIssue({ code: 'custom', path: ['separateWallets'], message })
  }
  if (account.pool === undefined && account.liabilities.length > 0) {
    context.addIssue({ code: 'custom', path: ['liabilities'], message: 'a debt needs a pool to stand in' })
  }
}

function refuseLateRollovers(
  { asOfMs, positions }: Pick<z.infer<ReturnType<typeof accountFieldsOf>>, 'asOfMs' | 'positions'>,
  context: z.core.$RefinementCtx,
): void {
  if (asOfMs === undefined) return
  positions.forEach(({ rolloverTimeMs }, index) => {
    const message =
      rolloverTimeMs === undefined ? undefined : reasonAgainstRolloverTime(rolloverTimeMs, asOfMs)
    if (message === undefined) return
    context.addIssue({ code: 'custom', path: ['positions', index, 'rolloverTimeMs'], message })
  })
}

/** Why the rules cannot judge an account: a field of it, and what they would need. */
export interface AccountFault extends FieldFault {
  readonly code: 'SYMBOL_UNKNOWN' | 'ACCOUNT_UNSUPPORTED' | 'ACCOUNT_INVALID' | 'CONTRACT_EXPIRED'
}

/** Identity of a position inside its account: hedge mode holds a long and a short of one symbol. */
export function positionKey(position: Pick<Position, 'symbol' | 'marginMode' | 'size'>): string {
  return `${position.marginMode}:${position.symbol}:${position.size.startsWith('-') ? 'short' : 'long'}`
}

function refuseRepeats(
  keys: readonly string[],
  list: string,
  field: string,
  context: z.core.$RefinementCtx,
): void {
  const seen = new Map<string, number>()
  keys.forEach((key, index) => {
    const first = seen.get(key)
    if (first === undefined) seen.set(key, index)
    else
      context.addIssue({
        code: 'custom',
        path: [list, index, field],
        message: `${key} repeats ${list}[${first}]`,
      })
  })
}
