import { createHash } from 'node:crypto'
import { arch, cpus, platform } from 'node:os'

/** One variant of a benchmark at one size. */
export interface Measured {
  readonly variant: string
  readonly rows: number
  readonly minNs: number
  readonly medianNs: number
  readonly p99Ns: number
  readonly nsPerRow: number
}

/** How long one variant is measured, and the fewest samples of a valid result. */
export interface Effort {
  readonly warmUpMs: number
  readonly measureMs: number
  readonly samplesMin: number
}

export const FULL_EFFORT: Effort = { warmUpMs: 300, measureMs: 1_500, samplesMin: 30 }
/** Small enough for the test suite; its figures mean nothing, its hash does. */
export const SMOKE_EFFORT: Effort = { warmUpMs: 5, measureMs: 10, samplesMin: 3 }

/** Shortest sample, so that the clock's resolution does not matter; quick work is repeated. */
const SAMPLE_NS_MIN = 20_000

/**
 * Times `tick` in samples of enough repetitions; figures are nanoseconds per call. Its answers are summed, so that the
 * engine cannot leave the work out.
 */
export function measure(variant: string, rows: number, effort: Effort, tick: () => number): Measured {
  const repetitions = calibrate(effort.warmUpMs, tick)
  let answers = 0
  const samples: number[] = []
  const endNs = now() + effort.measureMs * 1e6
  while (samples.length < effort.samplesMin || now() < endNs) {
    const startNs = now()
    for (let i = 0; i < repetitions; i++) answers += tick()
    samples.push((now() - startNs) / repetitions)
  }
  if (!Number.isFinite(answers)) throw new Error(`${variant} gave an answer that is no number`)
  return summaryOf(variant, rows, samples)
}

/**
 * Times ways to do the same work, each in its turn, one call after the other, so that what else the machine does meets all of
 * them alike: their ratios hold on a busy machine. A call should take longer than the clock's resolution.
 */
export function measureInTurns(
  rows: number,
  { warmUpMs, measureMs, samplesMin }: Effort,
  ways: Readonly<Record<string, () => number>>,
): Measured[] {
  const timed = Object.entries(ways).map(([variant, tick]) => ({ variant, tick, samples: [] as number[] }))
  for (const { tick } of timed) calibrate(warmUpMs, tick)
  let answers = 0
  const endNs = now() + measureMs * timed.length * 1e6
  while (timed[0]!.samples.length < samplesMin || now() < endNs) {
    for (const { tick, samples } of timed) {
      const startNs = now()
      answers += tick()
      samples.push(now() - startNs)
    }
  }
  if (!Number.isFinite(answers)) throw new Error('a way gave an answer that is no number')
  return timed.map(({ variant, samples }) => summaryOf(variant, rows, samples))
}

function summaryOf(variant: string, rows: number, samples: number[]): Measured {
  samples.sort((a, b) => a - b)
  const medianNs = samples[samples.length >> 1]!
  return {
    variant,
    rows,
    minNs: samples[0]!,
    medianNs,
    p99Ns: samples[Math.min(samples.length - 1, Math.floor(samples.length * 0.99))]!,
    nsPerRow: medianNs / rows,
  }
}

function calibrate(warmUpMs: number, tick: () => number): number {
  const startNs = now()
  let calls = 0
  while (calls < 3 || now() - startNs < warmUpMs * 1e6) {
    tick()
    calls++
  }
  const perCallNs = (now() - startNs) / calls
  return Math.max(1, Math.ceil(SAMPLE_NS_MIN / perCallNs))
}

function now(): number {
  return Number(process.hrtime.bigint())
}

export function machineLine(): string {
  const [cpu] = cpus()
  return `${cpus().length} x ${cpu?.model.trim() ?? 'unknown processor'}, ${platform()} ${arch()}`
}

/** Hash of an answer. Equal hashes show that all variants did the same work. */
export function hashOf(numbers: readonly number[]): string {
  return createHash('sha256').update(numbers.join(',')).digest('hex').slice(0, 16)
}

/** A text table with right-aligned columns. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((name, column) =>
    Math.max(name.length, ...rows.map((row) => row[column]!.length)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
  return [line(header), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n')
}
