// Margin accounts and their rows: what the host adds, changes and removes between instants.
import {
  ACCOUNT_ALWAYS,
  ACCOUNT_NESTED,
  BLOCK_SHIFT,
  COLUMN_ACCOUNT_CONSTANT,
  COLUMN_ACCOUNT_FORM,
  COLUMN_ACCOUNT_HEAD,
  COLUMN_ACCOUNT_LEVEL,
  COLUMN_ACCOUNT_ROWS,
  COLUMN_ACCOUNT_RULE,
  COLUMN_ACCOUNT_STAMP,
  COLUMN_ACCOUNT_UNCERTAINTY,
  COLUMN_ACCOUNT_UNKNOWN,
  COLUMN_BLOCK_INSTRUMENT,
  COLUMN_INSTRUMENT_CHARGED_ROWS,
  COLUMN_ROW_ACCOUNT,
  COLUMN_ROW_CONSTANT,
  COLUMN_ROW_INTERCEPT,
  COLUMN_ROW_NEXT,
  COLUMN_ROW_SCALE,
  COLUMN_ROW_SLOPE,
  COLUMN_ROW_CURVE,
  COORDINATES,
  NONE,
} from "./layout";
import { accountCapacity, i32At, setF64, setI32 } from "./columns";
import { countRow, formOf, isCharged } from "./curve";
import { freeRow, setTriggers, takeRow } from "./zones";

let accounts: i32 = 0;
let freeAccount: i32 = NONE;
let unknowns: i32 = 0;

/** A new account of rule 0 without rows, or NONE when the capacity is used up. Between instants only. */
export function addAccount(constant: f64, level: i32, uncertainty: f64): i32 {
  let account = freeAccount;
  if (account != NONE) freeAccount = i32At(COLUMN_ACCOUNT_HEAD, account);
  else if (accounts < accountCapacity) account = accounts++;
  else return NONE;
  setConstant(account, constant, uncertainty);
  setI32(COLUMN_ACCOUNT_HEAD, account, NONE);
  setI32(COLUMN_ACCOUNT_ROWS, account, 0);
  setI32(COLUMN_ACCOUNT_LEVEL, account, level);
  setI32(COLUMN_ACCOUNT_STAMP, account, 0);
  setI32(COLUMN_ACCOUNT_UNKNOWN, account, 0);
  setI32(COLUMN_ACCOUNT_FORM, account, 0);
  setAccountRule(account, 0, 1);
  return account;
}

/** Frees the account's rows; the account stays, and is not unknown until it is re-checked. */
export function removeRows(account: i32): void {
  let row = i32At(COLUMN_ACCOUNT_HEAD, account);
  while (row != NONE) {
    const next = i32At(COLUMN_ROW_NEXT, row);
    const curve = i32At(COLUMN_ROW_CURVE, row);
    countRow(curve, -1);
    if (isCharged(formOf(curve))) countCharged(i32At(COLUMN_BLOCK_INSTRUMENT, row >> BLOCK_SHIFT), -1);
    freeRow(row);
    row = next;
  }
  setI32(COLUMN_ACCOUNT_HEAD, account, NONE);
  setI32(COLUMN_ACCOUNT_ROWS, account, 0);
  setI32(COLUMN_ACCOUNT_FORM, account, i32At(COLUMN_ACCOUNT_FORM, account) & (ACCOUNT_NESTED | ACCOUNT_ALWAYS));
  setUnknown(account, 0);
}

export function removeAccount(account: i32): void {
  removeRows(account);
  setI32(COLUMN_ACCOUNT_HEAD, account, freeAccount);
  freeAccount = account;
}

/** 1: the re-check left the account without a verdict, because a mark is missing or its level is undecided. */
@inline
export function setUnknown(account: i32, unknown: i32): void {
  const before = i32At(COLUMN_ACCOUNT_UNKNOWN, account);
  if (before == unknown) return;
  setI32(COLUMN_ACCOUNT_UNKNOWN, account, unknown);
  unknowns += unknown - before;
}

/** Accounts that their last re-check left without a verdict. */
export function unknownAccounts(): i32 {
  return unknowns;
}

export function setConstant(account: i32, constant: f64, uncertainty: f64): void {
  setF64(COLUMN_ACCOUNT_CONSTANT, account, constant);
  setF64(COLUMN_ACCOUNT_UNCERTAINTY, account, uncertainty);
}

/** `nested` is 1 where no level is reached while the one below it is not. */
export function setAccountRule(account: i32, rule: i32, nested: i32): void {
  setI32(COLUMN_ACCOUNT_RULE, account, rule);
  const forms = i32At(COLUMN_ACCOUNT_FORM, account) & ~ACCOUNT_NESTED;
  setI32(COLUMN_ACCOUNT_FORM, account, forms | (nested != 0 ? ACCOUNT_NESTED : 0));
}

/** `always` is 1 where every tick of its instruments hands the account to the host, until armWithin. */
export function setAccountAlways(account: i32, always: i32): void {
  const forms = i32At(COLUMN_ACCOUNT_FORM, account) & ~ACCOUNT_ALWAYS;
  setI32(COLUMN_ACCOUNT_FORM, account, forms | (always != 0 ? ACCOUNT_ALWAYS : 0));
}

export function setAccountLevel(account: i32, level: i32): void {
  setI32(COLUMN_ACCOUNT_LEVEL, account, level);
}

@inline
function countCharged(instrument: i32, change: i32): void {
  const rows = i32At(COLUMN_INSTRUMENT_CHARGED_ROWS, instrument);
  setI32(COLUMN_INSTRUMENT_CHARGED_ROWS, instrument, rows + change);
}

/** A new row that fires on every tick until its account is re-checked, or NONE when the capacity is used up. */
export function addRow(
  account: i32,
  instrument: i32,
  curve: i32,
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
  setI32(COLUMN_ROW_CURVE, row, curve);
  countRow(curve, 1);
  const form = formOf(curve);
  if (isCharged(form)) countCharged(instrument, 1);
  const forms = i32At(COLUMN_ACCOUNT_FORM, account);
  setI32(COLUMN_ACCOUNT_FORM, account, forms | (form & ~(COORDINATES - 1)));
  setI32(COLUMN_ROW_NEXT, row, i32At(COLUMN_ACCOUNT_HEAD, account));
  setI32(COLUMN_ACCOUNT_HEAD, account, row);
  setI32(COLUMN_ACCOUNT_ROWS, account, i32At(COLUMN_ACCOUNT_ROWS, account) + 1);
  setTriggers(row, Infinity, -Infinity);
  return row;
}
