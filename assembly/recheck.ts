// The re-check of one margin account: decides in f64 what f64 can decide, and arms the triggers.
import {
  ACCOUNT_ALWAYS,
  ACCOUNT_NESTED,
  ANSWER_ACROSS,
  ANSWER_CLOSE,
  ANSWER_SAFE,
  ANSWER_UNKNOWN,
  COLUMN_ACCOUNT_FORM,
  COLUMN_ACCOUNT_LEVEL,
  COLUMN_ACCOUNT_RULE,
  COLUMN_RULE_LEVELS,
  COORDINATES,
  LEVEL_NONE,
  LEVEL_PLACES,
  NONE,
} from "./layout";
import { setUnknown } from "./account";
import { armAny, armStraight, disarm } from "./arm";
import { i32At } from "./columns";
import {
  error,
  maintenanceMargin,
  marginBalance,
  pricesAt,
  ratioAt,
  release,
  sumUpAny,
  sumUpStraight,
} from "./levels";

// What the last measurement found.
let measured: i32 = NONE;
let level: i32 = LEVEL_NONE;
/** How far both slacks are beyond their error, if the answer is safe. */
let spareUp: f64 = 0;
let spareDown: f64 = 0;

// Of the account that is measured: the place of level 0 of its rule, how many levels follow, and its form.
let places: i32 = 0;
let levels: i32 = 0;
let form: i32 = 0;
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
// at most rate * scale * dx, which is no more: rates are at most 1. With squares the rate at y is rate + 2 * square * y, which
// is at most 1 up to twice the cap of the piece. A reciprocal that falls against a row is at the present prices at most twice
// what it is at those of a level, because no price rises by more than the whole of itself for a level. Of an account that
// holds both sides of an instrument every level is looked at, on every tick of its instruments. Of an
// account with ACCOUNT_ALWAYS the sums mean nothing: no level is proven, and armWithin alone arms it.

/** Computes the account from scratch at the present marks, answers, and sets its triggers accordingly. */
export function recheckAccount(account: i32): i32 {
  const answer = measure(account);
  setUnknown(account, <i32>(answer == ANSWER_UNKNOWN || i32At(COLUMN_ACCOUNT_LEVEL, account) < 0));
  if (answer == ANSWER_SAFE && (form & ACCOUNT_NESTED) != 0) armMeasured();
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
  form = i32At(COLUMN_ACCOUNT_FORM, account);
  summedAt = 0;
  const own = i32At(COLUMN_ACCOUNT_LEVEL, account);
  const isNested = (form & (ACCOUNT_NESTED | ACCOUNT_ALWAYS)) == ACCOUNT_NESTED;
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

/** Whether all curves of the measured account are straight pieces, of which the form says nothing. */
@inline
function isStraight(): bool {
  return form < COORDINATES;
}

/** Makes the sums those of the measured account at the prices of that level. False when a mark is missing. */
@inline
function isSummedAt(place: i32): bool {
  return pricesAt(place) == summedAt || sumMeasured(place);
}

function sumMeasured(place: i32): bool {
  if (measured == NONE) return false;
  if ((isStraight() ? sumUpStraight(measured, place) : sumUpAny(measured, place)) == 0) return false;
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
  if ((form & ACCOUNT_ALWAYS) != 0) return LEVEL_NONE;
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

function armMeasured(): void {
  const next: i32 = level < levels ? places + level + 1 : NONE;
  const own: i32 = level > 0 ? places + level : NONE;
  if (isStraight()) armStraight(measured, next, own, spareUp, spareDown);
  else armAny(measured, next, own, spareUp, spareDown);
}
