// Reserves the columns and says where each one lies. Capacity grows in steps chosen by the host, never
// inside a tick. Every address is at or above its old one after a growth, so columns move from the last
// to the first without overwriting one another.
import {
  BLOCK_SHIFT,
  COLUMN_COUNT,
  COORDINATES,
  GROUP_SHIFT,
  LEVEL_PLACES,
  PER_ACCOUNT,
  PER_BLOCK,
  PER_BLOCK_ZONE,
  PER_CURVE,
  PER_GROUP,
  PER_INSTRUMENT,
  PER_LEVEL,
  PER_LEVEL_FACTOR,
  PER_PIECE,
  PER_ROW,
  PER_RULE,
  PER_SIZE_CLASS,
  PER_SUSPECT,
  RECHECKED_MAX,
  RULES_MAX,
  SECTIONS,
  SECTION_BYTES_SHIFT,
  SECTION_PER_SHIFT,
  SIZE_CLASSES,
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

function elementsPer(per: i32): usize {
  switch (per) {
    case PER_ROW: return rowCapacity;
    case PER_BLOCK: return blockCapacity();
    case PER_BLOCK_ZONE: return (<usize>groupCapacity()) << GROUP_SHIFT;
    case PER_GROUP: return groupCapacity();
    case PER_ACCOUNT: return accountCapacity;
    case PER_SUSPECT: return RECHECKED_MAX;
    case PER_INSTRUMENT: return instrumentCapacity;
    case PER_CURVE: return curveCapacity;
    case PER_SIZE_CLASS: return SIZE_CLASSES;
    case PER_PIECE: return pieceCapacity;
    case PER_LEVEL: return RULES_MAX * LEVEL_PLACES;
    case PER_LEVEL_FACTOR: return RULES_MAX * LEVEL_PLACES * COORDINATES;
    case PER_RULE: return RULES_MAX;
    default: return unreachable();
  }
}

/** Length of the column, a multiple of 16 so that every column starts where 128 bits can be loaded. */
function byteLength(column: i32): usize {
  let section = SECTIONS.length - 1;
  while (column < (SECTIONS[section] & ((1 << SECTION_BYTES_SHIFT) - 1))) section--;
  const bytes: usize = (SECTIONS[section] & ((1 << SECTION_PER_SHIFT) - 1)) >> SECTION_BYTES_SHIFT;
  return (elementsPer(SECTIONS[section] >> SECTION_PER_SHIFT) * bytes + 15) & ~15;
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
