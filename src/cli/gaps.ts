import { Command, Option } from 'commander'
import { type ConfigOverrides, loadConfig } from '../config.ts'
import { type Clock, counted, type KeptGap } from '../domain/index.ts'
import type { PlimsollError } from '../errors.ts'
import { systemClock } from '../system/index.ts'
import { parseVenueId, VENUE_NAMES } from '../venues/index.ts'
import {
  gapLine,
  gapsSummary,
  SILENT_MS,
  type SilentMarket,
  silentLine,
  silentOf,
  unwatchedText,
} from './gap-lines.ts'
import { writeLine } from './lines.ts'
import { whole } from './options.ts'
import { type Output, paletteFor, speaksJson } from './terminal.ts'
import { jsonLine, visible } from './visible.ts'
import { fitted, tell } from './wrapping.ts'

/** Gaps that a terminal shows without `--count`. */
const SHOWN_GAPS = 50

export interface GapsContext {
  readonly clock: Clock
  readonly output: Output
  readonly errors: Output
}

interface GapsFlags {
  readonly venue?: string
  readonly symbol?: string
  readonly count?: number
  readonly json?: true
  readonly redisUrl?: string
  readonly dataDir?: string
  readonly shard?: string
}

const REAL: GapsContext = { clock: systemClock, output: process.stdout, errors: process.stderr }

const HELP = `
silent      no mark of the market was evaluated for ${SILENT_MS / 1_000} s, until now
unheard     the same, and none was before: it is awaited since the first account
open        the prices of the venue's record are awaited, or being judged
filled      the margin accounts were judged by the record, minute for minute
not filled  not at all, or not all of it; docs/events.md lists the reasons

JSON: {"venue", "symbol", "fromMs", "toMs", "state", "reasons", "found",
"undecided"}, times in Unix milliseconds. "state": "open", "filled", "unfilled"
or "silent" and "unheard", which have no "toMs" and nothing after it. "found":
margin accounts that had reached a level; "undecided": those that could not be
judged. Where nothing is printed, a line on standard error says why.`

/** `plimsoll gaps`: spans in which marks were not heard, and what became of them. */
export function gapsCommand(context: GapsContext = REAL): Command {
  return new Command('gaps')
    .description('Lists the spans in which prices were not heard, and what filled them')
    .addOption(new Option('--venue <venue>', 'only markets of this venue').choices([...VENUE_NAMES.keys()]))
    .option('--symbol <symbol>', 'only this market, or this index price')
    .option(
      '--count <gaps>',
      `the newest so many (default ${SHOWN_GAPS} at a terminal, all as JSON)`,
      whole(1),
    )
    .option('--json', 'JSON lines at a terminal too')
    .option('--redis-url <url>', 'Redis to read instead of the private one')
    .option('--data-dir <folder>', 'folder of the private Redis (default .data)')
    .option('--shard <name>', 'shard of the book (default 0)')
    .addHelpText('after', HELP)
    .action((flags: GapsFlags) => gaps(context, flags))
}

async function gaps({ clock, output, errors }: GapsContext, flags: GapsFlags): Promise<void> {
  const { venue, symbol, count, json, ...overrides } = flags
  const read = await readStored(overrides, errors)
  const wanted = venue === undefined ? undefined : parseVenueId(venue)
  const isWanted = (one: { readonly venue: string; readonly symbol: string }) =>
    (wanted === undefined || one.venue === wanted) && (symbol === undefined || one.symbol === symbol)
  const kept = read.gaps.filter(isWanted)
  const markets = read.watermarks.filter(isWanted)
  const nowMs = clock.nowMs()
  const silent = silentOf(markets, nowMs)
  const isEmpty = read.gaps.length === 0 && read.watermarks.length === 0
  const unwatched = isEmpty ? unwatchedText(read.contents, read.shard) : undefined
  const summary = unwatched ?? gapsSummary(kept, silent.length, markets.length)
  if (speaksJson(output, json)) {
    for (const one of [...newest(kept, count), ...silent]) await writeLine(output, jsonLine(jsonOf(one)))
    if (kept.length + silent.length === 0) tell(errors, `plimsoll: ${summary}`)
    return
  }
  const palette = paletteFor(output)
  const shown = newest(kept, count ?? SHOWN_GAPS)
  const older = kept.length - shown.length
  const lines = [
    ...(older === 0 ? [] : [palette.dim(`${counted(older, 'older gap')} not shown; --count shows more`)]),
    ...shown.map((gap) => gapLine(gap, palette)),
    ...silent.map((market) => silentLine(market, nowMs, palette)),
    summary,
  ]
  for (const line of lines) await writeLine(output, fitted(output, line, '  '))
}

async function readStored(overrides: ConfigOverrides, errors: Output) {
  const { redisUrl, dataDir, appendfsync, shard } = loadConfig(overrides)
  const { readGapsOfShard } = await import('../api/index.ts')
  const { refuseMissingFolder } = await import('../redis-server/index.ts')
  if (redisUrl === undefined) await refuseMissingFolder(dataDir)
  const read = await readGapsOfShard({
    url: redisUrl,
    dataDir,
    appendfsync,
    shard,
    notify: (line) => tell(errors, visible(line)),
    fault: ({ code, message }: PlimsollError) => tell(errors, `plimsoll: ${code}: ${visible(message)}`),
  })
  return { ...read, shard }
}

function newest(kept: readonly KeptGap[], count: number | undefined): readonly KeptGap[] {
  return count === undefined ? kept : kept.slice(-count)
}

/** Without what was heard in the minutes at its ends, which only a worker needs. */
function jsonOf(one: KeptGap | SilentMarket) {
  const { venue, symbol, fromMs, state } = one
  if (!('toMs' in one)) return { venue, symbol, fromMs, state }
  const { toMs, reasons, found, undecided } = one
  return { venue, symbol, fromMs, toMs, state, reasons, found, undecided }
}
