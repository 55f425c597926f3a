import type { Clock } from '../domain/index.ts'
import type { DemoSnapshot } from './snapshot.ts'
import { colours, noColours, renderLine, renderView, VIEW_COLUMNS, VIEW_ROWS } from './view.ts'

/** Redraws on a terminal, and lines in a log, no more often than this. */
export const REDRAW_EVERY_MS = 150
export const LINE_EVERY_MS = 1_000

/** What the printer needs of `process.stdout` or `process.stderr`. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  hasColors?(): boolean
  write(text: string): unknown
}

export interface Printer {
  /** Draws the last state once more on a terminal and leaves the cursor below it. */
  stop(): void
}

const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
const CLEAR_LINE = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'

/**
 * Shows snapshots until stopped: in place on a terminal that is large enough, else a line a second.
 */
export function startPrinter(screen: Screen, clock: Clock, snapshot: () => DemoSnapshot): Printer {
  const large = (screen.columns ?? 0) >= VIEW_COLUMNS && (screen.rows ?? 0) >= VIEW_ROWS
  const live = screen.isTTY === true && large
  const everyMs = live ? REDRAW_EVERY_MS : LINE_EVERY_MS
  const paint = live && screen.hasColors?.() !== false ? colours : noColours
  let drawnRows = 0
  let cancel = (): void => {}

  const draw = (): void => {
    if (!live) {
      screen.write(`${renderLine(snapshot())}\n`)
      return
    }
    const lines = renderView(snapshot(), paint)
    const up = drawnRows === 0 ? HIDE_CURSOR : `\x1b[${drawnRows}A`
    screen.write(`${up}\r${lines.map((line) => `${line}${CLEAR_LINE}\n`).join('')}${CLEAR_BELOW}`)
    drawnRows = lines.length
  }

  const round = (): void => {
    draw()
    cancel = clock.after(everyMs, round)
  }
  round()

  return {
    stop() {
      cancel()
      if (!live) return
      draw()
      screen.write(SHOW_CURSOR)
    },
  }
}
