import {
  type Account,
  type Clock,
  type CollateralRules,
  collateralRulesSchema,
  indexName,
  type Pool,
  type Position,
  type Random,
  type RuleBook,
  venueId,
} from '../src/domain/index.ts'
import { type Kernel, openKernel } from '../src/kernel/index.ts'
import { levelRule } from '../src/margin/index.ts'
import { Monitor } from '../src/monitor/index.ts'
import { withCollateralRules } from '../src/rules/index.ts'
import { seededRandom } from '../src/system/index.ts'
import { ruleBookOf } from '../src/venues/index.ts'
import { type Effort, type Measured, measure } from './harness.ts'

export const POOLS_TICK_SEED = 20_261_129

/** A tick: names and prices that come in one frame of each venue. */
type Frame = readonly (readonly [name: string, price: string])[]

/** Within a twentieth of a per mille of the first prices, in turn. */
const QUIET_MARKS = ['60001', '60003', '59999', '60002', '59998']
const QUIET_INDEXES = ['1.00002', '1.00004', '0.99998', '1.00001', '0.99996']
const START = { BTC: '60000', ETH: '3000', USDT: '1' }
/** A seventh less of both coins; the dollar of the stable coin stays. */
const CRASH = { BTC: '51500', ETH: '2570', USDT: '0.999' }
type CoinPrices = typeof START

/** Large pools: of each hundred accounts one, of so many positions; each value is 3 % below the first cap of its brackets. */
const LARGE_POSITIONS = 100
const ACCOUNTS_A_LARGE_POOL = 100
const LARGE_VENUE = 'binance'
/** Every mark of theirs, also after the crash, and a quiet one. */
const LARGE_START = '100'
const LARGE_CRASH = '86'
const QUIET_LARGE_MARKS = ['100.002', '100.004', '99.998', '100.001', '99.996']

/** One kind of account, as a venue counts it. Each is a pool of BTC, ETH and USDT. */
interface Shape {
  readonly name: string
  readonly venue: string
  readonly pool: Pool
  readonly rules: Readonly<Record<string, CollateralRules>>
  /** Symbols of its positions, with the units of the coin in one of their contracts. */
  readonly symbols: readonly {
    readonly symbol: string
    readonly coin: 'BTC' | 'ETH'
    readonly unit: number
  }[]
}

function collateral(rules: object): CollateralRules {
  return collateralRulesSchema.parse(rules)
}

const TIERED = {
  BTC: [
    { cap: '10', ratio: '0.98' },
    { cap: '50', ratio: '0.95' },
    { cap: '999999999', ratio: '0.5' },
  ],
  ETH: [
    { cap: '200', ratio: '0.97' },
    { cap: '1000', ratio: '0.93' },
    { cap: '999999999', ratio: '0.4' },
  ],
  USDT: [{ cap: '999999999999', ratio: '0.995' }],
}
const MULTI_ASSET: Pool = { currency: 'USD', kind: 'multi-asset' }

const SHAPES: readonly Shape[] = [
  {
    name: 'Bybit unified account',
    venue: 'bybit',
    pool: MULTI_ASSET,
    rules: eachAsset((tiers) => ({ tiers, discounts: 'wallet', liabilityMaintenanceRate: '0.04' })),
    symbols: [
      { symbol: 'BTCUSDT', coin: 'BTC', unit: 1 },
      { symbol: 'ETHUSDT', coin: 'ETH', unit: 1 },
    ],
  },
  {
    name: 'OKX multi-currency, discount tiers',
    venue: 'okx',
    pool: MULTI_ASSET,
    rules: eachAsset((tiers) => ({ tiers, liabilityMaintenanceRate: '0.05' })),
    symbols: [{ symbol: 'BTC-USDT-SWAP', coin: 'BTC', unit: 0.01 }],
  },
  {
    name: 'Binance multi-assets',
    venue: 'binance',
    pool: MULTI_ASSET,
    rules: eachAsset(() => ({ tiers: [{ cap: '999999999999', ratio: '0.95' }], liabilityRatio: '1.05' })),
    symbols: [
      { symbol: 'BTCUSDT', coin: 'BTC', unit: 1 },
      { symbol: 'ETHUSDT', coin: 'ETH', unit: 1 },
    ],
  },
  {
    name: 'Binance spot margin',
    venue: 'binance',
    pool: { currency: 'USDT', kind: 'spot-margin', liquidationLevel: '1.1' },
    rules: eachAsset(() => ({ tiers: [{ cap: '999999999999', ratio: '1' }] })),
    symbols: [],
  },
]

function eachAsset(rulesOf: (tiers: readonly object[]) => object): Record<string, CollateralRules> {
  return Object.fromEntries(
    Object.entries(TIERED).map(([asset, tiers]) => [asset, collateral(rulesOf(tiers))]),
  )
}

/** Whether the prices of an account move freely inside what is proven of it, or each tick is decided by exact arithmetic. */
export const POOL_WAYS = ['every tick exact', 'proven as far as prices may move'] as const
export type PoolWay = (typeof POOL_WAYS)[number]

export interface PoolsTickBench {
  readonly shapes: readonly string[]
  /** Margin accounts; each is a pool. The large ones of 100 positions come on top. */
  readonly accounts: number
  readonly largePools: number
  /** Those with a level above safe before the crash, and the events of the crash, which both ways publish alike. */
  readonly warned: number
  readonly crashEvents: number
  readonly ways: readonly PoolWayFigures[]
}

export interface PoolWayFigures {
  readonly way: PoolWay
  /** Time of the processor from all accounts put to the last verdict at their first prices. */
  readonly firstCpuMs: number
  /** Nanoseconds a tick: of a mark, of an index price, and of a mark of the large pools. */
  readonly results: readonly QuietTick[]
  /** The same from the frames of the crash to the last verdict and event. One run. */
  readonly crashCpuMs: number
  /** Time of the processor of the longest turn of the event loop: of frames and turns with first verdicts, crash and events. */
  readonly longestTurnCpuMs: number
}

export interface QuietTick extends Measured {
  /** Verdicts by exact arithmetic in a tick, the mean. */
  readonly exactATick: number
}

/**
 * Quiet ticks and a crash over pools of four shapes and large ones, both ways. Throws when one way publishes another event than the other, or an
 * audit by exact arithmetic disagrees with a level.
 */
export function benchPoolsTick(accounts: number, seed: number, effort: Effort): PoolsTickBench {
  const large = largePools(Math.ceil(accounts / ACCOUNTS_A_LARGE_POOL), seed)
  const drawn = [...drawnPools(accounts, seed), ...large]
  const runs = POOL_WAYS.map((way) => runWay(way, drawn, effort))
  const [first, ...others] = runs.map(({ told }) => told)
  for (const told of others)
    if (JSON.stringify(told) !== JSON.stringify(first)) throw new Error('the ways publish other events')
  const [{ warned, crashEvents }] = runs as [Run]
  return {
    shapes: SHAPES.map(({ name }) => name),
    accounts,
    largePools: large.length,
    warned,
    crashEvents,
    ways: runs.map(({ figures }) => figures),
  }
}

interface Run {
  readonly figures: PoolWayFigures
  readonly told: readonly (readonly string[])[]
  readonly warned: number
  readonly crashEvents: number
}

function runWay(way: PoolWay, accounts: readonly Account[], effort: Effort): Run {
  const told: string[][] = []
  const clock = new TurnClock()
  const books = new Map(SHAPES.map(({ venue, rules }) => [venue, bookWith(venue, rules)]))
  const kernel = openKernel()
  const monitor = new Monitor({
    kernel: way === 'every tick exact' ? withoutProof(kernel) : kernel,
    clock,
    rule: levelRule(),
    ruleBookOf: (venue) => books.get(venue)!,
    log: { logId: 'bench', shard: '0' },
    sequenceFloor: 0,
    hasRoom: () => true,
    publish(records) {
      for (const { event } of records) {
        if (!('marginBalance' in event)) continue
        const { kind, marginAccount, level, marginBalance, maintenanceMargin } = event
        told.push([kind, marginAccount, level, marginBalance ?? '', maintenanceMargin ?? ''])
      }
    },
    marketAdded: () => undefined,
    refused: (_account, error) => {
      throw error
    },
  })
  const tick = (
    frames: readonly (readonly [venue: string, frame: Frame])[],
    run = (turn: () => void) => turn(),
  ) => {
    for (const [venue, frame] of frames) {
      run(() => {
        monitor.frameStart(clock.nowMs(), clock.monotonicMs())
        for (const [name, price] of frame) monitor.tick(venue, name, price, clock.nowMs())
        monitor.frameEnd()
      })
      clock.runTurns(run)
    }
    return monitor.counters.exactChecks
  }
  let longestTurnCpuMs = 0
  const timed = (turn: () => void) => {
    const before = process.cpuUsage()
    turn()
    longestTurnCpuMs = Math.max(longestTurnCpuMs, cpuMsSince(before))
  }
  const start = process.cpuUsage()
  for (const account of accounts) monitor.apply({ kind: 'put', account })
  tick(framesOf(START, LARGE_START), timed)
  const firstCpuMs = cpuMsSince(start)
  if (monitor.unknownMarginAccounts > 0) throw new Error(`${monitor.unknownMarginAccounts} have no verdict`)
  const warned = told.length
  let turn = 0
  const next = (prices: readonly string[]) => prices[turn++ % prices.length]!
  const quiet = (name: string, frame: () => readonly [venue: string, frame: Frame]): QuietTick => {
    const { exactChecks, ticks } = monitor.counters
    const measured = measure(name, accounts.length, effort, () => tick([frame()]))
    return {
      ...measured,
      exactATick: (monitor.counters.exactChecks - exactChecks) / (monitor.counters.ticks - ticks),
    }
  }
  const results = [
    quiet('a mark, BTCUSDT', () => ['bybit', [['BTCUSDT', next(QUIET_MARKS)]]]),
    quiet('an index price, USDT', () => ['bybit', [[indexName('USDT', 'USD'), next(QUIET_INDEXES)]]]),
    quiet('a mark of the large pools', () => [
      LARGE_VENUE,
      [[largePositions()[0]!.symbol, next(QUIET_LARGE_MARKS)]],
    ]),
  ]
  tick(framesOf(START, LARGE_START))
  const before = told.length
  const crashStart = process.cpuUsage()
  tick(framesOf(CRASH, LARGE_CRASH), timed)
  const crashCpuMs = cpuMsSince(crashStart)
  monitor.audit(accounts.length)
  if (monitor.counters.auditDisagreements > 0) throw new Error('exact arithmetic finds another level')
  return {
    figures: { way, firstCpuMs, results, crashCpuMs, longestTurnCpuMs },
    told,
    warned,
    crashEvents: told.length - before,
  }
}

function cpuMsSince(start: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(start)
  return (user + system) / 1_000
}

/** The same kernel, of whose accounts nothing is proven beside f64: each tick gives a pool to exact arithmetic. */
function withoutProof(kernel: Kernel): Kernel {
  kernel.isUndecidable = () => false
  return kernel
}

function bookWith(venue: string, rules: Readonly<Record<string, CollateralRules>>): RuleBook {
  return withCollateralRules(ruleBookOf(venueId(venue)), rules)
}

/** Marks and index prices of every venue, a frame each. */
function framesOf(prices: CoinPrices, largeMark: string): readonly (readonly [string, Frame])[] {
  const venues = [...new Set(SHAPES.map(({ venue }) => venue))]
  return venues.map((venue) => {
    const shapes = SHAPES.filter((shape) => shape.venue === venue)
    const frame = new Map<string, string>()
    for (const { symbols, pool } of shapes) {
      for (const { symbol, coin } of symbols) frame.set(symbol, prices[coin])
      for (const asset of Object.keys(TIERED) as (keyof CoinPrices)[])
        if (asset !== pool.currency) frame.set(indexName(asset, pool.currency), prices[asset])
    }
    if (venue === LARGE_VENUE) for (const { symbol } of largePositions()) frame.set(symbol, largeMark)
    return [venue, [...frame]]
  })
}

/** Pools of each shape in turn, none of them at its line: positions or debts of 10,000 USD to 10 million behind 8 to 70 % of that. */
function drawnPools(count: number, seed: number): Account[] {
  const random = seededRandom(seed)
  return Array.from({ length: count }, (_, index) => {
    const shape = SHAPES[index % SHAPES.length]!
    const notional = 10_000 * 10 ** (3 * random())
    return shape.symbols.length === 0
      ? spotMarginPool(shape, index, notional, random)
      : positionsPool(shape, index, notional, random)
  })
}

function positionsPool(shape: Shape, index: number, notional: number, random: Random): Account {
  const { symbols, venue, pool } = shape
  const positions = symbols.map(({ symbol, coin, unit }): Position => {
    const size = Math.max(1, Math.round((notional / symbols.length / Number(START[coin]) / unit) * 1_000))
    return {
      symbol,
      marginMode: 'cross',
      size: `${random() < 0.4 ? '-' : ''}${size / 1_000}`,
      entryPrice: START[coin],
      leverage: '10',
    }
  })
  const equity = notional * (0.08 + 0.62 * random())
  const inCoin = random()
  const debts = random() < 0.2 ? [{ asset: 'ETH', amount: coins(equity * 0.1, 'ETH') }] : []
  return {
    id: `a${index}`,
    venue: venueId(venue),
    version: 1,
    collateral: [
      { asset: 'BTC', amount: coins(equity * inCoin, 'BTC') },
      { asset: 'USDT', amount: coins(equity * (1 - inCoin), 'USDT') },
    ],
    positions,
    liabilities: debts,
    pool,
  }
}

/** Long, at marks of LARGE_START. */
function largePositions(): Position[] {
  const book = ruleBookOf(venueId(LARGE_VENUE))
  const positions: Position[] = []
  for (const symbol of book.symbols()) {
    if (SHAPES.some(({ symbols }) => symbols.some((known) => known.symbol === symbol))) continue
    const maintenance = symbol.endsWith('USDT') ? book.rulesOf(symbol)?.maintenance : undefined
    if (maintenance?.kind !== 'marginal-tiers') continue
    const size = (0.97 * Number(maintenance.tiers[0]!.cap)) / Number(LARGE_START)
    positions.push({ symbol, marginMode: 'cross', size: size.toFixed(3), entryPrice: LARGE_START })
    if (positions.length === LARGE_POSITIONS) return positions
  }
  throw new Error(`${LARGE_VENUE} has ${positions.length} tables for ${LARGE_POSITIONS} positions`)
}

/** Behind each 15 to 70 % of what its positions are worth. */
function largePools(count: number, seed: number): Account[] {
  const random = seededRandom(seed)
  const positions = largePositions()
  const value = positions.reduce((sum, { size }) => sum + Number(size) * Number(LARGE_START), 0)
  return Array.from({ length: count }, (_, index) => ({
    id: `large${index}`,
    venue: venueId(LARGE_VENUE),
    version: 1,
    collateral: [
      { asset: 'USDT', amount: '0' },
      { asset: 'USD', amount: (value * (0.15 + 0.55 * random())).toFixed(2) },
    ],
    positions,
    liabilities: [],
    pool: MULTI_ASSET,
  }))
}

function spotMarginPool({ venue, pool }: Shape, index: number, debt: number, random: Random): Account {
  const assets = debt * (1.18 + 0.7 * random())
  const [inBtc, owedInEth] = [random(), 0.5 * random()]
  return {
    id: `a${index}`,
    venue: venueId(venue),
    version: 1,
    collateral: [
      { asset: 'BTC', amount: coins(assets * inBtc, 'BTC') },
      { asset: 'ETH', amount: coins(assets * (1 - inBtc), 'ETH') },
    ],
    positions: [],
    liabilities: [
      { asset: 'USDT', amount: coins(debt * (1 - owedInEth), 'USDT') },
      { asset: 'ETH', amount: coins(debt * owedInEth, 'ETH') },
    ],
    pool,
  }
}

function coins(value: number, asset: keyof CoinPrices): string {
  return (value / Number(START[asset])).toFixed(6)
}

/** Real time; turns run when they are asked for, so that a tick can be measured to its end. */
class TurnClock implements Clock {
  readonly #turns: (() => void)[] = []

  nowMs(): number {
    return Date.now()
  }

  monotonicMs(): number {
    return performance.now()
  }

  after(): () => void {
    throw new Error('the bench waits for nothing')
  }

  nextTurn(callback: () => void): void {
    this.#turns.push(callback)
  }

  /** `run` runs one of them. */
  runTurns(run: (turn: () => void) => void): void {
    while (this.#turns.length > 0) run(this.#turns.shift()!)
  }
}
