import type { Writable } from 'node:stream'
import { Command } from 'commander'
import type { FrameParser, FrameSink, Funding, MarkSource } from '../domain/index.ts'
import type { Line } from '../input/index.ts'
import { VENUE_NAMES } from '../venues/index.ts'
import { linesOf, openInput, writeLine } from './lines.ts'
import { streamsNamed } from './venue-streams.ts'
import { jsonLine } from './visible.ts'

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
        'gives no "eventTimeMs". State carries from line to line as\n' +
        'on one connection. Blank lines are skipped. A frame that cannot be read has the\n' +
        'kind "malformed" and is no fault.',
    )
    .action(async (file: string, options: { venue: string }) => {
      const parser = parserOf(options.venue)
      const input = await openInput(file)
      await decode(parser, linesOf(input), process.stdout)
    })
}

/** One parser reads all lines, because a delta needs the state that earlier lines left. */
export async function decode(
  parser: FrameParser,
  lines: AsyncIterable<Line>,
  output: Writable,
): Promise<void> {
  for await (const line of lines) {
    if (line.text.trim() === '') continue
    await writeLine(output, decodeFrame(parser, line))
  }
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

function decodeFrame(parser: FrameParser, { text, isCut }: Line): string {
  const ticks: DecodedTick[] = []
  const indexPrices: object[] = []
  const unreadable: (string | null)[] = []
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
    rejected: () => undefined,
    reply: () => undefined,
  }
  const kind = isCut ? 'malformed' : parser.parse(text, sink)
  const further = {
    ...(indexPrices.length === 0 ? {} : { indexPrices }),
    ...(unreadable.length === 0 ? {} : { unreadable }),
  }
  return jsonLine({ kind, ticks, ...further })
}

function parserOf(name: string): FrameParser {
  return streamsNamed(name).streams[0]!.createParser()
}
