// The lists of levels, by which margin accounts are judged, and the sums of an account at the prices of a level.
import {
  BLOCK_SHIFT,
  COLUMN_ACCOUNT_CONSTANT,
  COLUMN_ACCOUNT_HEAD,
  COLUMN_ACCOUNT_ROWS,
  COLUMN_ACCOUNT_UNCERTAINTY,
  COLUMN_BLOCK_INSTRUMENT,
  COLUMN_INSTRUMENT_CHARGE,
  COLUMN_INSTRUMENT_MARK,
  COLUMN_LEVEL_FACTOR,
  COLUMN_LEVEL_RATIO,
  COLUMN_PIECE_DEDUCTION,
  COLUMN_PIECE_RATE,
  COLUMN_ROW_CONSTANT,
  COLUMN_ROW_CURVE,
  COLUMN_ROW_INTERCEPT,
  COLUMN_ROW_NEXT,
  COLUMN_ROW_SCALE,
  COLUMN_ROW_SLOPE,
  COLUMN_RULE_LEVELS,
  COORDINATE_RECIPROCAL,
  COORDINATES,
  INPUT_ERROR_ULPS,
  NONE,
} from "./layout";
import { f64At, i32At, setF64, setI32 } from "./columns";
import { coordinateOf, formOf, hasSquares, isCharged, markX, pieceAt, squareRate } from "./curve";

// What the host guarantees. u = 2^-53.
// - Each intercept, slope, scale, row constant, cap, rate and deduction lies within I * u of its exact value, relative to
//   that value, with I = INPUT_ERROR_ULPS. An exact 0 is given as 0.
// - Each account constant lies within I * u of its exact value, relative to it, plus the account's uncertainty. The
//   uncertainty, which is finite, also covers what the rows leave out of the account, such as a venue's rounding: at every price, the sum
//   of both deviations (of margin balance and of maintenance margin) is at most the uncertainty.
// - Marks, charges, ratios and factors of levels are correctly rounded. Ratios and the release factor are at most 2.
// - Exact rates are in [0, 1] and do not fall from piece to piece; exact pieces join without a jump; scale > 0; an account
//   has at most 1,000 rows. Maintenance is not negative (the first deduction is not above 0, constants are not below 0).
// - Squares stand on curves of reciprocals. Each lies within I * u of its exact value too, and is not below 0. All pieces of a curve have the same square,
//   or Infinity: f64 proves nothing of values there, because their sums and the bound of their error are Infinity or NaN,
//   and no comparison of these is true. Where a row loses when x falls, rate + 4 * square * cap is at most 1 in each piece
//   with a square.
//
// Forward error bound of a slack at the prices of a level: ratio * margin balance - maintenance, or release * maintenance -
// ratio * margin balance. Per row, as parts of the term itself:
//   x             4u          u of the mark, u of its reciprocal, u of the factor, the product with the factor
//   intercept     I u + u     the input, its addition to slope * x
//   slope * x     I u + 6u    the input, x, the product, the addition to the intercept
//   y             I u + 5u    the scale, x, the product
//   rate * y      2I u + 8u   the rate, y, the product, the subtraction of the deduction, the addition of the constant
//   deduction     I u + 2u    the input, the subtraction, the addition of the constant
//   constant      I u + u     the input, its addition
//   square * y^2  3I u + 13u  the square, y twice, two products, the addition to the others
//   wrong piece   2I u + 5u   of y: if rounding picks the neighbouring piece at a cap, y and the cap err together by
//                             I u + 5u and I u, and the pieces part by the difference of their rates, which is at most 1
//   charge        I u + 3u    the charge, the intercept, the product, the addition to the others
// The additions of a square and a charge add 2u to rate * y, deduction and constant. Adding n rows to the constant adds (n + 1) u, the
// weight (a ratio of 2u, the product) and the subtraction add 4u. The worst term is y with rate * y and wrong piece
// together: 4I u + 15u + (n + 1) u + 4u = (n + 4I + 20) u; a square has (n + 3I + 19) u. Every term is weighted by at most
// 2. Magnitude is the sum of the absolute terms, with y in place of rate * y, and the uncertainty:
//   error <= 2 (n + 4I + 20) u * magnitude + 2 * uncertainty
// A charge that is not known makes the sums NaN, and nothing is proven.
// ERROR_UNIT = 2u. The 8 spare terms of ERROR_TERMS cover second-order parts and the rounding of magnitude and of the
// error itself. The bound says nothing of an account with ACCOUNT_ALWAYS, which exact arithmetic decides. Whatever
// decimals the host takes, all terms lie between 1e-80 and 1e80: nothing overflows or underflows. A sum that did would
// not compare, and is too close for f64.
const ERROR_UNIT: f64 = 2.220446049250313e-16; // 2^-52
export const ERROR_TERMS: f64 = 4 * INPUT_ERROR_ULPS + 28;

/** A level is left only when ratio * margin balance >= release * maintenance. */
export let release: f64 = 1;

export function setReleaseFactor(factor: f64): void {
  release = factor;
}

/** The rule has that many levels; the last one is liquidation. */
export function setRuleLevels(rule: i32, count: i32): void {
  setI32(COLUMN_RULE_LEVELS, rule, count);
}

export function setLevelRatio(place: i32, ratio: f64): void {
  setF64(COLUMN_LEVEL_RATIO, place, ratio);
}

/** What x of a curve with that coordinate is multiplied by at the prices of the level: 1 at the present prices. */
export function setLevelFactor(place: i32, coordinateOfCurve: i32, factor: f64): void {
  setF64(COLUMN_LEVEL_FACTOR, place * COORDINATES + coordinateOfCurve, factor);
}

@inline
export function ratioAt(place: i32): f64 {
  return f64At(COLUMN_LEVEL_RATIO, place);
}

/** x of a mark for curves of that coordinate, at the prices of a level. */
@inline
export function xAt(coordinate: i32, mark: f64, place: i32): f64 {
  return markX(coordinate, mark) * f64At(COLUMN_LEVEL_FACTOR, place * COORDINATES + coordinate);
}

/** Stands for the prices of a level: the factor of one coordinate is different for every distance. */
@inline
export function pricesAt(place: i32): f64 {
  return f64At(COLUMN_LEVEL_FACTOR, place * COORDINATES);
}

/** NaN where it is not known; not below 0. */
@inline
function chargeOf(instrument: i32, form: i32, slope: f64): f64 {
  const charge = f64At(COLUMN_INSTRUMENT_CHARGE, instrument);
  const gains = slope > 0 != ((form & COORDINATE_RECIPROCAL) != 0);
  return max(0, gains ? charge : -charge);
}

// The sums that were made last.
export let marginBalance: f64 = NaN;
export let maintenanceMargin: f64 = NaN;
/** Bound of the error of any slack that is made of them. */
export let error: f64 = 0;

/**
 * Sums an account up at the prices of a level. Returns 0 when a mark is missing. Compiled once for accounts of straight
 * pieces, which are nearly all, and once for any.
 */
export function sumUpStraight(account: i32, place: i32): i32 {
  return sumUp(account, place, true);
}

export function sumUpAny(account: i32, place: i32): i32 {
  return sumUp(account, place, false);
}

@inline
function sumUp(account: i32, place: i32, isStraight: bool): i32 {
  const rows: f64 = <f64>i32At(COLUMN_ACCOUNT_ROWS, account);
  let balance = f64At(COLUMN_ACCOUNT_CONSTANT, account);
  let maintenance: f64 = 0;
  const uncertainty = f64At(COLUMN_ACCOUNT_UNCERTAINTY, account);
  let magnitude = abs(balance) + uncertainty;
  for (let row = i32At(COLUMN_ACCOUNT_HEAD, account); row != NONE; row = i32At(COLUMN_ROW_NEXT, row)) {
    const instrument = i32At(COLUMN_BLOCK_INSTRUMENT, row >> BLOCK_SHIFT);
    const mark = f64At(COLUMN_INSTRUMENT_MARK, instrument);
    if (mark == 0) return 0;
    const curve = i32At(COLUMN_ROW_CURVE, row);
    const form = formOf(curve);
    const x = xAt(isStraight ? form : coordinateOf(form), mark, place);
    const y = f64At(COLUMN_ROW_SCALE, row) * x;
    const piece = pieceAt(curve, y);
    const intercept = f64At(COLUMN_ROW_INTERCEPT, row);
    const slope = f64At(COLUMN_ROW_SLOPE, row);
    const moving = slope * x;
    const deduction = f64At(COLUMN_PIECE_DEDUCTION, piece);
    const constant = f64At(COLUMN_ROW_CONSTANT, row);
    let asked = f64At(COLUMN_PIECE_RATE, piece) * y - deduction + constant;
    let terms = abs(intercept) + abs(moving) + y + abs(deduction) + abs(constant);
    if (!isStraight && hasSquares(form)) {
      const squared = squareRate(piece, y) * y;
      asked += squared;
      terms += squared;
    }
    if (!isStraight && isCharged(form)) {
      const charge = chargeOf(instrument, form, slope) * abs(intercept);
      asked += charge;
      terms += charge;
    }
    balance += intercept + moving;
    maintenance += asked;
    magnitude += terms;
  }
  marginBalance = balance;
  maintenanceMargin = maintenance;
  error = (rows + ERROR_TERMS) * ERROR_UNIT * magnitude + 2.0 * uncertainty;
  return 1;
}
