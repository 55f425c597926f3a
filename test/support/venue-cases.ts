import { type Fraction, parse, subtract } from '../../src/demo/referee/fraction.ts'
import {
  type AccountFigures,
  figuresAt,
  liquidatesOnTheLine,
  type NaiveMarginAccount,
  naiveMarginAccounts,
} from '../../src/demo/referee/margin-accounts.ts'
import type { Account, InstrumentRules, Position, Random, RuleBook } from '../../src/domain/index.ts'
import {
  type Evaluation,
  evaluate,
  evaluationsOf,
  type LevelRule,
  levelRule,
  type MarginAccount,
  type MarkOf,
  marginAccountsOf,
  marginStateOf,
  type Rational,
  reachedLevel,
} from '../../src/margin/index.ts'
import { ruleBookOf } from '../../src/venues/index.ts'
import { makeAccount } from './accounts.ts'
import { between, text } from './random-accounts.ts'

/** Contracts that a book derives from their names, beside those that it lists. */
const DERIVED: Readonly<Record<string, readonly string[]>> = {
  deribit: [
    'BTC-27DEC26',
    'BTC-27DEC26-60000-C',
    'BTC-27DEC26-60000-P',
    'ETH-27DEC26-3000-C',
    'ETH-27DEC26-3000-P',
    'BTC_USDC-27DEC26-60000-C',
    'BTC_USDC-27DEC26-60000-P',
  ],
  kraken: ['FI_XBTUSD_261225'],
  cme: ['BTCZ26', 'BTCH27'],
}

export interface VenueMarket {
  readonly symbol: string
  readonly rules: InstrumentRules
}

/** The markets of a venue that one cross pool can hold, by settlement asset. */
export interface VenueMarkets {
  readonly book: RuleBook
  readonly pools: readonly (readonly VenueMarket[])[]
}

export function marketsOf(venue: string): VenueMarkets {
  const book = ruleBookOf(makeAccount({ venue }).venue)
  const pools = new Map<string, VenueMarket[]>()
  for (const symbol of [...book.symbols(), ...(DERIVED[venue] ?? [])]) {
    const rules = book.rulesOf(symbol)
    if (rules === undefined) continue
    const key = `${rules.settlementAsset} ${rules.liquidation ?? book.defaults.liquidation}`
    const pool = pools.get(key) ?? []
    pools.set(key, pool)
    pool.push({ symbol, rules })
  }
  return { book, pools: [...pools.values()] }
}

/** Prices of one moment; the underlying of an option included. */
export interface VenuePrices {
  readonly marks: ReadonlyMap<string, string>
  readonly fundingRates: ReadonlyMap<string, string>
}

/** A random margin account of a venue and prices near those at which it was opened. */
export interface VenueCase {
  readonly account: Account
  readonly book: RuleBook
  readonly entries: ReadonlyMap<string, number>
}

const POSITIONS_MAX = 4
const PRICE_DIGITS = 6

/** With six digits, as venues print prices. */
function priceText(price: number): string {
  const decimals = Math.max(0, PRICE_DIGITS - 1 - Math.floor(Math.log10(price)))
  return text(price, Math.min(decimals, 10))
}

/** `known`: prices at which symbols were opened before, which stay. */
export function drawVenueCase(
  random: Random,
  venue: string,
  { book, pools }: VenueMarkets,
  known: ReadonlyMap<string, number> = new Map(),
): VenueCase {
  const pool = pools[between(random, 0, pools.length - 1)]!
  const isIsolated =
    random() < 0.3 && pool.every(({ symbol }) => book.defaults.hasIsolatedMargin?.(symbol) !== false)
  const positions: Position[] = []
  const entries = new Map<string, number>()
  const count = isIsolated ? 1 : between(random, 1, POSITIONS_MAX)
  for (let place = 0; place < count; place++) {
    const market = pool[between(random, 0, pool.length - 1)]!
    if (entries.has(market.symbol)) continue
    const { option } = market.rules
    const drawn = option === undefined ? undefined : Number(option.strike) * (0.7 + 0.6 * random())
    const underlying = option && (known.get(option.underlying) ?? entries.get(option.underlying) ?? drawn)
    const price = known.get(market.symbol) ?? entryPriceOf(random, market, underlying)
    entries.set(market.symbol, price)
    if (underlying !== undefined)
      entries.set(option!.underlying, entries.get(option!.underlying) ?? underlying)
    const marginMode = isIsolated ? 'isolated' : 'cross'
    const side = random() < 0.5 ? '' : '-'
    positions.push(drawPosition(random, market, price, marginMode, side))
    if (!isIsolated && random() < 0.15 && book.defaults.netsPositions !== true) {
      positions.push(drawPosition(random, market, price, marginMode, side === '' ? '-' : ''))
    }
  }
  const collateral = [{ asset: pool[0]!.rules.settlementAsset, amount: '0' }]
  return { account: makeAccount({ venue, collateral, positions }), book, entries }
}

function entryPriceOf(random: Random, { rules }: VenueMarket, underlying: number | undefined): number {
  const { maintenance } = rules
  if (maintenance.kind === 'per-contract') {
    const share = 10 ** (-1.3 + random())
    return Number(maintenance.amount) / (Number(rules.multiplier) * share)
  }
  // Below 100 the value of a lot is a few of the units to which the venue rounds it, which no market is.
  const least = rules.rounding?.per === 'lot' ? 2 : 0
  if (underlying === undefined) return 10 ** (least + (5 - least) * random())
  const share = 10 ** (-3 + 2.5 * random())
  return rules.option!.pricedIn === 'coin' ? share : share * underlying
}

const OWN_LEVERAGES = ['3', '5', '10', '20', '40']

function drawPosition(
  random: Random,
  { symbol, rules }: VenueMarket,
  price: number,
  marginMode: 'isolated' | 'cross',
  side: '' | '-',
): Position {
  const leverage = String(between(random, 2, 50))
  // From a few dollars to beyond the last caps of most tables.
  const notional = 10 ** (1 + 7 * random())
  const entryPrice = priceText(price * (0.95 + 0.1 * random()))
  const perUnit = Number(rules.multiplier) * (rules.contribution === 'inverse' ? 1 : price)
  const lot = Number(rules.rounding?.lotSize ?? '1')
  const isWhole =
    rules.contribution === 'inverse' ||
    rules.rounding?.per === 'lot' ||
    rules.maintenance.kind === 'per-contract'
  const units = isWhole ? Math.max(1, Math.round(notional / perUnit / lot)) * lot : notional / perUnit
  const size = isWhole ? text(units, 0) : text(Math.max(units, 0.001), 3)
  const own =
    rules.maintenanceShare !== undefined && random() < 0.3
      ? { maxLeverage: OWN_LEVERAGES[between(random, 0, OWN_LEVERAGES.length - 1)]! }
      : {}
  const position = { symbol, marginMode, size: `${side}${size}`, entryPrice, leverage, ...own }
  if (marginMode === 'cross' || random() < 0.3) return position
  const value =
    rules.contribution === 'inverse' ? (units * Number(rules.multiplier)) / price : units * perUnit
  return { ...position, isolatedMargin: text(value * (0.01 + 0.6 * random()), 8) }
}

export function drawPrices(random: Random, { entries }: Pick<VenueCase, 'entries'>): VenuePrices {
  const marks = new Map<string, string>()
  const fundingRates = new Map<string, string>()
  for (const [symbol, price] of entries) {
    marks.set(symbol, priceText(price * Math.exp((random() - 0.5) * (random() < 0.2 ? 1.5 : 0.2))))
    fundingRates.set(symbol, text((random() - 0.5) * 0.004, 6))
  }
  return { marks, fundingRates }
}

/** One margin account, compiled by the engine and by the referee. */
export interface Compiled {
  readonly engine: MarginAccount
  readonly referee: NaiveMarginAccount
}

export function compiledOf({ account, book }: VenueCase, wallet?: string): Compiled {
  const own =
    wallet === undefined
      ? account
      : { ...account, collateral: account.collateral.map((entry) => ({ ...entry, amount: wallet })) }
  const engine = marginAccountsOf(own, book)
  const referee = naiveMarginAccounts(own, (symbol) => book.rulesOf(symbol)!)
  if (engine.length !== 1 || referee.length !== 1) throw new Error('a case is one margin account')
  return { engine: engine[0]!, referee: referee[0]! }
}

/** marginBalance − maintenanceMargin by the referee. */
export function slackOf({ referee }: Compiled, { marks, fundingRates }: VenuePrices): Fraction {
  const figures = figuresAt(
    referee,
    (symbol) => parse(marks.get(symbol)!),
    (symbol) => parse(fundingRates.get(symbol) ?? '0'),
  )
  return subtract(figures!.marginBalance, figures!.maintenanceMargin)
}

/** Whether the engine and the referee find the same margin balance, the same maintenance margin and the same verdict. */
export function agreeOn({ engine, referee }: Compiled, prices: VenuePrices, rule: LevelRule): boolean {
  const { marks, fundingRates } = prices
  const found = evaluate(engine, (symbol) => marks.get(symbol), further(prices))!
  const expected = figuresAt(
    referee,
    (symbol) => parse(marks.get(symbol)!),
    (symbol) => parse(fundingRates.get(symbol) ?? '0'),
  )!
  if (!agreesWith(expected, found)) return false
  const slack = subtract(expected.marginBalance, expected.maintenanceMargin)
  const isBreach = slack.n < 0n || (slack.n === 0n && liquidatesOnTheLine(referee))
  return isBreach === reachedLevel(() => found, engine, rule) > 0
}

export function further({ fundingRates }: VenuePrices) {
  return { fundingRateOf: (symbol: string) => fundingRates.get(symbol) ?? '0' }
}

export function verdictAt(
  engine: MarginAccount,
  markOf: MarkOf,
  prices: VenuePrices,
  rule: LevelRule,
): boolean {
  return reachedLevel(evaluationsOf(engine, markOf, further(prices))!, engine, rule) > 0
}

/** Whether the engine found the margin balance and the maintenance margin that the referee expects. */
export function agreesWith(expected: AccountFigures, found: Evaluation): boolean {
  return (
    isEqual(found.marginBalance, expected.marginBalance) &&
    isEqual(found.maintenanceMargin, expected.maintenanceMargin)
  )
}

function isEqual(a: Fraction, b: Fraction): boolean {
  return a.n * b.d === b.n * a.d
}

const NO_LEVELS = levelRule([])

/** What the engine prints, by symbol; the prices of a breached account are where it would be safe again. */
export function liquidationPricesOf(engine: MarginAccount, prices: VenuePrices): [string, string][] {
  const { positions } = marginStateOf(
    engine,
    (symbol) => prices.marks.get(symbol),
    NO_LEVELS,
    further(prices),
  )
  const found = positions.flatMap(({ symbol, liquidationPrice }): [string, string][] =>
    liquidationPrice === null ? [] : [[symbol, liquidationPrice]],
  )
  return [...new Map(found)]
}

/** A wallet that leaves above the line that share of what the account lacks without one; below it if the share is negative. */
export function walletNear(share: number, one: VenueCase, moment: VenuePrices): string | undefined {
  if (one.account.positions[0]!.marginMode === 'isolated') return undefined
  const slack = slackOf(compiledOf(one), moment)
  const lacking = -Number((slack.n * 1_000_000n) / slack.d) / 1_000_000
  return (lacking + Math.abs(lacking) * share).toFixed(8)
}

/** A random margin account with the wallet that it was given, compiled, and prices. */
export interface DrawnAccount extends Compiled {
  readonly one: VenueCase
  readonly moment: VenuePrices
  readonly wallet: string | undefined
}

/** An account with a wallet near its line, as `walletNear` says. */
export function drawAccount(
  random: Random,
  venue: string,
  markets: VenueMarkets,
  drawShare: () => number,
): DrawnAccount {
  const one = drawVenueCase(random, venue, markets)
  const moment = drawPrices(random, one)
  const wallet = walletNear(drawShare(), one, moment)
  return { one, moment, wallet, ...compiledOf(one, wallet) }
}

const ROUNDED_STEP: Rational = { n: 1n, d: 1_000n }
const PRINTED_STEP: Rational = { n: 1n, d: 10n ** 11n }

/**
 * The share of a price by which a test steps over it. Where the venue rounds, its line is found to within what it rounds, and
 * the verdict may change back and forth there; else to within the digits of a printed price.
 */
export function stepOf({ book }: VenueCase, symbol: string): Rational {
  return book.rulesOf(symbol)?.rounding === undefined ? PRINTED_STEP : ROUNDED_STEP
}
