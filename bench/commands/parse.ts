import { FULL_EFFORT, table } from '../harness.ts'
import { benchParse, PARSE_FRAMES, PARSE_SEED, type ParseBench } from '../parse.ts'
import { PARSE_SOURCES } from '../parse-frames.ts'
import { type Bench, wholeNumber } from './command.ts'
import { machineAndNode } from './figures.ts'

export const PARSE_BENCH: Bench<{ readonly frames: number; readonly seed: number }> = {
  name: 'parse',
  description:
    'Frames of every watched stream to prices: the parser of the venue against JSON.parse and fields',
  options: [
    {
      flags: '--frames <n>',
      description: 'frames of each stream',
      read: wholeNumber,
      standard: PARSE_FRAMES,
    },
    { flags: '--seed <n>', description: 'seed of the frames', read: wholeNumber, standard: PARSE_SEED },
  ],
  run({ frames, seed }, print) {
    const results = PARSE_SOURCES.map((source) => benchParse(source, frames, seed, FULL_EFFORT))
    const prices = results.reduce((sum, one) => sum + one.prices, 0)
    print(
      `\n${frames.toLocaleString('en')} frames of each stream.\n` +
        `Check: both ways give the same ${prices.toLocaleString('en')} prices\n` +
        `${table(HEADER, results.map(line))}\n\n${machineAndNode()}, seed ${seed}`,
    )
    return { seed, results: results.map((one) => ({ ...one, ...figuresOf(one) })) }
  },
}

const HEADER = ['stream', 'bytes', 'frames/s', 'ns/price', 'JSON.parse: frames/s', 'ns/price', 'ratio']

function line(one: ParseBench): string[] {
  const { venue, json } = figuresOf(one)
  const texts = [venue, json].flatMap(({ framesPerSecond, nsPerPrice }) => [
    Math.round(framesPerSecond).toLocaleString('en'),
    Math.round(nsPerPrice).toLocaleString('en'),
  ])
  return [one.source, Math.round(one.bytes).toString(), ...texts, one.ratio.toFixed(2)]
}

function figuresOf({ frames, prices, results }: ParseBench) {
  const [venue, json] = results.map(({ medianNs }) => ({
    framesPerSecond: (frames * 1e9) / medianNs,
    nsPerPrice: medianNs / prices,
  }))
  return { venue: venue!, json: json! }
}
