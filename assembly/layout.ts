// The memory layout of the kernel: integer constants only, read by AssemblyScript and by TypeScript.
// The host computes no addresses: it asks columnPointer(COLUMN_…).

/** Changes with any constant below; the host refuses a binary of another version. */
export const LAYOUT_VERSION = 4

/** Rows of one instrument lie together in blocks; blocks of one instrument in groups. */
export const BLOCK_ROWS = 64
export const BLOCK_SHIFT = 6
export const GROUP_BLOCKS = 64
export const GROUP_SHIFT = 6

/** Accounts re-checked in one call: as many suspects have a place. */
export const RECHECKED_MAX = 256

/** Warning levels and liquidation; level 0 is "below all". */
export const LEVELS_MAX = 17
/**
 * A level below 0 asks for a verdict afresh: the next re-check is always handed to the host, even where the account
 * still holds its level. The level that it comes from, L, is written -1 - L. LEVEL_NONE is that of an account without
 * a verdict, which comes from level 0; as an answer it says that no level is proven.
 */
export const LEVEL_NONE = -1

/** What the x of a curve is: the mark price, or one over it. */
export const COORDINATE_PRICE = 0
export const COORDINATE_RECIPROCAL = 1

/** Answers of a re-check. */
export const ANSWER_SAFE = 0 // provably at its level; new triggers are set
export const ANSWER_ACROSS = 1 // provably across a level, or asked afresh and provably at some level
export const ANSWER_CLOSE = 2 // too close for f64
export const ANSWER_UNKNOWN = 3 // a mark is missing

/** End of a list, and "no such row, account or block". */
export const NONE = -1

// Columns of f64. A column's number is its place in memory.
export const COLUMN_ROW_LOW = 0 // trigger: fires when mark <= low
export const COLUMN_ROW_HIGH = 1 // trigger: fires when mark >= high
export const COLUMN_ROW_INTERCEPT = 2 // contribution to the margin balance = intercept + slope * x
export const COLUMN_ROW_SLOPE = 3
export const COLUMN_ROW_SCALE = 4 // y = scale * x is what the pieces are measured in
export const COLUMN_ROW_CONSTANT = 5 // maintenance = rate * y - deduction + constant
export const COLUMN_BLOCK_ZONE_LOW = 6 // zone of one block: highest low-trigger of its rows
export const COLUMN_BLOCK_ZONE_HIGH = 7 // lowest high-trigger
export const COLUMN_GROUP_LOW = 8 // zone of one group of blocks
export const COLUMN_GROUP_HIGH = 9
export const COLUMN_ACCOUNT_CONSTANT = 10 // margin balance that moves with no price
export const COLUMN_SUSPECT_MARGIN_BALANCE = 11 // what the re-check computed for the suspect
export const COLUMN_SUSPECT_MAINTENANCE_MARGIN = 12
export const COLUMN_INSTRUMENT_MARK = 13 // 0: no mark
export const COLUMN_PIECE_CAP = 14 // upper end of the piece in y, inclusive
export const COLUMN_PIECE_RATE = 15
export const COLUMN_PIECE_DEDUCTION = 16
export const COLUMN_LEVEL_VALUE = 17
// Columns of i32.
export const COLUMN_FIRST_I32 = 18
export const COLUMN_ROW_ACCOUNT = 18 // NONE: a free row
export const COLUMN_ROW_CURVE = 19
export const COLUMN_ROW_NEXT = 20 // next row of the account, or next free row of the instrument
export const COLUMN_BLOCK_ZONE_BLOCK = 21
export const COLUMN_BLOCK_ZONE = 22
export const COLUMN_BLOCK_INSTRUMENT = 23
export const COLUMN_BLOCK_DIRTY = 24
export const COLUMN_DIRTY_BLOCK = 25 // list of the blocks whose zone must be refreshed
export const COLUMN_GROUP_NEXT = 26
export const COLUMN_GROUP_COUNT = 27
export const COLUMN_ACCOUNT_HEAD = 28 // first row, or next free account
export const COLUMN_ACCOUNT_ROWS = 29
export const COLUMN_ACCOUNT_LEVEL = 30
export const COLUMN_ACCOUNT_STAMP = 31 // instant in which it was last nominated
export const COLUMN_ACCOUNT_UNKNOWN = 32 // 1: the last re-check left it without a verdict
export const COLUMN_NOMINATED_ACCOUNT = 33 // list of the nominated accounts of this instant
export const COLUMN_SUSPECT_ACCOUNT = 34 // list of the accounts that the host must look at, of one call
export const COLUMN_SUSPECT_ANSWER = 35
export const COLUMN_SUSPECT_LEVEL = 36 // proven, or LEVEL_NONE
export const COLUMN_INSTRUMENT_GROUP_HEAD = 37
export const COLUMN_INSTRUMENT_GROUP_TAIL = 38
export const COLUMN_INSTRUMENT_FREE_ROW = 39
export const COLUMN_INSTRUMENT_STAMP = 40
export const COLUMN_MOVED_INSTRUMENT = 41 // list of the instruments that moved in this instant
export const COLUMN_CURVE_FIRST_PIECE = 42
export const COLUMN_CURVE_PIECES = 43
export const COLUMN_CURVE_COORDINATE = 44
export const COLUMN_COUNT = 45
