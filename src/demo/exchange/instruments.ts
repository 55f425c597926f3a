import { type InstrumentRules, KnownNames, type RulesByVenue, type VenueId } from '../../domain/index.ts'
import { PlimsollError } from '../../errors.ts'
import { VENUE_NAMES } from '../../venues/index.ts'
import { chainInstruments } from './chain-instruments.ts'
import { furtherInstruments } from './further-instruments.ts'
import type { DemoInstrument } from './instrument.ts'
import { marginalInstruments } from './marginal-instruments.ts'
import { spotInstruments } from './spot-instruments.ts'
import { usInstruments } from './us-instruments.ts'

/** The instruments of six venues: first the 60 of Bybit and Binance, then those whose margin has another form. */
export const DEMO_INSTRUMENTS: readonly DemoInstrument[] = [...marginalInstruments(), ...furtherInstruments()]

/** Those that the demo can simulate. What comes after the default ones does not change the default market. */
const EVERY_INSTRUMENT: readonly DemoInstrument[] = [
  ...DEMO_INSTRUMENTS,
  ...chainInstruments(),
  ...usInstruments(),
  ...spotInstruments(),
]

/** The streams of the demo unless others are asked for. */
export const DEMO_STREAMS: readonly string[] = streamsOf(DEMO_INSTRUMENTS)

const EVERY_STREAM = streamsOf(EVERY_INSTRUMENT)
const ALL = 'all'

/** Markets for the screen, linear and inverse ones, of different coins. */
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
]

/**
 * The streams that have these names, in the order of the demo: the name of a venue stands for all streams that begin with it, `all`
 * for every one.
 * @throws PlimsollError USAGE for a name that stands for no stream of the demo, is empty, or adds nothing to another one.
 */
export function streamsNamed(names: readonly string[]): readonly string[] {
  refuseEmpty(names)
  const known = [ALL, ...VENUE_NAMES.keys()].filter((name) => streamsOfName(name).length > 0)
  const chosen = names.flatMap((name) => {
    if (known.includes(name)) return streamsOfName(name)
    const suggestion = new KnownNames(() => known, { withSlips: true }).suggestionFor(name)
    throw new PlimsollError(
      'USAGE',
      `--venues ${name} is unknown; it must be one or more of ${known.join(', ')}${suggestion}`,
    )
  })
  for (const [place, name] of names.entries()) refuseHeldElsewhere(name, names.toSpliced(place, 1))
  return EVERY_STREAM.filter((id) => chosen.includes(id))
}

function refuseEmpty(names: readonly string[]): void {
  const empty = names.indexOf('')
  if (empty < 0) return
  const stated = names.filter((name) => name !== '')
  const message =
    stated.length === 0
      ? `--venues is empty; --venues ${ALL} names every venue`
      : `entry ${empty + 1} of ${names.length} of --venues is empty; names are parted by one comma: ${stated.join(',')}`
  throw new PlimsollError('USAGE', message)
}

/** Refuses a name that adds no stream to one of the others: another one may be meant. */
function refuseHeldElsewhere(name: string, others: readonly string[]): void {
  const own = streamsOfName(name)
  const holder = others.find((other) => own.every((id) => streamsOfName(other).includes(id)))
  if (holder === undefined) return
  const isSame = own.length === streamsOfName(holder).length
  const message =
    holder === name
      ? `names ${name} twice`
      : isSame
        ? `names ${name} beside ${holder}, which is the same: leave one out`
        : `names ${name} beside ${holder}, which holds it: leave ${name} out`
  throw new PlimsollError('USAGE', `--venues ${message}`)
}

function streamsOfName(name: string): readonly string[] {
  return EVERY_STREAM.filter((id) => name === ALL || id === name || id.startsWith(`${name}-`))
}

/** The fewest names that stand for these streams. */
export function namesOf(streams: readonly string[]): readonly string[] {
  const names = EVERY_INSTRUMENT.filter(({ streamId }) => streams.includes(streamId)).map((own) => {
    const all = streamsOf(EVERY_INSTRUMENT.filter(({ venue }) => venue === own.venue))
    return all.every((id) => streams.includes(id)) ? own.venue : own.streamId
  })
  return [...new Set(names)]
}

/** The instruments of these streams. In whichever order venues are named, the market is the same. */
export function instrumentsOf(streams: readonly string[]): readonly DemoInstrument[] {
  return EVERY_INSTRUMENT.filter(({ streamId }) => streams.includes(streamId))
}

/** One instrument a venue for the screen: the first of `SHOWN_FIRST`, else the one that most accounts hold. */
export function shownOf(instruments: readonly DemoInstrument[]): readonly DemoInstrument[] {
  const first = SHOWN_FIRST.flatMap(([venue, symbol]) =>
    instruments.filter((own) => own.venue === venue && own.symbol === symbol),
  )
  const popular = instruments.toSorted((one, other) => other.popularity - one.popularity)
  const venues = new Set(instruments.map(({ venue }) => venue))
  return [...venues].map((id) => [...first, ...popular].find(({ venue }) => venue === id)!)
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

function streamsOf(instruments: readonly DemoInstrument[]): readonly string[] {
  return [...new Set(instruments.map(({ streamId }) => streamId))]
}
