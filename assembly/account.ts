// One margin account: its rows, and the re-check that decides in f64 what f64 can decide.
import {
  ANSWER_ACROSS,
  ANSWER_CLOSE,
  ANSWER_SAFE,
  ANSWER_UNKNOWN,
  BLOCK_SHIFT,
  COLUMN_ACCOUNT_CONSTANT,
  COLUMN_ACCOUNT_HEAD,
  COLUMN_ACCOUNT_LEVEL,
  COLUMN_ACCOUNT_ROWS,
  COLUMN_ACCOUNT_STAMP,
  COLUMN_BLOCK_INSTRUMENT,
  COLUMN_INSTRUMENT_MARK,
  COLUMN_LEVEL_VALUE,
  COLUMN_PIECE_DEDUCTION,
  COLUMN_PIECE_RATE,
  COLUMN_ROW_ACCOUNT,
  COLUMN_ROW_CONSTANT,
  COLUMN_ROW_INTERCEPT,
  COLUMN_ROW_NEXT,
  COLUMN_ROW_SCALE,
  COLUMN_ROW_SLOPE,
  COLUMN_ROW_TABLE,
  COLUMN_TABLE_COORDINATE,
  COORDINATE_PRICE,
  LEVEL_NONE,
  NONE,
} from "./layout";
import { accountCapacity, f64At, i32At, setF64, setI32 } from "./columns";
import { coordinate, fallToPieceEnd, pieceAt, riseToPieceEnd } from "./curve";
import { freeRow, setTriggers, takeRow } from "./zones";

let accounts: i32 = 0;
let freeAccount: i32 = NONE;
let levels: i32 = 0;
let release: f64 = 1;

// What the host guarantees: rates are in [0, 1] and do not fall from piece to piece, pieces join without a jump,
// scale > 0, levels and release factor are at most 2, an account has at most 1,000 rows. Maintenance is not negative
// (the first deduction is not above 0, constants are not below 0). So levels are reached in their order: where
// the next one is not, none above it is; where the own one is not left, none below it is taken.
//
// Forward error bound. u = 2^-53. Inputs carry at most 2u each (the host rounds exact fractions), x at most 2u
// (u of the mark, u of its reciprocal). Per row: contribution <= 6u(|intercept| + |slope x|); maintenance <=
// 11u(rate y + |deduction| + |constant|), and where rounding picks the neighbouring piece at a cap, <= 7u y more
// (y errs by 5u, the cap by 2u, rates differ by at most 1). Summing n rows adds (n + 1)u, weighting by level or
// release factor and subtracting 4u. Together <= (n + 24) u * 2 * magnitude, magnitude being the sum of the
// absolute terms with y in place of rate * y. ERROR_UNIT = 2u and 8 spare terms cover second-order parts
// and the rounding of magnitude itself. Whatever decimals the host takes, all terms lie between 1e-80 and
// 1e80: nothing overflows or underflows. A sum that did would not compare, and is too close for f64.
const ERROR_UNIT: f64 = 2.220446049250313e-16; // 2^-52
const ERROR_TERMS: f64 = 32;

// Outward rounding of a trigger. A rise errs by <= 7u of 1 + rise, a fall by <= 7u (y 5u, cap 2u, the division);
// 1 + rise and 1 - fall, the product or quotient with the mark, and the guard itself by <= 4u; the mark of now
// and the marks compared later by u each. 13u in all; 2^-48 = 32u.
const TRIGGER_GUARD: f64 = 3.552713678800501e-15;
// A derivative smaller than this part of its terms has no certain sign: both directions count as adverse.
const SLOPE_GUARD: f64 = 3.552713678800501e-15;
// Relative rounding of exposures and their sum over n rows, generously: (n + 32) * 2^-50.
const BUDGET_UNIT: f64 = 8.881784197001252e-16;

/** `value` of level 1..count, ascending, the last one is liquidation. */
export function setLevel(level: i32, value: f64): void {
  setF64(COLUMN_LEVEL_VALUE, level, value);
  levels = max(levels, level);
}

/** A level is left only when level * marginBalance >= releaseFactor * maintenanceMargin. */
export function setReleaseFactor(factor: f64): void {
  release = factor;
}

/** A new account without rows, or NONE when the capacity is used up. Between instants only. */
export function addAccount(constant: f64, level: i32): i32 {
  let account = freeAccount;
  if (account != NONE) freeAccount = i32At(COLUMN_ACCOUNT_HEAD, account);
  else if (accounts < accountCapacity) account = accounts++;
  else return NONE;
  setF64(COLUMN_ACCOUNT_CONSTANT, account, constant);
  setI32(COLUMN_ACCOUNT_HEAD, account, NONE);
  setI32(COLUMN_ACCOUNT_ROWS, account, 0);
  setI32(COLUMN_ACCOUNT_LEVEL, account, level);
  setI32(COLUMN_ACCOUNT_STAMP, account, 0);
  return account;
}

/** Frees the account's rows; the account stays. */
export function removeRows(account: i32): void {
  let row = i32At(COLUMN_ACCOUNT_HEAD, account);
  while (row != NONE) {
    const next = i32At(COLUMN_ROW_NEXT, row);
    freeRow(row);
    row = next;
  }
  setI32(COLUMN_ACCOUNT_HEAD, account, NONE);
  setI32(COLUMN_ACCOUNT_ROWS, account, 0);
}

export function removeAccount(account: i32): void {
  removeRows(account);
  setI32(COLUMN_ACCOUNT_HEAD, account, freeAccount);
  freeAccount = account;
}

export function setConstant(account: i32, constant: f64): void {
  setF64(COLUMN_ACCOUNT_CONSTANT, account, constant);
}

export function setAccountLevel(account: i32, level: i32): void {
  setI32(COLUMN_ACCOUNT_LEVEL, account, level);
}

/** A new row that fires on every tick until its account is re-checked, or NONE when the capacity is used up. */
export function addRow(
  account: i32,
  instrument: i32,
  table: i32,
  intercept: f64,
  slope: f64,
  scale: f64,
  constant: f64,
): i32 {
  const row = takeRow(instrument);
  if (row == NONE) return NONE;
  setF64(COLUMN_ROW_INTERCEPT, row, intercept);
  setF64(COLUMN_ROW_SLOPE, row, slope);
  setF64(COLUMN_ROW_SCALE, row, scale);
  setF64(COLUMN_ROW_CONSTANT, row, constant);
  setI32(COLUMN_ROW_ACCOUNT, row, account);
  setI32(COLUMN_ROW_TABLE, row, table);
  setI32(COLUMN_ROW_NEXT, row, i32At(COLUMN_ACCOUNT_HEAD, account));
  setI32(COLUMN_ACCOUNT_HEAD, account, row);
  setI32(COLUMN_ACCOUNT_ROWS, account, i32At(COLUMN_ACCOUNT_ROWS, account) + 1);
  setTriggers(row, Infinity, -Infinity);
  return row;
}

/** Computes the account from scratch at the present marks, answers, and sets its triggers accordingly. */
export function recheckAccount(account: i32): i32 {
  const rows: f64 = <f64>i32At(COLUMN_ACCOUNT_ROWS, account);
  let marginBalance = f64At(COLUMN_ACCOUNT_CONSTANT, account);
  let maintenance: f64 = 0;
  let magnitude = abs(marginBalance);
  for (let row = i32At(COLUMN_ACCOUNT_HEAD, account); row != NONE; row = i32At(COLUMN_ROW_NEXT, row)) {
    const mark = f64At(COLUMN_INSTRUMENT_MARK, i32At(COLUMN_BLOCK_INSTRUMENT, row >> BLOCK_SHIFT));
    if (mark == 0) return disarm(account, ANSWER_UNKNOWN);
    const table = i32At(COLUMN_ROW_TABLE, row);
    const x = coordinate(table, mark);
    const y = f64At(COLUMN_ROW_SCALE, row) * x;
    const piece = pieceAt(table, y);
    const intercept = f64At(COLUMN_ROW_INTERCEPT, row);
    const moving = f64At(COLUMN_ROW_SLOPE, row) * x;
    const deduction = f64At(COLUMN_PIECE_DEDUCTION, piece);
    const constant = f64At(COLUMN_ROW_CONSTANT, row);
    marginBalance += intercept + moving;
    maintenance += f64At(COLUMN_PIECE_RATE, piece) * y - deduction + constant;
    magnitude += abs(intercept) + abs(moving) + y + abs(deduction) + abs(constant);
  }
  const error = (rows + ERROR_TERMS) * ERROR_UNIT * magnitude;
  const level = i32At(COLUMN_ACCOUNT_LEVEL, account);
  if (level == LEVEL_NONE) return disarm(account, ANSWER_ACROSS);

  const nextLevel: f64 = level < levels ? f64At(COLUMN_LEVEL_VALUE, level + 1) : 0;
  const ownLevel: f64 = level > 0 ? f64At(COLUMN_LEVEL_VALUE, level) : 0;
  const slackUp = level < levels ? nextLevel * marginBalance - maintenance : Infinity;
  const slackDown = level > 0 ? release * maintenance - ownLevel * marginBalance : Infinity;
  if (slackUp < -error || slackDown < -error) return disarm(account, ANSWER_ACROSS);
  if (!(slackUp > error && slackDown > error)) return disarm(account, ANSWER_CLOSE); // NaN is not above
  arm(account, rows, nextLevel, slackUp - error, ownLevel, slackDown - error);
  return ANSWER_SAFE;
}

/** Every tick of its instruments nominates the account again. */
function disarm(account: i32, answer: i32): i32 {
  for (let row = i32At(COLUMN_ACCOUNT_HEAD, account); row != NONE; row = i32At(COLUMN_ROW_NEXT, row)) {
    setTriggers(row, Infinity, -Infinity);
  }
  return answer;
}

@inline
function slopeUp(nextLevel: f64, slope: f64, rate: f64, scale: f64): f64 {
  return nextLevel * slope - rate * scale;
}

@inline
function slopeDown(ownLevel: f64, slope: f64, rate: f64, scale: f64): f64 {
  return release * rate * scale - ownLevel * slope;
}

/**
 * Divides both slacks among the rows in proportion to their exposure |d slack / d x| * x, so that every row
 * may move by the same part of its x, and a move that adds to a slack is not limited by it. No row leaves its
 * piece, so slacks are straight lines. While all rows stay strictly inside, neither slack can reach zero.
 */
function arm(account: i32, rows: f64, nextLevel: f64, slackUp: f64, ownLevel: f64, slackDown: f64): void {
  let exposureUp: f64 = 0;
  let exposureDown: f64 = 0;
  for (let row = i32At(COLUMN_ACCOUNT_HEAD, account); row != NONE; row = i32At(COLUMN_ROW_NEXT, row)) {
    const table = i32At(COLUMN_ROW_TABLE, row);
    const x = coordinate(table, f64At(COLUMN_INSTRUMENT_MARK, i32At(COLUMN_BLOCK_INSTRUMENT, row >> BLOCK_SHIFT)));
    const scale = f64At(COLUMN_ROW_SCALE, row);
    const slope = f64At(COLUMN_ROW_SLOPE, row);
    const rate = f64At(COLUMN_PIECE_RATE, pieceAt(table, scale * x));
    const guard = SLOPE_GUARD * (abs(slope) + scale);
    exposureUp += (abs(slopeUp(nextLevel, slope, rate, scale)) + guard) * x;
    exposureDown += (abs(slopeDown(ownLevel, slope, rate, scale)) + guard) * x;
  }
  const shrink = 1.0 - (rows + ERROR_TERMS) * BUDGET_UNIT;
  const moveUp = (slackUp / exposureUp) * shrink;
  const moveDown = (slackDown / exposureDown) * shrink;

  for (let row = i32At(COLUMN_ACCOUNT_HEAD, account); row != NONE; row = i32At(COLUMN_ROW_NEXT, row)) {
    const table = i32At(COLUMN_ROW_TABLE, row);
    const mark = f64At(COLUMN_INSTRUMENT_MARK, i32At(COLUMN_BLOCK_INSTRUMENT, row >> BLOCK_SHIFT));
    const scale = f64At(COLUMN_ROW_SCALE, row);
    const slope = f64At(COLUMN_ROW_SLOPE, row);
    const y = scale * coordinate(table, mark);
    const piece = pieceAt(table, y);
    const rate = f64At(COLUMN_PIECE_RATE, piece);
    const guard = SLOPE_GUARD * (abs(slope) + scale);
    const up = slopeUp(nextLevel, slope, rate, scale);
    const down = slopeDown(ownLevel, slope, rate, scale);
    let fall = fallToPieceEnd(table, piece, y);
    let rise = riseToPieceEnd(table, piece, y);
    if (up > -guard) fall = min(fall, moveUp);
    if (up < guard) rise = min(rise, moveUp);
    if (down > -guard) fall = min(fall, moveDown);
    if (down < guard) rise = min(rise, moveDown);
    if (i32At(COLUMN_TABLE_COORDINATE, table) == COORDINATE_PRICE) {
      setTriggers(row, mark * (1.0 - fall + TRIGGER_GUARD), mark * (1.0 + rise) * (1.0 - TRIGGER_GUARD));
    } else {
      const left = 1.0 - fall + TRIGGER_GUARD;
      setTriggers(
        row,
        (mark / (1.0 + rise)) * (1.0 + TRIGGER_GUARD),
        left > 0 ? (mark / left) * (1.0 - TRIGGER_GUARD) : Infinity,
      );
    }
  }
}
