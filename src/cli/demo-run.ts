import { loadConfig } from '../config.ts'
import {
  DEMO_STREAMS,
  type DemoOutcome,
  isLive,
  isProven,
  leaveNextSteps,
  type Reporter,
  renderNextSteps,
  renderSummary,
  runDemo,
  type Screen,
  startLines,
  startLiveView,
  streamsNamed,
} from '../demo/index.ts'
import { EXIT_FAULT } from '../errors.ts'
import { jsonOf } from '../input/index.ts'
import { createLog, type Log } from '../log.ts'
import { systemClock } from '../system/index.ts'
import { untilSignal } from './signals.ts'
import { tell } from './wrapping.ts'

/** Widest line of the summary and of what to try next, in characters, however wide the terminal is. */
const COLUMNS_MAX = 120
/** Exit code after Ctrl-C: 128 plus the number of SIGINT. */
const EXIT_INTERRUPTED = 130

export interface DemoFlags {
  readonly venues?: readonly string[]
  readonly dataDir?: string
  readonly redisUrl?: string
  readonly accounts: number
  readonly seconds: number
  readonly seed: number
  readonly json?: true
}

/** Runs the demo to its proof, or until a signal. Sets the exit code of the process. */
export async function demo(flags: DemoFlags): Promise<void> {
  const { accounts, seconds, seed, json = false } = flags
  const streams = flags.venues === undefined ? DEMO_STREAMS : streamsNamed(flags.venues)
  const screen: Screen = json ? process.stderr : process.stdout
  const live = isLive(screen)
  const config = loadConfig({ redisUrl: flags.redisUrl, dataDir: flags.dataDir })
  const interrupt = new AbortController()
  const ended = untilSignal()
  void ended.promise.then(() => interrupt.abort())
  try {
    const outcome = await runDemo({
      streams,
      accounts,
      seconds,
      seed,
      config,
      runId: String(process.pid),
      clock: systemClock,
      log: (note) => (live ? noteLog(note) : createLog('warn')),
      notify: (note) => (live ? note : (line) => tell(process.stderr, line)),
      display: (reporter) => display(reporter, screen, json),
      signal: interrupt.signal,
    })
    if (outcome !== undefined) {
      const { summary, context } = outcome
      if (json) process.stdout.write(`${JSON.stringify(summary)}\n`)
      else await printEnd(outcome, config.dataDir, flags, screen)
      if (!isProven(summary, context)) process.exitCode = EXIT_FAULT
    }
    if (interrupt.signal.aborted) process.exitCode = EXIT_INTERRUPTED
  } finally {
    ended.dispose()
  }
}

/** The proof in words, and what to try next. */
async function printEnd(
  { summary, context, book, worst }: DemoOutcome,
  folder: string,
  { dataDir }: DemoFlags,
  screen: Screen,
): Promise<void> {
  const steps = await leaveNextSteps(folder, book, worst)
  const columns = Math.min(screen.columns ?? COLUMNS_MAX, COLUMNS_MAX) - 1
  const lines = [
    '',
    ...renderSummary(summary, context, columns),
    '',
    ...renderNextSteps(steps, dataDir === undefined ? '' : ` --data-dir ${dataDir}`, columns),
    '',
  ]
  screen.write(lines.join('\n'))
}

/**
 * Shows a live view on a terminal, otherwise one line a second. With `--json` it draws on standard error, and only if
 * that is a terminal.
 */
function display(reporter: Reporter, screen: Screen, json: boolean): () => Promise<void> | void {
  if (isLive(screen)) return startLiveView(json ? 'stderr' : 'stdout', systemClock, () => reporter.snapshot())
  if (json && screen.isTTY !== true) return () => undefined
  return startLines(screen, systemClock, () => reporter.snapshotOfCounters())
}

/** A log whose warnings become notes below the live view, so that they do not tear it. */
function noteLog(note: (text: string) => void): Log {
  return createLog('warn', {
    write(line) {
      const { msg, symbols, error } = jsonOf(line) as {
        readonly msg: string
        readonly symbols?: readonly string[]
        readonly error?: string
      }
      note([msg, symbols?.join(', '), error].filter((part) => part !== undefined).join(' '))
    },
  })
}
