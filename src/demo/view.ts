import { styleText } from 'node:util'
import { bar, cell, compact, milliseconds, seconds, signedPercent } from './format.ts'
import type { DemoSnapshot } from './snapshot.ts'

export const VIEW_COLUMNS = 100
export const VIEW_ROWS = 32
export const MARKS_SHOWN = 8
export const NEAREST_SHOWN = 8
const NOTES_SHOWN = 2
const PROGRESS_COLUMNS = 30
const RATIO_BAR_COLUMNS = 20
const LEFT_COLUMNS = 50
const PHASES = ['calm', 'trend', 'crash', 'recovery']

type Style = Parameters<typeof styleText>[0]
export type Paint = (style: Style, text: string) => string

export const colours: Paint = (style, text) => styleText(style, text, { validateStream: false })
export const noColours: Paint = (_style, text) => text

/** The live view: at most 100 columns by 32 rows, the same for the same snapshot. */
export function renderView(snapshot: DemoSnapshot, paint: Paint): string[] {
  const rule = paint('dim', '─'.repeat(VIEW_COLUMNS))
  return [
    header(snapshot, paint),
    phases(snapshot, paint),
    rule,
    ...beside(marks(snapshot, paint), figures(snapshot, paint)),
    rule,
    standing(snapshot, paint),
    ...nearest(snapshot, paint),
    rule,
    delivery(snapshot, paint),
    ...snapshot.notes.slice(-NOTES_SHOWN).map((note) => paint('dim', cell(note, VIEW_COLUMNS).trimEnd())),
  ]
}

/** One line a second for a log or a pipe. */
export function renderLine(snapshot: DemoSnapshot): string {
  const { events, latencyMs, delivery: counts } = snapshot
  if (snapshot.ticks === 0) return `${snapshot.phase}, ${compact(snapshot.accounts)} accounts stored`
  return [
    `${seconds(snapshot.elapsedMs)} ${snapshot.phase}`,
    `${compact(snapshot.ticks)} ticks (${compact(snapshot.ticksPerSecond)}/s)`,
    `suspects ${compact(snapshot.suspects)}`,
    `warnings ${compact(events.warning)}`,
    `liquidations ${compact(events.liquidation)}`,
    `recovered ${compact(events.recovered)}`,
    `delivered ${compact(counts.delivered)} of ${compact(counts.made)}`,
    `detect p99 ${milliseconds(latencyMs.detectP99)}`,
    `queue p99 ${milliseconds(latencyMs.queueP99)}`,
  ].join('  ')
}

function header(snapshot: DemoSnapshot, paint: Paint): string {
  const title = paint(['bold', 'cyan'], 'plimsoll demo')
  const book = `${compact(snapshot.accounts)} accounts, ${compact(snapshot.positions)} positions, every one on every tick`
  return `${title}  ${paint('dim', book)}`
}

function phases(snapshot: DemoSnapshot, paint: Paint): string {
  const names = PHASES.map((name) =>
    name === snapshot.phase ? paint(['bold', 'inverse'], ` ${name} `) : paint('dim', ` ${name} `),
  ).join(paint('dim', '›'))
  const share = snapshot.durationMs === 0 ? 0 : snapshot.elapsedMs / snapshot.durationMs
  const other = PHASES.includes(snapshot.phase) ? '' : `  ${paint('yellow', snapshot.phase)}`
  return `${names}  ${bar(share, PROGRESS_COLUMNS)} ${seconds(snapshot.elapsedMs)}/${seconds(snapshot.durationMs)}${other}`
}

function marks(snapshot: DemoSnapshot, paint: Paint): string[] {
  const lines = snapshot.marks.slice(0, MARKS_SHOWN).map((mark) => {
    const change = cell(signedPercent(mark.changePercent), 8, 'right')
    const styled = paint(mark.changePercent < 0 ? 'red' : 'green', change)
    return `${cell(mark.venue, 8)} ${cell(mark.symbol, 14)} ${cell(mark.markPrice, 16, 'right')} ${styled}`
  })
  return [paint('bold', cell('MARK PRICES', LEFT_COLUMNS - 1)), ...lines]
}

function figures(snapshot: DemoSnapshot, paint: Paint): string[] {
  const { events, latencyMs } = snapshot
  const pair = (name: string, value: string) => `${paint('dim', cell(name, 10))} ${value}`
  return [
    paint('bold', 'WORKER'),
    pair('ticks', `${compact(snapshot.ticksPerSecond)}/s, ${compact(snapshot.ticks)} in all`),
    pair('suspects', `${compact(snapshot.suspects)}, exact checks ${compact(snapshot.exactChecks)}`),
    pair('events', `${compact(snapshot.eventsPerSecond)}/s`),
    pair('', paint('yellow', `${cell(compact(events.warning), 9, 'right')} warnings`)),
    pair('', paint('red', `${cell(compact(events.liquidation), 9, 'right')} liquidations`)),
    pair('', paint('green', `${cell(compact(events.recovered), 9, 'right')} recovered`)),
    pair('detect', `p50 ${milliseconds(latencyMs.detectP50)}  p99 ${milliseconds(latencyMs.detectP99)}`),
    pair('queue', `p50 ${milliseconds(latencyMs.queueP50)}  p99 ${milliseconds(latencyMs.queueP99)}`),
  ]
}

function standing(snapshot: DemoSnapshot, paint: Paint): string {
  const parts = snapshot.standing.map(({ level, marginAccounts }) => {
    const name = level === '0' ? 'safe' : `≥ ${level}`
    return paint(styleOf(level), `${name} ${compact(marginAccounts)}`)
  })
  return `${paint('bold', 'MARGIN RATIO')}  ${parts.join('   ')}`
}

function nearest(snapshot: DemoSnapshot, paint: Paint): string[] {
  const lines = snapshot.nearest.slice(0, NEAREST_SHOWN).map((line) => {
    const ratio = cell(line.marginRatio.toFixed(4), 8, 'right')
    const gauge = paint(styleOf(String(line.marginRatio)), bar(line.marginRatio, RATIO_BAR_COLUMNS))
    const distance = line.distancePercent === undefined ? '' : `${line.distancePercent.toFixed(3)} % away`
    return `${cell(line.venue, 8)} ${cell(line.marginAccount, 42)} ${ratio} ${gauge} ${cell(distance, 16, 'right')}`
  })
  return [paint('bold', 'NEAREST TO THEIR LINE (margin ratio, 1 is liquidation)'), ...lines]
}

function delivery(snapshot: DemoSnapshot, paint: Paint): string {
  const { made, queued, delivered } = snapshot.delivery
  const state =
    delivered === made ? paint('green', 'all delivered') : `${compact(made - delivered)} on the way`
  return `${paint('bold', 'DELIVERY')}  made ${compact(made)} → queued ${compact(queued)} → delivered ${compact(delivered)} (another process)  ${state}`
}

function beside(left: readonly string[], right: readonly string[]): string[] {
  const rows = Math.max(left.length, right.length)
  return Array.from(
    { length: rows },
    (_, row) => `${left[row] ?? ' '.repeat(LEFT_COLUMNS - 1)} ${right[row] ?? ''}`,
  )
}

function styleOf(level: string): Style {
  const ratio = Number(level)
  if (!(ratio >= 0.5)) return 'green'
  return ratio >= 1 ? ['bold', 'red'] : ratio >= 0.7 ? 'red' : 'yellow'
}
