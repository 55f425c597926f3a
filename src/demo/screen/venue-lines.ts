import { cell, compact, shortPrice, signedPercent } from './format.ts'
import type { DemoSnapshot, MarkLine } from './snapshot.ts'
import { type Line, type Span, span } from './text.ts'

const NAME_COLUMNS = 12
const ACCOUNTS_COLUMNS = 10
const MARKETS_COLUMNS = 8
const PRICES_COLUMNS = 9
const EVENTS_COLUMNS = 10
const FIGURES_COLUMNS = NAME_COLUMNS + ACCOUNTS_COLUMNS + MARKETS_COLUMNS + PRICES_COLUMNS + EVENTS_COLUMNS
const SYMBOL_COLUMNS = 20
const PRICE_COLUMNS = 11
const CHANGE_COLUMNS = 10

/** A heading and a row a venue, with the mark of one of its markets if there is room for it. */
export function venueLines({ venues }: Pick<DemoSnapshot, 'venues'>, columns: number): Line[] {
  const heading = [
    span(cell('VENUES', NAME_COLUMNS), 'bold'),
    span(rowOf(['accounts', 'markets', 'prices/s', 'events']), 'dim'),
  ]
  const rows = venues.map(({ venue, accounts, markets, pricesPerSecond, events, mark }) => [
    span(cell(venue, NAME_COLUMNS)),
    span(rowOf([accounts, markets, pricesPerSecond, events].map(compact))),
    ...(mark === null ? [] : markSpans(mark, columns)),
  ])
  return [heading, ...rows]
}

function rowOf(texts: readonly string[]): string {
  const widths = [ACCOUNTS_COLUMNS, MARKETS_COLUMNS, PRICES_COLUMNS, EVENTS_COLUMNS]
  return texts.map((text, index) => cell(text, widths[index]!, 'right')).join('')
}

function markSpans({ symbol, markPrice, changePercent }: MarkLine, columns: number): Span[] {
  const room = columns - FIGURES_COLUMNS - SYMBOL_COLUMNS - CHANGE_COLUMNS
  if (room < 0) return []
  return [
    span(`  ${cell(symbol, SYMBOL_COLUMNS - 2)}`, 'dim'),
    span(room < PRICE_COLUMNS ? '' : cell(shortPrice(markPrice), PRICE_COLUMNS, 'right')),
    span(cell(signedPercent(changePercent), CHANGE_COLUMNS, 'right'), changePercent < 0 ? 'red' : 'green'),
  ]
}
