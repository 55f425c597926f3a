import { readFileSync } from 'node:fs'
import type { Clock } from '../domain/index.ts'

/** Longest time until the end of npm is seen. */
const CHECK_EVERY_MS = 500
/** npm runs a script as `sh -c <script>`, or with the shell of its setting `script-shell`. */
const SHELL_NAME = /(?:^|\/)-?(?:ba|da|k|z|a)?sh$/

/**
 * Calls `gone` once when npm, which started this process, has ended. npm passes SIGTERM to its shell only, and SIGKILL to
 * no process. When a process ends, its children get another parent: that is what is checked, on Linux for the shell
 * between npm and this process too. Call the result to stop watching.
 */
export function watchNpm(clock: Clock, gone: () => void): () => void {
  const shell = process.ppid
  const npm = isScriptShell(shell) ? parentOf(shell) : undefined
  let cancel = () => {}
  const check = () => {
    if (process.ppid !== shell || (npm !== undefined && parentOf(shell) !== npm)) gone()
    else cancel = clock.after(CHECK_EVERY_MS, check)
  }
  check()
  return () => cancel()
}

function isScriptShell(pid: number): boolean {
  const [name = '', option] = read(pid, 'cmdline')?.split('\0') ?? []
  return option === '-c' && SHELL_NAME.test(name)
}

/** Undefined when the process has ended or the system has no /proc. */
function parentOf(pid: number): number | undefined {
  // The name before the state is in brackets and may hold anything.
  const parent = /^.*\) \S (\d+)/s.exec(read(pid, 'stat') ?? '')?.[1]
  return parent === undefined ? undefined : Number(parent)
}

function read(pid: number, file: 'cmdline' | 'stat'): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES') return undefined
    throw error
  }
}
