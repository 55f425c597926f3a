import { percentText } from '../../domain/index.ts'
import { amount, cell, shortPrice } from './format.ts'
import type { Headline } from './headlines.ts'
import { reachedWords } from './levels.ts'
import { isNarrow, type Line, type Style, span } from './text.ts'

const NAME_COLUMNS = 13
const AGE_COLUMNS = 9
const INDENT = '  '
const MS_PER_SECOND = 1_000

/** One event in two lines: the account and its price; the shortfall and the cure. */
export function headlineLines(headline: Headline, nowMs: number, columns: number): Line[] {
  const [name, style] = NAMES[headline.kind]
  const ageSeconds = Math.max(0, Math.round((nowMs - headline.receivedTimeMs) / MS_PER_SECOND))
  const width = columns - NAME_COLUMNS - AGE_COLUMNS
  return [
    [
      span(cell(name, NAME_COLUMNS), style),
      span(cell(`${headline.account}  ${whatOf(headline, isNarrow(columns))}`, width)),
      span(cell(`${ageSeconds} s ago`, AGE_COLUMNS, 'right'), 'dim'),
    ],
    [span(`${INDENT}${figuresOf(headline)}`, 'dim')],
  ]
}

const NAMES: Readonly<Record<Headline['kind'], readonly [name: string, style: Style]>> = {
  liquidation: ['LIQUIDATION', ['bold', 'red']],
  warning: ['WARNING', 'yellow'],
  unknown: ['UNKNOWN', 'magenta'],
  recovered: ['recovered', 'green'],
  closed: ['closed', 'dim'],
}

/**
 * `isolated BTCUSDT long at 58024.3`, `cross USDT, ETHUSDT long at 2815.04 + 2 more`; on a narrow screen the positions
 * alone.
 */
function whatOf({ marginMode, settle, worst, positions }: Headline, isShort: boolean): string {
  if (worst === null) return `${marginMode} ${settle}, no position`
  const { symbol, isLong, markPrice } = worst
  const position = `${symbol} ${isLong ? 'long' : 'short'}${markPrice === null ? '' : ` at ${shortPrice(markPrice)}`}`
  const others = positions > 1 ? ` + ${positions - 1} more` : ''
  if (isShort) return position + others
  return marginMode === 'isolated' ? `isolated ${position}` : `cross ${settle}, ${position}${others}`
}

function figuresOf(headline: Headline): string {
  const { kind, level, settle, shortfall, marginRatio, distance } = headline
  const ratio = marginRatio === null ? 'margin used up' : `margin ratio ${Number(marginRatio).toFixed(3)}`
  const isAway = distance !== null && distance !== '0'
  const reached = isAway ? `${percentText(distance)} from its line` : reachedWords(level)
  switch (kind) {
    case 'liquidation':
      return `short ${amount(shortfall ?? '0', settle)}; cure: ${cureOf(headline)}`
    case 'warning':
      return `${ratio}, ${reached}; cure: ${cureOf(headline)}`
    case 'recovered':
      if (level !== '0') return `${ratio}, still ${reached}`
      return isAway ? `${ratio}, safe, ${reached}` : `${ratio}, safe`
    case 'unknown':
      return 'no verdict: a price is missing or too old'
    case 'closed':
      return 'its last position is closed'
  }
}

/** What brings the account below every level: a top-up, or an order that closes a part of a position. */
function cureOf({ settle, topUp, reduction, worst }: Headline): string {
  const closing = reduction === null ? [] : [`close ${reduction.size}`]
  const symbol = reduction === null || reduction.symbol === worst?.symbol ? '' : ` ${reduction.symbol}`
  return [...(topUp === null ? [] : [`add ${amount(topUp, settle)}`]), ...closing].join(' or ') + symbol
}
