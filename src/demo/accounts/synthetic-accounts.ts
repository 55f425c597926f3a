import type { Account, Collateral, Position, VenueId } from '../../domain/index.ts'
import { assert } from '../../errors.ts'
import { below, logNormal, normal, seededRandom, weighted } from '../../system/index.ts'
import type { DemoInstrument } from '../exchange/instrument.ts'
import { type FloatLeg, isolatedMarginFor, legOf, walletBalanceFor } from './wallet.ts'

/** A book that depends on its seed only: any process can create any of its accounts again, by index. */
export interface DemoBook {
  readonly instruments: readonly DemoInstrument[]
  readonly accounts: number
  /** Positions of all accounts: 3 an account on average, exactly when `accounts` is a multiple of 5. */
  readonly positions: number
  account(index: number): Account
  /** Ascending indexes of `count` accounts: the book is cut into `count` equal parts and one index is drawn from each. */
  sample(count: number): number[]
}

/** Accounts that go to the store in one call. */
export const LOAD_BATCH_ACCOUNTS = 500
/** Most batches that are being stored at the same time, so that generating and storing overlap. */
const LOAD_BATCHES_IN_FLIGHT_MAX = 4

const ID_PREFIX = 'demo-'
const POSITION_COUNTS = [1, 2, 3, 4, 5]
/** An account draws so many contracts of its venue at most. */
export const CONTRACTS_OF_AN_ACCOUNT_MAX = Math.max(...POSITION_COUNTS)
/** Weights of accounts that are all cross, all isolated, and mixed. */
const MODE_WEIGHTS = [45, 35, 20]
const LONG_SHARE = 0.68
/** Share of cross positions that also hold the opposite side of the same symbol (hedge mode). */
const HEDGE_SHARE = 0.05
const LEVERAGES = [2, 3, 5, 8, 10, 15, 20, 25, 50, 75, 100]
const LEVERAGE_WEIGHTS = [16, 18, 20, 12, 14, 6, 6, 4, 2, 1, 1]
const NOTIONAL_MEDIAN_USD = 4_000
const NOTIONAL_SIGMA = 1.7
const NOTIONAL_MIN_USD = 50
const NOTIONAL_MAX_USD = 30_000_000
const ENTRY_SIGMA = 0.02
/** How far the market may move against a margin account before liquidation, as a share of its notional. */
const DISTANCE_MEDIAN = 1.3
const DISTANCE_SIGMA = 0.75
const DISTANCE_MIN = 0.11
/** Share of margin accounts that start near their line, and their distance from it as shares of their notional. */
const TIGHT_SHARE = 0.01
const TIGHT_DISTANCE_MIN = 0.016
const TIGHT_DISTANCE_MAX = 0.05
/** Share of isolated positions at low leverage that state no margin, so that the venue's initial margin holds. */
const UNSTATED_MARGIN_SHARE = 0.3
const UNSTATED_MARGIN_LEVERAGE_MAX = 3
/** Random streams below this belong to accounts, those above to blocks of five accounts and to the sample. */
const BLOCK_STREAM = 2 ** 32
const SAMPLE_STREAM = 2 ** 33

/** Creates a synthetic book over `instruments`. Only accounts near their line start within 10 % of it. */
export function createBook(seed: number, accounts: number, instruments: readonly DemoInstrument[]): DemoBook {
  const byVenue = instrumentsByVenue(instruments)
  let positions = 0
  for (let index = 0; index < accounts; index++) positions += positionCount(seed, index)
  return {
    instruments,
    accounts,
    positions,
    account: (index) => createAccount(seed, index, byVenue),
    sample(count) {
      const random = seededRandom(seed, SAMPLE_STREAM)
      const drawn = Math.min(count, accounts)
      return Array.from({ length: drawn }, (_, part) => {
        const from = Math.floor((part * accounts) / drawn)
        const to = Math.floor(((part + 1) * accounts) / drawn)
        return from + below(random, to - from)
      })
    },
  }
}

interface InstrumentsOfVenue {
  readonly venue: VenueId
  /** Weight with which an account is drawn for the venue: the popularity of all its instruments. */
  readonly weight: number
  readonly instruments: readonly DemoInstrument[]
}

/** Instruments by venue, and by its parts where it has some, each in the place of its first instrument. */
function instrumentsByVenue(instruments: readonly DemoInstrument[]): readonly InstrumentsOfVenue[] {
  const partOf = ({ venue, accountsOf = '' }: DemoInstrument) => `${venue} ${accountsOf}`
  return [...new Set(instruments.map(partOf))].map((part) => {
    const own = instruments.filter((instrument) => partOf(instrument) === part)
    const weight = own.reduce((sum, { popularity }) => sum + popularity, 0)
    return { venue: own[0]!.venue, weight, instruments: own }
  })
}

/**
 * Stores the whole book through `putMany` in batches, at most LOAD_BATCHES_IN_FLIGHT_MAX at the same time. It throws a
 * failure after the running batches have ended.
 */
export async function loadBook(
  book: DemoBook,
  putMany: (accounts: readonly Account[]) => Promise<unknown>,
  progress: (stored: number) => void = () => {},
): Promise<void> {
  let next = 0
  let stored = 0
  const lane = async (): Promise<void> => {
    while (next < book.accounts) {
      const batch: Account[] = []
      while (next < book.accounts && batch.length < LOAD_BATCH_ACCOUNTS) batch.push(book.account(next++))
      await putMany(batch)
      stored += batch.length
      progress(stored)
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: LOAD_BATCHES_IN_FLIGHT_MAX }, lane))
  const failed = lanes.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

/** Index of the account with this id. */
export function accountIndexOf(id: string): number {
  return Number(id.slice(ID_PREFIX.length))
}

/** Five neighbouring accounts have 1, 2, 3, 4 and 5 positions, in random order. */
function positionCount(seed: number, index: number): number {
  const size = POSITION_COUNTS.length
  const random = seededRandom(seed, BLOCK_STREAM + Math.floor(index / size))
  const counts = [...POSITION_COUNTS]
  for (let place = size - 1; place > 0; place--) {
    const other = below(random, place + 1)
    const held = counts[place]!
    counts[place] = counts[other]!
    counts[other] = held
  }
  return counts[index % size]!
}

interface Draft {
  readonly position: Position
  readonly leg: FloatLeg
}

function createAccount(seed: number, index: number, byVenue: readonly InstrumentsOfVenue[]): Account {
  const random = seededRandom(seed, index)
  const weights = byVenue.map(({ weight }) => weight)
  const { venue, instruments } = byVenue[weighted(random, weights)]!
  const mode = weighted(random, MODE_WEIGHTS)
  const drafts: Draft[] = []
  const count = positionCount(seed, index)
  const used = new Set<string>()
  while (drafts.length < count) {
    const instrument = drawInstrument(random, instruments, used)
    const isolated = instrument.hasIsolatedMargin && (mode === 1 || (mode === 2 && random() < 0.5))
    const side = random() < LONG_SHARE ? 1 : -1
    const draft = draftPosition(random, instrument, side, isolated)
    drafts.push(draft)
    const mayHedge = !isolated && instrument.isNetted !== true && drafts.length < count
    if (mayHedge && random() < HEDGE_SHARE) {
      drafts.push(draftPosition(random, instrument, -side as 1 | -1, false))
    }
  }
  return {
    id: `${ID_PREFIX}${String(index).padStart(7, '0')}`,
    venue,
    version: 1,
    collateral: collateralOf(random, drafts),
    positions: drafts.map((draft) => draft.position),
    liabilities: [],
  }
}

/** Draws a symbol that the account does not have yet. Only a hedge inside the cross pool repeats one. */
function drawInstrument(
  random: () => number,
  instruments: readonly DemoInstrument[],
  used: Set<string>,
): DemoInstrument {
  const free = instruments.filter((instrument) => !used.has(instrument.symbol))
  const instrument =
    free[
      weighted(
        random,
        free.map((entry) => entry.popularity),
      )
    ]
  assert(instrument !== undefined, 'a venue has more instruments than an account has positions')
  used.add(instrument.symbol)
  return instrument
}

function draftPosition(
  random: () => number,
  instrument: DemoInstrument,
  side: 1 | -1,
  isolated: boolean,
): Draft {
  const drawn = LEVERAGES[weighted(random, LEVERAGE_WEIGHTS)]!
  const leverage = Math.min(drawn, instrument.leverageMax ?? drawn)
  const notionalUsd = Math.min(
    NOTIONAL_MAX_USD,
    Math.max(NOTIONAL_MIN_USD, logNormal(random, NOTIONAL_MEDIAN_USD, NOTIONAL_SIGMA)),
  )
  const unitUsd =
    instrument.kind === 'linear' ? instrument.startPrice * instrument.multiplier : instrument.multiplier
  const smallest = 10 ** -instrument.sizeDecimals
  const size = Math.max(smallest, notionalUsd / unitUsd).toFixed(instrument.sizeDecimals)
  const entryPrice = (instrument.startPrice * Math.exp(ENTRY_SIGMA * normal(random))).toFixed(
    instrument.entryDecimals,
  )
  const leg = legOf(instrument, side * Number(size), Number(entryPrice), leverage)
  const distance = drawDistance(random)
  const unstated = isolated && leverage <= UNSTATED_MARGIN_LEVERAGE_MAX && random() < UNSTATED_MARGIN_SHARE
  const isolatedMargin = isolated && !unstated ? { isolatedMargin: isolatedMarginFor(leg, distance) } : {}
  return {
    leg,
    position: {
      symbol: instrument.symbol,
      marginMode: isolated ? 'isolated' : 'cross',
      size: side === 1 ? size : `-${size}`,
      entryPrice,
      leverage: String(leverage),
      ...isolatedMargin,
    },
  }
}

/** A wallet balance for each settlement asset of the cross positions. */
function collateralOf(random: () => number, drafts: readonly Draft[]): Collateral[] {
  const cross = drafts.filter((draft) => draft.position.marginMode === 'cross')
  const assets = [...new Set(cross.map((draft) => draft.leg.instrument.settlementAsset))]
  return assets.map((asset) => ({
    asset,
    amount: walletBalanceFor(
      cross.map((draft) => draft.leg).filter((leg) => leg.instrument.settlementAsset === asset),
      drawDistance(random),
    ),
  }))
}

function drawDistance(random: () => number): number {
  if (random() < TIGHT_SHARE) return TIGHT_DISTANCE_MIN + random() * (TIGHT_DISTANCE_MAX - TIGHT_DISTANCE_MIN)
  return Math.max(DISTANCE_MIN, logNormal(random, DISTANCE_MEDIAN, DISTANCE_SIGMA))
}
