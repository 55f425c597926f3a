import { systemClock } from '../../system/index.ts'
import { listenToParent, whenOrphaned } from '../parent.ts'
import type { FromScreen, ToScreen } from '../protocol.ts'
import { createPainter } from './printer.ts'

/**
 * The process that draws. A terminal takes its time, and one that is stopped takes for ever: the worker must not
 * wait for it. However the worker ends, this process gives the cursor back.
 */
const painter = createPainter(process.stdout)

process.stdout.on('resize', () => painter.redraw())
process.on('SIGTSTP', () => {
  painter.release()
  process.kill(process.pid, 'SIGSTOP')
})
// The terminal is gone: there is nothing left to draw on.
process.stdout.on('error', () => stop())

function stop(): void {
  painter.release()
  // Node fails on a channel that closes while it hands on the messages that came before there was a listener.
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
