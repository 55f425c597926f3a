// Reserves the columns and says where each one lies. Capacity grows in steps chosen by the host, never
// inside a tick. Every address is at or above its old one after a growth, so columns move from the last
// to the first without overwriting one another.
import {
  BLOCK_SHIFT,
  COLUMN_ACCOUNT_CONSTANT,
  COLUMN_ACCOUNT_HEAD,
  COLUMN_BLOCK_ZONE,
  COLUMN_COUNT,
  COLUMN_DIRTY_BLOCK,
  COLUMN_BLOCK_ZONE_BLOCK,
  COLUMN_BLOCK_ZONE_HIGH,
  COLUMN_BLOCK_ZONE_LOW,
  COLUMN_NOMINATED_ACCOUNT,
  COLUMN_FIRST_I32,
  COLUMN_GROUP_COUNT,
  COLUMN_GROUP_HIGH,
  COLUMN_GROUP_LOW,
  COLUMN_GROUP_NEXT,
  COLUMN_INSTRUMENT_GROUP_HEAD,
  COLUMN_INSTRUMENT_MARK,
  COLUMN_LEVEL_VALUE,
  COLUMN_MOVED_INSTRUMENT,
  COLUMN_PIECE_CAP,
  COLUMN_PIECE_DEDUCTION,
  COLUMN_ROW_CONSTANT,
  COLUMN_ROW_NEXT,
  COLUMN_SUSPECT_ACCOUNT,
  COLUMN_SUSPECT_LEVEL,
  COLUMN_SUSPECT_MAINTENANCE_MARGIN,
  COLUMN_SUSPECT_MARGIN_BALANCE,
  GROUP_SHIFT,
  LEVELS_MAX,
  RECHECKED_MAX,
} from "./layout";

export let rowCapacity: i32 = 0;
export let accountCapacity: i32 = 0;
export let instrumentCapacity: i32 = 0;
export let curveCapacity: i32 = 0;
export let pieceCapacity: i32 = 0;

@inline
export function blockCapacity(): i32 {
  return rowCapacity >> BLOCK_SHIFT;
}

/** Full groups plus one partly filled group for every instrument. */
@inline
export function groupCapacity(): i32 {
  return (blockCapacity() >> GROUP_SHIFT) + instrumentCapacity;
}

/** Addresses of the columns: COLUMN_COUNT pointers at the start of the free memory. */
@inline
function directory(): usize {
  return (__heap_base + 15) & ~15;
}

@inline
export function pointer(column: i32): usize {
  return load<usize>(directory() + ((<usize>column) << 2));
}

@inline
export function f64At(column: i32, index: i32): f64 {
  return load<f64>(pointer(column) + ((<usize>index) << 3));
}

@inline
export function setF64(column: i32, index: i32, value: f64): void {
  store<f64>(pointer(column) + ((<usize>index) << 3), value);
}

@inline
export function i32At(column: i32, index: i32): i32 {
  return load<i32>(pointer(column) + ((<usize>index) << 2));
}

@inline
export function setI32(column: i32, index: i32, value: i32): void {
  store<i32>(pointer(column) + ((<usize>index) << 2), value);
}

function elements(column: i32): usize {
  if (column <= COLUMN_ROW_CONSTANT) return rowCapacity;
  if (column == COLUMN_BLOCK_ZONE_LOW || column == COLUMN_BLOCK_ZONE_HIGH || column == COLUMN_BLOCK_ZONE_BLOCK)
    return (<usize>groupCapacity()) << GROUP_SHIFT;
  if (column == COLUMN_GROUP_LOW || column == COLUMN_GROUP_HIGH) return groupCapacity();
  if (column == COLUMN_GROUP_NEXT || column == COLUMN_GROUP_COUNT) return groupCapacity();
  if (column == COLUMN_ACCOUNT_CONSTANT) return accountCapacity;
  if (column == COLUMN_SUSPECT_MARGIN_BALANCE || column == COLUMN_SUSPECT_MAINTENANCE_MARGIN) return RECHECKED_MAX;
  if (column == COLUMN_INSTRUMENT_MARK) return instrumentCapacity;
  if (column >= COLUMN_PIECE_CAP && column <= COLUMN_PIECE_DEDUCTION) return pieceCapacity;
  if (column == COLUMN_LEVEL_VALUE) return LEVELS_MAX + 1;
  if (column <= COLUMN_ROW_NEXT) return rowCapacity;
  if (column >= COLUMN_BLOCK_ZONE && column <= COLUMN_DIRTY_BLOCK) return blockCapacity();
  if (column >= COLUMN_ACCOUNT_HEAD && column <= COLUMN_NOMINATED_ACCOUNT) return accountCapacity;
  if (column >= COLUMN_SUSPECT_ACCOUNT && column <= COLUMN_SUSPECT_LEVEL) return RECHECKED_MAX;
  if (column >= COLUMN_INSTRUMENT_GROUP_HEAD && column <= COLUMN_MOVED_INSTRUMENT) return instrumentCapacity;
  return curveCapacity;
}

@inline
function byteLength(column: i32): usize {
  const width: usize = column < COLUMN_FIRST_I32 ? 8 : 4;
  return (elements(column) * width + 15) & ~15;
}

/**
 * Grows every capacity to at least the given one (rows are rounded up to whole blocks).
 * Returns 0 when the memory cannot grow; nothing has changed then.
 */
export function reserve(rows: i32, accounts: i32, instruments: i32, curves: i32, pieces: i32): i32 {
  const oldRows = rowCapacity,
    oldAccounts = accountCapacity,
    oldInstruments = instrumentCapacity,
    oldCurves = curveCapacity,
    oldPieces = pieceCapacity;
  const first = directory() + (<usize>COLUMN_COUNT << 2) + 15 & ~15;
  const fresh = oldRows == 0 && oldAccounts == 0;

  let newEnd: u64 = first;
  rowCapacity = max(oldRows, ((rows + (1 << BLOCK_SHIFT) - 1) >> BLOCK_SHIFT) << BLOCK_SHIFT);
  accountCapacity = max(oldAccounts, accounts);
  instrumentCapacity = max(oldInstruments, instruments);
  curveCapacity = max(oldCurves, curves);
  pieceCapacity = max(oldPieces, pieces);
  for (let column = 0; column < COLUMN_COUNT; column++) newEnd += byteLength(column);

  const missing: i64 = <i64>newEnd - ((<i64>memory.size()) << 16);
  if (newEnd > 0xffff0000 || (missing > 0 && memory.grow(<i32>((missing + 0xffff) >> 16)) < 0)) {
    rowCapacity = oldRows;
    accountCapacity = oldAccounts;
    instrumentCapacity = oldInstruments;
    curveCapacity = oldCurves;
    pieceCapacity = oldPieces;
    return 0;
  }

  // From the last column to the first: its old length is the distance from its old start to the old end before it.
  let end: usize = <usize>newEnd;
  let oldEnd: usize = fresh ? 0 : oldTotalEnd;
  for (let column = COLUMN_COUNT - 1; column >= 0; column--) {
    const start = end - byteLength(column);
    if (!fresh) {
      const oldStart = pointer(column);
      memory.copy(start, oldStart, oldEnd - oldStart);
      oldEnd = oldStart;
    }
    store<usize>(directory() + ((<usize>column) << 2), start);
    end = start;
  }
  oldTotalEnd = <usize>newEnd;
  return 1;
}

/** End of the last column. */
let oldTotalEnd: usize = 0;
