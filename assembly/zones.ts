// The two-level zone map over trigger prices, one per instrument: instrument -> groups -> blocks -> rows.
// A block's zone is the highest low-trigger and the lowest high-trigger of its rows; a group's the same of
// its blocks. A mark strictly inside a zone fires no trigger below it. A block stays with its instrument for good;
// its free rows are taken again.
import {
  BLOCK_ROWS,
  BLOCK_SHIFT,
  COLUMN_BLOCK_DIRTY,
  COLUMN_BLOCK_ZONE,
  COLUMN_BLOCK_INSTRUMENT,
  COLUMN_DIRTY_BLOCK,
  COLUMN_BLOCK_ZONE_BLOCK,
  COLUMN_BLOCK_ZONE_HIGH,
  COLUMN_BLOCK_ZONE_LOW,
  COLUMN_GROUP_COUNT,
  COLUMN_GROUP_HIGH,
  COLUMN_GROUP_LOW,
  COLUMN_GROUP_NEXT,
  COLUMN_INSTRUMENT_CHARGE,
  COLUMN_INSTRUMENT_CHARGED_ROWS,
  COLUMN_INSTRUMENT_FREE_ROW,
  COLUMN_INSTRUMENT_GROUP_HEAD,
  COLUMN_INSTRUMENT_GROUP_TAIL,
  COLUMN_INSTRUMENT_MARK,
  COLUMN_INSTRUMENT_STAMP,
  COLUMN_ROW_ACCOUNT,
  COLUMN_ROW_HIGH,
  COLUMN_ROW_LOW,
  COLUMN_ROW_NEXT,
  GROUP_BLOCKS,
  GROUP_SHIFT,
  NONE,
} from "./layout";
import {
  blockCapacity,
  f64At,
  groupCapacity,
  i32At,
  instrumentCapacity,
  pointer,
  setF64,
  setI32,
} from "./columns";

let instruments: i32 = 0;
let groups: i32 = 0;
let blocks: i32 = 0;
let dirtyBlocks: i32 = 0;

/** A new instrument without a mark, whose charge is not known, or NONE when the capacity is used up. */
export function addInstrument(): i32 {
  if (instruments == instrumentCapacity) return NONE;
  setF64(COLUMN_INSTRUMENT_MARK, instruments, 0);
  setF64(COLUMN_INSTRUMENT_CHARGE, instruments, NaN);
  setI32(COLUMN_INSTRUMENT_CHARGED_ROWS, instruments, 0);
  setI32(COLUMN_INSTRUMENT_GROUP_HEAD, instruments, NONE);
  setI32(COLUMN_INSTRUMENT_GROUP_TAIL, instruments, NONE);
  setI32(COLUMN_INSTRUMENT_FREE_ROW, instruments, NONE);
  setI32(COLUMN_INSTRUMENT_STAMP, instruments, 0);
  return instruments++;
}

/** A free row of the instrument, or NONE when the capacity is used up. */
export function takeRow(instrument: i32): i32 {
  let row = i32At(COLUMN_INSTRUMENT_FREE_ROW, instrument);
  if (row == NONE) {
    row = addBlock(instrument);
    if (row == NONE) return NONE;
  }
  setI32(COLUMN_INSTRUMENT_FREE_ROW, instrument, i32At(COLUMN_ROW_NEXT, row));
  return row;
}

/** Gives a row back; it never fires until it is taken again. */
export function freeRow(row: i32): void {
  const instrument = i32At(COLUMN_BLOCK_INSTRUMENT, row >> BLOCK_SHIFT);
  setI32(COLUMN_ROW_ACCOUNT, row, NONE);
  setI32(COLUMN_ROW_NEXT, row, i32At(COLUMN_INSTRUMENT_FREE_ROW, instrument));
  setI32(COLUMN_INSTRUMENT_FREE_ROW, instrument, row);
  setTriggers(row, -Infinity, Infinity);
}

@inline
export function setTriggers(row: i32, low: f64, high: f64): void {
  setF64(COLUMN_ROW_LOW, row, low);
  setF64(COLUMN_ROW_HIGH, row, high);
  const block = row >> BLOCK_SHIFT;
  if (i32At(COLUMN_BLOCK_DIRTY, block) == 0) {
    setI32(COLUMN_BLOCK_DIRTY, block, 1);
    setI32(COLUMN_DIRTY_BLOCK, dirtyBlocks++, block);
  }
}

/** Recomputes the zones of all blocks whose triggers changed, then those of their groups. */
export function refreshZones(): void {
  for (let i = 0; i < dirtyBlocks; i++) {
    const block = i32At(COLUMN_DIRTY_BLOCK, i);
    setI32(COLUMN_BLOCK_DIRTY, block, 0);
    const blockZone = i32At(COLUMN_BLOCK_ZONE, block);
    const firstRow = block << BLOCK_SHIFT;
    setF64(COLUMN_BLOCK_ZONE_LOW, blockZone, highestOf64(pointer(COLUMN_ROW_LOW) + ((<usize>firstRow) << 3)));
    setF64(COLUMN_BLOCK_ZONE_HIGH, blockZone, lowestOf64(pointer(COLUMN_ROW_HIGH) + ((<usize>firstRow) << 3)));
  }
  // Blocks of one group often follow one another in the list.
  let last = NONE;
  for (let i = 0; i < dirtyBlocks; i++) {
    const group = i32At(COLUMN_BLOCK_ZONE, i32At(COLUMN_DIRTY_BLOCK, i)) >> GROUP_SHIFT;
    if (group == last) continue;
    last = group;
    const offset = (<usize>group) << (GROUP_SHIFT + 3);
    setF64(COLUMN_GROUP_LOW, group, highestOf64(pointer(COLUMN_BLOCK_ZONE_LOW) + offset));
    setF64(COLUMN_GROUP_HIGH, group, lowestOf64(pointer(COLUMN_BLOCK_ZONE_HIGH) + offset));
  }
  dirtyBlocks = 0;
}

/** Adds 64 free rows to the instrument and returns the first, or NONE. */
function addBlock(instrument: i32): i32 {
  if (blocks == blockCapacity()) return NONE;
  let group = i32At(COLUMN_INSTRUMENT_GROUP_TAIL, instrument);
  if (group == NONE || i32At(COLUMN_GROUP_COUNT, group) == GROUP_BLOCKS) {
    group = addGroup(instrument, group);
    if (group == NONE) return NONE;
  }
  const block = blocks++;
  const slot = i32At(COLUMN_GROUP_COUNT, group);
  const blockZone = (group << GROUP_SHIFT) + slot;
  setI32(COLUMN_GROUP_COUNT, group, slot + 1);
  setI32(COLUMN_BLOCK_ZONE_BLOCK, blockZone, block);
  setI32(COLUMN_BLOCK_ZONE, block, blockZone);
  setI32(COLUMN_BLOCK_INSTRUMENT, block, instrument);
  setI32(COLUMN_BLOCK_DIRTY, block, 0);
  const firstRow = block << BLOCK_SHIFT;
  for (let row = firstRow; row < firstRow + BLOCK_ROWS; row++) {
    setF64(COLUMN_ROW_LOW, row, -Infinity);
    setF64(COLUMN_ROW_HIGH, row, Infinity);
    setI32(COLUMN_ROW_ACCOUNT, row, NONE);
    setI32(COLUMN_ROW_NEXT, row, row + 1 < firstRow + BLOCK_ROWS ? row + 1 : NONE);
  }
  setI32(COLUMN_INSTRUMENT_FREE_ROW, instrument, firstRow);
  return firstRow;
}

function addGroup(instrument: i32, tail: i32): i32 {
  if (groups == groupCapacity()) return NONE;
  const group = groups++;
  setI32(COLUMN_GROUP_NEXT, group, NONE);
  setI32(COLUMN_GROUP_COUNT, group, 0);
  setF64(COLUMN_GROUP_LOW, group, -Infinity);
  setF64(COLUMN_GROUP_HIGH, group, Infinity);
  for (let blockZone = group << GROUP_SHIFT; blockZone < (group + 1) << GROUP_SHIFT; blockZone++) {
    setF64(COLUMN_BLOCK_ZONE_LOW, blockZone, -Infinity);
    setF64(COLUMN_BLOCK_ZONE_HIGH, blockZone, Infinity);
  }
  if (tail == NONE) setI32(COLUMN_INSTRUMENT_GROUP_HEAD, instrument, group);
  else setI32(COLUMN_GROUP_NEXT, tail, group);
  setI32(COLUMN_INSTRUMENT_GROUP_TAIL, instrument, group);
  return group;
}

/** Highest of 64 neighbours, none of which is NaN. */
@inline
function highestOf64(at: usize): f64 {
  if (ASC_FEATURE_SIMD) {
    let best = v128.load(at);
    for (let i: usize = 16; i < 512; i += 16) best = f64x2.pmax(best, v128.load(at + i));
    return max(f64x2.extract_lane(best, 0), f64x2.extract_lane(best, 1));
  }
  let best = load<f64>(at);
  for (let i: usize = 8; i < 512; i += 8) best = max(best, load<f64>(at + i));
  return best;
}

/** Lowest of 64 neighbours, none of which is NaN. */
@inline
function lowestOf64(at: usize): f64 {
  if (ASC_FEATURE_SIMD) {
    let best = v128.load(at);
    for (let i: usize = 16; i < 512; i += 16) best = f64x2.pmin(best, v128.load(at + i));
    return min(f64x2.extract_lane(best, 0), f64x2.extract_lane(best, 1));
  }
  let best = load<f64>(at);
  for (let i: usize = 8; i < 512; i += 8) best = min(best, load<f64>(at + i));
  return best;
}
