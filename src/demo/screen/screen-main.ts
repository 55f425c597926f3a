import { systemClock } from '../../system/index.ts'
import { listenToParent, whenOrphaned } from '../parent.ts'
import type { FromScreen, ToScreen } from '../protocol.ts'
import { createPainter } from './printer.ts'

/**
 * The process that draws. A terminal may be slow, or stopped for ever, and the worker must not wait for it. However the
 * worker ends, this process shows the cursor again.
 */
const painter = createPainter(process.stdout)

process.stdout.on('resize', () => painter.redraw())
process.on('SIGTSTP', () => {
  painter.release()
  process.kill(process.pid, 'SIGSTOP')
})
// The terminal has closed.
process.stdout.on('error', () => stop())

function stop(): void {
  painter.release()
  // Node fails when a channel closes while it delivers the messages that came before there was a listener.
  systemClock.nextTurn(() => {
    if (process.connected) process.disconnect()
  })
}

listenToParent<ToScreen, FromScreen>((message, send) => {
  if (message.kind === 'stop') return stop()
  painter.draw(message.snapshot)
  send({ kind: 'drawn' })
})
whenOrphaned(stop)
