/** Standard margin of futures and perpetuals of one coin: rate = base + increment · size in coin. */
export interface StandardMargin {
  /** ISO day from which the venue applies it. */
  readonly from: string
  readonly initialBase: string
  readonly maintenanceBase: string
  readonly increment: string
}

/** Source: support articles of the venue, and its release of 11 January 2022, which raised the rates of BTC. */
const RELEASE_OF_2022 = '2022-01-11'
const MARGINS: Readonly<Record<string, readonly StandardMargin[]>> = {
  BTC: [
    { from: '2020-01-01', initialBase: '0.01', maintenanceBase: '0.00525', increment: '0.00005' },
    { from: RELEASE_OF_2022, initialBase: '0.02', maintenanceBase: '0.01', increment: '0.00005' },
  ],
  ETH: [{ from: RELEASE_OF_2022, initialBase: '0.02', maintenanceBase: '0.01', increment: '0.000004' }],
  SOL: [{ from: RELEASE_OF_2022, initialBase: '0.04', maintenanceBase: '0.02', increment: '0.000005' }],
}

/** Coins whose standard margin is known. */
export const DERIBIT_COINS = Object.keys(MARGINS)

/** Ascending by their day; none for a coin whose standard margin is not known. */
export function standardMarginsOf(coin: string): readonly StandardMargin[] {
  return Object.hasOwn(MARGINS, coin) ? MARGINS[coin]! : []
}

/** What the venue announced without its figures. */
export const NEW_MODEL_FROM = '2026-08-05'
export const NEW_MODEL_ASSUMPTION =
  'the rates are those before 5 August 2026, when the venue announced another standard margin model without its figures'

export const NEW_FEES_FROM = '2026-08-01'
export const NEW_FEES_ASSUMPTION =
  'the taker fee is that before 1 August 2026, when the venue announced another fee schedule'

/** Of options: shares of the underlying (support article "Standard margin"). */
export const OPTION_MARGIN = {
  kind: 'option-standard',
  maintenanceRate: '0.075',
  initialRate: '0.15',
  initialRateMin: '0.1',
} as const

export const FUTURE_TAKER_FEE_RATE = '0.0005'

/**
 * Taker fees of options, article "Fees": 0.03 % of the underlying, or 0.0003 BTC a contract; of linear options 0.0005 · index
 * price; neither above 12.5 % of the option's price.
 */
export const OPTION_TAKER_FEE_RATES = { coin: '0.0003', quote: '0.0005' } as const
export const OPTION_TAKER_FEE_CAP = '0.125'

/** What a fee of options assumes. */
export function optionFeeAssumptions(pricedIn: 'coin' | 'quote'): readonly string[] {
  return pricedIn === 'coin'
    ? []
    : ['the taker fee is taken on the price of the underlying in place of the index price']
}

/** Coins of a contract of linear options, where it is not one (article "Linear USDC Options"). */
export const LINEAR_OPTION_CONTRACTS: Readonly<Record<string, string>> = { SOL: '10' }

/**
 * What a size of options assumes. The interface documents `amount` of an order, and `size` of a position, in coins; the articles
 * count contracts.
 */
export function optionSizeAssumptions(coin: string, contractSize: string | undefined): readonly string[] {
  return contractSize === undefined || Number(contractSize) === 1
    ? []
    : [
        `a unit of size is one ${coin}, as amount and size of the interface count; a contract is ${contractSize} ${coin}`,
      ]
}
