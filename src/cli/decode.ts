import type { Writable } from 'node:stream'
import { Command } from 'commander'
import type { FrameParser, TickSink } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { VENUE_NAMES, venueOf } from '../venues/index.ts'
import { isTooLong, linesOf, openInput, writeLine } from './lines.ts'
import { jsonLine } from './visible.ts'

/** `plimsoll decode`: raw frames in, one a line; what the venue's parser makes of each out, one a line. */
export function decodeCommand(): Command {
  return new Command('decode')
    .description("Shows what a venue's parser makes of raw frames")
    .argument('<file>', 'file of frames, one a line; - for standard input')
    .requiredOption('--venue <venue>', `one of ${[...VENUE_NAMES.keys()].join(', ')}`)
    .option('--json', 'JSON lines, which is what this command always prints')
    .addHelpText(
      'after',
      '\nPrints {"kind", "ticks": [{"symbol", "markPrice", "indexPrice"?, "fundingRate"?,\n' +
        '"nextFundingTimeMs"?, "eventTimeMs"}]} for every line. State carries from line\n' +
        'to line as on one connection. Blank lines are skipped. A frame that cannot be\n' +
        'read has the kind "malformed" and is no fault.',
    )
    .action(async (file: string, options: { venue: string }) => {
      const parser = parserOf(options.venue)
      const input = await openInput(file)
      await decode(parser, linesOf(input), process.stdout)
    })
}

/** One parser reads all lines, so that deltas find the state that earlier lines left. */
export async function decode(
  parser: FrameParser,
  lines: AsyncIterable<string>,
  output: Writable,
): Promise<void> {
  for await (const line of lines) {
    if (line.trim() === '') continue
    await writeLine(output, decodeFrame(parser, line))
  }
}

function decodeFrame(parser: FrameParser, frame: string): string {
  const ticks: object[] = []
  const sink: TickSink = {
    tick: (symbol, markPrice, eventTimeMs, { indexPrice, fundingRate, nextFundingTimeMs }) =>
      void ticks.push({ symbol, markPrice, indexPrice, fundingRate, nextFundingTimeMs, eventTimeMs }),
    unchanged: () => {},
  }
  const kind = isTooLong(frame) ? 'malformed' : parser.parse(frame, sink)
  return jsonLine({ kind, ticks })
}

function parserOf(name: string): FrameParser {
  const venue = VENUE_NAMES.get(name)
  if (venue === undefined) {
    const known = [...VENUE_NAMES.keys()].join(', ')
    throw new PlimsollError('USAGE', `--venue ${name} is unknown; it must be one of ${known}`)
  }
  return venueOf(venue).streams[0]!.createParser()
}
