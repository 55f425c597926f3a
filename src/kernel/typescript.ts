import {
  ANSWER_ACROSS,
  ANSWER_CLOSE,
  ANSWER_SAFE,
  ANSWER_UNKNOWN,
  BLOCK_ROWS,
  BLOCK_SHIFT,
  COORDINATE_PRICE,
  COORDINATE_RECIPROCAL,
  GROUP_BLOCKS,
  GROUP_SHIFT,
  LEVEL_NONE,
  NONE,
} from '../../assembly/layout.ts'
import type { CurvePiece, Kernel, KernelTotals } from './kernel.ts'
import { ACCOUNTS_MAX, assertFinite, assertLevels, capacityFault, ROWS_MAX } from './wasm.ts'

// The same constants as in assembly/account.ts, where the bounds are derived.
const ERROR_UNIT = 2 ** -52
const ERROR_TERMS = 32
const GUARD = 2 ** -48
const BUDGET_UNIT = 2 ** -50

const STAMP_MAX = 2 ** 31 - 1

/**
 * The kernel in TypeScript over typed arrays: the same algorithm in the same order of operations, so that
 * nominations and answers are equal to the last bit. The opponent in benchmarks, a twin in tests, and the
 * fallback where WebAssembly is not to be had.
 */
export class TypescriptKernel implements Kernel {
  readonly variant = 'typescript' as const
  #rowLow = new Float64Array()
  #rowHigh = new Float64Array()
  #rowIntercept = new Float64Array()
  #rowSlope = new Float64Array()
  #rowScale = new Float64Array()
  #rowConstant = new Float64Array()
  #rowAccount = new Int32Array()
  #rowTable = new Int32Array()
  #rowNext = new Int32Array()
  #blockEntry = new Int32Array()
  #blockInstrument = new Int32Array()
  #blockDirty = new Uint8Array()
  #dirtyBlock = new Int32Array()
  #entryLow = new Float64Array()
  #entryHigh = new Float64Array()
  #entryBlock = new Int32Array()
  #groupLow = new Float64Array()
  #groupHigh = new Float64Array()
  #groupNext = new Int32Array()
  #groupCount = new Int32Array()
  #accountConstant = new Float64Array()
  #accountHead = new Int32Array()
  #accountRows = new Int32Array()
  #accountLevel = new Int32Array()
  #accountStamp = new Int32Array()
  #fired = new Int32Array()
  #suspect = new Int32Array()
  #answer = new Int32Array()
  #instrumentMark = new Float64Array()
  #instrumentGroupHead = new Int32Array()
  #instrumentGroupTail = new Int32Array()
  #instrumentFreeRow = new Int32Array()
  #instrumentStamp = new Int32Array()
  #movedInstrument = new Int32Array()
  readonly #tableFirst: number[] = []
  readonly #tablePieces: number[] = []
  readonly #tableCoordinate: number[] = []
  readonly #pieceCap: number[] = []
  readonly #pieceRate: number[] = []
  readonly #pieceDeduction: number[] = []
  readonly #levelValue: number[] = [0]
  #levels = 0
  #release = 1
  #instruments = 0
  #groups = 0
  #blocks = 0
  #dirtyBlocks = 0
  #accounts = 0
  #freeAccount: number = NONE
  #stamp = 0
  #moved = 0
  #firedCount = 0
  #suspects = 0

  get byteLength(): number {
    const columns = [this.#rowLow, this.#rowHigh, this.#rowIntercept, this.#rowSlope, this.#rowScale]
    const rows = columns.reduce((bytes, column) => bytes + column.byteLength, this.#rowConstant.byteLength)
    return (
      rows + 3 * this.#rowAccount.byteLength + 32 * this.#accountHead.length + 20 * this.#entryBlock.length
    )
  }

  reserve(totals: KernelTotals): void {
    const rows = Math.max(this.#rowLow.length, Math.ceil((totals.rows ?? 0) / BLOCK_ROWS) * BLOCK_ROWS)
    const accounts = Math.max(this.#accountHead.length, totals.accounts ?? 0)
    const instruments = Math.max(this.#instrumentMark.length, totals.instruments ?? 0)
    if (rows > ROWS_MAX || accounts > ACCOUNTS_MAX) {
      throw capacityFault(
        `${rows} rows and ${accounts} accounts`,
        `${ROWS_MAX} rows, ${ACCOUNTS_MAX} accounts`,
      )
    }
    this.#reserveRows(rows)
    this.#reserveGroups((rows >> (BLOCK_SHIFT + GROUP_SHIFT)) + instruments)
    this.#reserveAccounts(accounts)
    this.#instrumentMark = grownF64(this.#instrumentMark, instruments)
    this.#instrumentGroupHead = grownI32(this.#instrumentGroupHead, instruments)
    this.#instrumentGroupTail = grownI32(this.#instrumentGroupTail, instruments)
    this.#instrumentFreeRow = grownI32(this.#instrumentFreeRow, instruments)
    this.#instrumentStamp = grownI32(this.#instrumentStamp, instruments)
    this.#movedInstrument = grownI32(this.#movedInstrument, instruments)
  }

  #reserveRows(rows: number): void {
    this.#rowLow = grownF64(this.#rowLow, rows)
    this.#rowHigh = grownF64(this.#rowHigh, rows)
    this.#rowIntercept = grownF64(this.#rowIntercept, rows)
    this.#rowSlope = grownF64(this.#rowSlope, rows)
    this.#rowScale = grownF64(this.#rowScale, rows)
    this.#rowConstant = grownF64(this.#rowConstant, rows)
    this.#rowAccount = grownI32(this.#rowAccount, rows)
    this.#rowTable = grownI32(this.#rowTable, rows)
    this.#rowNext = grownI32(this.#rowNext, rows)
    const blocks = rows >> BLOCK_SHIFT
    this.#blockEntry = grownI32(this.#blockEntry, blocks)
    this.#blockInstrument = grownI32(this.#blockInstrument, blocks)
    this.#dirtyBlock = grownI32(this.#dirtyBlock, blocks)
    if (blocks > this.#blockDirty.length) {
      const dirty = new Uint8Array(blocks)
      dirty.set(this.#blockDirty)
      this.#blockDirty = dirty
    }
  }

  #reserveGroups(groups: number): void {
    this.#groupLow = grownF64(this.#groupLow, groups)
    this.#groupHigh = grownF64(this.#groupHigh, groups)
    this.#groupNext = grownI32(this.#groupNext, groups)
    this.#groupCount = grownI32(this.#groupCount, groups)
    this.#entryLow = grownF64(this.#entryLow, groups << GROUP_SHIFT)
    this.#entryHigh = grownF64(this.#entryHigh, groups << GROUP_SHIFT)
    this.#entryBlock = grownI32(this.#entryBlock, groups << GROUP_SHIFT)
  }

  #reserveAccounts(accounts: number): void {
    this.#accountConstant = grownF64(this.#accountConstant, accounts)
    this.#accountHead = grownI32(this.#accountHead, accounts)
    this.#accountRows = grownI32(this.#accountRows, accounts)
    this.#accountLevel = grownI32(this.#accountLevel, accounts)
    this.#accountStamp = grownI32(this.#accountStamp, accounts)
    this.#fired = grownI32(this.#fired, accounts)
    this.#suspect = grownI32(this.#suspect, accounts)
    this.#answer = grownI32(this.#answer, accounts)
  }

  setLevels(values: readonly number[], releaseFactor: number): void {
    assertLevels(values, releaseFactor)
    values.forEach((value, index) => {
      this.#levelValue[index + 1] = value
    })
    this.#levels = Math.max(this.#levels, values.length)
    this.#release = releaseFactor
  }

  addInstrument(): number {
    if (this.#instruments === this.#instrumentMark.length) {
      this.reserve({ instruments: step(this.#instruments, 64) })
    }
    const instrument = this.#instruments++
    this.#instrumentGroupHead[instrument] = NONE
    this.#instrumentGroupTail[instrument] = NONE
    this.#instrumentFreeRow[instrument] = NONE
    return instrument
  }

  addTable(coordinate: number, pieces: readonly CurvePiece[]): number {
    this.#tableFirst.push(this.#pieceCap.length)
    this.#tablePieces.push(pieces.length)
    for (const piece of pieces) {
      this.#pieceCap.push(piece.cap)
      this.#pieceRate.push(piece.rate)
      this.#pieceDeduction.push(piece.deduction)
    }
    return this.#tableCoordinate.push(coordinate) - 1
  }

  addAccount(constant: number, level: number): number {
    assertFinite(constant)
    let account = this.#freeAccount
    if (account !== NONE) this.#freeAccount = this.#accountHead[account]!
    else {
      if (this.#accounts === this.#accountHead.length) this.reserve({ accounts: step(this.#accounts, 1_024) })
      account = this.#accounts++
    }
    this.#accountConstant[account] = constant
    this.#accountHead[account] = NONE
    this.#accountRows[account] = 0
    this.#accountLevel[account] = level
    this.#accountStamp[account] = 0
    return account
  }

  addRow(
    account: number,
    instrument: number,
    table: number,
    intercept: number,
    slope: number,
    scale: number,
    constant: number,
  ): void {
    assertFinite(intercept + slope + scale + constant)
    const row = this.#takeRow(instrument)
    this.#rowIntercept[row] = intercept
    this.#rowSlope[row] = slope
    this.#rowScale[row] = scale
    this.#rowConstant[row] = constant
    this.#rowAccount[row] = account
    this.#rowTable[row] = table
    this.#rowNext[row] = this.#accountHead[account]!
    this.#accountHead[account] = row
    this.#accountRows[account]!++
    this.#setTriggers(row, Infinity, -Infinity)
  }

  setConstant(account: number, constant: number): void {
    assertFinite(constant)
    this.#accountConstant[account] = constant
  }

  removeRows(account: number): void {
    for (let row = this.#accountHead[account]!; row !== NONE; ) {
      const next = this.#rowNext[row]!
      const instrument = this.#blockInstrument[row >> BLOCK_SHIFT]!
      this.#rowAccount[row] = NONE
      this.#rowNext[row] = this.#instrumentFreeRow[instrument]!
      this.#instrumentFreeRow[instrument] = row
      this.#setTriggers(row, -Infinity, Infinity)
      row = next
    }
    this.#accountHead[account] = NONE
    this.#accountRows[account] = 0
  }

  removeAccount(account: number): void {
    this.removeRows(account)
    this.#accountHead[account] = this.#freeAccount
    this.#freeAccount = account
  }

  setAccountLevel(account: number, level: number): void {
    this.#accountLevel[account] = level
  }

  beginInstant(): void {
    this.refreshZones()
    if (this.#stamp === STAMP_MAX) {
      this.#accountStamp.fill(0)
      this.#instrumentStamp.fill(0)
      this.#stamp = 0
    }
    this.#stamp++
    this.#moved = 0
    this.#firedCount = 0
    this.#suspects = 0
  }

  setStamp(stamp: number): void {
    this.#stamp = stamp
  }

  setMark(instrument: number, mark: number): boolean {
    assertFinite(mark)
    if (this.#instrumentStamp[instrument] === this.#stamp) return false
    this.#instrumentStamp[instrument] = this.#stamp
    this.#movedInstrument[this.#moved++] = instrument
    this.#instrumentMark[instrument] = mark
    return true
  }

  nominate(): number {
    for (let i = 0; i < this.#moved; i++) {
      const instrument = this.#movedInstrument[i]!
      const mark = this.#instrumentMark[instrument]!
      for (
        let group = this.#instrumentGroupHead[instrument]!;
        group !== NONE;
        group = this.#groupNext[group]!
      ) {
        if (this.#groupLow[group]! < mark && mark < this.#groupHigh[group]!) continue
        const end = (group << GROUP_SHIFT) + this.#groupCount[group]!
        for (let entry = group << GROUP_SHIFT; entry < end; entry++) {
          if (this.#entryLow[entry]! < mark && mark < this.#entryHigh[entry]!) continue
          this.#fireBlock(this.#entryBlock[entry]!, mark)
        }
      }
    }
    return this.#firedCount
  }

  scan(): number {
    for (let i = 0; i < this.#moved; i++) {
      const instrument = this.#movedInstrument[i]!
      const mark = this.#instrumentMark[instrument]!
      for (
        let group = this.#instrumentGroupHead[instrument]!;
        group !== NONE;
        group = this.#groupNext[group]!
      ) {
        const end = (group << GROUP_SHIFT) + this.#groupCount[group]!
        for (let entry = group << GROUP_SHIFT; entry < end; entry++)
          this.#fireBlock(this.#entryBlock[entry]!, mark)
      }
    }
    return this.#firedCount
  }

  nominateAll(instrument: number): number {
    for (
      let group = this.#instrumentGroupHead[instrument]!;
      group !== NONE;
      group = this.#groupNext[group]!
    ) {
      const end = (group << GROUP_SHIFT) + this.#groupCount[group]!
      for (let entry = group << GROUP_SHIFT; entry < end; entry++) {
        const firstRow = this.#entryBlock[entry]! << BLOCK_SHIFT
        for (let row = firstRow; row < firstRow + BLOCK_ROWS; row++) {
          if (this.#rowAccount[row] !== NONE) this.#fire(row)
        }
      }
    }
    return this.#firedCount
  }

  recheckFired(from: number, to: number): number {
    for (let i = from; i < to; i++) {
      const account = this.#fired[i]!
      const answer = this.recheckAccount(account)
      if (answer !== ANSWER_SAFE && answer !== ANSWER_UNKNOWN) {
        this.#suspect[this.#suspects] = account
        this.#answer[this.#suspects++] = answer
      }
    }
    return this.#suspects
  }

  firedAccount(index: number): number {
    return this.#fired[index]!
  }

  suspectAccount(index: number): number {
    return this.#suspect[index]!
  }

  suspectAnswer(index: number): number {
    return this.#answer[index]!
  }

  mark(instrument: number): number {
    return this.#instrumentMark[instrument]!
  }

  accountLevel(account: number): number {
    return this.#accountLevel[account]!
  }

  recheckAccount(account: number): number {
    const rows = this.#accountRows[account]!
    let marginBalance = this.#accountConstant[account]!
    let maintenance = 0
    let magnitude = Math.abs(marginBalance)
    for (let row = this.#accountHead[account]!; row !== NONE; row = this.#rowNext[row]!) {
      const mark = this.#instrumentMark[this.#blockInstrument[row >> BLOCK_SHIFT]!]!
      if (mark === 0) return this.#disarm(account, ANSWER_UNKNOWN)
      const table = this.#rowTable[row]!
      const x = this.#coordinate(table, mark)
      const y = this.#rowScale[row]! * x
      const piece = this.#pieceAt(table, y)
      const intercept = this.#rowIntercept[row]!
      const moving = this.#rowSlope[row]! * x
      const deduction = this.#pieceDeduction[piece]!
      const constant = this.#rowConstant[row]!
      marginBalance += intercept + moving
      maintenance += this.#pieceRate[piece]! * y - deduction + constant
      magnitude += Math.abs(intercept) + Math.abs(moving) + y + Math.abs(deduction) + Math.abs(constant)
    }
    const error = (rows + ERROR_TERMS) * ERROR_UNIT * magnitude
    const level = this.#accountLevel[account]!
    if (level === LEVEL_NONE) return this.#disarm(account, ANSWER_ACROSS)

    const nextLevel = level < this.#levels ? this.#levelValue[level + 1]! : 0
    const ownLevel = level > 0 ? this.#levelValue[level]! : 0
    const slackUp = level < this.#levels ? nextLevel * marginBalance - maintenance : Infinity
    const slackDown = level > 0 ? this.#release * maintenance - ownLevel * marginBalance : Infinity
    if (slackUp < -error || slackDown < -error) return this.#disarm(account, ANSWER_ACROSS)
    if (slackUp <= error || slackDown <= error) return this.#disarm(account, ANSWER_CLOSE)
    this.#arm(account, rows, nextLevel, slackUp - error, ownLevel, slackDown - error)
    return ANSWER_SAFE
  }

  refreshZones(): void {
    for (let i = 0; i < this.#dirtyBlocks; i++) {
      const block = this.#dirtyBlock[i]!
      this.#blockDirty[block] = 0
      const entry = this.#blockEntry[block]!
      const firstRow = block << BLOCK_SHIFT
      this.#entryLow[entry] = highestOf64(this.#rowLow, firstRow)
      this.#entryHigh[entry] = lowestOf64(this.#rowHigh, firstRow)
    }
    for (let i = 0; i < this.#dirtyBlocks; i++) {
      const group = this.#blockEntry[this.#dirtyBlock[i]!]! >> GROUP_SHIFT
      this.#groupLow[group] = highestOf64(this.#entryLow, group << GROUP_SHIFT)
      this.#groupHigh[group] = lowestOf64(this.#entryHigh, group << GROUP_SHIFT)
    }
    this.#dirtyBlocks = 0
  }

  #disarm(account: number, answer: number): number {
    for (let row = this.#accountHead[account]!; row !== NONE; row = this.#rowNext[row]!) {
      this.#setTriggers(row, Infinity, -Infinity)
    }
    return answer
  }

  #arm(
    account: number,
    rows: number,
    nextLevel: number,
    slackUp: number,
    ownLevel: number,
    slackDown: number,
  ): void {
    let exposureUp = 0
    let exposureDown = 0
    for (let row = this.#accountHead[account]!; row !== NONE; row = this.#rowNext[row]!) {
      const table = this.#rowTable[row]!
      const x = this.#coordinate(table, this.#instrumentMark[this.#blockInstrument[row >> BLOCK_SHIFT]!]!)
      const scale = this.#rowScale[row]!
      const slope = this.#rowSlope[row]!
      const rate = this.#pieceRate[this.#pieceAt(table, scale * x)]!
      const guard = GUARD * (Math.abs(slope) + scale)
      exposureUp += (Math.abs(nextLevel * slope - rate * scale) + guard) * x
      exposureDown += (Math.abs(this.#release * rate * scale - ownLevel * slope) + guard) * x
    }
    const shrink = 1 - (rows + ERROR_TERMS) * BUDGET_UNIT
    const moveUp = (slackUp / exposureUp) * shrink
    const moveDown = (slackDown / exposureDown) * shrink
    for (let row = this.#accountHead[account]!; row !== NONE; row = this.#rowNext[row]!) {
      this.#armRow(row, nextLevel, moveUp, ownLevel, moveDown)
    }
  }

  #armRow(row: number, nextLevel: number, moveUp: number, ownLevel: number, moveDown: number): void {
    const table = this.#rowTable[row]!
    const mark = this.#instrumentMark[this.#blockInstrument[row >> BLOCK_SHIFT]!]!
    const scale = this.#rowScale[row]!
    const slope = this.#rowSlope[row]!
    const y = scale * this.#coordinate(table, mark)
    const piece = this.#pieceAt(table, y)
    const rate = this.#pieceRate[piece]!
    const guard = GUARD * (Math.abs(slope) + scale)
    const up = nextLevel * slope - rate * scale
    const down = this.#release * rate * scale - ownLevel * slope
    const first = this.#tableFirst[table]!
    const last = first + this.#tablePieces[table]! - 1
    let fall = piece === first ? Infinity : (y - this.#pieceCap[piece - 1]!) / y
    let rise = piece === last ? Infinity : (this.#pieceCap[piece]! - y) / y
    if (up > -guard) fall = Math.min(fall, moveUp)
    if (up < guard) rise = Math.min(rise, moveUp)
    if (down > -guard) fall = Math.min(fall, moveDown)
    if (down < guard) rise = Math.min(rise, moveDown)
    if (this.#tableCoordinate[table] === COORDINATE_PRICE) {
      this.#setTriggers(row, mark * (1 - fall + GUARD), mark * (1 + rise - GUARD))
    } else {
      const left = 1 - fall + GUARD
      const low = (mark / (1 + rise)) * (1 + GUARD)
      this.#setTriggers(row, low, left > 0 ? (mark / left) * (1 - GUARD) : Infinity)
    }
  }

  #coordinate(table: number, mark: number): number {
    return this.#tableCoordinate[table] === COORDINATE_RECIPROCAL ? 1 / mark : mark
  }

  #pieceAt(table: number, y: number): number {
    let piece = this.#tableFirst[table]!
    const last = piece + this.#tablePieces[table]! - 1
    while (piece < last && y > this.#pieceCap[piece]!) piece++
    return piece
  }

  #fire(row: number): void {
    const account = this.#rowAccount[row]!
    if (this.#accountStamp[account] === this.#stamp) return
    this.#accountStamp[account] = this.#stamp
    this.#fired[this.#firedCount++] = account
  }

  #fireBlock(block: number, mark: number): void {
    const firstRow = block << BLOCK_SHIFT
    const low = this.#rowLow
    const high = this.#rowHigh
    for (let row = firstRow; row < firstRow + BLOCK_ROWS; row++) {
      if (low[row]! < mark && mark < high[row]!) continue
      this.#fire(row)
    }
  }

  #setTriggers(row: number, low: number, high: number): void {
    this.#rowLow[row] = low
    this.#rowHigh[row] = high
    const block = row >> BLOCK_SHIFT
    if (this.#blockDirty[block] === 0) {
      this.#blockDirty[block] = 1
      this.#dirtyBlock[this.#dirtyBlocks++] = block
    }
  }

  #takeRow(instrument: number): number {
    let row = this.#instrumentFreeRow[instrument]!
    if (row === NONE) row = this.#addBlock(instrument)
    this.#instrumentFreeRow[instrument] = this.#rowNext[row]!
    return row
  }

  #addBlock(instrument: number): number {
    if (this.#blocks === this.#blockEntry.length) this.reserve({ rows: step(this.#rowLow.length, 4_096) })
    let group = this.#instrumentGroupTail[instrument]!
    if (group === NONE || this.#groupCount[group] === GROUP_BLOCKS) group = this.#addGroup(instrument, group)
    const block = this.#blocks++
    const entry = (group << GROUP_SHIFT) + this.#groupCount[group]!++
    this.#entryBlock[entry] = block
    this.#blockEntry[block] = entry
    this.#blockInstrument[block] = instrument
    const firstRow = block << BLOCK_SHIFT
    for (let row = firstRow; row < firstRow + BLOCK_ROWS; row++) {
      this.#rowLow[row] = -Infinity
      this.#rowHigh[row] = Infinity
      this.#rowAccount[row] = NONE
      this.#rowNext[row] = row + 1 < firstRow + BLOCK_ROWS ? row + 1 : NONE
    }
    this.#instrumentFreeRow[instrument] = firstRow
    return firstRow
  }

  #addGroup(instrument: number, tail: number): number {
    const group = this.#groups++
    this.#groupNext[group] = NONE
    this.#groupLow[group] = -Infinity
    this.#groupHigh[group] = Infinity
    this.#entryLow.fill(-Infinity, group << GROUP_SHIFT, (group + 1) << GROUP_SHIFT)
    this.#entryHigh.fill(Infinity, group << GROUP_SHIFT, (group + 1) << GROUP_SHIFT)
    if (tail === NONE) this.#instrumentGroupHead[instrument] = group
    else this.#groupNext[tail] = group
    this.#instrumentGroupTail[instrument] = group
    return group
  }
}

function step(capacity: number, first: number): number {
  return Math.max(first, Math.ceil(capacity * 1.5))
}

function grownF64(column: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  if (length <= column.length) return column
  const grown = new Float64Array(length)
  grown.set(column)
  return grown
}

function grownI32(column: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> {
  if (length <= column.length) return column
  const grown = new Int32Array(length)
  grown.set(column)
  return grown
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
