import { PlimsollError } from '../errors.ts'
import { redactUrl } from '../redis/index.ts'
import { runningRedisUrl } from './claim.ts'
import { type OpenedRedis, type OpenOptions, openRedis } from './open.ts'

/** Pause between two checks of a server that another process runs. */
const CHECK_EVERY_MS = 500
/** Checks in a row without a server before the command gives up. */
const MISSES_MAX = 20

export interface KeepOptions extends OpenOptions {
  /** The other process's server has ended, and one of our own runs in its place. */
  readonly replaced: (redis: OpenedRedis) => void
  /** The other process's server has ended, and none of our own could be started. */
  readonly failed: (error: PlimsollError) => void
}

/**
 * `openRedis` for a command that runs for long. A private server that another command started ends with that command.
 * Then this one starts its own on the same data, under the same URL, so that connections find it again.
 */
export async function keepRedis(options: KeepOptions): Promise<OpenedRedis> {
  const opened = await openRedis(options)
  return opened.source === 'running' ? new BorrowedRedis(opened, options) : opened
}

class BorrowedRedis implements OpenedRedis {
  readonly url: string
  readonly source = 'running'
  readonly #options: KeepOptions
  #own: OpenedRedis | undefined
  #misses = 0
  #isClosed = false
  #cancel = () => {}
  #looking: Promise<void> = Promise.resolve()

  constructor(opened: OpenedRedis, options: KeepOptions) {
    this.url = opened.url
    this.#options = options
    this.#lookLater()
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#cancel()
    await this.#looking
    await this.#own?.close()
  }

  #lookLater(): void {
    this.#cancel = this.#options.clock.after(CHECK_EVERY_MS, () => {
      this.#looking = this.#look()
    })
  }

  async #look(): Promise<void> {
    try {
      const running = await runningRedisUrl(this.#options.dataDir)
      if (running === this.url) this.#misses = 0
      else if (await this.#replace()) return
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error
      // The other server may still be stopping.
      if (++this.#misses === MISSES_MAX || error.code !== 'REDIS_UNAVAILABLE') {
        this.#options.failed(error)
        return
      }
    }
    if (!this.#isClosed) this.#lookLater()
  }

  /** Starts a server of our own. Returns whether it runs. */
  async #replace(): Promise<boolean> {
    const next = await openRedis(this.#options)
    if (next.url !== this.url) {
      await next.close()
      throw new PlimsollError(
        'CONFIGURATION',
        `the private Redis at ${redactUrl(this.url)} ended with the process that ran it, and its place cannot be taken ` +
          'again: start this command again',
      )
    }
    if (next.source !== 'started') return false
    this.#own = next
    this.#options.replaced(next)
    return true
  }
}
