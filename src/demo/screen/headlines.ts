import type { MarginEvent } from '../../domain/index.ts'
import { nearnessOf } from './levels.ts'

/** What the screen shows of one event. Amounts are decimal strings in `settle`. */
export interface Headline {
  readonly kind: MarginEvent['kind']
  readonly level: string
  readonly account: string
  readonly marginMode: MarginEvent['marginMode']
  readonly settle: string
  /** The position that loses most; null when the margin account has no position. */
  readonly worst: {
    readonly symbol: string
    readonly isLong: boolean
    readonly markPrice: string | null
  } | null
  readonly positions: number
  readonly marginRatio: string | null
  /** A fraction; null where the event states none. */
  readonly distance: string | null
  readonly shortfall: string | null
  readonly topUp: string | null
  /** The smallest single order that cures; null when no single order does. */
  readonly reduction: { readonly symbol: string; readonly size: string } | null
  readonly receivedTimeMs: number
}

export interface Headlines {
  add(event: MarginEvent): void
  /** Ends the window. Returns its worst events, then those shown before, as many as there is room for. */
  turn(): readonly Headline[]
}

const SEVERITY: Readonly<Record<MarginEvent['kind'], number>> = {
  liquidation: 4,
  warning: 3,
  unknown: 2,
  recovered: 1,
  closed: 0,
}

/** Keeps the `shownMax` worst events of a window and drops the others. */
export function createHeadlines(shownMax: number): Headlines {
  let shown: readonly MarginEvent[] = []
  let window: MarginEvent[] = []
  return {
    add: (event) => keepWorst(window, event, shownMax),
    turn() {
      shown = [...window, ...shown].slice(0, shownMax).sort(worstFirst)
      window = []
      return shown.map(headlineOf)
    },
  }
}

/** Inserts the event into `kept`, worst first, and drops what is beyond `keptMax`. */
export function keepWorst(kept: MarginEvent[], event: MarginEvent, keptMax: number): void {
  let place = kept.length
  while (place > 0 && worstFirst(event, kept[place - 1]!) < 0) place--
  kept.splice(place, 0, event)
  if (kept.length > keptMax) kept.pop()
}

function worstFirst(a: MarginEvent, b: MarginEvent): number {
  return (
    SEVERITY[b.kind] - SEVERITY[a.kind] ||
    nearnessOf(b.level) - nearnessOf(a.level) ||
    shortfallUsdOf(b) - shortfallUsdOf(a) ||
    b.receivedTimeMs - a.receivedTimeMs
  )
}

/** Shortfall in USD; coin is valued at the mark of the largest loss. Used for the order on the screen only. */
function shortfallUsdOf(event: MarginEvent): number {
  const shortfall = Number(event.shortfall ?? 0)
  const worst = worstPositionOf(event)
  return event.settle.startsWith('USD') ? shortfall : shortfall * Number(worst?.markPrice ?? 1)
}

function worstPositionOf(event: MarginEvent): Headline['worst'] {
  const loss = (pnl: string | null): number => Number(pnl ?? 0)
  const position = event.positions.reduce<MarginEvent['positions'][number] | undefined>(
    (worst, next) =>
      worst === undefined || loss(next.unrealizedPnl) < loss(worst.unrealizedPnl) ? next : worst,
    undefined,
  )
  if (position === undefined) return null
  const markPrice = event.marks.find(({ symbol }) => symbol === position.symbol)?.markPrice ?? null
  return { symbol: position.symbol, isLong: !position.size.startsWith('-'), markPrice }
}

function headlineOf(event: MarginEvent): Headline {
  const { kind, level, account, marginMode, settle, marginRatio, shortfall, receivedTimeMs } = event
  const { distance = null } = event
  const reduction = event.cure?.reductions.find(({ size }) => size !== null)
  return {
    kind,
    level,
    account,
    marginMode,
    settle,
    marginRatio,
    distance,
    shortfall,
    receivedTimeMs,
    worst: worstPositionOf(event),
    positions: event.positions.length,
    topUp: event.cure?.topUp ?? null,
    reduction: reduction === undefined ? null : { symbol: reduction.symbol, size: reduction.size! },
  }
}
