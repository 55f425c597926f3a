import { Command } from 'commander'
import { type Clock, counted, type Random, type VenueSource } from '../domain/index.ts'
import { EXIT_FAULT, PlimsollError } from '../errors.ts'
import {
  connectBudget,
  type Feed,
  type FeedLimits,
  type FeedMachine,
  openFeeds,
  Probe,
  ProbeLog,
} from '../feed/index.ts'
import { connectSocket, httpGet, openFollowed, systemClock, systemRandom } from '../system/index.ts'
import { VENUE_NAMES } from '../venues/index.ts'
import { writeLine } from './lines.ts'
import { whole } from './options.ts'
import { addressOf, askedOf, MARKETS_DEFAULT, type ProbeQuestion, unheardOf } from './probe-asked.ts'
import { type RecordedFile, recordedFile } from './probe-file.ts'
import { type ProbedSource, probeLines } from './probe-lines.ts'
import { type Ended, untilSignal } from './signals.ts'
import { type Output, paletteFor, speaksJson } from './terminal.ts'
import { jsonLine } from './visible.ts'
import { fitted, tell } from './wrapping.ts'

const SECONDS_DEFAULT = 30
const SECONDS_MAX = 86_400
/** How often it looks whether any stream can be heard at all. */
const LOOK_EVERY_MS = 100

interface ProbeFlags extends ProbeQuestion {
  readonly seconds: number
  readonly record: string | false
  readonly dataDir?: string
  readonly json?: true
}

export interface ProbeContext {
  readonly output: Output
  readonly errors: Output
  readonly clock: Clock
  readonly random: Random
  readonly machine: FeedMachine
  readonly limits: Partial<FeedLimits>
  readonly untilSignal: () => Ended
}

const REAL: ProbeContext = {
  output: process.stdout,
  errors: process.stderr,
  clock: systemClock,
  random: systemRandom,
  machine: { connect: connectSocket, httpGet, openFollowed },
  limits: {},
  untilSignal,
}

/** `plimsoll probe`: what the stream of a venue says, and how. */
export function probeCommand(context: ProbeContext = REAL): Command {
  return new Command('probe')
    .description("Listens to a venue's stream, says what came, and records the frames")
    .requiredOption('--venue <venue>', `one of ${[...VENUE_NAMES.keys()].join(', ')}`)
    .option('--symbols <symbols>', 'ask for these markets, such as A,B', (text) =>
      text.split(',').map((symbol) => symbol.trim()),
    )
    .option('--seconds <number>', 'listen for so long', whole(1, SECONDS_MAX), SECONDS_DEFAULT)
    .option('--url <url>', 'another address of the stream; only where the name has one stream')
    .option('--record <folder>', 'folder for the frames; default: probes in the data folder')
    .option('--no-record', 'keep no frames')
    .option('--data-dir <folder>', 'data folder (default .data)')
    .option('--json', 'one JSON object a stream, as on a pipe')
    .addHelpText(
      'after',
      `\nA venue's name stands for its streams that are heard unless settings say\n` +
        'otherwise, the name of a stream for that one; a line says which streams of the\n' +
        'venue are not heard, and how they are named. A stream without a public address\n' +
        'needs --url.\n' +
        `Without --symbols the first ${counted(MARKETS_DEFAULT, 'contract')} of the built-in rules are asked for.\n` +
        'Of each market: how often its price came, the longest silence, and its age: the\n' +
        'time of this machine less the time that the venue states. Of the frames that\n' +
        'are no prices, some as they came. The frames are a gzip file, one frame a line:\n' +
        '`gzip -dc FILE | plimsoll decode --venue NAME -` reads them again.\n' +
        'Ctrl-C ends early, with what came until then.\n' +
        '\nExit code 1 where no price came, or the first attempt to connect fails.',
    )
    .action(async (flags: ProbeFlags) => {
      if (!(await probe(context, flags))) process.exitCode = EXIT_FAULT
    })
}

interface Listening {
  readonly source: VenueSource
  readonly url: string
  readonly symbols: readonly string[]
  readonly probe: Probe
  readonly log: ProbeLog
  readonly file: RecordedFile | undefined
  readonly feeds: { readonly feeds: readonly Feed[]; close(): Promise<void> }
}

/** Returns whether a price came. */
async function probe(context: ProbeContext, flags: ProbeFlags): Promise<boolean> {
  const { output, errors, clock } = context
  const asked = askedOf(flags, clock.nowMs())
  const unheard = unheardOf(flags, clock.nowMs())
  if (unheard.length > 0) tell(errors, `plimsoll: not heard: ${unheard.join(', ')}`)
  const listening = asked.map(({ source, symbols }) => listen(context, flags, source, symbols))
  const ended = context.untilSignal()
  const startedMs = clock.monotonicMs()
  try {
    const heard = () =>
      tell(errors, `plimsoll: listening for ${flags.seconds} s: ${listening.map(textOf).join(', ')}`)
    await heardOut(listening, { clock, seconds: flags.seconds, ended, heard })
    const listenedMs = clock.monotonicMs() - startedMs
    if (listening.every(isUnreached)) throw new PlimsollError('VENUE_UNAVAILABLE', unreachedText(listening))
    const probed = listening.map((one) => probedOf(one, listenedMs))
    for (const one of probed) await report(output, one, flags.json)
    return probed.some(({ markets }) => markets.some(({ prices }) => prices > 0))
  } finally {
    ended.dispose()
    await Promise.all(listening.map(({ feeds }) => feeds.close()))
    await Promise.all(listening.map(({ file }) => file?.close()))
  }
}

async function report(output: Output, probed: ProbedSource, json: true | undefined): Promise<void> {
  if (speaksJson(output, json)) return await writeLine(output, jsonLine(probed))
  for (const line of probeLines(probed, paletteFor(output)))
    await writeLine(output, fitted(output, line, '  '))
}

function textOf({ source, symbols, url }: Listening): string {
  return `${source.id} (${symbols.length} of its markets, ${url})`
}

interface Hearing {
  readonly clock: Clock
  readonly seconds: number
  readonly ended: Ended
  /** Called when the first frame came. */
  readonly heard: () => void
}

/** Until the time is over, a signal comes, or every first attempt to connect has failed. */
function heardOut(listening: readonly Listening[], { clock, seconds, ended, heard }: Hearing): Promise<void> {
  return new Promise((resolve, reject) => {
    let isHeard = false
    const cancels: (() => void)[] = []
    const end = () => {
      for (const cancel of cancels) cancel()
      resolve()
    }
    const look = () => {
      if (listening.every(isUnreached)) return end()
      if (!isHeard && listening.some(({ probe }) => probe.frames.frames > 0)) {
        isHeard = true
        heard()
      }
      cancels[1] = clock.after(LOOK_EVERY_MS, look)
    }
    cancels[0] = clock.after(seconds * 1_000, end)
    look()
    ended.promise.then(end, reject)
  })
}

function isUnreached({ probe, log }: Listening): boolean {
  return log.lost > 0 && probe.frames.frames === 0
}

function unreachedText(listening: readonly Listening[]): string {
  const each = listening.map(({ source, url, log }) => `${source.id} at ${url}: ${log.reasons[0]}`)
  return `no frame came: ${each.join('; ')}`
}

function listen(
  context: ProbeContext,
  flags: ProbeFlags,
  source: VenueSource,
  symbols: readonly string[],
): Listening {
  const { clock, random, machine, limits, errors } = context
  const file =
    flags.record === false
      ? undefined
      : recordedFile(source.id, { ...flags, record: flags.record }, clock, errors)
  const probe = new Probe({ source, clock, record: (frame) => file?.append(frame) })
  const log = new ProbeLog(clock)
  const url = flags.url ?? addressOf(source)
  const quiet = { info: () => undefined, warn: () => undefined }
  const feeds = openFeeds({
    source: probe.source,
    url,
    symbols,
    clock,
    random,
    machine,
    sink: log,
    log: quiet,
    budget: connectBudget(clock),
    limits,
  })
  return { source, url, symbols, probe, log, file, feeds }
}

function probedOf(
  { source, url, symbols, probe, log, file, feeds }: Listening,
  listenedMs: number,
): ProbedSource {
  const heard = probe.markets()
  const states = new Map(
    feeds.feeds.flatMap((feed) => [...feed.markets.values()].map((one) => [one.symbol, one])),
  )
  const counters = feeds.feeds.map((feed) => feed.counters)
  const sum = (name: keyof Feed['counters']) => counters.reduce((total, one) => total + one[name], 0)
  const { frames, ...ofFrames } = probe.frames
  return {
    source: source.id,
    url,
    cadenceMs: source.cadenceMs,
    listenedMs,
    liveAfterMs: log.liveAfterMs,
    connectionsLost: log.lost,
    reasons: log.reasons,
    faults: log.faults,
    frames,
    ...ofFrames,
    unreadFrames: sum('frames') - frames,
    unreadableEntries: sum('unreadable'),
    markets: symbols.map((symbol) => ({
      symbol,
      state: states.get(symbol)?.state ?? 'unknown',
      refusal: feeds.feeds.map((feed) => feed.refusalOf(symbol)).find((reply) => reply !== undefined) ?? null,
      prices: 0,
      confirmations: 0,
      changes: 0,
      lastPrice: null,
      longestSilenceMs: listenedMs,
      gaps: 0,
      outOfOrder: 0,
      age: null,
      ...heard.get(symbol),
    })),
    unasked: [...heard.keys()].filter((symbol) => !symbols.includes(symbol)),
    file: frames === 0 ? null : (file?.path ?? null),
  }
}
