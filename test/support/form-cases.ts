import {
  type Account,
  type Decimal,
  type InstrumentRules,
  marginalTiers,
  type Position,
  type Random,
  type RuleBook,
} from '../../src/domain/index.ts'
import { floatTermsOf, type KernelTerms } from '../../src/kernel/index.ts'
import {
  add,
  div,
  evaluationsOf,
  type FurtherPrices,
  type LevelRule,
  type MarginAccount,
  marginAccountPartsOf,
  marginAccountsOf,
  mul,
  ONE,
  type Rational,
  sub,
  toFloat,
  ZERO,
} from '../../src/margin/index.ts'
import { deribit } from '../../src/venues/deribit.ts'
import { makeAccount } from './accounts.ts'
import { between, randomTiers, type TestMarket, text } from './random-accounts.ts'
import { rulesFrom } from './rules.ts'
import { markOf } from './twins.ts'

/** A form of maintenance margin that is not the plain one, as random rules of a market. */
export interface Form {
  readonly name: string
  readonly rulesOf: (random: Random, price: number) => InstrumentRules
}

const COIN = 'COIN'
/** Markets of one form. */
const FORM_MARKETS = 3
/** From nothing to more than every value that is drawn asks for at its highest rate. */
const INCREMENTS = ['0', '0.00005', '0.001', '0.01', '0.1', '2']

function sizeRateOf(random: Random) {
  const base = text(0.002 + 0.1 * random(), 4)
  return { kind: 'size-rate', base, increment: INCREMENTS[between(random, 0, 5)]! } as const
}

const closingFeeOf = (random: Random) =>
  (['none', 'at-mark', 'at-bankruptcy-price'] as const)[between(random, 0, 2)]!

/** base·v + increment·v² of an inverse contract (Deribit). */
export const SQUARES: Form = {
  name: 'squares',
  rulesOf: (random) => ({
    contribution: 'inverse',
    multiplier: ['1', '10'][between(random, 0, 1)]!,
    settlementAsset: COIN,
    takerFeeRate: '0.0005',
    closingFee: closingFeeOf(random),
    maintenance: sizeRateOf(random),
  }),
}

/** One rate of a linear contract that rises with its size, beyond 1 of large ones. */
export const SIZE_RATES: Form = {
  name: 'rates by size',
  rulesOf: (random) => ({
    contribution: 'linear',
    multiplier: '1',
    settlementAsset: COIN,
    takerFeeRate: '0.0005',
    closingFee: closingFeeOf(random),
    maintenance: sizeRateOf(random),
  }),
}

/** Marginal tiers with the funding that is to pay, on the value at entry (BitMEX, without what it rounds). */
export const FUNDING: Form = {
  name: 'funding',
  rulesOf: (random, price) => {
    const contribution = (['linear', 'inverse'] as const)[between(random, 0, 1)]!
    const unit = contribution === 'inverse' ? Math.max(1, Math.round(50_000 / price)) : 20_000
    return {
      contribution,
      multiplier: '1',
      settlementAsset: COIN,
      takerFeeRate: '0.0005',
      closingFee: closingFeeOf(random),
      fundingInMaintenance: true,
      maintenance: marginalTiers(contribution, randomTiers(random, unit)),
    }
  },
}

/** Markets of the form, and one of marginal tiers that settles in the same asset. */
export function formMarkets(random: Random, { rulesOf }: Form): TestMarket[] {
  const markets = Array.from({ length: FORM_MARKETS }, (_, index): TestMarket => {
    const price = 10 ** (random() * 5)
    return { symbol: `F${index}`, rules: rulesOf(random, price), price, decimals: price < 10 ? 8 : 2 }
  })
  const price = 10 ** (random() * 5)
  const plain = rulesFrom({
    kind: 'inverse',
    multiplier: '1',
    settle: COIN,
    takerFeeRate: '0.0005',
    tiers: randomTiers(random, Math.max(1, Math.round(50_000 / price))),
  })
  return [...markets, { symbol: 'PLAIN', rules: plain, price, decimals: price < 10 ? 8 : 2 }]
}

export function formBook(markets: readonly TestMarket[]): RuleBook {
  const rules = new Map(markets.map((market) => [market.symbol, market.rules]))
  return { ...deribit.ruleBook, version: 'forms', rulesOf: (symbol) => rules.get(symbol) }
}

/** A cross pool of one to three positions, the first of which has the form; a fifth of them hold both sides of an instrument. */
export function formAccount(random: Random, id: string, markets: readonly TestMarket[]): Account {
  const positions: Position[] = []
  for (let place = between(random, 0, 2); place >= 0; place--) {
    const market = markets[place === 0 ? between(random, 0, 2) : between(random, 0, markets.length - 1)]!
    if (positions.some(({ symbol }) => symbol === market.symbol)) continue
    const side = random() < 0.5 ? '' : '-'
    positions.push(formPosition(random, market, side))
    if (random() < 0.2) positions.push(formPosition(random, market, side === '' ? '-' : ''))
  }
  return makeAccount({ id, venue: 'deribit', collateral: [{ asset: COIN, amount: '0' }], positions })
}

function formPosition(
  random: Random,
  { symbol, rules, price, decimals }: TestMarket,
  side: string,
): Position {
  const isInverse = rules.contribution === 'inverse'
  const notional = 10 ** (1 + 6 * random())
  const perUnit = Number(rules.multiplier) * (isInverse ? 1 : price)
  const size = text(Math.max(1, Math.round(notional / perUnit)), 0)
  const entryPrice = text(price * (0.9 + 0.2 * random()), decimals)
  return {
    symbol,
    marginMode: 'cross',
    size: side + size,
    entryPrice,
    leverage: String(between(random, 2, 50)),
  }
}

/** A margin account of a form whose line of one level, to reach it or to leave it, lies exactly on the marks. */
export interface FormCase {
  readonly exact: MarginAccount
  readonly terms: KernelTerms
  readonly marks: readonly Decimal[]
  /** Funding rates of the markets of the form. */
  readonly rates: readonly Decimal[]
  /** The level that it comes from. */
  readonly level: number
  /** Number of the market of its first position. */
  readonly moved: number
}

export function drawFormCase(
  random: Random,
  markets: readonly TestMarket[],
  book: RuleBook,
  rule: LevelRule,
): FormCase {
  const account = formAccount(random, 'f', markets)
  const [part] = marginAccountPartsOf(account, book)
  const [drawn] = marginAccountsOf(account, book)
  const marks = markets.map(({ price, decimals }) => text(price * (0.9 + 0.2 * random()), decimals))
  const rates = Array.from({ length: FORM_MARKETS }, () => text((random() - 0.5) * 0.02, 6))
  const target = between(random, 1, rule.levels.length)
  const isLeaving = random() < 0.5
  const { ratio, distance } = rule.levels[target - 1]!
  const { marginBalance, maintenanceMargin } = evaluationsOf(
    drawn!,
    markOf(markets, marks),
    furtherOf(markets, rates),
  )!(distance)
  const weight = isLeaving ? add(ONE, rule.hysteresis) : ONE
  // An empty wallet is filled so that ratio·marginBalance is weight·maintenanceMargin.
  const wallet = sub(div(mul(weight, maintenanceMargin), ratio), marginBalance)
  const moved = markets.findIndex(({ symbol }) => symbol === account.positions[0]!.symbol)
  const level = isLeaving ? target : target - 1
  return {
    exact: withWallet(drawn!, wallet),
    terms: termsWith(account, part!, wallet),
    marks,
    rates,
    level,
    moved,
  }
}

export function furtherOf(markets: readonly TestMarket[], rates: readonly Decimal[]): FurtherPrices {
  return { fundingRateOf: markOf(markets, rates) }
}

function withWallet(drawn: MarginAccount, wallet: Rational): MarginAccount {
  const formula = { ...drawn.formula, walletBalance: wallet }
  return { ...drawn, walletBalance: wallet, constant: add(drawn.constant, wallet), formula }
}

function termsWith(
  account: Account,
  part: Parameters<typeof floatTermsOf>[1],
  wallet: Rational,
): KernelTerms {
  const terms = floatTermsOf(account, part)
  if (terms.constant !== toFloat(ZERO)) throw new Error('the wallet is empty')
  return { ...terms, constant: toFloat(wallet) }
}
