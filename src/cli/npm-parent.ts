import { readFileSync } from 'node:fs'
import type { Clock } from '../domain/index.ts'

/** An end of npm is noticed this late at most. */
const CHECK_EVERY_MS = 500
/** npm runs a script as `sh -c <script>`, or with the shell of its setting `script-shell`. */
const SHELL_NAME = /(?:^|\/)-?(?:ba|da|k|z|a)?sh$/

/**
 * Calls `gone` once when npm, which started this process, is gone: npm passes SIGTERM to its shell alone, and SIGKILL
 * to nobody. The process that is gone is known by its children, who get another parent; on Linux the shell between npm
 * and us is looked at as well, elsewhere our own parent alone. Call the result to stop watching.
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

/** undefined where the process is gone, or the system has no /proc. */
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
