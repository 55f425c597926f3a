// The memory layout of the kernel: integers only, so that AssemblyScript and TypeScript read the same file.
// The host computes no addresses: it asks columnPointer(COLUMN_…).

/** Changes with any constant below; the host refuses a binary of another version. */
export const LAYOUT_VERSION = 11

/** Rows of one instrument lie together in blocks; blocks of one instrument in groups. */
export const BLOCK_ROWS = 64
export const BLOCK_SHIFT = 6
export const GROUP_BLOCKS = 64
export const GROUP_SHIFT = 6

/** Accounts re-checked in one call: as many suspects have a place. */
export const RECHECKED_MAX = 256

/** Warning levels and liquidation; level 0 is "below all". */
export const LEVELS_MAX = 17
/** Lists of levels. Level L of rule R has the place R * LEVEL_PLACES + L. */
export const RULES_MAX = 256
export const LEVEL_PLACES = LEVELS_MAX + 1
/**
 * A level below 0 is undecided: the next re-check hands the account to the host even if it still holds its level.
 * -1 - L is the undecided level of an account that comes from level L. LEVEL_NONE is the undecided level of an account
 * that comes from level 0; as an answer it says that no level is proven.
 */
export const LEVEL_NONE = -1

/**
 * The relative error that an input may have, in units of 2^-53 of its exact value. What an account's constant may err by
 * beyond that, in its settlement asset, is the account's uncertainty.
 */
export const INPUT_ERROR_ULPS = 16

/**
 * What the x of a curve is: the mark price, or one over it; plus COORDINATE_FALLS where x falls when the price moves against
 * the accounts on the curve. Otherwise x rises then.
 */
export const COORDINATE_PRICE = 0
export const COORDINATE_RECIPROCAL = 1
export const COORDINATE_FALLS = 2
export const COORDINATES = 4
/** Added to the coordinate of a curve: its pieces have squares. */
export const CURVE_SQUARES = 4
/** Added to it: the rows are charged what their instrument charges. */
export const CURVE_CHARGED = 8
/** In the form of an account: no level is reached where the one below it is not. */
export const ACCOUNT_NESTED = 1
/**
 * Added to it: rows do not say what the account is. Every tick of its instruments hands it to the host, without a level, until the
 * host arms it.
 */
export const ACCOUNT_ALWAYS = 2

/** Answers of a re-check. */
export const ANSWER_SAFE = 0 // provably at its level; new triggers are set
export const ANSWER_ACROSS = 1 // provably across a level, or undecided and provably at some level
export const ANSWER_CLOSE = 2 // too close for f64
export const ANSWER_UNKNOWN = 3 // a mark is missing

/**
 * A curve has a span of 1, 2, 4 … places for its pieces, 1 << size class. A freed curve keeps its span and serves the next
 * curve of its size class. So pieces need, for every size class, its span times the most curves that lived at once.
 */
export const SIZE_CLASSES = 9
export const CURVE_PIECES_MAX = 256
/** Answer of addCurve: the capacity of pieces is used up; NONE: that of curves. */
export const NO_PIECES = -2

/** End of a list, and "no such row, account or block". */
export const NONE = -1

// Columns. A column's number is its place in memory: one more than that of the column above it. Columns of one element
// width and one owner form a section; SECTIONS below says both, and everything else derives from it.

const ROW_F64 = 0
export const COLUMN_ROW_LOW = ROW_F64 // trigger: fires when mark <= low
export const COLUMN_ROW_HIGH = COLUMN_ROW_LOW + 1 // trigger: fires when mark >= high
export const COLUMN_ROW_INTERCEPT = COLUMN_ROW_HIGH + 1 // contribution to the margin balance = intercept + slope * x
export const COLUMN_ROW_SLOPE = COLUMN_ROW_INTERCEPT + 1
export const COLUMN_ROW_SCALE = COLUMN_ROW_SLOPE + 1 // y = scale * x is what the pieces are measured in
export const COLUMN_ROW_CONSTANT = COLUMN_ROW_SCALE + 1 // maintenance = rate * y - deduction + square * y * y + constant

const ROW_I32 = COLUMN_ROW_CONSTANT + 1
export const COLUMN_ROW_ACCOUNT = ROW_I32 // NONE: a free row
export const COLUMN_ROW_CURVE = COLUMN_ROW_ACCOUNT + 1
export const COLUMN_ROW_NEXT = COLUMN_ROW_CURVE + 1 // next row of the account, or next free row of the instrument

const BLOCK_I32 = COLUMN_ROW_NEXT + 1
export const COLUMN_BLOCK_ZONE = BLOCK_I32 // number of the block's zone
export const COLUMN_BLOCK_INSTRUMENT = COLUMN_BLOCK_ZONE + 1
export const COLUMN_BLOCK_DIRTY = COLUMN_BLOCK_INSTRUMENT + 1 // 1: in the list of the dirty blocks
export const COLUMN_DIRTY_BLOCK = COLUMN_BLOCK_DIRTY + 1 // list of the blocks whose zone must be refreshed

const BLOCK_ZONE_F64 = COLUMN_DIRTY_BLOCK + 1
export const COLUMN_BLOCK_ZONE_LOW = BLOCK_ZONE_F64 // highest low-trigger of the block's rows
export const COLUMN_BLOCK_ZONE_HIGH = COLUMN_BLOCK_ZONE_LOW + 1 // lowest high-trigger

const BLOCK_ZONE_I32 = COLUMN_BLOCK_ZONE_HIGH + 1
export const COLUMN_BLOCK_ZONE_BLOCK = BLOCK_ZONE_I32

const GROUP_F64 = COLUMN_BLOCK_ZONE_BLOCK + 1
export const COLUMN_GROUP_LOW = GROUP_F64 // highest low of the group's block zones
export const COLUMN_GROUP_HIGH = COLUMN_GROUP_LOW + 1 // lowest high

const GROUP_I32 = COLUMN_GROUP_HIGH + 1
export const COLUMN_GROUP_NEXT = GROUP_I32 // next group of the instrument
export const COLUMN_GROUP_COUNT = COLUMN_GROUP_NEXT + 1 // blocks in the group

const ACCOUNT_F64 = COLUMN_GROUP_COUNT + 1
export const COLUMN_ACCOUNT_CONSTANT = ACCOUNT_F64 // margin balance that moves with no price
export const COLUMN_ACCOUNT_UNCERTAINTY = COLUMN_ACCOUNT_CONSTANT + 1 // see INPUT_ERROR_ULPS

const ACCOUNT_I32 = COLUMN_ACCOUNT_UNCERTAINTY + 1
export const COLUMN_ACCOUNT_HEAD = ACCOUNT_I32 // first row, or next free account
export const COLUMN_ACCOUNT_ROWS = COLUMN_ACCOUNT_HEAD + 1
export const COLUMN_ACCOUNT_LEVEL = COLUMN_ACCOUNT_ROWS + 1
export const COLUMN_ACCOUNT_STAMP = COLUMN_ACCOUNT_LEVEL + 1 // instant in which it was last nominated
export const COLUMN_ACCOUNT_UNKNOWN = COLUMN_ACCOUNT_STAMP + 1 // 1: the last re-check left it without a verdict
export const COLUMN_ACCOUNT_RULE = COLUMN_ACCOUNT_UNKNOWN + 1
export const COLUMN_ACCOUNT_FORM = COLUMN_ACCOUNT_RULE + 1 // ACCOUNT_…, and CURVE_… of the curves of its rows
export const COLUMN_NOMINATED_ACCOUNT = COLUMN_ACCOUNT_FORM + 1 // list of the nominated accounts of this instant

const SUSPECT_F64 = COLUMN_NOMINATED_ACCOUNT + 1
export const COLUMN_SUSPECT_MARGIN_BALANCE = SUSPECT_F64 // what the re-check computed
export const COLUMN_SUSPECT_MAINTENANCE_MARGIN = COLUMN_SUSPECT_MARGIN_BALANCE + 1

const SUSPECT_I32 = COLUMN_SUSPECT_MAINTENANCE_MARGIN + 1
export const COLUMN_SUSPECT_ACCOUNT = SUSPECT_I32 // list of the accounts that one call hands to the host
export const COLUMN_SUSPECT_ANSWER = COLUMN_SUSPECT_ACCOUNT + 1
export const COLUMN_SUSPECT_LEVEL = COLUMN_SUSPECT_ANSWER + 1 // proven, or LEVEL_NONE

const INSTRUMENT_F64 = COLUMN_SUSPECT_LEVEL + 1
export const COLUMN_INSTRUMENT_MARK = INSTRUMENT_F64 // 0: no mark
/**
 * The part of |intercept| that is added to the maintenance of a charged row: of one that gains with the price the charge, if
 * it is above 0, of the others its negative. NaN: not known.
 */
export const COLUMN_INSTRUMENT_CHARGE = COLUMN_INSTRUMENT_MARK + 1

const INSTRUMENT_I32 = COLUMN_INSTRUMENT_CHARGE + 1
export const COLUMN_INSTRUMENT_GROUP_HEAD = INSTRUMENT_I32
export const COLUMN_INSTRUMENT_GROUP_TAIL = COLUMN_INSTRUMENT_GROUP_HEAD + 1
export const COLUMN_INSTRUMENT_FREE_ROW = COLUMN_INSTRUMENT_GROUP_TAIL + 1
export const COLUMN_INSTRUMENT_STAMP = COLUMN_INSTRUMENT_FREE_ROW + 1 // instant in which its mark was last set
export const COLUMN_INSTRUMENT_CHARGED_ROWS = COLUMN_INSTRUMENT_STAMP + 1
export const COLUMN_MOVED_INSTRUMENT = COLUMN_INSTRUMENT_CHARGED_ROWS + 1 // list of the instruments that moved in this instant

const CURVE_I32 = COLUMN_MOVED_INSTRUMENT + 1
export const COLUMN_CURVE_FIRST_PIECE = CURVE_I32
export const COLUMN_CURVE_PIECES = COLUMN_CURVE_FIRST_PIECE + 1
export const COLUMN_CURVE_FORM = COLUMN_CURVE_PIECES + 1 // COORDINATE_… and CURVE_…, or next free curve of the size class
export const COLUMN_CURVE_ROWS = COLUMN_CURVE_FORM + 1 // rows that use it; NONE: a free curve

const SIZE_CLASS_I32 = COLUMN_CURVE_ROWS + 1
export const COLUMN_SIZE_CLASS_FREE_CURVE = SIZE_CLASS_I32

const PIECE_F64 = COLUMN_SIZE_CLASS_FREE_CURVE + 1
export const COLUMN_PIECE_CAP = PIECE_F64 // upper end of the piece in y, inclusive
export const COLUMN_PIECE_RATE = COLUMN_PIECE_CAP + 1
export const COLUMN_PIECE_DEDUCTION = COLUMN_PIECE_RATE + 1
export const COLUMN_PIECE_SQUARE = COLUMN_PIECE_DEDUCTION + 1 // read for curves with CURVE_SQUARES

const LEVEL_F64 = COLUMN_PIECE_SQUARE + 1
export const COLUMN_LEVEL_RATIO = LEVEL_F64 // reached when ratio * margin balance <= maintenance, at the level's prices

const LEVEL_FACTOR_F64 = COLUMN_LEVEL_RATIO + 1
export const COLUMN_LEVEL_FACTOR = LEVEL_FACTOR_F64 // x at the level's prices = factor * x; place * COORDINATES + coordinate

const RULE_I32 = COLUMN_LEVEL_FACTOR + 1
export const COLUMN_RULE_LEVELS = RULE_I32 // levels of the rule, liquidation included

export const COLUMN_COUNT = COLUMN_RULE_LEVELS + 1

/** What a section has one element for. */
export const PER_ROW = 0
export const PER_BLOCK = 1
export const PER_BLOCK_ZONE = 2
export const PER_GROUP = 3
export const PER_ACCOUNT = 4
export const PER_SUSPECT = 5
export const PER_INSTRUMENT = 6
export const PER_CURVE = 7
export const PER_PIECE = 8
export const PER_LEVEL = 9
export const PER_SIZE_CLASS = 10
export const PER_LEVEL_FACTOR = 11
export const PER_RULE = 12

/** A section in one number: its first column, then the bytes of an element from SECTION_BYTES_SHIFT, then PER_…. */
export const SECTION_BYTES_SHIFT = 8
export const SECTION_PER_SHIFT = 12
const F64 = 8 << SECTION_BYTES_SHIFT
const I32 = 4 << SECTION_BYTES_SHIFT
export const SECTIONS = [
  ROW_F64 + F64 + (PER_ROW << SECTION_PER_SHIFT),
  ROW_I32 + I32 + (PER_ROW << SECTION_PER_SHIFT),
  BLOCK_I32 + I32 + (PER_BLOCK << SECTION_PER_SHIFT),
  BLOCK_ZONE_F64 + F64 + (PER_BLOCK_ZONE << SECTION_PER_SHIFT),
  BLOCK_ZONE_I32 + I32 + (PER_BLOCK_ZONE << SECTION_PER_SHIFT),
  GROUP_F64 + F64 + (PER_GROUP << SECTION_PER_SHIFT),
  GROUP_I32 + I32 + (PER_GROUP << SECTION_PER_SHIFT),
  ACCOUNT_F64 + F64 + (PER_ACCOUNT << SECTION_PER_SHIFT),
  ACCOUNT_I32 + I32 + (PER_ACCOUNT << SECTION_PER_SHIFT),
  SUSPECT_F64 + F64 + (PER_SUSPECT << SECTION_PER_SHIFT),
  SUSPECT_I32 + I32 + (PER_SUSPECT << SECTION_PER_SHIFT),
  INSTRUMENT_F64 + F64 + (PER_INSTRUMENT << SECTION_PER_SHIFT),
  INSTRUMENT_I32 + I32 + (PER_INSTRUMENT << SECTION_PER_SHIFT),
  CURVE_I32 + I32 + (PER_CURVE << SECTION_PER_SHIFT),
  SIZE_CLASS_I32 + I32 + (PER_SIZE_CLASS << SECTION_PER_SHIFT),
  PIECE_F64 + F64 + (PER_PIECE << SECTION_PER_SHIFT),
  LEVEL_F64 + F64 + (PER_LEVEL << SECTION_PER_SHIFT),
  LEVEL_FACTOR_F64 + F64 + (PER_LEVEL_FACTOR << SECTION_PER_SHIFT),
  RULE_I32 + I32 + (PER_RULE << SECTION_PER_SHIFT),
]
