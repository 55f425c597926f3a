import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { type CliOptions, type Finished, finished, spawnCli } from './cli.ts'
import { until } from './until.ts'

const START_LIMIT_MS = 60_000

export interface LogLine {
  readonly level: number
  readonly msg: string
  readonly [field: string]: unknown
}

/** `plimsoll run` as a process of its own, with what it has logged so far. */
export class WorkerProcess {
  readonly child: ChildProcessWithoutNullStreams
  readonly log: LogLine[] = []
  readonly #end: Promise<Finished>
  #ended: Finished | undefined
  #rest = ''

  constructor(args: readonly string[], options: CliOptions = {}) {
    this.child = spawnCli(['run', ...args], options)
    this.child.stderr.on('data', (text: string) => this.#read(text))
    this.#end = finished(this.child).then((end) => {
      this.#ended = end
      return end
    })
  }

  /** Resolves when the worker runs; rejects with what it printed when it ends before. */
  static async start(args: readonly string[], options: CliOptions = {}): Promise<WorkerProcess> {
    const worker = new WorkerProcess(args, options)
    await until(() => worker.logged('worker runs') !== undefined || worker.ended, START_LIMIT_MS)
    if (worker.#ended !== undefined) throw new Error(`the worker did not start: ${worker.#ended.stderr}`)
    return worker
  }

  get ended(): boolean {
    return this.#ended !== undefined
  }

  logged(msg: string): LogLine | undefined {
    return this.log.find((line) => line.msg === msg)
  }

  /** The end of the process: by itself, or after the signal. */
  async end(signal?: NodeJS.Signals): Promise<Finished & { readonly elapsedMs: number }> {
    const startMs = performance.now()
    if (signal !== undefined) this.child.kill(signal)
    const end = await this.#end
    return { ...end, elapsedMs: performance.now() - startMs }
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n')
    this.#rest = lines.pop()!
    for (const line of lines) if (line.startsWith('{')) this.log.push(JSON.parse(line))
  }
}
