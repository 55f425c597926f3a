import { BLOCK_ROWS, BLOCK_SHIFT, GROUP_BLOCKS, GROUP_SHIFT, NONE } from '../../assembly/layout.ts'
import { nextCapacity } from './limits.ts'
import { TwinColumns } from './twin-columns.ts'

/** Instruments, their blocks and groups of rows, and the zones over their triggers (assembly/zones.ts). */
export abstract class TwinZones extends TwinColumns {
  protected instruments = 0
  protected groups = 0
  protected blocks = 0
  protected dirtyBlocks = 0

  addInstrument(): number {
    if (this.instruments === this.instrumentMark.length) {
      this.reserve({ instruments: nextCapacity('instruments', this.instruments) })
    }
    const instrument = this.instruments++
    this.instrumentGroupHead[instrument] = NONE
    this.instrumentGroupTail[instrument] = NONE
    this.instrumentFreeRow[instrument] = NONE
    return instrument
  }

  refreshZones(): void {
    for (let i = 0; i < this.dirtyBlocks; i++) {
      const block = this.dirtyBlock[i]!
      this.blockDirty[block] = 0
      const blockZone = this.blockZone[block]!
      const firstRow = block << BLOCK_SHIFT
      this.blockZoneLow[blockZone] = highestOf64(this.rowLow, firstRow)
      this.blockZoneHigh[blockZone] = lowestOf64(this.rowHigh, firstRow)
    }
    for (let i = 0; i < this.dirtyBlocks; i++) {
      const group = this.blockZone[this.dirtyBlock[i]!]! >> GROUP_SHIFT
      this.groupLow[group] = highestOf64(this.blockZoneLow, group << GROUP_SHIFT)
      this.groupHigh[group] = lowestOf64(this.blockZoneHigh, group << GROUP_SHIFT)
    }
    this.dirtyBlocks = 0
  }

  protected setTriggers(row: number, low: number, high: number): void {
    this.rowLow[row] = low
    this.rowHigh[row] = high
    const block = row >> BLOCK_SHIFT
    if (this.blockDirty[block] === 0) {
      this.blockDirty[block] = 1
      this.dirtyBlock[this.dirtyBlocks++] = block
    }
  }

  protected takeRow(instrument: number): number {
    let row = this.instrumentFreeRow[instrument]!
    if (row === NONE) row = this.addBlock(instrument)
    this.instrumentFreeRow[instrument] = this.rowNext[row]!
    return row
  }

  protected freeRow(row: number): void {
    const instrument = this.blockInstrument[row >> BLOCK_SHIFT]!
    this.rowAccount[row] = NONE
    this.rowNext[row] = this.instrumentFreeRow[instrument]!
    this.instrumentFreeRow[instrument] = row
    this.setTriggers(row, -Infinity, Infinity)
  }

  protected addBlock(instrument: number): number {
    if (this.blocks === this.blockZone.length)
      this.reserve({ rows: nextCapacity('rows', this.rowLow.length) })
    let group = this.instrumentGroupTail[instrument]!
    if (group === NONE || this.groupCount[group] === GROUP_BLOCKS) group = this.addGroup(instrument, group)
    const block = this.blocks++
    const blockZone = (group << GROUP_SHIFT) + this.groupCount[group]!++
    this.blockZoneBlock[blockZone] = block
    this.blockZone[block] = blockZone
    this.blockInstrument[block] = instrument
    const firstRow = block << BLOCK_SHIFT
    for (let row = firstRow; row < firstRow + BLOCK_ROWS; row++) {
      this.rowLow[row] = -Infinity
      this.rowHigh[row] = Infinity
      this.rowAccount[row] = NONE
      this.rowNext[row] = row + 1 < firstRow + BLOCK_ROWS ? row + 1 : NONE
    }
    this.instrumentFreeRow[instrument] = firstRow
    return firstRow
  }

  protected addGroup(instrument: number, tail: number): number {
    const group = this.groups++
    this.groupNext[group] = NONE
    this.groupLow[group] = -Infinity
    this.groupHigh[group] = Infinity
    this.blockZoneLow.fill(-Infinity, group << GROUP_SHIFT, (group + 1) << GROUP_SHIFT)
    this.blockZoneHigh.fill(Infinity, group << GROUP_SHIFT, (group + 1) << GROUP_SHIFT)
    if (tail === NONE) this.instrumentGroupHead[instrument] = group
    else this.groupNext[tail] = group
    this.instrumentGroupTail[instrument] = group
    return group
  }
}

function highestOf64(column: Float64Array, from: number): number {
  let best = column[from]!
  for (let i = from + 1; i < from + 64; i++) best = Math.max(best, column[i]!)
  return best
}

function lowestOf64(column: Float64Array, from: number): number {
  let best = column[from]!
  for (let i = from + 1; i < from + 64; i++) best = Math.min(best, column[i]!)
  return best
}
