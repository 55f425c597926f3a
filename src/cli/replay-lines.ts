import { counted, grouped, type VenueId } from '../domain/index.ts'
import type { MissingPrices } from '../questions/index.ts'
import type { BarOrder, Bars, Replayed } from '../replay/index.ts'
import type { Palette } from './terminal.ts'
import { visible } from './visible.ts'
import { missingLine, named } from './what-if-lines.ts'

export interface ReplayFacts {
  /** Where the prices are from. */
  readonly source: string
  readonly replayed: Replayed
  readonly unreadable: number
  readonly elsewhere: number
  readonly refused: number
  /** Prices that the source never brings; undefined of a recording, whose worker said so. */
  readonly never: MissingPrices | undefined
  /** Contracts whose rules were first seen after the start, each with the day on which they were. */
  readonly later: ReadonlyMap<string, string>
  /** What is assumed of the prices; undefined where they are those that a worker heard. */
  readonly assumed: string | undefined
  /** Real time of the replay, without the reading of files of klines. */
  readonly tookMs: number
}

/** What came out of a replay, for people. */
export function replayLines(facts: ReplayFacts, palette: Palette): string[] {
  const { source, replayed, unreadable, elsewhere, refused, never, later, assumed, tookMs } = facts
  const { accounts, positions, instants, prices, events, deepest, latency } = replayed
  const all = Object.values(events).reduce((sum, count) => sum + count, 0)
  const kinds = Object.entries(events).map(([kind, count]) => `${grouped(count)} ${kind}`)
  const left = [
    ...(unreadable === 0 ? [] : [`${grouped(unreadable)} cannot be read`]),
    ...(refused === 0 ? [] : [`${counted(refused, 'is', 'are')} refused by the rules`]),
    ...(never === undefined || never.marginAccounts === 0
      ? []
      : [counted(never.marginAccounts, 'margin account lacks a price', 'margin accounts lack a price')]),
    ...(elsewhere === 0 ? [] : [`${counted(elsewhere, 'is of another venue', 'are of other venues')}`]),
  ]
  const quantile = (share: number) => latency.quantileMs(share).toFixed(1)
  return [
    `${palette.strong('prices')}    ${source}`,
    `${palette.strong('accounts')}  ${grouped(accounts)} with ${counted(positions, 'position')}${left.length === 0 ? '' : `; not judged: ${left.join(', ')}`}`,
    ...named((never?.list() ?? []).map(missingLine), 'prices are not known').map((line) => palette.red(line)),
    ...named([...later].map(laterLine), 'contracts without a table of that day').map((line) =>
      palette.yellow(line),
    ),
    `${palette.strong('events')}    ${grouped(all)}${kinds.length === 0 ? '' : `: ${kinds.join(', ')}`}`,
    ...(deepest === undefined
      ? []
      : [
          `${palette.strong('deepest')}   ${utc(deepest.minuteMs)}, the minute with the most liquidations: ${grouped(deepest.liquidations)}`,
        ]),
    `${palette.strong('time')}      ${counted(instants, 'moment')}, ${counted(prices, 'price')} in ${(tookMs / 1_000).toFixed(1)} s; from the prices of a moment to its last event p50 ${quantile(0.5)} ms, p99 ${quantile(0.99)} ms, longest ${latency.maxMs.toFixed(1)} ms`,
    ...(assumed === undefined
      ? []
      : [
          palette.dim(
            `assumed   way through a bar: ${assumed}; the prices are those of the files, whether they are mark prices or not`,
          ),
        ]),
  ]
}

function laterLine([symbol, asOf]: readonly [symbol: string, asOf: string]): string {
  return `no table of ${visible(symbol)} is known of that time: it is judged by the one first seen on ${asOf}`
}

export const WAYS: Readonly<Record<BarOrder, string>> = {
  direction: 'low first unless it falls',
  'low-first': 'low first',
  'high-first': 'high first',
}

/** Which bars there are, for people. */
export function barsText(venue: VenueId, bars: Bars): string {
  const { fromMs, toMs } = bars.span
  const length = `${counted(bars.count, 'bar')} of ${bars.intervalMs / 1_000} s`
  return `${venue}  ${counted(bars.symbols.length, 'contract')}  ${length}  ${utc(fromMs)} to ${utc(toMs)}`
}

function utc(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 16).replace('T', ' ')}Z`
}
