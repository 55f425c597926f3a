import { type InstrumentRules, KnownNames, type RulesByVenue, type VenueId } from '../../domain/index.ts'
import { PlimsollError } from '../../errors.ts'
import { VENUE_NAMES } from '../../venues/index.ts'
import { chainInstruments } from './chain-instruments.ts'
import { furtherInstruments } from './further-instruments.ts'
import type { DemoInstrument } from './instrument.ts'
import { marginalInstruments } from './marginal-instruments.ts'
import { usInstruments } from './us-instruments.ts'

/** The instruments of six venues: first the 60 of Bybit and Binance, then those whose margin has another form. */
export const DEMO_INSTRUMENTS: readonly DemoInstrument[] = [...marginalInstruments(), ...furtherInstruments()]

/** Those that the demo can simulate. What comes after the default ones does not change the default market. */
const EVERY_INSTRUMENT: readonly DemoInstrument[] = [
  ...DEMO_INSTRUMENTS,
  ...chainInstruments(),
  ...usInstruments(),
]

/** The venues of the demo unless others are asked for. */
export const DEMO_VENUES: readonly VenueId[] = venuesOf(DEMO_INSTRUMENTS)

const EVERY_VENUE = venuesOf(EVERY_INSTRUMENT)
const ALL = 'all'

/** Markets on the screen before all others: several venues, linear and inverse, each symbol once. */
const SHOWN_FIRST: readonly (readonly [venue: string, symbol: string])[] = [
  ['bybit', 'BTCUSDT'],
  ['binance', 'ETHUSDT'],
  ['okx', 'SOL-USDT-SWAP'],
  ['deribit', 'ETH_USDC-PERPETUAL'],
  ['kraken', 'PF_XRPUSD'],
  ['bitmex', 'XBTZ26'],
  ['hyperliquid', 'DOGE'],
  ['dydx', 'LINK-USD'],
  ['coinbase', 'BIP-20DEC30-CDE'],
  ['cme', 'METZ26'],
  ['bybit', 'BTCUSD'],
  ['binance', 'BTCUSD_261225'],
]

/**
 * The venues that have these names, in the order of the demo; `all` means every one.
 * @throws PlimsollError USAGE for a name that no venue of the demo has.
 */
export function venuesNamed(names: readonly string[]): readonly VenueId[] {
  const known = [ALL, ...[...VENUE_NAMES].filter(([, id]) => EVERY_VENUE.includes(id)).map(([name]) => name)]
  const chosen = new Set<VenueId>()
  for (const name of names) {
    const named = name === ALL ? EVERY_VENUE : [VENUE_NAMES.get(name)].filter((id) => id !== undefined)
    if (!known.includes(name)) {
      const suggestion = new KnownNames(() => known).suggestionFor(name)
      throw new PlimsollError(
        'USAGE',
        `--venues ${name} is unknown; it must be one or more of ${known.join(', ')}${suggestion}`,
      )
    }
    for (const id of named) chosen.add(id)
  }
  return EVERY_VENUE.filter((id) => chosen.has(id))
}

/** The instruments of these venues. In whichever order venues are named, the market is the same. */
export function instrumentsOf(venues: readonly VenueId[]): readonly DemoInstrument[] {
  return EVERY_INSTRUMENT.filter(({ venue }) => venues.includes(venue))
}

/** At most `count` of the instruments for the screen: the first ones of `SHOWN_FIRST`, then those that most accounts hold. */
export function shownOf(instruments: readonly DemoInstrument[], count: number): readonly DemoInstrument[] {
  const first = SHOWN_FIRST.flatMap(([venue, symbol]) =>
    instruments.filter((own) => own.venue === venue && own.symbol === symbol),
  )
  const popular = instruments.toSorted((one, other) => other.popularity - one.popularity)
  const bySymbol = new Map<string, DemoInstrument>()
  for (const instrument of [...first, ...popular])
    if (!bySymbol.has(instrument.symbol)) bySymbol.set(instrument.symbol, instrument)
  return [...bySymbol.values()].slice(0, count)
}

/**
 * The rules of these instruments in the form of a rules file: venue → symbol → rules. `asOf` is the ISO date on which they
 * were stated.
 */
export function demoRules(instruments: readonly DemoInstrument[], asOf?: string): RulesByVenue {
  const rules = new Map<VenueId, Record<string, InstrumentRules>>()
  for (const instrument of instruments) {
    const own = rules.get(instrument.venue) ?? {}
    rules.set(instrument.venue, own)
    own[instrument.symbol] = { ...instrument.rules, ...(asOf === undefined ? {} : { asOf }) }
  }
  return rules
}

function venuesOf(instruments: readonly DemoInstrument[]): readonly VenueId[] {
  return [...new Set(instruments.map(({ venue }) => venue))]
}
