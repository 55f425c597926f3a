import type { FrameKind } from '../../src/domain/index.ts'
import type { Dialect } from './dialect.ts'
import type { RecordedTick } from './record.ts'

export interface FixtureFrame {
  readonly says: string
  readonly frame: string
  readonly kind: FrameKind
  readonly ticks?: readonly RecordedTick[]
  readonly unchanged?: readonly string[]
}

/** What one source of a venue sends, and what its parser must make of it. */
export interface Fixture {
  /** Where the shapes are documented; figures of some are changed. */
  readonly documentation: string
  /** Symbols that the source carries, and some that it does not. */
  readonly symbols: readonly string[]
  readonly foreign: readonly string[]
  /** Makes many symbols that the source carries; default `S<index>USDT`. */
  readonly symbolAt?: (index: number) => string
  /** What a subscribing frame asks for, one entry a symbol; default its `args` or `params`. */
  readonly topicsOf?: (frame: string) => readonly unknown[]
  /** The server's side of the protocol; a source that is no socket has none. */
  readonly dialect?: Dialect
  /** What a connection must have heard before its first price. */
  readonly needs?: readonly string[]
  /** Read in order by one parser. */
  readonly frames: readonly FixtureFrame[]
}

/** The fixtures of a venue, by the id of the source. */
export type Fixtures = Readonly<Record<string, Fixture>>

/** What a venue, a proxy or a bug has put where a price belongs. */
export const UNPRICED: readonly { says: string; value: unknown }[] = [
  '',
  ' ',
  '0',
  '0.000',
  '-0',
  '-1',
  '+1',
  'NaN',
  'Infinity',
  '1e999',
  '1e3',
  '0x10',
  '1.',
  '.5',
  '1,5',
  '1 ',
  '١',
  '1000000000000000',
  '1.0000000000000000001',
  0,
  1.5,
  true,
  null,
  [],
  ['1'],
  {},
].map((value) => ({ says: JSON.stringify(value), value }))

/** The same for a venue that prints prices as numbers, whose parser reads a text as the number in it. */
export const UNPRICED_NUMBERS = UNPRICED.filter(({ value }) => value !== 1.5 && value !== '1e3')
