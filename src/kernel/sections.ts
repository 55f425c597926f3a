import {
  BLOCK_SHIFT,
  COORDINATES,
  GROUP_SHIFT,
  LEVEL_PLACES,
  PER_ACCOUNT,
  PER_BLOCK,
  PER_BLOCK_ZONE,
  PER_CURVE,
  PER_GROUP,
  PER_INSTRUMENT,
  PER_LEVEL,
  PER_LEVEL_FACTOR,
  PER_PIECE,
  PER_ROW,
  PER_RULE,
  PER_SIZE_CLASS,
  PER_SUSPECT,
  RECHECKED_MAX,
  RULES_MAX,
  SECTION_BYTES_SHIFT,
  SECTION_PER_SHIFT,
  SECTIONS,
  SIZE_CLASSES,
} from '../../assembly/layout.ts'
import type { KernelTotals } from './kernel.ts'

/** What the layout says about a column. */
export interface Section {
  /** Of one element: 8 for f64, 4 for i32. */
  readonly bytes: 4 | 8
  /** One of PER_…. */
  readonly per: number
}

export function sectionOf(column: number): Section {
  const firstOf = (section: number) => section & ((1 << SECTION_BYTES_SHIFT) - 1)
  const section = SECTIONS.findLast((each) => firstOf(each) <= column)!
  const bytes = (section & ((1 << SECTION_PER_SHIFT) - 1)) >> SECTION_BYTES_SHIFT
  return { bytes: bytes === 8 ? 8 : 4, per: section >> SECTION_PER_SHIFT }
}

/** Elements of a column, by what it has one element for. The same function is in assembly/columns.ts. */
export function elementsPer(per: number, capacity: Required<KernelTotals>): number {
  const blocks = capacity.rows >> BLOCK_SHIFT
  // Full groups, and one that is partly filled for every instrument.
  const groups = (blocks >> GROUP_SHIFT) + capacity.instruments
  const elements: Readonly<Record<number, number>> = {
    [PER_ROW]: capacity.rows,
    [PER_BLOCK]: blocks,
    [PER_BLOCK_ZONE]: groups << GROUP_SHIFT,
    [PER_GROUP]: groups,
    [PER_ACCOUNT]: capacity.accounts,
    [PER_SUSPECT]: RECHECKED_MAX,
    [PER_INSTRUMENT]: capacity.instruments,
    [PER_CURVE]: capacity.curves,
    [PER_SIZE_CLASS]: SIZE_CLASSES,
    [PER_PIECE]: capacity.pieces,
    [PER_LEVEL]: RULES_MAX * LEVEL_PLACES,
    [PER_LEVEL_FACTOR]: RULES_MAX * LEVEL_PLACES * COORDINATES,
    [PER_RULE]: RULES_MAX,
  }
  return elements[per]!
}
