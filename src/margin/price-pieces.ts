// Figures of a margin account as pieces of the mark of one symbol, the other marks fixed.
import { slackIn } from './account-totals.ts'
import { unroundedNumbers } from './algebra.ts'
import { type Moving, movingWithMark, movingWithUnderlying, STILL } from './asked-pieces.ts'
import { closingFeeAtMarkOf, feeKindOf, feeRateAtMarkOf } from './closing-fee.ts'
import { type Coordinate, coordinateAt } from './curve.ts'
import type { Known } from './formula-figures.ts'
import { placesOn } from './formula-focus.ts'
import { areSidesNetted } from './netting.ts'
import { type Pieces, type Tiered, tieredAt } from './pieces.ts'
import { type CountedGain, countedGain } from './pool-pieces.ts'
import { sizedPositionOf } from './position-value.ts'
import { leftWith, pricedAssetsOf } from './priced-assets.ts'
import { add, mul, neg, ONE, parseDecimal, type Rational, sub, ZERO } from './rational.ts'
import { type UnroundedPosition, unroundedFiguresOf, unroundedPositionOf } from './unrounded.ts'

/** Money that comes to the account, below zero where it leaves. */
export interface Received {
  readonly amount: Rational
  readonly asset: string
}

/**
 * marginBalance − maintenanceMargin, `received` counted in. undefined where pieces do not say it: positions that are straight in
 * different coordinates, netted sides of which one moves, pools whose index prices have moved or whose venue rounds.
 */
export function slackPiecesOf(known: Known, symbol: string, received?: Received): Pieces | undefined {
  // An isolated position may count money for more than it is.
  if (received !== undefined && known.formula.marginMode === 'isolated') return undefined
  const own = positionsOn(known, new Set([symbol]))
  const coordinate = own && coordinateOf(own, symbol)
  if (own === undefined || coordinate === undefined) return undefined
  const w = coordinateAt(coordinate, known.marks.get(symbol)!)
  return slackPiecesFrom(
    known,
    own,
    own.map((position) => movingOf(position, symbol)),
    coordinate,
    w,
    received,
  )
}

/**
 * The same as pieces of the factor by which the marks of these symbols are multiplied, 1 at the present marks. undefined also
 * beside options on them, whose marks and underlyings move at once, and for a coin whose index price moves with them.
 */
export function coinPiecesOf(known: Known, coin: string, symbols: ReadonlySet<string>): Pieces | undefined {
  if (known.indexes.has(coin)) return undefined
  const own = positionsOn(known, symbols)
  if (own === undefined || own.some(isOption)) return undefined
  const isInverse = own[0]?.ruled.rules.contribution === 'inverse'
  if (own.some(({ ruled }) => (ruled.rules.contribution === 'inverse') !== isInverse)) return undefined
  const coordinate = isInverse ? 'reciprocal' : 'price'
  const moving = own.map((position) => {
    const { symbol } = position.ruled.position
    return scaledBy(coordinateAt(coordinate, known.marks.get(symbol)!), movingOf(position, symbol))
  })
  return slackPiecesFrom(known, own, moving, coordinate, ONE)
}

/** The same of w/factor. */
function scaledBy(factor: Rational, { gain, asked }: MovingSlack): MovingSlack {
  if (asked === STILL) return { gain: mul(gain, factor), asked }
  const { slope, square, tiered } = asked
  const scaled = { slope: mul(slope, factor), square: mul(square, mul(factor, factor)) }
  return {
    gain: mul(gain, factor),
    asked:
      tiered === undefined ? scaled : { ...scaled, tiered: { ...tiered, slope: mul(tiered.slope, factor) } },
  }
}

/** `w`: at the present marks. */
function slackPiecesFrom(
  known: Known,
  own: readonly UnroundedPosition[],
  moving: readonly MovingSlack[],
  coordinate: Coordinate,
  w: Rational,
  received?: Received,
): Pieces | undefined {
  const isStill = own.every(
    ({ figures, rounded }, index) => moving[index]!.asked === STILL && figures === rounded,
  )
  if (!isStill && areSidesNetted(known.formula.positions)) return undefined
  let slope = ZERO
  let square = ZERO
  const tiered: Tiered[] = []
  const gains = new Map<string, Rational>()
  moving.forEach(({ gain, asked }, index) => {
    const { settlementAsset } = own[index]!.ruled.rules
    gains.set(settlementAsset, add(gains.get(settlementAsset) ?? ZERO, gain))
    const price = indexPriceIn(known, settlementAsset)
    slope = sub(slope, mul(price, asked.slope))
    if (asked.square.n !== 0n) square = sub(square, mul(price, asked.square))
    if (asked.tiered !== undefined) tiered.push({ ...asked.tiered, worth: mul(price, asked.tiered.worth) })
  })
  for (const [asset, contribution] of gains) {
    const counted = gainIn(known, asset, contribution, w, received)
    slope = add(slope, counted.slope)
    tiered.push(...counted.tiered)
  }
  // The own parts are added first, because the slack of the account may have the denominators of all its marks.
  let moved = mul(slope, w)
  if (square.n !== 0n) moved = add(moved, mul(square, mul(w, w)))
  for (const one of tiered) moved = sub(moved, tieredAt(one, w))
  const slack = slackOf(known, own)
  const present = received === undefined ? slack : add(slack, receivedValueOf(known, received))
  return { coordinate, constant: sub(present, moved), slope, square, tiered }
}

function indexPriceIn({ formula, indexes }: Known, asset: string): Rational {
  return formula.pool === undefined ? ONE : (indexes.get(asset) ?? ONE)
}

/** What a PnL of so much a unit of w brings to the margin balance. */
function gainIn(
  known: Known,
  asset: string,
  contribution: Rational,
  w: Rational,
  received: Received | undefined,
): CountedGain {
  const { pool } = known.formula
  if (pool === undefined) return { slope: contribution, tiered: [] }
  const priced = pricedAssetsOf(known, pool).get(asset)!
  const added = received?.asset === asset ? received.amount : ZERO
  return countedGain(pool, priced, { wallet: ZERO, contribution }, w, priced.indexPrice, ONE, added)
}

/** What money adds to the slack at the prices of the account. */
function receivedValueOf(known: Known, { amount, asset }: Received): Rational {
  const { pool } = known.formula
  if (pool === undefined) return amount
  const priced = pricedAssetsOf(known, pool).get(asset)!
  return sub(leftWith(known, pool, priced, amount), leftWith(known, pool, priced, ZERO))
}

/** The wallet and all PnL less the fee of closing the symbol at that mark. undefined where pieces do not say it of a pool. */
export function worthPiecesOf(known: Known, symbol: string): Pieces | undefined {
  const own = positionsOn(known, new Set([symbol]))?.filter(({ ruled }) => ruled.position.symbol === symbol)
  if (own === undefined || own.length === 0) return undefined
  const { walletBalance, unrealizedPnl } =
    known.formula.marginMode === 'isolated' ? unroundedFiguresOf(known) : known.figures
  const coordinate = own[0]!.ruled.rules.contribution === 'inverse' ? 'reciprocal' : 'price'
  const w = coordinateAt(coordinate, known.marks.get(symbol)!)
  let constant = add(add(walletBalance, unrealizedPnl), premiumsOf(known))
  let slope = ZERO
  for (const position of own) {
    const { ruled, sized, figures, rounded } = position
    if (known.formula.marginMode === 'cross' && figures !== rounded)
      constant = add(constant, sub(figures.unrealizedPnl, rounded.unrealizedPnl))
    const price = indexPriceIn(known, ruled.rules.settlementAsset)
    constant = sub(constant, mul(price, closingFeeAtMarkOf(unroundedNumbers, ruled, figures)))
    const gain = sub(valueSlopeOf(position, symbol), mul(feeRateAtMarkOf(ruled), sized.amount))
    slope = add(slope, mul(price, gain))
  }
  return { coordinate, constant: sub(constant, mul(slope, w)), slope, square: ZERO, tiered: [] }
}

/**
 * Value of the options at entry: their premiums left the wallet when they were bought and came into it when they were sold, so
 * that an option adds its whole value to what the account is worth.
 */
export function premiumsOf(known: Known): Rational {
  const found = premiumsAt.get(known) ?? premiumsIn(known)
  premiumsAt.set(known, found)
  return found
}

const premiumsAt = new WeakMap<Known, Rational>()

function premiumsIn({ formula, indexes }: Known): Rational {
  let premiums = ZERO
  for (const ruled of formula.positions) {
    const { position, rules } = ruled
    if (rules.contribution !== 'option') continue
    const { isLong, entryValue } = sizedPositionOf(unroundedNumbers, ruled, parseDecimal(position.size))
    const value = mul(entryValue, indexes.get(rules.settlementAsset) ?? ONE)
    premiums = add(premiums, isLong ? value : neg(value))
  }
  return premiums
}

/** The positions that move with the symbols; undefined where pieces do not say it of a pool. */
function positionsOn(known: Known, symbols: ReadonlySet<string>): readonly UnroundedPosition[] | undefined {
  const { formula, indexShare } = known
  const own = placesOn(formula, symbols).map((place) => unroundedPositionOf(known, place))
  if (formula.pool === undefined) return own
  return indexShare === undefined && own.every(({ figures, rounded }) => figures === rounded)
    ? own
    : undefined
}

/** Slack at the present marks: these positions without rounding, the others with it. */
function slackOf(known: Known, own: readonly UnroundedPosition[]): Rational {
  if (known.formula.marginMode === 'isolated') {
    const { marginBalance, maintenanceMargin } = unroundedFiguresOf(known)
    return sub(marginBalance, maintenanceMargin)
  }
  let slack = slackIn(known)
  for (const { figures: unrounded, rounded } of own) {
    if (unrounded === rounded) continue
    slack = add(slack, sub(unrounded.contribution, rounded.contribution))
    slack = add(slack, sub(rounded.maintenanceMargin, unrounded.maintenanceMargin))
  }
  return slack
}

function isOption({ ruled }: UnroundedPosition): boolean {
  return ruled.rules.contribution === 'option'
}

/** What an unrealised PnL gains a unit of w. */
function valueSlopeOf({ ruled, sized }: UnroundedPosition, symbol: string): Rational {
  if (ruled.position.symbol !== symbol) return ZERO
  const isInverse = ruled.rules.contribution === 'inverse'
  return sized.isLong !== isInverse ? sized.amount : neg(sized.amount)
}

/** With w, in the settlement asset. */
interface MovingSlack {
  /** PnL for each unit of w. */
  readonly gain: Rational
  /** What is asked for; STILL if nothing is with w. */
  readonly asked: Moving
}

function movingOf(position: UnroundedPosition, symbol: string): MovingSlack {
  const gain = isOption(position) ? ZERO : valueSlopeOf(position, symbol)
  return { gain, asked: askedOf(position, symbol) }
}

function askedOf({ ruled, sized, market }: UnroundedPosition, symbol: string): Moving {
  if (ruled.position.symbol !== symbol) return movingWithUnderlying(sized, market)
  const moving = movingWithMark(sized, market)
  if (feeKindOf(ruled) !== 'at-mark') return moving
  const fee = mul(parseDecimal(ruled.rules.takerFeeRate), sized.amount)
  return fee.n === 0n ? moving : { ...moving, slope: add(moving.slope, fee) }
}

/** The coordinate in which all that moves with the symbol is straight. */
function coordinateOf(own: readonly UnroundedPosition[], symbol: string): Coordinate | undefined {
  const coordinates = own.flatMap(({ ruled }): Coordinate[] => {
    const { position, rules } = ruled
    return [position.symbol === symbol && rules.contribution === 'inverse' ? 'reciprocal' : 'price']
  })
  const [coordinate = 'price'] = coordinates
  return coordinates.every((other) => other === coordinate) ? coordinate : undefined
}
