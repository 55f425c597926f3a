import { writeFile } from 'node:fs/promises'
import type { Clock } from '../domain/index.ts'

/** A health check concludes that the worker has ended when the file is several times older than this. */
export const HEARTBEAT_EVERY_MS = 5_000

export interface HeartbeatOptions {
  readonly file: string
  readonly clock: Clock
  /** Called for the first failure of a series. */
  readonly failed: (error: Error) => void
}

/**
 * Writes the time into the file every HEARTBEAT_EVERY_MS while the event loop turns. When the worker hangs or ends, the
 * file becomes old. Call the result to stop.
 */
export function startHeartbeat({ file, clock, failed }: HeartbeatOptions): () => void {
  let cancel = () => {}
  let isStopped = false
  let hasFailed = false
  const beat = async () => {
    try {
      await writeFile(file, `${new Date(clock.nowMs()).toISOString()}\n`)
      hasFailed = false
    } catch (error) {
      if (!hasFailed) failed(error as Error)
      hasFailed = true
    }
    if (!isStopped) cancel = clock.after(HEARTBEAT_EVERY_MS, () => void beat())
  }
  void beat()
  return () => {
    isStopped = true
    cancel()
  }
}
