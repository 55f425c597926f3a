// The re-check of one margin account: decides in f64 what f64 can decide, and arms the triggers.
import {
  ANSWER_ACROSS,
  ANSWER_CLOSE,
  ANSWER_SAFE,
  ANSWER_UNKNOWN,
  BLOCK_SHIFT,
  COLUMN_ACCOUNT_HEAD,
  COLUMN_ACCOUNT_LEVEL,
  COLUMN_ACCOUNT_NESTED,
  COLUMN_ACCOUNT_ROWS,
  COLUMN_ACCOUNT_RULE,
  COLUMN_BLOCK_INSTRUMENT,
  COLUMN_CURVE_COORDINATE,
  COLUMN_INSTRUMENT_MARK,
  COLUMN_PIECE_RATE,
  COLUMN_ROW_CURVE,
  COLUMN_ROW_NEXT,
  COLUMN_ROW_SCALE,
  COLUMN_ROW_SLOPE,
  COLUMN_RULE_LEVELS,
  COORDINATE_RECIPROCAL,
  LEVEL_NONE,
  LEVEL_PLACES,
  NONE,
} from "./layout";
import { setUnknown } from "./account";
import { f64At, i32At } from "./columns";
import { fallToPieceEnd, pieceAt, riseToPieceEnd } from "./curve";
import {
  ERROR_TERMS,
  error,
  maintenanceMargin,
  marginBalance,
  pricesAt,
  ratioAt,
  release,
  sumUp,
  xAt,
} from "./levels";
import { setTriggers } from "./zones";

// What the last measurement found.
let measured: i32 = NONE;
let level: i32 = LEVEL_NONE;
/** How far both slacks are beyond their error, if the answer is safe. */
let spareUp: f64 = 0;
let spareDown: f64 = 0;

// Of the account that is measured: the place of level 0 of its rule, and how many levels follow.
let places: i32 = 0;
let levels: i32 = 0;
/** `pricesAt` of the sums that were made last; 0: of none. */
let summedAt: f64 = 0;

// Proven levels. Each decision compares one computed slack, ratio * marginBalance - maintenance or
// release * maintenance - ratio * marginBalance at the prices of its level, with the bound of levels.ts. It covers every such
// slack, because no weight is above 2, and it is a bound and not a chance: all comparisons of one account hold together,
// however many levels it has. Beyond the bound the exact slack has the sign of the computed one. So a level counts as
// reached only if the exact slack is below 0, as not reached only if it is above 0, and the same for being left.
// `provenLevel` walks the levels as `heldLevel` of src/margin does, and gives up at the first one that is within the
// bound. Exactly on a line the exact slack is 0 and the computed one is within the bound, so nothing is proven there:
// whether equality reaches a level (a venue that liquidates when the line is reached, or when it is passed) and
// whether it leaves one (hysteresis) never matters to a proven level. A safe answer proves the present level: the
// next one is not reached, hence none above it where levels are nested, and the own one is not left, so none below is taken.
//
// Ratios are nested because maintenance is not negative. Distances are nested where all rows of each instrument lose on one
// side: a price that moves on against a row takes slope * dx = scale * dx from its contribution, and from its maintenance
// at most rate * scale * dx, which is no more. Of an account that holds both sides of an instrument every level is looked
// at, on every tick of its instruments.

// Outward rounding of a trigger. A rise (cap - y) / y or a fall (y - cap) / y errs by I u + 5u of y, I u of the cap, the
// subtraction and the division, all relative to 1 + rise or to 1: (2I + 7) u. 1 + rise and 1 - fall, the product or
// quotient with the mark, and the guard itself err by at most 4u; the mark of now and the marks compared later by u each.
// (2I + 13) u = 45u in all; 2^-47 = 64u.
const TRIGGER_GUARD: f64 = 7.105427357601002e-15;
// The derivative of a slack errs by at most (2I + 5) u of 2 * scale (2u of the release factor, I u of rate and scale each,
// two products, the subtraction) and (I + 4) u of 2 * |slope| (2u of the ratio, I u of the slope, the product, the
// subtraction): 74u of scale + |slope|. 2^-46 = 128u. A derivative smaller than this part of its terms has no certain sign:
// both directions count as adverse.
const SLOPE_GUARD: f64 = 1.4210854715202004e-14;
// Relative rounding of exposures and their sum over n rows, generously: (n + ERROR_TERMS) * 2^-50. The errors of the
// inputs are in SLOPE_GUARD; the uncertainty is in the spare that is divided, which is what the slack has beyond its error.
const BUDGET_UNIT: f64 = 8.881784197001252e-16;

/** Computes the account from scratch at the present marks, answers, and sets its triggers accordingly. */
export function recheckAccount(account: i32): i32 {
  const answer = measure(account);
  setUnknown(account, <i32>(answer == ANSWER_UNKNOWN || i32At(COLUMN_ACCOUNT_LEVEL, account) < 0));
  if (answer == ANSWER_SAFE && i32At(COLUMN_ACCOUNT_NESTED, account) != 0) arm(account);
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

/** At the present prices; NaN when a mark is missing. */
export function measuredMarginBalance(): f64 {
  return isSummedAt(places + levels) ? marginBalance : NaN;
}

/** The same of the maintenance margin. */
export function measuredMaintenanceMargin(): f64 {
  return isSummedAt(places + levels) ? maintenanceMargin : NaN;
}

@inline
function measure(account: i32): i32 {
  const rule = i32At(COLUMN_ACCOUNT_RULE, account);
  measured = account;
  places = rule * LEVEL_PLACES;
  levels = i32At(COLUMN_RULE_LEVELS, rule);
  summedAt = 0;
  const own = i32At(COLUMN_ACCOUNT_LEVEL, account);
  const isNested = i32At(COLUMN_ACCOUNT_NESTED, account) != 0;
  // The first level that is looked at, so that its sums serve the answer.
  if (!isSummedAt(places + (own < 0 || own == levels || !isNested ? levels : own + 1))) {
    level = LEVEL_NONE;
    return ANSWER_UNKNOWN;
  }
  if (own < 0) {
    level = provenLevel(-1 - own);
    return level == LEVEL_NONE ? ANSWER_CLOSE : ANSWER_ACROSS;
  }
  if (!isNested) {
    level = provenLevel(own);
    return level == LEVEL_NONE ? ANSWER_CLOSE : level == own ? ANSWER_SAFE : ANSWER_ACROSS;
  }
  let up: f64 = Infinity;
  let upError: f64 = 0;
  if (own < levels) {
    up = slackOver(own + 1);
    upError = error;
  }
  let down: f64 = Infinity;
  let downError: f64 = 0;
  if (own > 0) {
    down = slackToLeave(own);
    downError = error;
  }
  if (up < -upError || down < -downError) {
    level = provenLevel(own);
    return ANSWER_ACROSS;
  }
  if (!(up > upError && down > downError)) { // NaN is not above
    level = LEVEL_NONE;
    return ANSWER_CLOSE;
  }
  level = own;
  spareUp = up - upError;
  spareDown = down - downError;
  return ANSWER_SAFE;
}

/** Makes the sums those of the measured account at the prices of that level. False when a mark is missing. */
@inline
function isSummedAt(place: i32): bool {
  return pricesAt(place) == summedAt || sumMeasured(place);
}

function sumMeasured(place: i32): bool {
  if (measured == NONE || sumUp(measured, place) == 0) return false;
  summedAt = pricesAt(place);
  return true;
}

/** Below 0: the level is reached. */
@inline
function slackOver(aLevel: i32): f64 {
  isSummedAt(places + aLevel);
  return ratioAt(places + aLevel) * marginBalance - maintenanceMargin;
}

/** Above 0: the level is not left yet. */
@inline
function slackToLeave(aLevel: i32): f64 {
  isSummedAt(places + aLevel);
  return release * maintenanceMargin - ratioAt(places + aLevel) * marginBalance;
}

/** The level that the measured account holds, coming from `current`; LEVEL_NONE when f64 does not decide it. */
function provenLevel(current: i32): i32 {
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
function slopeUp(ratio: f64, slope: f64, rate: f64, scale: f64): f64 {
  return ratio * slope - rate * scale;
}

@inline
function slopeDown(ratio: f64, slope: f64, rate: f64, scale: f64): f64 {
  return release * rate * scale - ratio * slope;
}

/**
 * Divides what both slacks have to spare among the rows in proportion to their exposure |d slack / d x| * x, each at the prices
 * of its level, so that every row may move by the same part of its x, and a move that adds to a slack is not limited by it.
 * At the prices of a level x moves by the same part as the mark's. No row leaves its piece there, so slacks are straight
 * lines. While all rows stay strictly inside, neither slack can reach zero.
 * What is armed was proven by finite sums, so no trigger is NaN.
 */
function arm(account: i32): void {
  const next: i32 = level < levels ? places + level + 1 : NONE;
  const own: i32 = level > 0 ? places + level : NONE;
  const nextRatio: f64 = next == NONE ? 0 : ratioAt(next);
  const ownRatio: f64 = own == NONE ? 0 : ratioAt(own);
  let exposureUp: f64 = 0;
  let exposureDown: f64 = 0;
  for (let row = i32At(COLUMN_ACCOUNT_HEAD, account); row != NONE; row = i32At(COLUMN_ROW_NEXT, row)) {
    const curve = i32At(COLUMN_ROW_CURVE, row);
    const mark = f64At(COLUMN_INSTRUMENT_MARK, i32At(COLUMN_BLOCK_INSTRUMENT, row >> BLOCK_SHIFT));
    const scale = f64At(COLUMN_ROW_SCALE, row);
    const slope = f64At(COLUMN_ROW_SLOPE, row);
    const guard = SLOPE_GUARD * (abs(slope) + scale);
    if (next != NONE) {
      const x = xAt(curve, mark, next);
      const rate = f64At(COLUMN_PIECE_RATE, pieceAt(curve, scale * x));
      exposureUp += (abs(slopeUp(nextRatio, slope, rate, scale)) + guard) * x;
    }
    if (own != NONE) {
      const x = xAt(curve, mark, own);
      const rate = f64At(COLUMN_PIECE_RATE, pieceAt(curve, scale * x));
      exposureDown += (abs(slopeDown(ownRatio, slope, rate, scale)) + guard) * x;
    }
  }
  const shrink = 1.0 - (<f64>i32At(COLUMN_ACCOUNT_ROWS, account) + ERROR_TERMS) * BUDGET_UNIT;
  const moveUp = (spareUp / exposureUp) * shrink;
  const moveDown = (spareDown / exposureDown) * shrink;

  for (let row = i32At(COLUMN_ACCOUNT_HEAD, account); row != NONE; row = i32At(COLUMN_ROW_NEXT, row)) {
    const curve = i32At(COLUMN_ROW_CURVE, row);
    const mark = f64At(COLUMN_INSTRUMENT_MARK, i32At(COLUMN_BLOCK_INSTRUMENT, row >> BLOCK_SHIFT));
    const scale = f64At(COLUMN_ROW_SCALE, row);
    const slope = f64At(COLUMN_ROW_SLOPE, row);
    const guard = SLOPE_GUARD * (abs(slope) + scale);
    let fall: f64 = Infinity;
    let rise: f64 = Infinity;
    if (next != NONE) {
      const y = scale * xAt(curve, mark, next);
      const piece = pieceAt(curve, y);
      const up = slopeUp(nextRatio, slope, f64At(COLUMN_PIECE_RATE, piece), scale);
      fall = fallToPieceEnd(curve, piece, y);
      rise = riseToPieceEnd(curve, piece, y);
      if (up > -guard) fall = min(fall, moveUp);
      if (up < guard) rise = min(rise, moveUp);
    }
    if (own != NONE) {
      const y = scale * xAt(curve, mark, own);
      const piece = pieceAt(curve, y);
      const down = slopeDown(ownRatio, slope, f64At(COLUMN_PIECE_RATE, piece), scale);
      fall = min(fall, fallToPieceEnd(curve, piece, y));
      rise = min(rise, riseToPieceEnd(curve, piece, y));
      if (down > -guard) fall = min(fall, moveDown);
      if (down < guard) rise = min(rise, moveDown);
    }
    if ((i32At(COLUMN_CURVE_COORDINATE, curve) & COORDINATE_RECIPROCAL) == 0) {
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
