import type { Clock } from '../../domain/index.ts'
import type { DemoSnapshot } from './snapshot.ts'
import { colours, fit, noColours, painted, span } from './text.ts'
import { renderLine, renderView } from './view.ts'

/** Redraws on a terminal, and lines in a log, no more often than this. */
export const REDRAW_EVERY_MS = 150
export const LINE_EVERY_MS = 1_000
/** A terminal below this size gets a line a second instead of the live view. */
export const LIVE_COLUMNS_MIN = 50
export const LIVE_ROWS_MIN = 14

/** What is needed of `process.stdout` or `process.stderr`. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  hasColors?(): boolean
  write(text: string): unknown
}

export function isLive(screen: Screen): boolean {
  const { isTTY, columns = 0, rows = 0 } = screen
  return isTTY === true && columns >= LIVE_COLUMNS_MIN && rows >= LIVE_ROWS_MIN
}

/** The live view on a terminal: drawn in place, below what was there before. */
export interface Painter {
  draw(snapshot: DemoSnapshot): void
  /** After a resize the terminal has moved the lines: clears the screen and draws the last snapshot again. */
  redraw(): void
  /** Leaves the cursor visible below the last drawing. May be repeated; the next drawing begins there. */
  release(): void
}

const HIDE_CURSOR = '\x1b[?25l'
const SHOW_CURSOR = '\x1b[?25h'
const CLEAR_LINE = '\x1b[K'
const CLEAR_BELOW = '\x1b[J'
const CLEAR_SCREEN = '\x1b[H\x1b[2J'

export function createPainter(screen: Screen): Painter {
  const paint = screen.hasColors?.() === false ? noColours : colours
  let last: DemoSnapshot | undefined
  let drawnRows: number | undefined

  const write = (snapshot: DemoSnapshot, home: string): void => {
    // The last column stays free, for a full line may wrap; so does the last row, which holds the cursor.
    const size = { columns: (screen.columns ?? 0) - 1, rows: (screen.rows ?? 0) - 1 }
    const lines = renderView(snapshot, size).map((line) => `${painted(line, paint)}${CLEAR_LINE}\n`)
    screen.write(`${home}${lines.join('')}${CLEAR_BELOW}`)
    drawnRows = lines.length
  }

  return {
    draw(snapshot) {
      last = snapshot
      const up = drawnRows === undefined ? HIDE_CURSOR : drawnRows === 0 ? '' : `\x1b[${drawnRows}A`
      write(snapshot, `${up}\r`)
    },
    redraw() {
      if (last !== undefined && drawnRows !== undefined) write(last, CLEAR_SCREEN)
    },
    release() {
      if (drawnRows === undefined) return
      drawnRows = undefined
      screen.write(SHOW_CURSOR)
    },
  }
}

/** Writes a line a second until the returned function is called; on a terminal none is wider than it. */
export function startLines(screen: Screen, clock: Clock, snapshot: () => DemoSnapshot): () => void {
  let cancel = (): void => {}
  const round = (): void => {
    const line = [span(renderLine(snapshot()))]
    const fitted = screen.isTTY === true ? fit(line, (screen.columns ?? Number.POSITIVE_INFINITY) - 1) : line
    screen.write(`${painted(fitted, noColours)}\n`)
    cancel = clock.after(LINE_EVERY_MS, round)
  }
  round()
  return () => cancel()
}
