// Figures of a margin account as pieces of the mark of one symbol, the other marks fixed.
import { unroundedNumbers } from './algebra.ts'
import { type Moving, movingWithMark, movingWithUnderlying, STILL } from './asked-pieces.ts'
import { closingFeeAtMarkOf, feeKindOf, feeRateAtMarkOf } from './closing-fee.ts'
import { type Coordinate, coordinateAt } from './curve.ts'
import type { Known } from './formula-figures.ts'
import { placesOn } from './formula-focus.ts'
import { areSidesNetted } from './netting.ts'
import { type Pieces, type Tiered, tieredAt } from './pieces.ts'
import { sizedPositionOf } from './position-value.ts'
import { add, mul, neg, ONE, parseDecimal, type Rational, sub, ZERO } from './rational.ts'
import { type UnroundedPosition, unroundedFiguresOf, unroundedPositionOf } from './unrounded.ts'

/**
 * marginBalance − maintenanceMargin. undefined where pieces do not say it: pools, positions that are straight in different
 * coordinates, netted sides of which one moves.
 */
export function slackPiecesOf(known: Known, symbol: string): Pieces | undefined {
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
  )
}

/**
 * The same as pieces of the factor by which the marks of these symbols are multiplied, 1 at the present marks. undefined also
 * beside options on them, whose marks and underlyings move at once.
 */
export function coinPiecesOf(known: Known, symbols: ReadonlySet<string>): Pieces | undefined {
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
function scaledBy(factor: Rational, moving: MovingSlack): MovingSlack {
  const { slope, square, tiered, isStill } = moving
  const scaled = { slope: mul(slope, factor), square: mul(square, mul(factor, factor)), isStill }
  if (tiered === undefined) return scaled
  return { ...scaled, tiered: { ...tiered, slope: mul(tiered.slope, factor) } }
}

/** `w`: at the present marks. */
function slackPiecesFrom(
  known: Known,
  own: readonly UnroundedPosition[],
  moving: readonly MovingSlack[],
  coordinate: Coordinate,
  w: Rational,
): Pieces | undefined {
  const isStill = own.every(({ figures, rounded }, index) => moving[index]!.isStill && figures === rounded)
  if (!isStill && areSidesNetted(known.formula.positions)) return undefined
  let slope = ZERO
  let square = ZERO
  const tiered: Tiered[] = []
  for (const one of moving) {
    slope = add(slope, one.slope)
    square = add(square, one.square)
    if (one.tiered !== undefined) tiered.push(one.tiered)
  }
  // The own parts are added first, because the slack of the account may have the denominators of all its marks.
  let moved = mul(slope, w)
  if (square.n !== 0n) moved = add(moved, mul(square, mul(w, w)))
  for (const one of tiered) moved = sub(moved, tieredAt(one, w))
  return { coordinate, constant: sub(slackOf(known, own), moved), slope, square, tiered }
}

/** The wallet and all PnL less the fee of closing the symbol at that mark. undefined for pools. */
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
    constant = sub(constant, closingFeeAtMarkOf(unroundedNumbers, ruled, figures))
    slope = add(slope, valueSlopeOf(position, symbol))
    slope = sub(slope, mul(feeRateAtMarkOf(ruled), sized.amount))
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

/** The positions that move with the symbols; undefined for a pool, whose currencies are priced. */
function positionsOn(known: Known, symbols: ReadonlySet<string>): readonly UnroundedPosition[] | undefined {
  const { formula } = known
  if (formula.pool !== undefined) return undefined
  return placesOn(formula, symbols).map((place) => unroundedPositionOf(known, place))
}

/** Slack at the present marks: these positions without rounding, the others with it. */
function slackOf(known: Known, own: readonly UnroundedPosition[]): Rational {
  const { formula, figures } = known
  const { marginBalance, maintenanceMargin } =
    formula.marginMode === 'isolated' ? unroundedFiguresOf(known) : figures
  let slack = sub(marginBalance, maintenanceMargin)
  if (formula.marginMode === 'isolated') return slack
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

/** What slack gains with w: slope·w + square·w² − tiered. */
interface MovingSlack extends Moving {
  /** Whether nothing is asked for with w. */
  readonly isStill: boolean
}

function movingOf(position: UnroundedPosition, symbol: string): MovingSlack {
  const asked = askedOf(position, symbol)
  const gain = isOption(position) ? ZERO : valueSlopeOf(position, symbol)
  return { ...asked, slope: sub(gain, asked.slope), square: neg(asked.square), isStill: asked === STILL }
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
    if (position.symbol === symbol) return [rules.contribution === 'inverse' ? 'reciprocal' : 'price']
    return rules.option!.pricedIn === 'coin' ? [] : ['price']
  })
  const [coordinate = 'price'] = coordinates
  return coordinates.every((other) => other === coordinate) ? coordinate : undefined
}
