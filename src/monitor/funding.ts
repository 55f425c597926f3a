import type { Clock, FundingLog, FundingRecord, FundingSchedule, RuleBook, VenueId } from '../domain/index.ts'
import type { FundingKnown } from './applied-funding.ts'
import { FundingHistory } from './funding-history.ts'
import { FundingTimes } from './funding-times.ts'
import type { Markets } from './markets.ts'

/** What a worker that applies funding, interest and rollovers knows of them: records and minutes in force, and the times to come. */
export class Funding implements FundingKnown {
  readonly history = new FundingHistory()
  readonly times: FundingTimes

  readonly clock: Pick<Clock, 'nowMs'>

  /** Interest and rollovers are due up to the present time. */
  constructor(
    log: FundingLog,
    markets: Markets,
    ruleBookOf: (venue: VenueId) => RuleBook,
    clock: Pick<Clock, 'nowMs'>,
  ) {
    this.clock = clock
    this.history.addMinuteOf(clock.nowMs())
    this.times = new FundingTimes(log, markets, this.history, ruleBookOf)
  }

  /** What earlier runs knew. */
  restore(records: readonly FundingRecord[], schedules: readonly FundingSchedule[]): void {
    for (const record of records) this.history.add(record)
    for (const schedule of schedules) this.times.restore(schedule)
  }
}
