import { spawn } from 'node:child_process'

/** `read` ends when the last process that can write to the pipe has ended; `$0` is the process id. */
const SIGNAL_AT_END_OF_PIPE = 'read -r line; kill -TERM "$0"'

/**
 * Sends SIGTERM to the process when ours ends, even if ours is killed: a shell waits at a pipe that only we hold open.
 * The shell has its own process group, so Ctrl-C does not reach it. Call the result when the process has ended by itself,
 * before another process gets its id.
 */
export function endWithUs(pid: number, failed: (message: string) => void): () => void {
  const watcher = spawn('/bin/sh', ['-c', SIGNAL_AT_END_OF_PIPE, String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  watcher.once('error', (error) => {
    // Without the watcher the process would outlive us.
    failed(`/bin/sh cannot watch it: ${error.message}`)
    process.kill(pid, 'SIGTERM')
  })
  watcher.unref()
  // The pipe must not keep our process alive.
  if (watcher.stdin !== null && 'unref' in watcher.stdin)
    (watcher.stdin as unknown as { unref(): void }).unref()
  return () => void watcher.kill('SIGKILL')
}
