import type { Config } from '../config.ts'
import { RedisFundingLog } from '../delivery/index.ts'
import type { Clock, FundingLog } from '../domain/index.ts'
import type { Log } from '../log.ts'
import type { Monitor } from '../monitor/index.ts'
import type { RedisCommands } from '../redis/index.ts'
import { every } from './every.ts'

/** A funding time that passes without a mark behind it is noticed at most so late. */
const SETTLE_EVERY_MS = 250

export interface WorkerFundingOptions {
  readonly config: Pick<Config, 'funding'>
  readonly redis: RedisCommands
  readonly key: string
  readonly clock: Clock
  readonly log: Log
  /** Runs what reaches the monitor, and ends the worker if it throws. */
  readonly guard: (action: () => void) => void
}

/** What a worker does about funding: it writes down what falls due, has the monitor apply it, and looks at the clock. */
export class WorkerFunding {
  readonly #options: WorkerFundingOptions
  readonly #log: RedisFundingLog | undefined
  #monitor: Monitor | undefined
  #cancel: () => void = () => undefined

  constructor(options: WorkerFundingOptions) {
    const { config, redis, key, clock, log, guard } = options
    this.#options = options
    if (config.funding === 'ignore') return
    this.#log = new RedisFundingLog({
      redis,
      key,
      clock,
      kept: (records) => guard(() => this.#monitor?.applyFunding(records)),
      fault: (error) => log.error({ code: error.code }, error.message),
      failed: (error) =>
        guard(() => {
          throw error
        }),
    })
  }

  /** For the monitor; undefined if funding is ignored. */
  get log(): FundingLog | undefined {
    return this.#log
  }

  /** Gives the monitor what earlier workers knew. Call before the book is loaded. */
  async restore(monitor: Monitor): Promise<void> {
    this.#monitor = monitor
    if (this.#log === undefined) return
    const { clock, guard } = this.#options
    const { records, schedules } = await this.#log.load()
    monitor.restoreFunding(records, schedules)
    this.#cancel = every(clock, SETTLE_EVERY_MS, () => guard(() => monitor.settleFunding(clock.nowMs())))
  }

  /** Gives the monitor nothing more: what falls due is left to the next worker. Call when the monitor stops. */
  end(): void {
    this.#cancel()
    this.#monitor = undefined
  }

  async close(): Promise<void> {
    this.end()
    await this.#log?.close()
  }
}
