import type { InstrumentRules, RulesByVenue, VenueId } from '../../domain/index.ts'
import { furtherInstruments } from './further-instruments.ts'
import type { DemoInstrument } from './instrument.ts'
import { marginalInstruments } from './marginal-instruments.ts'

/** The instruments of six venues: first the 60 of Bybit and Binance, then those whose margin has another form. */
export const DEMO_INSTRUMENTS: readonly DemoInstrument[] = [...marginalInstruments(), ...furtherInstruments()]

/** Markets on the screen, in this order: several venues, linear and inverse, each symbol once. */
export const SHOWN_MARKETS: readonly (readonly [venue: string, symbol: string])[] = [
  ['bybit', 'BTCUSDT'],
  ['binance', 'ETHUSDT'],
  ['okx', 'SOL-USDT-SWAP'],
  ['deribit', 'ETH_USDC-PERPETUAL'],
  ['kraken', 'PF_XRPUSD'],
  ['bitmex', 'XBTZ26'],
  ['bybit', 'BTCUSD'],
  ['binance', 'BTCUSD_261225'],
]

/**
 * The rules of all demo instruments in the form of a rules file: venue → symbol → rules. `asOf` is the ISO date on which
 * they were stated.
 */
export function demoRules(asOf?: string): RulesByVenue {
  const rules = new Map<VenueId, Record<string, InstrumentRules>>()
  for (const instrument of DEMO_INSTRUMENTS) {
    const own = rules.get(instrument.venue) ?? {}
    rules.set(instrument.venue, own)
    own[instrument.symbol] = { ...instrument.rules, ...(asOf === undefined ? {} : { asOf }) }
  }
  return rules
}
