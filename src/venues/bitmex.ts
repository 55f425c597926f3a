import { type Venue, venueId } from '../domain/index.ts'
import { parseDecimal } from '../margin/index.ts'
import { bitmexStream } from './bitmex-stream.ts'
import { bookOf, type RulesFrom } from './book.ts'
import { endOfLetteredMonthMs } from './expiry.ts'
import { bitmexImport, bitmexRules, riskLimitsOf } from './imports/bitmex.ts'
import { bitmexInstruments } from './instruments/bitmex.ts'

const BITMEX = venueId('bitmex')

/** XBTUSD, ETHUSDT, XBTU21. A name with an underscore is a spot pair, one that begins with a point an index. */
const SYMBOL = /^[A-Z\d]{5,}$/

/** XBT of the smallest unit. */
const SATOSHI = '0.00000001'

/** Dollars, or the units of another price, that one XBT-margined perpetual counts for. */
interface Perpetual {
  readonly contribution: 'inverse' | 'quanto'
  /** XBT of a contract and a unit of price, or units of price of a contract of an inverse perpetual. */
  readonly multiplier: string
  readonly lotSize: string
  readonly takerFeeRate: string
  readonly tickSize: string
  readonly initial: string
  readonly maintenance: string
  /** In XBT. */
  readonly riskLimit: string
  readonly riskStep: string
}

function seen(asOf: string, baseAsset: string, perpetual: Perpetual): RulesFrom {
  const { initial, maintenance, riskLimit, riskStep, ...contract } = perpetual
  const rules = bitmexRules({
    baseAsset,
    ...contract,
    settlementAsset: 'XBT',
    asOf,
    unit: SATOSHI,
    isPerpetual: true,
    tiers: riskLimitsOf({
      initial: parseDecimal(initial),
      maintenance: parseDecimal(maintenance),
      riskLimit: parseDecimal(riskLimit),
      riskStep: parseDecimal(riskStep),
    }),
  })
  return { from: asOf, rules, source: `/api/v1/instrument/active, copy of ${asOf}` }
}

const XBTUSD: Perpetual = {
  contribution: 'inverse',
  multiplier: '1',
  lotSize: '1',
  takerFeeRate: '0.00075',
  tickSize: '0.5',
  initial: '0.01',
  maintenance: '0.005',
  riskLimit: '200',
  riskStep: '100',
}

/** Perpetuals of 22 July 2021, a line each: multiplier, base rates, risk limit and step in XBT, tick. */
const QUANTOS_OF_2021 = `
ETHUSD 0.000001 0.01 0.005 75 0.05
XRPUSD 0.0002 0.02 0.01 50 0.0001
LTCUSD 0.000002 0.03 0.015 50 0.01
BCHUSD 0.000001 0.04 0.02 50 0.05
`

function quantosOf2021(): Record<string, readonly RulesFrom[]> {
  const lines = QUANTOS_OF_2021.trim().split('\n')
  return Object.fromEntries(
    lines.map((line) => {
      const [symbol = '', multiplier = '', initial = '', maintenance = '', riskLimit = '', tickSize = ''] =
        line.split(' ')
      const terms = { multiplier, initial, maintenance, riskLimit, riskStep: riskLimit, tickSize }
      return [
        symbol,
        [seen('2021-07-22', symbol.slice(0, -'USD'.length), { ...XBTUSD, ...terms, contribution: 'quanto' })],
      ]
    }),
  )
}

/**
 * BitMEX. Maintenance margin is asked on the value at entry and includes the taker fee and the funding that the position
 * is to pay. The USDT-quoted perpetuals of 2021, which settled in XBT, are left out: contracts of the same names that
 * settle in USDT have replaced them. It has no mark history: `/trade/bucketed` states trades and composite indices, and its mark is
 * an index with a basis.
 */
export const bitmex: Venue = {
  id: BITMEX,
  names: [BITMEX, 'bitmex-public'],
  symbol: SYMBOL,
  expiryMsOf: (symbol) => endOfLetteredMonthMs(symbol.slice(-'Z26'.length)),
  sources: [bitmexStream(SYMBOL)],
  instruments: bitmexInstruments(SYMBOL),
  rulesImport: bitmexImport,
  ruleBook: bookOf({
    venue: BITMEX,
    version: 'bitmex-2024-11-24',
    defaults: {
      // `leverage` of a cross position is that of the contract ("Position", `crossMargin`).
      isCrossLeverageNominal: true,
      closingFee: 'at-cost',
      liquidation: 'reached',
      assetNames: { BTC: 'XBT' },
      // "Liquidation": FillOrKill for the value above the risk limit below.
      tiersPerLiquidationStep: 1,
      adlRanking: 'return-by-leverage',
      printedPrice: 'next-tick',
      // Realised into the wallet: no field of the position's margin holds it.
      funding: { perpetual: /^(?!.*[FGHJKMNQUVXZ]\d{2}$)/, payment: 'at-mark', isolated: 'wallet-first' },
    },
    read: () => ({
      XBTUSD: [
        seen('2020-01-29', 'XBT', XBTUSD),
        seen('2021-07-22', 'XBT', { ...XBTUSD, lotSize: '100', maintenance: '0.0035' }),
        seen('2024-11-24', 'XBT', { ...XBTUSD, lotSize: '100', takerFeeRate: '0.0005', riskStep: '150' }),
      ],
      ...quantosOf2021(),
    }),
  }),
}
