import type { InstrumentRules, RulesImport } from '../../domain/index.ts'
import {
  FUTURE_TAKER_FEE_RATE,
  NEW_FEES_ASSUMPTION,
  NEW_FEES_FROM,
  NEW_MODEL_ASSUMPTION,
  NEW_MODEL_FROM,
  OPTION_MARGIN,
  OPTION_TAKER_FEE_CAP,
  OPTION_TAKER_FEE_RATES,
  optionFeeAssumptions,
  optionSizeAssumptions,
  type StandardMargin,
  standardMarginsOf,
} from '../deribit-margins.ts'
import {
  type BodyRecord,
  baseAssetField,
  decimalOf,
  errorIn,
  positiveIn,
  recordsOf,
  refuse,
  symbolIn,
  Taken,
  textIn,
  textOrUndefined,
  tickSizeField,
} from './body.ts'

const KINDS_REFUSED: Readonly<Record<string, string>> = {
  spot: 'a spot pair, which has no margin',
  future_combo: 'a combination of futures; its legs are positions of their own',
  option_combo: 'a combination of options; its legs are positions of their own',
}

/** `public/get_instruments` and `public/get_instrument`, which state contracts without margin rates. */
export const deribitImport: RulesImport = {
  source: 'public/get_instruments, rates of the support article "Standard margin"',
  endpoint: {
    url: 'https://www.deribit.com',
    first: ['BTC', 'ETH', 'USDC'].map((currency) => ({
      path: `/api/v2/public/get_instruments?currency=${currency}&expired=false`,
    })),
    following: () => [],
    objectionOf: errorIn,
    // The venue allows one such request a second.
    pauseMs: 1000,
  },
  read(bodies, { asOf }) {
    const taken = new Taken()
    const isInstrument = ({ instrument_name, kind }: BodyRecord) =>
      typeof instrument_name === 'string' && typeof kind === 'string'
    const instruments = recordsOf(bodies, isInstrument)
    const futures = new Set(
      instruments
        .filter(({ kind }) => kind === 'future')
        .map(({ instrument_name }) => instrument_name as string),
    )
    for (const instrument of instruments) {
      taken.take(symbolIn(instrument, 'instrument_name'), () => {
        refuseEnded(instrument, asOf)
        const kind = textIn(instrument, 'kind')
        if (kind === 'future') return futureOf(instrument, asOf)
        if (kind === 'option') return optionOf(instrument, futures, asOf)
        return refuse(`it is ${KINDS_REFUSED[kind] ?? `of the kind ${kind}; future and option are read`}`)
      })
    }
    return taken
  },
}

/** What the venue calls active is so on the day of its body, which may be before `asOf`. */
function refuseEnded({ is_active, expiration_timestamp }: BodyRecord, asOf: string): void {
  if (is_active === false) refuse('is_active is false: it is no longer traded')
  const expiryMs = Number(decimalOf(expiration_timestamp))
  if (is_active === true || !(expiryMs < Date.parse(asOf))) return
  refuse(`it expired on ${new Date(expiryMs).toISOString().slice(0, 'yyyy-mm-dd'.length)}, before ${asOf}`)
}

function coinOf(instrument: BodyRecord): string {
  return textIn(instrument, 'base_currency')
}

/** The contribution and the settlement asset of a future or an option. */
export function deribitTermsOf(
  instrument: BodyRecord,
): Pick<InstrumentRules, 'contribution' | 'settlementAsset'> {
  if (instrument.kind === 'option')
    return { contribution: 'option', settlementAsset: optionSettlementOf(instrument) }
  const settlementAsset = settlementOf(instrument)
  return { contribution: settlementAsset === coinOf(instrument) ? 'inverse' : 'linear', settlementAsset }
}

/** Of a future. */
function settlementOf(instrument: BodyRecord): string {
  const quote = textIn(instrument, 'quote_currency')
  return textOrUndefined(instrument, 'settlement_currency') ?? (quote === 'USD' ? coinOf(instrument) : quote)
}

function optionSettlementOf(instrument: BodyRecord): string {
  return textOrUndefined(instrument, 'settlement_currency') ?? textIn(instrument, 'quote_currency')
}

/** Inverse futures are quoted in dollars and settle in the coin. Bodies of 2021 do not say so. */
function futureOf(instrument: BodyRecord, asOf: string): InstrumentRules {
  const coin = coinOf(instrument)
  const margin = standardMarginsOf(coin).findLast(({ from }) => from <= asOf)
  if (margin === undefined) refuse(`the standard margin of ${coin} on ${asOf} is not known`)
  return futureRules({
    ...baseAssetField(coin),
    ...deribitTermsOf(instrument),
    takerFeeRate: decimalOf(instrument.taker_commission) ?? FUTURE_TAKER_FEE_RATE,
    asOf,
    ...tickSizeField(instrument.tick_size),
    margin,
  })
}

export interface DeribitFuture
  extends Pick<
    InstrumentRules,
    'baseAsset' | 'contribution' | 'settlementAsset' | 'takerFeeRate' | 'tickSize' | 'asOf'
  > {
  readonly margin: StandardMargin
}

/** A unit of size is a dollar of an inverse future and a coin of a linear one, as in the venue's positions. */
export function futureRules({ margin, ...contract }: DeribitFuture): InstrumentRules {
  const { initialBase, maintenanceBase, increment } = margin
  return {
    ...contract,
    multiplier: '1',
    maintenance: { kind: 'size-rate', base: maintenanceBase, increment },
    initial: { kind: 'size-rate', base: initialBase, increment },
    closingFee: 'none',
    liquidation: 'passed',
    ...(contract.asOf !== undefined && contract.asOf < NEW_MODEL_FROM
      ? {}
      : { assumptions: [NEW_MODEL_ASSUMPTION] }),
  }
}

/** Options are quoted and settle in the coin, or both in a dollar token. */
function optionOf(instrument: BodyRecord, futures: ReadonlySet<string>, asOf: string): InstrumentRules {
  const type = instrument.option_type
  if (type !== 'call' && type !== 'put') refuse(`its option_type is ${type}: must be call or put`)
  const name = textIn(instrument, 'instrument_name')
  const quote = textIn(instrument, 'quote_currency')
  const [underlying, ...assumptions] = underlyingOf(name, futures)
  if (asOf >= NEW_MODEL_FROM) assumptions.push(NEW_MODEL_ASSUMPTION)
  const pricedIn = quote === coinOf(instrument) ? 'coin' : 'quote'
  const takerFeeRate = decimalOf(instrument.taker_commission)
  if (takerFeeRate === undefined && asOf >= NEW_FEES_FROM) assumptions.push(NEW_FEES_ASSUMPTION)
  assumptions.push(...optionFeeAssumptions(pricedIn))
  assumptions.push(...optionSizeAssumptions(coinOf(instrument), decimalOf(instrument.contract_size)))
  return {
    ...baseAssetField(coinOf(instrument)),
    contribution: 'option',
    multiplier: '1',
    settlementAsset: optionSettlementOf(instrument),
    takerFeeRate: takerFeeRate ?? OPTION_TAKER_FEE_RATES[pricedIn],
    asOf,
    maintenance: OPTION_MARGIN,
    closingFee: 'none',
    liquidation: 'passed',
    option: {
      type,
      strike: positiveIn(instrument, 'strike'),
      underlying,
      pricedIn,
      takerFeeCap: OPTION_TAKER_FEE_CAP,
    },
    ...(assumptions.length === 0 ? {} : { assumptions }),
  }
}

/** BTC-27DEC24-100000-C is priced from BTC-27DEC24; the perpetual takes its place if the bodies do not list that future. */
function underlyingOf(
  option: string,
  futures: ReadonlySet<string>,
): [underlying: string, ...assumptions: string[]] {
  const [pair = '', expiry = ''] = option.split('-')
  const future = `${pair}-${expiry}`
  if (futures.has(future)) return [future]
  const perpetual = `${pair}-PERPETUAL`
  return [
    perpetual,
    `its underlying is a future of its expiry, which is not listed; the mark of ${perpetual} is used`,
  ]
}
