import { counted, grouped, type MarketState } from '../domain/index.ts'
import type { ProbedFrames, ProbedMarket } from '../feed/index.ts'
import { tableLines } from './rules-lines.ts'
import type { Palette } from './terminal.ts'
import { visible } from './visible.ts'

/** Markets that were not asked for: so many are named; JSON has all. */
const NAMED_MAX = 10

export interface ProbedMarketState extends Omit<ProbedMarket, 'kind'> {
  readonly state: MarketState
  /** The venue's words; null where it does not refuse the market. */
  readonly refusal: string | null
}

/** What `plimsoll probe` says of one stream. Times in milliseconds. */
export interface ProbedSource extends ProbedFrames {
  readonly source: string
  readonly url: string
  readonly cadenceMs: number
  readonly listenedMs: number
  /** null if the stream never was live. */
  readonly liveAfterMs: number | null
  readonly connectionsLost: number
  readonly reasons: readonly string[]
  readonly faults: readonly string[]
  /** Frames that no parser got: binary ones. */
  readonly unreadFrames: number
  readonly unreadableEntries: number
  /** In the order in which they were asked for. */
  readonly markets: readonly ProbedMarketState[]
  /** Markets and index prices that came without being asked for. */
  readonly unasked: readonly string[]
  /** Where the frames are. */
  readonly file: string | null
}

export function probeLines(probed: ProbedSource, palette: Palette): string[] {
  const { source, url, listenedMs, liveAfterMs, markets, unasked, file } = probed
  const live = liveAfterMs === null ? palette.red('never live') : `live after ${seconds(liveAfterMs)}`
  return [
    [palette.strong(source), url, `${seconds(listenedMs)}, ${live}`].join('  '),
    framesLine(probed),
    ...tableLines([HEAD, ...markets.map((market) => row(market, listenedMs))]),
    ...markets
      .filter(({ refusal }) => refusal !== null)
      .map(({ symbol, refusal }) => palette.red(`refused: ${visible(symbol)}: ${visible(refusal!)}`)),
    ...silentLines(probed, palette),
    ...(unasked.length === 0
      ? []
      : [`not asked for: ${unasked.slice(0, NAMED_MAX).map(visible).join(', ')}${moreText(unasked.length)}`]),
    ...faultLines(probed, palette),
    ...sampleLines(probed, palette),
    ...(file === null ? [] : [palette.dim(`frames: ${file}`)]),
  ]
}

function moreText(count: number): string {
  return count > NAMED_MAX ? ` and ${grouped(count - NAMED_MAX)} more` : ''
}

function framesLine({
  frames,
  characters,
  longestCharacters,
  kinds,
  unreadFrames,
  listenedMs,
}: ProbedSource) {
  const kindTexts = Object.entries(kinds)
    .filter(([, count]) => count > 0)
    .map(([kind, count]) => `${grouped(count)} ${kind}`)
  const unread = unreadFrames === 0 ? [] : [`${grouped(unreadFrames)} binary`]
  return [
    `${counted(frames + unreadFrames, 'frame')}, ${rate(frames + unreadFrames, listenedMs)} a second`,
    `${grouped(Math.ceil(characters / 1_000))} kB, the longest ${grouped(longestCharacters)} characters`,
    [...kindTexts, ...unread].join(', '),
  ].join('  ')
}

const HEAD = [
  'market',
  'state',
  'prices',
  'a second',
  'changed',
  'silence',
  'gaps',
  'age least',
  'mean',
  'most',
  'last',
]

function row(market: ProbedMarketState, listenedMs: number): readonly string[] {
  const { symbol, state, prices, confirmations, changes, longestSilenceMs, gaps, age, lastPrice } = market
  const ages = age === null ? ['', '', ''] : [age.leastMs, age.meanMs, age.mostMs].map(milliseconds)
  return [
    visible(symbol),
    state,
    grouped(prices),
    rate(prices + confirmations, listenedMs),
    grouped(changes),
    seconds(longestSilenceMs),
    grouped(gaps),
    ...ages,
    lastPrice ?? 'none',
  ]
}

function silentLines({ markets }: ProbedSource, palette: Palette): string[] {
  const silent = markets.filter(({ prices, refusal }) => prices === 0 && refusal === null)
  if (silent.length === 0) return []
  const names = silent.slice(0, NAMED_MAX).map(({ symbol }) => visible(symbol))
  return [palette.red(`no price came of ${names.join(', ')}${moreText(silent.length)}`)]
}

function faultLines({ connectionsLost, reasons, faults, beyond }: ProbedSource, palette: Palette): string[] {
  return [
    ...(connectionsLost === 0
      ? []
      : [palette.red(`lost ${counted(connectionsLost, 'connection')}: ${reasons.map(visible).join('; ')}`)]),
    ...faults.map((fault) => palette.red(visible(fault))),
    ...(beyond === 0 ? [] : [`${counted(beyond, 'price')} of further markets not counted`]),
  ]
}

function sampleLines({ samples }: ProbedSource, palette: Palette): string[] {
  return Object.entries(samples).flatMap(([kind, frames]) =>
    frames.map((frame) => `${palette.dim(`${kind} frame:`)} ${visible(frame)}`),
  )
}

function rate(count: number, listenedMs: number): string {
  return listenedMs === 0 ? '0' : ((count * 1_000) / listenedMs).toFixed(1)
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`
}

function milliseconds(ms: number): string {
  return `${Math.round(ms)} ms`
}
