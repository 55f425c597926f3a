// The re-check of one margin account: decides in f64 what f64 can decide, and arms the triggers.
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
  COLUMN_ACCOUNT_UNCERTAINTY,
  COLUMN_BLOCK_INSTRUMENT,
  COLUMN_INSTRUMENT_MARK,
  COLUMN_LEVEL_VALUE,
  COLUMN_PIECE_DEDUCTION,
  COLUMN_PIECE_RATE,
  COLUMN_ROW_CONSTANT,
  COLUMN_ROW_INTERCEPT,
  COLUMN_ROW_NEXT,
  COLUMN_ROW_SCALE,
  COLUMN_ROW_SLOPE,
  COLUMN_ROW_CURVE,
  COLUMN_CURVE_COORDINATE,
  COORDINATE_PRICE,
  INPUT_ERROR_ULPS,
  LEVEL_NONE,
  NONE,
} from "./layout";
import { setUnknown } from "./account";
import { f64At, i32At, setF64 } from "./columns";
import { coordinate, fallToPieceEnd, pieceAt, riseToPieceEnd } from "./curve";
import { setTriggers } from "./zones";

let levels: i32 = 0;
let release: f64 = 1;

// What the last measurement found. Unknown figures are NaN.
let level: i32 = LEVEL_NONE;
let marginBalance: f64 = NaN;
let maintenanceMargin: f64 = NaN;
/** How far both slacks are beyond their error, if the answer is safe. */
let spareUp: f64 = 0;
let spareDown: f64 = 0;

// What the host guarantees. u = 2^-53.
// - Each intercept, slope, scale, row constant, cap, rate and deduction lies within I * u of its exact value, relative to
//   that value, with I = INPUT_ERROR_ULPS. An exact 0 is given as 0.
// - Each account constant lies within I * u of its exact value, relative to it, plus the account's uncertainty. The
//   uncertainty also covers what the rows leave out of the account, such as a venue's rounding: at every price, the sum
//   of both deviations (of margin balance and of maintenance margin) is at most the uncertainty.
// - Marks and level values are correctly rounded decimals. Level values and the release factor are at most 2.
// - Exact rates are in [0, 1] and do not fall from piece to piece; exact pieces join without a jump; scale > 0; an account
//   has at most 1,000 rows. Maintenance is not negative (the first deduction is not above 0, constants are not below 0).
//   So levels are reached in their order: if the next one is not, none above it is; if the own one is not left,
//   none below it is taken.
//
// Forward error bound of a slack, level * margin balance - maintenance or release * maintenance - level * margin balance.
// Per row, as parts of the term itself:
//   x             2u          u of the mark, u of its reciprocal
//   intercept     I u + u     the input, its addition to slope * x
//   slope * x     I u + 4u    the input, x, the product, the addition to the intercept
//   y             I u + 3u    the scale, x, the product
//   rate * y      2I u + 6u   the rate, y, the product, the subtraction of the deduction, the addition of the constant
//   deduction     I u + 2u    the input, the subtraction, the addition of the constant
//   constant      I u + u     the input, its addition
//   wrong piece   2I u + 3u   of y: if rounding picks the neighbouring piece at a cap, y and the cap err together by
//                             I u + 3u and I u, and the pieces part by the difference of their rates, which is at most 1
// Adding n rows to the constant adds (n + 1) u, the weight (a level value of 2u, the product) and the subtraction add 4u.
// The worst term is y with rate * y and wrong piece together: 4I u + 9u + (n + 1) u + 4u = (n + 4I + 14) u. Every term is
// weighted by at most 2. Magnitude is the sum of the absolute terms, with y in place of rate * y, and the uncertainty:
//   error <= 2 (n + 4I + 14) u * magnitude + 2 * uncertainty
// ERROR_UNIT = 2u. The 10 spare terms of ERROR_TERMS cover second-order parts and the rounding of magnitude and of the
// error itself. An uncertainty of Infinity proves nothing: exact arithmetic decides the account on every tick of its
// instruments. Whatever decimals the host takes, all terms lie between 1e-80 and 1e80: nothing overflows or underflows.
// A sum that did would not compare, and is too close for f64.
const ERROR_UNIT: f64 = 2.220446049250313e-16; // 2^-52
const ERROR_TERMS: f64 = 4 * INPUT_ERROR_ULPS + 24;

// Proven levels. Each decision compares one computed slack, level * marginBalance - maintenance or
// release * maintenance - level * marginBalance, with the bound above. It covers every such slack, because no weight is
// above 2, and it is a bound and not a chance: all comparisons of one account hold together, however many levels
// it has. Beyond the bound the exact slack has the sign of the computed one. So a level counts as reached only
// if the exact slack is below 0, as not reached only if it is above 0, and the same for being left.
// `provenLevel` walks the levels as `heldLevel` of src/margin does, and gives up at the first one that is within the
// bound. Exactly on a line the exact slack is 0 and the computed one is within the bound, so nothing is proven there:
// whether equality reaches a level (a venue that liquidates when the line is reached, or when it is passed) and
// whether it leaves one (hysteresis) never matters to a proven level. A safe answer proves the present level: the
// next one is not reached, hence none above it, and the own one is not left.

// Outward rounding of a trigger. A rise (cap - y) / y or a fall (y - cap) / y errs by I u + 3u of y, I u of the cap, the
// subtraction and the division, all relative to 1 + rise or to 1: (2I + 5) u. 1 + rise and 1 - fall, the product or
// quotient with the mark, and the guard itself err by at most 4u; the mark of now and the marks compared later by u each.
// (2I + 11) u = 43u in all; 2^-47 = 64u.
const TRIGGER_GUARD: f64 = 7.105427357601002e-15;
// The derivative of a slack errs by at most (2I + 5) u of 2 * scale (2u of the release factor, I u of rate and scale each,
// two products, the subtraction) and (I + 4) u of 2 * |slope| (2u of the level, I u of the slope, the product, the
// subtraction): 74u of scale + |slope|. 2^-46 = 128u. A derivative smaller than this part of its terms has no certain sign:
// both directions count as adverse.
const SLOPE_GUARD: f64 = 1.4210854715202004e-14;
// Relative rounding of exposures and their sum over n rows, generously: (n + ERROR_TERMS) * 2^-50. The errors of the
// inputs are in SLOPE_GUARD; the uncertainty is in the spare that is divided, which is what the slack has beyond its error.
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

/** Computes the account from scratch at the present marks, answers, and sets its triggers accordingly. */
export function recheckAccount(account: i32): i32 {
  const answer = measure(account);
  setUnknown(account, <i32>(answer == ANSWER_UNKNOWN || i32At(COLUMN_ACCOUNT_LEVEL, account) < 0));
  if (answer == ANSWER_SAFE) arm(account);
  else disarm(account);
  return answer;
}

/** The answer and the measured values of a re-check; triggers and the count of unknown accounts stay. */
export function measureAccount(account: i32): i32 {
  return measure(account);
}

/** The level that the account measured last provably holds, coming from its present one; LEVEL_NONE: not proven. */
export function measuredLevel(): i32 {
  return level;
}

/** NaN when a mark is missing. */
export function measuredMarginBalance(): f64 {
  return marginBalance;
}

/** NaN when a mark is missing. */
export function measuredMaintenanceMargin(): f64 {
  return maintenanceMargin;
}

@inline
function measure(account: i32): i32 {
  const rows: f64 = <f64>i32At(COLUMN_ACCOUNT_ROWS, account);
  let balance = f64At(COLUMN_ACCOUNT_CONSTANT, account);
  let maintenance: f64 = 0;
  const uncertainty = f64At(COLUMN_ACCOUNT_UNCERTAINTY, account);
  let magnitude = abs(balance) + uncertainty;
  for (let row = i32At(COLUMN_ACCOUNT_HEAD, account); row != NONE; row = i32At(COLUMN_ROW_NEXT, row)) {
    const mark = f64At(COLUMN_INSTRUMENT_MARK, i32At(COLUMN_BLOCK_INSTRUMENT, row >> BLOCK_SHIFT));
    if (mark == 0) return measureNothing();
    const curve = i32At(COLUMN_ROW_CURVE, row);
    const x = coordinate(curve, mark);
    const y = f64At(COLUMN_ROW_SCALE, row) * x;
    const piece = pieceAt(curve, y);
    const intercept = f64At(COLUMN_ROW_INTERCEPT, row);
    const moving = f64At(COLUMN_ROW_SLOPE, row) * x;
    const deduction = f64At(COLUMN_PIECE_DEDUCTION, piece);
    const constant = f64At(COLUMN_ROW_CONSTANT, row);
    balance += intercept + moving;
    maintenance += f64At(COLUMN_PIECE_RATE, piece) * y - deduction + constant;
    magnitude += abs(intercept) + abs(moving) + y + abs(deduction) + abs(constant);
  }
  marginBalance = balance;
  maintenanceMargin = maintenance;
  const error = (rows + ERROR_TERMS) * ERROR_UNIT * magnitude + 2.0 * uncertainty;
  const own = i32At(COLUMN_ACCOUNT_LEVEL, account);
  if (own < 0) {
    level = provenLevel(-1 - own, error);
    return level == LEVEL_NONE ? ANSWER_CLOSE : ANSWER_ACROSS;
  }
  const slackUp = own < levels ? slackOver(own + 1) : Infinity;
  const slackDown = own > 0 ? slackToLeave(own) : Infinity;
  if (slackUp < -error || slackDown < -error) {
    level = provenLevel(own, error);
    return ANSWER_ACROSS;
  }
  if (!(slackUp > error && slackDown > error)) { // NaN is not above
    level = LEVEL_NONE;
    return ANSWER_CLOSE;
  }
  level = own;
  spareUp = slackUp - error;
  spareDown = slackDown - error;
  return ANSWER_SAFE;
}

function measureNothing(): i32 {
  level = LEVEL_NONE;
  marginBalance = NaN;
  maintenanceMargin = NaN;
  return ANSWER_UNKNOWN;
}

/** Below 0: the level is reached. */
@inline
function slackOver(aLevel: i32): f64 {
  return f64At(COLUMN_LEVEL_VALUE, aLevel) * marginBalance - maintenanceMargin;
}

/** Above 0: the level is not left yet. */
@inline
function slackToLeave(aLevel: i32): f64 {
  return release * maintenanceMargin - f64At(COLUMN_LEVEL_VALUE, aLevel) * marginBalance;
}

/** The level that the measured account holds, coming from `current`; LEVEL_NONE when f64 does not decide it. */
function provenLevel(current: i32, error: f64): i32 {
  let reached = levels;
  while (reached > 0) {
    const slack = slackOver(reached);
    if (slack < -error) break;
    if (!(slack > error)) return LEVEL_NONE;
    reached--;
  }
  for (let held = current; held > reached; held--) {
    const slack = slackToLeave(held);
    if (slack > error) return held;
    if (!(slack < -error)) return LEVEL_NONE;
  }
  return reached;
}

/** Every tick of its instruments nominates the account again. */
function disarm(account: i32): void {
  for (let row = i32At(COLUMN_ACCOUNT_HEAD, account); row != NONE; row = i32At(COLUMN_ROW_NEXT, row)) {
    setTriggers(row, Infinity, -Infinity);
  }
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
 * Divides what both slacks have to spare among the rows in proportion to their exposure |d slack / d x| * x, so that every row
 * may move by the same part of its x, and a move that adds to a slack is not limited by it. No row leaves its
 * piece, so slacks are straight lines. While all rows stay strictly inside, neither slack can reach zero.
 * What is armed was proven by finite sums, so no trigger is NaN.
 */
function arm(account: i32): void {
  const nextLevel: f64 = level < levels ? f64At(COLUMN_LEVEL_VALUE, level + 1) : 0;
  const ownLevel: f64 = level > 0 ? f64At(COLUMN_LEVEL_VALUE, level) : 0;
  let exposureUp: f64 = 0;
  let exposureDown: f64 = 0;
  for (let row = i32At(COLUMN_ACCOUNT_HEAD, account); row != NONE; row = i32At(COLUMN_ROW_NEXT, row)) {
    const curve = i32At(COLUMN_ROW_CURVE, row);
    const x = coordinate(curve, f64At(COLUMN_INSTRUMENT_MARK, i32At(COLUMN_BLOCK_INSTRUMENT, row >> BLOCK_SHIFT)));
    const scale = f64At(COLUMN_ROW_SCALE, row);
    const slope = f64At(COLUMN_ROW_SLOPE, row);
    const rate = f64At(COLUMN_PIECE_RATE, pieceAt(curve, scale * x));
    const guard = SLOPE_GUARD * (abs(slope) + scale);
    exposureUp += (abs(slopeUp(nextLevel, slope, rate, scale)) + guard) * x;
    exposureDown += (abs(slopeDown(ownLevel, slope, rate, scale)) + guard) * x;
  }
  const shrink = 1.0 - (<f64>i32At(COLUMN_ACCOUNT_ROWS, account) + ERROR_TERMS) * BUDGET_UNIT;
  const moveUp = (spareUp / exposureUp) * shrink;
  const moveDown = (spareDown / exposureDown) * shrink;

  for (let row = i32At(COLUMN_ACCOUNT_HEAD, account); row != NONE; row = i32At(COLUMN_ROW_NEXT, row)) {
    const curve = i32At(COLUMN_ROW_CURVE, row);
    const mark = f64At(COLUMN_INSTRUMENT_MARK, i32At(COLUMN_BLOCK_INSTRUMENT, row >> BLOCK_SHIFT));
    const scale = f64At(COLUMN_ROW_SCALE, row);
    const slope = f64At(COLUMN_ROW_SLOPE, row);
    const y = scale * coordinate(curve, mark);
    const piece = pieceAt(curve, y);
    const rate = f64At(COLUMN_PIECE_RATE, piece);
    const guard = SLOPE_GUARD * (abs(slope) + scale);
    const up = slopeUp(nextLevel, slope, rate, scale);
    const down = slopeDown(ownLevel, slope, rate, scale);
    let fall = fallToPieceEnd(curve, piece, y);
    let rise = riseToPieceEnd(curve, piece, y);
    if (up > -guard) fall = min(fall, moveUp);
    if (up < guard) rise = min(rise, moveUp);
    if (down > -guard) fall = min(fall, moveDown);
    if (down < guard) rise = min(rise, moveDown);
    if (i32At(COLUMN_CURVE_COORDINATE, curve) == COORDINATE_PRICE) {
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
