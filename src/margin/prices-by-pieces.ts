// The liquidation price when slack need not be concave: a venue's maintenance margin may jump at a tier cap. Each
// straight piece between two caps is solved separately. Slower than prices.ts, and its twin for concave slack.
import type { Evaluation, MarginAccount } from './account.ts'
import { priceAt } from './curve.ts'
import { compare, div, neg, type Rational, sign } from './rational.ts'
import {
  type Line,
  lastLineOf,
  lineAt,
  nearerPrice,
  type SymbolSlack,
  slackOf,
  slackValueAt,
  symbolSlackOf,
} from './symbol-slack.ts'

/**
 * The mark of `symbol` at which the account passes between safe and liquidated, the other marks fixed: a zero of slack,
 * or the price of a tier cap at which slack jumps across zero. `evaluation` is that of the current marks.
 *
 * From a healthy account: the next such mark in the direction in which slack falls at the current mark, or in the other
 * direction if that one has none. If slack is level, and from a breached account: the nearest in either direction.
 * undefined when no positive price is one.
 */
export function liquidationPriceByPieces(
  marginAccount: Pick<MarginAccount, 'legs'>,
  symbol: string,
  markPrice: Rational,
  evaluation: Evaluation,
): Rational | undefined {
  const atMark = slackOf(evaluation)
  if (atMark.n === 0n) return markPrice
  const slack = symbolSlackOf(marginAccount, symbol, markPrice, evaluation)
  const edges = edgesOf(piecesOf(slack))
  const low = edges.findLast((edge) => compare(edge, slack.x) < 0)
  // A mark on a cap is in the tier below it, so the jump is above the mark.
  const high = edges.find((edge) => compare(edge, slack.x) >= 0)
  if (low === undefined || high === undefined) {
    const only = low ?? high
    return only === undefined ? undefined : priceAt(slack.coordinate, only)
  }
  const direction = sign(atMark) > 0 ? sign(lineAt(slack, slack.x).slope) : 0
  if (direction !== 0) return priceAt(slack.coordinate, direction > 0 ? low : high)
  return nearerPrice(slack, low, high)
}

/** Slack on (end of the piece before, end]. The last piece has no end. */
interface Piece {
  readonly line: Line
  readonly end: Rational | undefined
}

function piecesOf(slack: SymbolSlack): Piece[] {
  // The last tier also holds every notional above its cap, so that cap does not end a piece.
  const caps = slack.legs.flatMap(({ curve }) =>
    curve.tiers.slice(0, -1).map(({ cap }) => div(cap, curve.scale)),
  )
  const ends = caps.sort(compare).filter((end, index) => index === 0 || compare(end, caps[index - 1]!) !== 0)
  return [
    ...ends.map((end) => ({ line: lineAt(slack, end), end })),
    { line: lastLineOf(slack), end: undefined },
  ]
}

/** Every x above zero at which slack is zero or changes its sign, ascending. */
function edgesOf(pieces: readonly Piece[]): Rational[] {
  const edges: Rational[] = []
  let start: Rational = { n: 0n, d: 1n }
  pieces.forEach(({ line, end }, index) => {
    const root = line.slope.n === 0n ? undefined : div(neg(line.constant), line.slope)
    const isInside =
      root !== undefined && compare(root, start) > 0 && (end === undefined || compare(root, end) < 0)
    if (isInside) edges.push(root)
    if (end === undefined) return
    const before = sign(slackValueAt(line, end))
    const after = sign(slackValueAt(pieces[index + 1]!.line, end))
    if (before === 0 || before !== after) edges.push(end)
    start = end
  })
  return edges
}
