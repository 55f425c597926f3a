import type { ShardContents } from '../api/index.ts'
import { counted, grouped, type KeptGap, type Watermark } from '../domain/index.ts'
import type { Palette } from './terminal.ts'
import { visible } from './visible.ts'

/** A market is listed as silent when its last evaluated mark is older than this, milliseconds. */
export const SILENT_MS = 10_000

/** A market of which no mark has been evaluated for SILENT_MS, or none ever: its gap has not ended, or no worker runs. */
export interface SilentMarket {
  readonly venue: string
  readonly symbol: string
  /** The venue's time of the last mark that was evaluated; of an unheard market when its first account joined. */
  readonly fromMs: number
  readonly state: 'silent' | 'unheard'
}

/** Longest silence first. */
export function silentOf(watermarks: readonly Watermark[], nowMs: number): SilentMarket[] {
  return watermarks
    .filter(({ eventTimeMs }) => nowMs - eventTimeMs > SILENT_MS)
    .map(({ venue, symbol, eventTimeMs, heard }) => ({
      venue,
      symbol,
      fromMs: eventTimeMs,
      state: heard === null ? ('unheard' as const) : ('silent' as const),
    }))
    .sort((left, right) => left.fromMs - right.fromMs)
}

/** One line for people: when it began (UTC), the market, how long, what became of it. */
export function gapLine(gap: KeptGap, palette: Palette): string {
  const { fromMs, toMs, state, found, undecided } = gap
  const parts = [
    ...(found === 0 ? [] : [`${counted(found, 'margin account')} had reached a level`]),
    ...(undecided === 0 ? [] : [palette.yellow(`${counted(undecided, 'margin account')} not judged`)]),
  ]
  if (state === 'filled' && parts.length === 0) parts.push('no level was missed')
  return [...headParts(gap, palette), spanText(toMs - fromMs), stateText(gap, palette), ...parts].join('  ')
}

export function silentLine(market: SilentMarket, nowMs: number, palette: Palette): string {
  const { fromMs, state } = market
  const why = state === 'silent' ? 'no mark evaluated since' : 'no mark has come since its first account'
  return [...headParts(market, palette), spanText(nowMs - fromMs), palette.red(state), why].join('  ')
}

function headParts(
  { venue, symbol, fromMs }: Pick<SilentMarket, 'venue' | 'symbol' | 'fromMs'>,
  palette: Palette,
) {
  const [day = '', time = ''] = new Date(fromMs).toISOString().split('T')
  return [palette.dim(`${day} ${time.slice(0, 8)}Z`), palette.strong(visible(`${venue} ${symbol}`))]
}

function stateText({ state, reasons }: KeptGap, palette: Palette): string {
  if (state === 'open') return palette.yellow('open')
  if (state === 'filled') return palette.green('filled')
  return `${palette.yellow('not filled')}: ${reasons.join(', ')}`
}

const SECOND_MS = 1_000
const MINUTE_S = 60
const HOUR_S = 3_600
const DAY_S = 86_400

/** A length of time in its two largest units, cut: `95 s`, `12 min 5 s`, `3 h 10 min`, `2 d 4 h`. */
export function spanText(ms: number): string {
  const seconds = Math.floor(ms / SECOND_MS)
  if (seconds < 2 * MINUTE_S) return `${seconds} s`
  if (seconds < HOUR_S) return `${Math.floor(seconds / MINUTE_S)} min ${seconds % MINUTE_S} s`
  const minutes = Math.floor(seconds / MINUTE_S)
  if (seconds < DAY_S) return `${Math.floor(minutes / MINUTE_S)} h ${minutes % MINUTE_S} min`
  return `${Math.floor(seconds / DAY_S)} d ${Math.floor((seconds % DAY_S) / HOUR_S)} h`
}

/** Why a shard on which no worker has run has no gaps; undefined of another one. */
export function unwatchedText(contents: ShardContents, shard: string): string | undefined {
  if (contents === 'log') return undefined
  return contents === 'accounts'
    ? `accounts are stored in shard ${shard}, but no worker has run on it`
    : `Redis holds nothing of shard ${shard}: no account is stored, and no worker has run`
}

/** What a person reads last: how many of each. */
export function gapsSummary(gaps: readonly KeptGap[], silent: number, markets: number): string {
  if (gaps.length === 0 && markets === 0)
    return 'no gap, and no such market of which a worker has evaluated a mark on this shard'
  const counts = (['open', 'filled', 'unfilled'] as const)
    .map((state) => [state, gaps.filter((gap) => gap.state === state).length] as const)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${count} ${state === 'unfilled' ? 'not filled' : state}`)
  const kept = gaps.length === 0 ? 'no gap' : `${counted(gaps.length, 'gap')}: ${counts.join(', ')}`
  const heard = `${counted(silent, 'market')} of ${grouped(markets)} ${silent === 1 ? 'is' : 'are'} silent or unheard`
  return `${kept}; ${heard}`
}
