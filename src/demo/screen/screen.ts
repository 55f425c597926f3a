import type { Clock } from '../../domain/index.ts'
import { type ScreenProcess, startScreen } from '../processes.ts'
import { REDRAW_EVERY_MS } from './printer.ts'
import type { DemoSnapshot } from './snapshot.ts'

/**
 * Shows snapshots in the process that draws until the returned function is called, which draws the last one. While
 * a drawing is under way none is sent, so a slow terminal shows fewer and the worker pays for none.
 */
export function startLiveView(
  output: 'stdout' | 'stderr',
  clock: Clock,
  snapshot: () => DemoSnapshot,
): () => Promise<void> {
  const screen: ScreenProcess = startScreen(output, clock)
  let isDrawing = false
  let cancel = (): void => {}
  screen.on('drawn', () => {
    isDrawing = false
  })
  const send = (): void => {
    isDrawing = true
    screen.send({ kind: 'snapshot', snapshot: snapshot() })
  }
  const round = (): void => {
    if (!isDrawing) send()
    cancel = clock.after(REDRAW_EVERY_MS, round)
  }
  round()
  return async () => {
    cancel()
    send()
    await screen.stop()
  }
}
