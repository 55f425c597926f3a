import {
  ANSWER_ACROSS,
  ANSWER_SAFE,
  ANSWER_UNKNOWN,
  BLOCK_ROWS,
  BLOCK_SHIFT,
  GROUP_SHIFT,
  LEVEL_NONE,
  NONE,
} from '../../assembly/layout.ts'
import type { Kernel } from './kernel.ts'
import { assertFinite, assertRechecked } from './limits.ts'
import { TwinRecheck } from './twin-recheck.ts'

const STAMP_MAX = 2 ** 31 - 1

/**
 * The kernel in TypeScript over typed arrays: the same algorithm in the same order of operations, so that
 * nominations and answers are equal to the last bit. The opponent in benchmarks, a twin in tests, and the
 * fallback where WebAssembly is not to be had. This file is the twin of assembly/tick.ts.
 */
export class TypescriptKernel extends TwinRecheck implements Kernel {
  readonly variant = 'typescript' as const
  protected stamp = 0
  protected moved = 0
  protected nominatedCount = 0

  beginInstant(): void {
    this.refreshZones()
    if (this.stamp === STAMP_MAX) {
      this.accountStamp.fill(0)
      this.instrumentStamp.fill(0)
      this.stamp = 0
    }
    this.stamp++
    this.moved = 0
    this.nominatedCount = 0
  }

  setStamp(stamp: number): void {
    this.stamp = stamp
  }

  setMark(instrument: number, mark: number): boolean {
    assertFinite(mark)
    if (this.instrumentStamp[instrument] === this.stamp) return false
    this.instrumentStamp[instrument] = this.stamp
    this.movedInstrument[this.moved++] = instrument
    this.instrumentMark[instrument] = mark
    return true
  }

  nominate(): number {
    for (let i = 0; i < this.moved; i++) {
      const instrument = this.movedInstrument[i]!
      const mark = this.instrumentMark[instrument]!
      for (
        let group = this.instrumentGroupHead[instrument]!;
        group !== NONE;
        group = this.groupNext[group]!
      ) {
        if (this.groupLow[group]! < mark && mark < this.groupHigh[group]!) continue
        const end = (group << GROUP_SHIFT) + this.groupCount[group]!
        for (let blockZone = group << GROUP_SHIFT; blockZone < end; blockZone++) {
          if (this.blockZoneLow[blockZone]! < mark && mark < this.blockZoneHigh[blockZone]!) continue
          this.nominateBlock(this.blockZoneBlock[blockZone]!, mark)
        }
      }
    }
    return this.nominatedCount
  }

  scan(): number {
    for (let i = 0; i < this.moved; i++) {
      const instrument = this.movedInstrument[i]!
      const mark = this.instrumentMark[instrument]!
      for (
        let group = this.instrumentGroupHead[instrument]!;
        group !== NONE;
        group = this.groupNext[group]!
      ) {
        const end = (group << GROUP_SHIFT) + this.groupCount[group]!
        for (let blockZone = group << GROUP_SHIFT; blockZone < end; blockZone++)
          this.nominateBlock(this.blockZoneBlock[blockZone]!, mark)
      }
    }
    return this.nominatedCount
  }

  nominateAll(instrument: number): number {
    for (let group = this.instrumentGroupHead[instrument]!; group !== NONE; group = this.groupNext[group]!) {
      const end = (group << GROUP_SHIFT) + this.groupCount[group]!
      for (let blockZone = group << GROUP_SHIFT; blockZone < end; blockZone++) {
        const firstRow = this.blockZoneBlock[blockZone]! << BLOCK_SHIFT
        for (let row = firstRow; row < firstRow + BLOCK_ROWS; row++) {
          if (this.rowAccount[row] !== NONE) this.nominateRow(row)
        }
      }
    }
    return this.nominatedCount
  }

  recheckNominated(from: number, to: number): number {
    assertRechecked(from, to)
    let suspects = 0
    for (let i = from; i < to; i++) {
      const account = this.nominated[i]!
      const answer = this.recheckAccount(account)
      if (answer !== ANSWER_SAFE && answer !== ANSWER_UNKNOWN) {
        this.suspect[suspects] = account
        this.answer[suspects] = answer
        this.provenLevels[suspects] = this.measuredLevel
        this.suspectBalance[suspects] = this.measuredMarginBalance
        this.suspectMaintenance[suspects++] = this.measuredMaintenanceMargin
      }
    }
    return suspects
  }

  takeProven(from: number, to: number): number {
    let across = 0
    for (let i = from; i < to; i++) {
      const level = this.provenLevels[i]!
      if (level === LEVEL_NONE) continue
      const account = this.suspect[i]!
      this.setAccountLevel(account, level)
      if (this.recheckAccount(account) === ANSWER_ACROSS) across++
    }
    return across
  }

  nominatedAccount(index: number): number {
    return this.nominated[index]!
  }

  suspectAccount(index: number): number {
    return this.suspect[index]!
  }

  suspectAnswer(index: number): number {
    return this.answer[index]!
  }

  suspectLevel(index: number): number {
    return this.provenLevels[index]!
  }

  suspectMarginBalance(index: number): number {
    return this.suspectBalance[index]!
  }

  suspectMaintenanceMargin(index: number): number {
    return this.suspectMaintenance[index]!
  }

  firstRow(account: number): number {
    return this.accountHead[account]!
  }

  nextRow(row: number): number {
    return this.rowNext[row]!
  }

  instrumentOf(row: number): number {
    return this.blockInstrument[row >> BLOCK_SHIFT]!
  }

  mark(instrument: number): number {
    return this.instrumentMark[instrument]!
  }

  protected nominateRow(row: number): void {
    const account = this.rowAccount[row]!
    if (this.accountStamp[account] === this.stamp) return
    this.accountStamp[account] = this.stamp
    this.nominated[this.nominatedCount++] = account
  }

  protected nominateBlock(block: number, mark: number): void {
    const firstRow = block << BLOCK_SHIFT
    const low = this.rowLow
    const high = this.rowHigh
    for (let row = firstRow; row < firstRow + BLOCK_ROWS; row++) {
      if (low[row]! < mark && mark < high[row]!) continue
      this.nominateRow(row)
    }
  }
}
