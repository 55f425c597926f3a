import type { Clock } from '../../domain/index.ts'
import type { DemoSnapshot } from './snapshot.ts'
import { colours, fit, noColours, painted, span } from './text.ts'
import { renderLine, renderView } from './view.ts'

/** Shortest pause between two drawings on a terminal. */
export const REDRAW_EVERY_MS = 150
export const LINE_EVERY_MS = 1_000
/** A smaller terminal gets a line a second in place of the live view. */
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

/** The live view on a terminal. It is drawn in place, below the earlier lines. */
export interface Painter {
  draw(snapshot: DemoSnapshot): void
  /** Call after a resize, which moves lines: clears the screen and draws the last snapshot again. */
  redraw(): void
  /** Shows the cursor again, below the last drawing. The next drawing begins there. May be called again. */
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
    // The last column stays free, because a full line may wrap, and the last row too, because the cursor is there.
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

/** Writes a line a second, unless it is the last one again, until the returned function is called. A terminal cuts it to its width. */
export function startLines(screen: Screen, clock: Clock, snapshot: () => DemoSnapshot): () => void {
  let cancel = (): void => {}
  let last = ''
  const round = (): void => {
    const text = renderLine(snapshot())
    const line = [span(text)]
    const fitted = screen.isTTY === true ? fit(line, (screen.columns ?? Number.POSITIVE_INFINITY) - 1) : line
    if (text !== last) screen.write(`${painted(fitted, noColours)}\n`)
    last = text
    cancel = clock.after(LINE_EVERY_MS, round)
  }
  round()
  return () => cancel()
}
