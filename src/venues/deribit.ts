import { type EffectiveRules, type InstrumentRules, type Venue, venueId } from '../domain/index.ts'
import { ruleBookOfEntries } from '../rules/index.ts'
import {
  DERIBIT_COINS,
  FUTURE_TAKER_FEE_RATE,
  LINEAR_OPTION_CONTRACTS,
  NEW_FEES_ASSUMPTION,
  NEW_MODEL_ASSUMPTION,
  NEW_MODEL_FROM,
  OPTION_MARGIN,
  OPTION_TAKER_FEE_CAP,
  OPTION_TAKER_FEE_RATES,
  optionFeeAssumptions,
  optionSizeAssumptions,
  standardMarginsOf,
} from './deribit-margins.ts'
import { deribitStream } from './deribit-stream.ts'
import { hourOfNamedDayMs, isNamedDay } from './expiry.ts'
import { deribitImport, futureRules } from './imports/deribit.ts'
import { deribitInstruments } from './instruments/deribit.ts'

const DERIBIT = venueId('deribit')

/** BTC-PERPETUAL, SOL_USDC-PERPETUAL, BTC-27DEC24, BTC-27DEC24-100000-C, XRP_USDC-27DEC24-0d625-P. */
const SYMBOL = /^[A-Z\d]+(?:_[A-Z]+)?-(?:PERPETUAL|\d{1,2}[A-Z]{3}\d{2}(?:-\d+(?:d\d+)?-[CP])?)$/
const PARTS = /^([A-Z\d]+)(?:_([A-Z]+))?-([^-]+)(?:-([^-]+)-([CP]))?$/

/** UTC, of futures and options. */
const EXPIRY_HOUR = 8

/** Contracts whose entries are kept. A further one clears them first. */
const CONTRACTS_KEPT_MAX = 10_000
/** The last day for which the venue's articles give the rates. */
const AS_OF = '2026-08-04'
const SOURCE = 'support article "Standard margin"'

const kept = new Map<string, readonly EffectiveRules[]>()

/** The rules follow from the name: every contract of a coin has the same rates. */
function entriesOf(symbol: string): readonly EffectiveRules[] {
  const known = kept.get(symbol)
  if (known !== undefined) return known
  const entries = SYMBOL.test(symbol) ? entriesByName(symbol) : []
  if (entries.length === 0) return entries
  if (kept.size >= CONTRACTS_KEPT_MAX) kept.clear()
  kept.set(symbol, entries)
  return entries
}

function entriesByName(symbol: string): readonly EffectiveRules[] {
  const [, coin = '', quote, expiry = '', strike, type] = PARTS.exec(symbol) ?? []
  if (expiry !== 'PERPETUAL' && !isNamedDay(expiry)) return []
  const margins = standardMarginsOf(coin)
  if (strike !== undefined) {
    if (margins.length === 0) return []
    const rules = optionRules({ coin, quote, expiry, strike: strike.replace('d', '.'), type: type! })
    return [{ fromMs: Number.NEGATIVE_INFINITY, rules, source: SOURCE }]
  }
  return margins.map((margin, index) => {
    const isInverse = quote === undefined
    const rules = futureRules({
      baseAsset: coin,
      contribution: isInverse ? 'inverse' : 'linear',
      settlementAsset: quote ?? coin,
      takerFeeRate: FUTURE_TAKER_FEE_RATE,
      margin,
    })
    return {
      fromMs: Date.parse(margin.from),
      rules: { ...rules, asOf: margins[index + 1]?.from ?? AS_OF },
      source: SOURCE,
    }
  })
}

interface OptionName {
  readonly coin: string
  readonly quote: string | undefined
  readonly expiry: string
  readonly strike: string
  readonly type: string
}

function optionRules({ coin, quote, expiry, strike, type }: OptionName): InstrumentRules {
  const pair = quote === undefined ? coin : `${coin}_${quote}`
  const pricedIn = quote === undefined ? 'coin' : 'quote'
  return {
    baseAsset: coin,
    contribution: 'option',
    multiplier: '1',
    settlementAsset: quote ?? coin,
    takerFeeRate: OPTION_TAKER_FEE_RATES[pricedIn],
    asOf: AS_OF,
    maintenance: OPTION_MARGIN,
    option: {
      type: type === 'C' ? 'call' : 'put',
      strike,
      underlying: `${pair}-${expiry}`,
      pricedIn,
      takerFeeCap: OPTION_TAKER_FEE_CAP,
    },
    assumptions: [
      NEW_MODEL_ASSUMPTION,
      NEW_FEES_ASSUMPTION,
      ...optionFeeAssumptions(pricedIn),
      ...optionSizeAssumptions(coin, quote === undefined ? undefined : LINEAR_OPTION_CONTRACTS[coin]),
    ],
  }
}

/**
 * Deribit, standard margin. Fees are not part of margin; an account is liquidated when its maintenance margin is above its
 * margin balance. A unit of size is a dollar of an inverse future, and a coin of a linear one and of an option. It has no mark history: `public/get_mark_price_history` gives points of five
 * minutes for some options, and an empty list for futures and perpetuals.
 */
export const deribit: Venue = {
  id: DERIBIT,
  names: [DERIBIT, 'deribit-public'],
  symbol: SYMBOL,
  expiryMsOf: (symbol) => hourOfNamedDayMs(PARTS.exec(symbol)?.[3] ?? '', EXPIRY_HOUR),
  sources: [deribitStream(SYMBOL)],
  instruments: deribitInstruments(SYMBOL),
  rulesImport: deribitImport,
  ruleBook: ruleBookOfEntries({
    venue: DERIBIT,
    version: `deribit-until-${NEW_MODEL_FROM}`,
    defaults: {
      closingFee: 'none',
      liquidation: 'passed',
      venueRatio: { cross: 'maintenance-over-balance' },
      // Accrues every millisecond with the premium of the mark over the index.
      funding: { perpetual: /-PERPETUAL$/, payment: 'not-computed', isolated: 'wallet-first' },
      hasIsolatedMargin: () => false,
    },
    symbols: () => DERIBIT_COINS.flatMap((coin) => [`${coin}-PERPETUAL`, `${coin}_USDC-PERPETUAL`]),
    entriesOf,
  }),
}
