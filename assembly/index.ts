import { pointer } from "./columns";
import { LAYOUT_VERSION } from "./layout";

export { reserve } from "./columns";
export { addCurve, freeCurve, setPiece } from "./curve";
export { addInstrument, refreshZones } from "./zones";
export {
  addAccount,
  addRow,
  removeAccount,
  removeRows,
  setAccountAlways,
  setAccountLevel,
  setAccountRule,
  setConstant,
  unknownAccounts,
} from "./account";
export { armWithin } from "./arm";
export {
  measureAccount,
  measuredLevel,
  measuredMaintenanceMargin,
  measuredMarginBalance,
  recheckAccount,
} from "./recheck";
export { setLevelFactor, setLevelRatio, setReleaseFactor, setRuleLevels } from "./levels";
export { beginInstant, nominate, nominateAll, recheckNominated, scan, setCharge, setMark, setStamp, takeProven } from "./tick";

export function columnPointer(column: i32): usize {
  return pointer(column);
}

export function layoutVersion(): i32 {
  return LAYOUT_VERSION;
}

/** Numbers compared at a time: 2 with SIMD, 1 without. */
export function lanes(): i32 {
  return ASC_FEATURE_SIMD ? 2 : 1;
}
