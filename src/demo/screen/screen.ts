import type { Clock } from '../../domain/index.ts'
import { type ScreenProcess, startScreen } from '../processes.ts'
import { REDRAW_EVERY_MS } from './printer.ts'
import type { DemoSnapshot } from './snapshot.ts'

/**
 * Sends snapshots to the process that draws, until the returned function is called, which sends the last one. The next
 * snapshot is sent only when the one before is drawn: a slow terminal shows fewer and does not delay the worker.
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
