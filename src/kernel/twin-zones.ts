import { BLOCK_ROWS, BLOCK_SHIFT, GROUP_BLOCKS, GROUP_SHIFT, NONE } from '../../assembly/layout.ts'
import type { TwinColumns } from './twin-columns.ts'

/** Instruments, their blocks and groups of rows, and the zones over their triggers. The twin of assembly/zones.ts. */
export class TwinZones {
  readonly #columns: TwinColumns
  #instruments = 0
  #groups = 0
  #blocks = 0
  #dirtyBlocks = 0

  // What `setTriggers` writes.
  #rowLow!: Float64Array
  #rowHigh!: Float64Array
  #blockDirty!: Int32Array
  #dirtyBlock!: Int32Array

  constructor(columns: TwinColumns) {
    this.#columns = columns
    columns.bind(() => {
      this.#rowLow = columns.rowLow
      this.#rowHigh = columns.rowHigh
      this.#blockDirty = columns.blockDirty
      this.#dirtyBlock = columns.dirtyBlock
    })
  }

  addInstrument(): number {
    const columns = this.#columns
    if (this.#instruments === columns.instrumentMark.length) columns.grow('instruments')
    const instrument = this.#instruments++
    columns.instrumentMark[instrument] = 0
    columns.instrumentCharge[instrument] = Number.NaN
    columns.instrumentChargedRows[instrument] = 0
    columns.instrumentGroupHead[instrument] = NONE
    columns.instrumentGroupTail[instrument] = NONE
    columns.instrumentFreeRow[instrument] = NONE
    columns.instrumentStamp[instrument] = 0
    return instrument
  }

  takeRow(instrument: number): number {
    let row = this.#columns.instrumentFreeRow[instrument]!
    if (row === NONE) row = this.#addBlock(instrument)
    this.#columns.instrumentFreeRow[instrument] = this.#columns.rowNext[row]!
    return row
  }

  /** Gives a row back; it never fires until it is taken again. */
  freeRow(row: number): void {
    const { blockInstrument, instrumentFreeRow, rowAccount, rowNext } = this.#columns
    const instrument = blockInstrument[row >> BLOCK_SHIFT]!
    rowAccount[row] = NONE
    rowNext[row] = instrumentFreeRow[instrument]!
    instrumentFreeRow[instrument] = row
    this.setTriggers(row, -Infinity, Infinity)
  }

  setTriggers(row: number, low: number, high: number): void {
    this.#rowLow[row] = low
    this.#rowHigh[row] = high
    const block = row >> BLOCK_SHIFT
    if (this.#blockDirty[block] !== 0) return
    this.#blockDirty[block] = 1
    this.#dirtyBlock[this.#dirtyBlocks++] = block
  }

  /** Recomputes the zones of all blocks whose triggers changed, then those of their groups. */
  refreshZones(): void {
    if (this.#dirtyBlocks === 0) return
    const { rowLow, rowHigh, dirtyBlock, blockDirty, blockZone } = this.#columns
    const { blockZoneLow, blockZoneHigh, groupLow, groupHigh } = this.#columns
    for (let i = 0; i < this.#dirtyBlocks; i++) {
      const block = dirtyBlock[i]!
      blockDirty[block] = 0
      const zone = blockZone[block]!
      const firstRow = block << BLOCK_SHIFT
      blockZoneLow[zone] = highestOf64(rowLow, firstRow)
      blockZoneHigh[zone] = lowestOf64(rowHigh, firstRow)
    }
    // Blocks of one group often follow one another in the list.
    let last: number = NONE
    for (let i = 0; i < this.#dirtyBlocks; i++) {
      const group = blockZone[dirtyBlock[i]!]! >> GROUP_SHIFT
      if (group === last) continue
      last = group
      groupLow[group] = highestOf64(blockZoneLow, group << GROUP_SHIFT)
      groupHigh[group] = lowestOf64(blockZoneHigh, group << GROUP_SHIFT)
    }
    this.#dirtyBlocks = 0
  }

  /** Adds 64 free rows to the instrument and returns the first. */
  #addBlock(instrument: number): number {
    const columns = this.#columns
    if (this.#blocks === columns.blockZone.length) columns.grow('rows')
    let group = columns.instrumentGroupTail[instrument]!
    if (group === NONE || columns.groupCount[group] === GROUP_BLOCKS)
      group = this.#addGroup(instrument, group)
    const block = this.#blocks++
    const zone = (group << GROUP_SHIFT) + columns.groupCount[group]!++
    columns.blockZoneBlock[zone] = block
    columns.blockZone[block] = zone
    columns.blockInstrument[block] = instrument
    const firstRow = block << BLOCK_SHIFT
    for (let row = firstRow; row < firstRow + BLOCK_ROWS; row++) {
      columns.rowLow[row] = -Infinity
      columns.rowHigh[row] = Infinity
      columns.rowAccount[row] = NONE
      columns.rowNext[row] = row + 1 < firstRow + BLOCK_ROWS ? row + 1 : NONE
    }
    columns.instrumentFreeRow[instrument] = firstRow
    return firstRow
  }

  #addGroup(instrument: number, tail: number): number {
    const columns = this.#columns
    const group = this.#groups++
    columns.groupNext[group] = NONE
    columns.groupLow[group] = -Infinity
    columns.groupHigh[group] = Infinity
    columns.blockZoneLow.fill(-Infinity, group << GROUP_SHIFT, (group + 1) << GROUP_SHIFT)
    columns.blockZoneHigh.fill(Infinity, group << GROUP_SHIFT, (group + 1) << GROUP_SHIFT)
    if (tail === NONE) columns.instrumentGroupHead[instrument] = group
    else columns.groupNext[tail] = group
    columns.instrumentGroupTail[instrument] = group
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
