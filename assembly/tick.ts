// One instant in, nominated accounts out. The host calls beginInstant, setMark for every mark of the frame,
// nominate, and recheckNominated in slices. beginInstant brings all zones up to date; the host calls refreshZones at the end
// of an instant, so that this happens outside the latency of a tick.
// Accounts, rows and capacities change between instants only. Stamps put each instrument into the list of the
// moved once and each account into the list of the nominated once, so no list is longer than its column.
import {
  ANSWER_ACROSS,
  ANSWER_SAFE,
  ANSWER_UNKNOWN,
  BLOCK_ROWS,
  BLOCK_SHIFT,
  COLUMN_ACCOUNT_STAMP,
  COLUMN_BLOCK_ZONE_BLOCK,
  COLUMN_BLOCK_ZONE_HIGH,
  COLUMN_BLOCK_ZONE_LOW,
  COLUMN_NOMINATED_ACCOUNT,
  COLUMN_GROUP_COUNT,
  COLUMN_GROUP_HIGH,
  COLUMN_GROUP_LOW,
  COLUMN_GROUP_NEXT,
  COLUMN_INSTRUMENT_CHARGE,
  COLUMN_INSTRUMENT_CHARGED_ROWS,
  COLUMN_INSTRUMENT_GROUP_HEAD,
  COLUMN_INSTRUMENT_MARK,
  COLUMN_INSTRUMENT_STAMP,
  COLUMN_MOVED_INSTRUMENT,
  COLUMN_ROW_ACCOUNT,
  COLUMN_ROW_CURVE,
  COLUMN_ROW_HIGH,
  COLUMN_ROW_LOW,
  COLUMN_SUSPECT_ACCOUNT,
  COLUMN_SUSPECT_ANSWER,
  COLUMN_SUSPECT_LEVEL,
  COLUMN_SUSPECT_MAINTENANCE_MARGIN,
  COLUMN_SUSPECT_MARGIN_BALANCE,
  GROUP_SHIFT,
  LEVEL_NONE,
  NONE,
} from "./layout";
import { setAccountLevel } from "./account";
import { formOf, isCharged } from "./curve";
import { accountCapacity, f64At, i32At, instrumentCapacity, pointer, setF64, setI32 } from "./columns";
import { measuredLevel, measuredMaintenanceMargin, measuredMarginBalance, recheckAccount } from "./recheck";
import { refreshZones } from "./zones";

let stamp: i32 = 0;
let moved: i32 = 0;
let nominated: i32 = 0;

/** Starts an instant: no instrument has moved, no account is nominated. */
export function beginInstant(): void {
  refreshZones();
  if (stamp == i32.MAX_VALUE) restartStamps();
  stamp++;
  moved = 0;
  nominated = 0;
}

/** After 2^31 - 1 instants stamps repeat: all are cleared, so that no old one passes for the current. */
function restartStamps(): void {
  memory.fill(pointer(COLUMN_ACCOUNT_STAMP), 0, (<usize>accountCapacity) << 2);
  memory.fill(pointer(COLUMN_INSTRUMENT_STAMP), 0, (<usize>instrumentCapacity) << 2);
  stamp = 0;
}

/** For tests: continues from the given stamp. */
export function setStamp(value: i32): void {
  stamp = value;
}

/** Sets a mark of this instant. Returns 0 when the instrument already has one in this instant. */
export function setMark(instrument: i32, mark: f64): i32 {
  if (i32At(COLUMN_INSTRUMENT_STAMP, instrument) == stamp) return 0;
  setI32(COLUMN_INSTRUMENT_STAMP, instrument, stamp);
  setI32(COLUMN_MOVED_INSTRUMENT, moved++, instrument);
  setF64(COLUMN_INSTRUMENT_MARK, instrument, mark);
  return 1;
}

/** Walks the zones of the moved instruments. Returns the number of nominated accounts. */
export function nominate(): i32 {
  for (let i = 0; i < moved; i++) walk(i32At(COLUMN_MOVED_INSTRUMENT, i));
  return nominated;
}

/** The full scan: compares every row of the moved instruments. Nominates exactly what `nominate` does. */
export function scan(): i32 {
  for (let i = 0; i < moved; i++) {
    const instrument = i32At(COLUMN_MOVED_INSTRUMENT, i);
    const mark = f64At(COLUMN_INSTRUMENT_MARK, instrument);
    for (
      let group = i32At(COLUMN_INSTRUMENT_GROUP_HEAD, instrument);
      group != NONE;
      group = i32At(COLUMN_GROUP_NEXT, group)
    ) {
      const end = (group << GROUP_SHIFT) + i32At(COLUMN_GROUP_COUNT, group);
      for (let blockZone = group << GROUP_SHIFT; blockZone < end; blockZone++) {
        nominateBlock(i32At(COLUMN_BLOCK_ZONE_BLOCK, blockZone), mark);
      }
    }
  }
  return nominated;
}

/** Sets what the instrument charges, and nominates every account with a charged row of it. */
export function setCharge(instrument: i32, charge: f64): i32 {
  setF64(COLUMN_INSTRUMENT_CHARGE, instrument, charge);
  return i32At(COLUMN_INSTRUMENT_CHARGED_ROWS, instrument) == 0 ? nominated : nominateRows(instrument, true);
}

/** Nominates every account with a row of the instrument. */
export function nominateAll(instrument: i32): i32 {
  return nominateRows(instrument, false);
}

function nominateRows(instrument: i32, onlyCharged: bool): i32 {
  for (
    let group = i32At(COLUMN_INSTRUMENT_GROUP_HEAD, instrument);
    group != NONE;
    group = i32At(COLUMN_GROUP_NEXT, group)
  ) {
    const end = (group << GROUP_SHIFT) + i32At(COLUMN_GROUP_COUNT, group);
    for (let blockZone = group << GROUP_SHIFT; blockZone < end; blockZone++) {
      const firstRow = i32At(COLUMN_BLOCK_ZONE_BLOCK, blockZone) << BLOCK_SHIFT;
      for (let row = firstRow; row < firstRow + BLOCK_ROWS; row++) {
        if (i32At(COLUMN_ROW_ACCOUNT, row) == NONE) continue;
        if (!onlyCharged || isCharged(formOf(i32At(COLUMN_ROW_CURVE, row)))) nominateRow(row);
      }
    }
  }
  return nominated;
}

/** Re-checks nominated accounts [from, to), at most RECHECKED_MAX. Returns the number of suspects among them. */
export function recheckNominated(from: i32, to: i32): i32 {
  let suspects = 0;
  for (let i = from; i < to; i++) {
    const account = i32At(COLUMN_NOMINATED_ACCOUNT, i);
    const answer = recheckAccount(account);
    if (answer != ANSWER_SAFE && answer != ANSWER_UNKNOWN) {
      setI32(COLUMN_SUSPECT_ACCOUNT, suspects, account);
      setI32(COLUMN_SUSPECT_ANSWER, suspects, answer);
      setI32(COLUMN_SUSPECT_LEVEL, suspects, measuredLevel());
      setF64(COLUMN_SUSPECT_MARGIN_BALANCE, suspects, measuredMarginBalance());
      setF64(COLUMN_SUSPECT_MAINTENANCE_MARGIN, suspects, measuredMaintenanceMargin());
      suspects++;
    }
  }
  return suspects;
}

/**
 * Moves suspects [from, to) of the last `recheckNominated` whose level is proven to that level, and arms them for it.
 * Returns how many are across a level even then, which is none.
 */
export function takeProven(from: i32, to: i32): i32 {
  let across = 0;
  for (let i = from; i < to; i++) {
    const level = i32At(COLUMN_SUSPECT_LEVEL, i);
    if (level == LEVEL_NONE) continue;
    const account = i32At(COLUMN_SUSPECT_ACCOUNT, i);
    setAccountLevel(account, level);
    across += <i32>(recheckAccount(account) == ANSWER_ACROSS);
  }
  return across;
}

@inline
function nominateRow(row: i32): void {
  const account = i32At(COLUMN_ROW_ACCOUNT, row);
  if (i32At(COLUMN_ACCOUNT_STAMP, account) == stamp) return;
  setI32(COLUMN_ACCOUNT_STAMP, account, stamp);
  setI32(COLUMN_NOMINATED_ACCOUNT, nominated++, account);
}

function walk(instrument: i32): void {
  const mark = f64At(COLUMN_INSTRUMENT_MARK, instrument);
  for (
    let group = i32At(COLUMN_INSTRUMENT_GROUP_HEAD, instrument);
    group != NONE;
    group = i32At(COLUMN_GROUP_NEXT, group)
  ) {
    if (f64At(COLUMN_GROUP_LOW, group) < mark && mark < f64At(COLUMN_GROUP_HIGH, group)) continue;
    const end = (group << GROUP_SHIFT) + i32At(COLUMN_GROUP_COUNT, group);
    for (let blockZone = group << GROUP_SHIFT; blockZone < end; blockZone++) {
      if (f64At(COLUMN_BLOCK_ZONE_LOW, blockZone) < mark && mark < f64At(COLUMN_BLOCK_ZONE_HIGH, blockZone)) continue;
      nominateBlock(i32At(COLUMN_BLOCK_ZONE_BLOCK, blockZone), mark);
    }
  }
}

/**
 * Compares the 64 rows of a block with the mark; four at a time if the target has SIMD: two chains of two lanes,
 * so that no comparison waits for the one before, first for the whole block and then, if the mark is outside, for the
 * rows. `pmax` and `pmin` ignore NaN, which no trigger ever is.
 */
@inline
function nominateBlock(block: i32, mark: f64): void {
  const firstRow = block << BLOCK_SHIFT;
  const low = pointer(COLUMN_ROW_LOW) + ((<usize>firstRow) << 3);
  const high = pointer(COLUMN_ROW_HIGH) + ((<usize>firstRow) << 3);
  if (ASC_FEATURE_SIMD) {
    let highestLow = v128.load(low);
    let lowestHigh = v128.load(high);
    let highestLow2 = v128.load(low, 16);
    let lowestHigh2 = v128.load(high, 16);
    for (let i: usize = 32; i < <usize>BLOCK_ROWS << 3; i += 32) {
      highestLow = f64x2.pmax(highestLow, v128.load(low + i));
      lowestHigh = f64x2.pmin(lowestHigh, v128.load(high + i));
      highestLow2 = f64x2.pmax(highestLow2, v128.load(low + i, 16));
      lowestHigh2 = f64x2.pmin(lowestHigh2, v128.load(high + i, 16));
    }
    const marks = f64x2.splat(mark);
    const inside = v128.and(
      f64x2.lt(f64x2.pmax(highestLow, highestLow2), marks),
      f64x2.gt(f64x2.pmin(lowestHigh, lowestHigh2), marks),
    );
    if (v128.all_true<i64>(inside)) return;
    for (let i: usize = 0; i < <usize>BLOCK_ROWS << 3; i += 32) {
      const inside1 = v128.and(f64x2.lt(v128.load(low + i), marks), f64x2.gt(v128.load(high + i), marks));
      const inside2 = v128.and(f64x2.lt(v128.load(low + i, 16), marks), f64x2.gt(v128.load(high + i, 16), marks));
      let outside = (i64x2.bitmask(inside1) | (i64x2.bitmask(inside2) << 2)) ^ 15;
      while (outside != 0) {
        nominateRow(firstRow + <i32>(i >> 3) + ctz(outside));
        outside &= outside - 1;
      }
    }
    return;
  }
  for (let row = 0; row < BLOCK_ROWS; row++) {
    const offset = (<usize>row) << 3;
    if (load<f64>(low + offset) < mark && mark < load<f64>(high + offset)) continue;
    nominateRow(firstRow + row);
  }
}
