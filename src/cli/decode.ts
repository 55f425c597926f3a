import { once } from 'node:events'
import { open } from 'node:fs/promises'
import type { Readable, Writable } from 'node:stream'
import { Command } from 'commander'
import { type FrameParser, type TickSink, VENUE_IDS } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { venueOf } from '../venues/index.ts'

/** Characters of one line of input. A longer one is a fault: no venue sends such a frame. */
export const LINE_CHARACTERS_MAX = 16 * 1024 * 1024

/** `plimsoll decode`: raw frames in, one a line; what the venue's parser makes of each out, one a line. */
export function decodeCommand(): Command {
  return new Command('decode')
    .description("Shows what a venue's parser makes of raw frames")
    .argument('<file>', 'file of frames, one a line; - for standard input')
    .requiredOption('--venue <venue>', `one of ${Object.keys(VENUE_IDS).join(', ')}`)
    .addHelpText(
      'after',
      '\nPrints {"kind", "ticks": [{"symbol", "markPrice", "indexPrice"?, "fundingRate"?, "nextFundingTimeMs"?,\n' +
        '"eventTimeMs"}]} for every line. State carries from line to line as on one connection. Blank lines are\n' +
        'skipped. A frame that cannot be read has the kind "malformed" and is no fault.',
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
    if (!output.write(`${decodeFrame(parser, line)}\n`)) await once(output, 'drain')
  }
}

function decodeFrame(parser: FrameParser, frame: string): string {
  const ticks: object[] = []
  const sink: TickSink = {
    tick: (symbol, markPrice, eventTimeMs, { indexPrice, fundingRate, nextFundingTimeMs }) =>
      void ticks.push({ symbol, markPrice, indexPrice, fundingRate, nextFundingTimeMs, eventTimeMs }),
    unchanged: () => {},
  }
  return JSON.stringify({ kind: parser.parse(frame, sink), ticks })
}

function parserOf(name: string): FrameParser {
  if (!Object.hasOwn(VENUE_IDS, name)) {
    const known = Object.keys(VENUE_IDS).join(', ')
    throw new PlimsollError('USAGE', `--venue ${name} is unknown; it must be one of ${known}`)
  }
  return venueOf(VENUE_IDS[name as keyof typeof VENUE_IDS]).streams[0]!.createParser()
}

async function openInput(file: string): Promise<Readable> {
  if (file === '-') return process.stdin
  try {
    const handle = await open(file)
    if (!(await handle.stat()).isDirectory()) return handle.createReadStream()
    await handle.close()
  } catch (cause) {
    throw new PlimsollError('USAGE', `${file} cannot be read: ${(cause as Error).message}`, { cause })
  }
  throw new PlimsollError('USAGE', `${file} cannot be read: it is a directory`)
}

/** Lines of a text stream. Unlike `node:readline`, a read error reaches the caller. */
async function* linesOf(input: Readable): AsyncGenerator<string> {
  input.setEncoding('utf8')
  let rest = ''
  for await (const chunk of input) {
    const parts = (rest + chunk).split('\n')
    rest = parts.pop()!
    yield* parts
    if (rest.length > LINE_CHARACTERS_MAX) {
      throw new PlimsollError('INPUT_INVALID', `a line is longer than ${LINE_CHARACTERS_MAX} characters`)
    }
  }
  if (rest !== '') yield rest
}
