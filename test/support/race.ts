import { type ChildProcess, fork, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const RACER = fileURLToPath(new URL('./claim-racer.mjs', import.meta.url))
const BUILT = new URL('../../dist/src/', import.meta.url)

export interface Finish {
  readonly pid: number
  readonly won: boolean
  readonly message?: string
}

/** Processes that take a lock at the same time. `module` and `name` are those of a function of the built program. */
export interface Racers {
  /** Every process tries to take the lock of this path at once; each keeps what it gets until it ends. */
  race(path: string): Promise<Finish[]>
  /** The winner of an earlier race dies at once. */
  kill(pid: number): Promise<void>
  stop(): Promise<void>
}

export async function startRacers(count: number, module: string, name: string): Promise<Racers> {
  const racers = Array.from({ length: count }, () => fork(RACER, [new URL(module, BUILT).href, name]))
  await Promise.all(racers.map((racer) => once(racer, 'message')))
  const end = async (racer: ChildProcess) => {
    const ended = once(racer, 'exit')
    racer.kill('SIGKILL')
    await ended
  }
  return {
    race: (path) =>
      Promise.all(
        racers.map(async (racer): Promise<Finish> => {
          const answer = once(racer, 'message')
          racer.send(path)
          const [{ won, message }] = (await answer) as [{ won: boolean; message?: string }]
          return { pid: racer.pid!, won, ...(message === undefined ? {} : { message }) }
        }),
      ),
    async kill(pid) {
      const index = racers.findIndex((racer) => racer.pid === pid)
      await end(racers.splice(index, 1)[0]!)
    },
    async stop() {
      await Promise.all(racers.map(end))
    },
  }
}

/** The id of a process that has ended. */
export function deadProcessId(): number {
  return spawnSync(process.execPath, ['-e', '']).pid
}
