import type { Writable } from 'node:stream'
import { Command } from 'commander'
import {
  type FrameKind,
  type FrameParser,
  type FrameSink,
  type Funding,
  type MarkSource,
  pathText,
} from '../domain/index.ts'
import { jsonOf, type Line, readJson } from '../input/index.ts'
import { VENUE_NAMES } from '../venues/index.ts'
import { DecodeSummary } from './decode-summary.ts'
import { LINE_CHARACTERS_MAX, linesOf, openInput, writeLine } from './lines.ts'
import { streamsNamed } from './venue-streams.ts'
import { jsonLine } from './visible.ts'
import { tell } from './wrapping.ts'

/** `plimsoll decode`: reads raw frames, one a line, and prints what the venue's parser makes of each. */
export function decodeCommand(): Command {
  return new Command('decode')
    .description("Shows what a venue's parser makes of raw frames")
    .argument('<file>', 'file of frames, one a line; - for standard input')
    .requiredOption('--venue <venue>', `one of ${[...VENUE_NAMES.keys()].join(', ')}`)
    .option('--json', 'JSON lines, which is what this command always prints')
    .addHelpText(
      'after',
      '\nPrints {"kind", "ticks": [{"symbol", "markPrice", "fundingRate"?,\n' +
        '"nextFundingTimeMs"?, "eventTimeMs"?}], "indexPrices"?: [{"index", "indexPrice",\n' +
        '"eventTimeMs"?}]} for every line, and as "unreadable" the markets of entries\n' +
        'that cannot be read beside others (null: an entry that names none). Of a venue\n' +
        'without marks "markSource" says what stands for them. One that states no time\n' +
        'gives no "eventTimeMs".\n' +
        '\nkind:\n' +
        'ticks         market data of a market; a change without a price has no tick\n' +
        'acknowledged  the venue takes a request\n' +
        'rejected      the venue refuses one: "reason" is its answer, "refused" the\n' +
        '              markets that it names\n' +
        'heartbeat     a sign of life\n' +
        'ignored       a message that brings no price: of another channel, or a funding\n' +
        '              rate alone, which the next price of its market bears\n' +
        'malformed     cannot be read; "reason" is the rule that it breaks. It is no\n' +
        '              fault of the command\n' +
        '\nA line is one whole message, or {"recv": SECONDS, "msg": MESSAGE} of a capture.\n' +
        'State carries from line to line as on one connection. Blank lines are skipped.\n' +
        'Standard error says where lines are no JSON, and where none holds a price.',
    )
    .action(async (file: string, options: { venue: string }) => {
      const parser = parserOf(options.venue)
      const input = await openInput(file)
      const summary = await decode(parser, linesOf(input), process.stdout)
      for (const note of summary.notes(file)) tell(process.stderr, `plimsoll: ${note}`)
    })
}

/** One parser reads all lines, because a delta needs the state that earlier lines left. */
export async function decode(
  parser: FrameParser,
  lines: AsyncIterable<Line>,
  output: Writable,
): Promise<DecodeSummary> {
  const summary = new DecodeSummary()
  for await (const line of lines) {
    if (line.text.trim() === '') continue
    const decoded = decodeFrame(parser, { ...line, text: capturedIn(line.text) })
    const { kind, ticks, indexPrices = [], isJson } = decoded
    summary.add({ kind, text: line.text, isJson, hasPrice: ticks.length + indexPrices.length > 0 })
    await writeLine(output, jsonLine({ ...decoded, isJson: undefined }))
  }
  return summary
}

/** A capture that puts each frame beside the time of its arrival. No venue sends such a frame. */
const CAPTURED = /^\s*\{\s*"recv"\s*:\s*[\d.]+\s*,\s*"msg"\s*:\s*(\S.*)\}\s*$/s

/** The frame in a line of a capture, with its digits; the line itself where it is none. */
function capturedIn(line: string): string {
  const frame = CAPTURED.exec(line)?.[1] ?? line
  const text = frame.startsWith('"') ? jsonOf(frame) : frame
  return typeof text === 'string' ? text : frame
}

/** A mark price with the settlement price of its market in the same frame. Undefined fields are not printed. */
interface DecodedTick extends Partial<Funding> {
  readonly symbol: string
  readonly markPrice: string
  settlementPrice: string | undefined
  readonly markSource: MarkSource | undefined
  readonly eventTimeMs: number | undefined
}

function tickOf(
  symbol: string,
  markPrice: string,
  eventTimeMs: number | undefined,
  funding: Funding | undefined,
  markSource: MarkSource | undefined,
): DecodedTick {
  return {
    symbol,
    markPrice,
    settlementPrice: undefined,
    markSource,
    fundingRate: funding?.fundingRate,
    nextFundingTimeMs: funding?.nextFundingTimeMs,
    eventTimeMs,
  }
}

interface DecodedFrame {
  readonly kind: FrameKind
  readonly ticks: readonly DecodedTick[]
  readonly indexPrices?: readonly object[]
  readonly unreadable?: readonly (string | null)[]
  /** Of a frame that is malformed, or rejects. */
  readonly reason?: string | undefined
  readonly refused?: readonly string[]
  /** Only a malformed frame is looked at for this. */
  readonly isJson: boolean
}

function decodeFrame(parser: FrameParser, { text, isCut }: Line): DecodedFrame {
  const ticks: DecodedTick[] = []
  const indexPrices: object[] = []
  const unreadable: (string | null)[] = []
  const refused: string[] = []
  let reason: string | undefined
  const sink: FrameSink = {
    price(kind, symbol, price, eventTimeMs, funding, markSource) {
      if (kind === 'mark') ticks.push(tickOf(symbol, price, eventTimeMs, funding, markSource))
      else if (kind === 'index') indexPrices.push({ index: symbol, indexPrice: price, eventTimeMs })
      else {
        const tick = ticks.findLast((earlier) => earlier.symbol === symbol)
        if (tick !== undefined) tick.settlementPrice = price
      }
    },
    unchanged: () => undefined,
    noMark: (symbol, sinceMs) => {
      if (sinceMs === undefined) unreadable.push(symbol ?? null)
    },
    acknowledged: () => undefined,
    rejected: (symbol, words) => {
      reason = words
      if (symbol !== 'request') refused.push(symbol)
    },
    reply: () => undefined,
  }
  const kind = isCut ? 'malformed' : parser.parse(text, sink)
  const broken = kind !== 'malformed' ? undefined : isCut ? TOO_LONG : brokenBy(text, unreadable.length)
  return {
    kind,
    ticks,
    ...(indexPrices.length === 0 ? {} : { indexPrices }),
    ...(unreadable.length === 0 ? {} : { unreadable }),
    reason: broken?.reason ?? reason,
    ...(refused.length === 0 ? {} : { refused }),
    isJson: broken?.isJson ?? true,
  }
}

const TOO_LONG = { reason: `longer than ${LINE_CHARACTERS_MAX} characters`, isJson: true }

/** The rule that a malformed frame breaks, as far as it can be seen without the venue. */
function brokenBy(text: string, unreadable: number): { readonly reason: string; readonly isJson: boolean } {
  const json = readJson(text)
  if ('reason' in json) return { reason: `not JSON: ${json.reason}`, isJson: false }
  if ('fault' in json)
    return { reason: `${pathText(json.fault.path)} ${json.fault.rule}`.trim(), isJson: true }
  const reason =
    unreadable > 0
      ? 'no entry can be read'
      : 'no message of this stream: a field is missing or cannot be read'
  return { reason, isJson: true }
}

function parserOf(name: string): FrameParser {
  return streamsNamed(name).streams[0]!.createParser()
}
