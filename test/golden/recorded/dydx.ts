// Rows of the unit tests of dYdX v4-chain: who is liquidated, at which prices, margin requirements, funding.

import { PlimsollError } from '../../../src/errors.ts'
import { formatDecimal, parseDecimal } from '../../../src/margin/index.ts'
import { bankruptcyQuoteOf, type ClosedPart, fillablePriceOf, fundingSince } from '../dydx-closing.ts'
import { closedPart, type Held, QUANTUM, scaled, usdc } from '../dydx-units.ts'
import { productOf, sumOf } from '../fractions.ts'
import { cross, type Figures, figuresOf, type GoldenCase, noAccountCase, rateRules } from '../golden-case.ts'
import { extraOf, type Row, rowsOf } from './rows.ts'

const USDC = { settlementAsset: 'USDC', liquidation: 'passed' }

interface HeldInRow {
  readonly size: string
  readonly oraclePrice: number
}

function heldOf({ extra }: Row): Held[] {
  return (extra!.positions as readonly HeldInRow[]).map(({ size, oraclePrice }) => [
    size,
    String(oraclePrice),
  ])
}

function liquidatable(row: Row): GoldenCase {
  const { id, source, expected } = row
  const [held] = heldOf(row)
  const cash = row.walletBalance!
  if (held === undefined) return noAccountCase(id, source, { collateral: [{ asset: 'USDC', amount: cash }] })
  const [size, price] = held
  // A position that is entered at its oracle price cost its value.
  const computed = () =>
    figuresOf({
      rules: { X: rateRules(row.maintenanceMarginRate!, USDC) },
      account: cross('USDC', sumOf(cash, productOf(size, price)), size, price),
      marks: { X: price },
    })
  const printed = {
    'account.marginBalance': expected.netCollateral!,
    'account.maintenanceMargin': expected.maintenanceMargin!,
    'account.verdict': expected.isLiquidatable === 'true' ? 'breach' : 'warning',
  }
  return { id, source, printed, computed }
}

/** A figure of the part that a row closes, or the code of the refusal where the chain refuses it. */
function closing(row: Row, printed: string, of: (part: ClosedPart) => string): GoldenCase {
  const { id, source, expected, symbol } = row
  // A quantum is 1e-8 BTC or 1e-9 ETH.
  const change = scaled(extraOf(row, 'deltaQuantums')!, symbol === 'BTC-USD' ? -8 : -9)
  const computed = (): Figures => {
    try {
      return { price: of(closedPart(row.walletBalance!, heldOf(row), change)) }
    } catch (error) {
      if (!(error instanceof PlimsollError)) throw error
      return { price: error.code }
    }
  }
  return {
    id,
    source,
    printed: { price: expected.error === undefined ? printed : 'INPUT_INVALID' },
    computed,
  }
}

function bankruptcy(row: Row): GoldenCase {
  const printed = usdc(row.expected.bankruptcyPriceQuoteQuantums ?? '0')
  return closing(row, printed, (part) => formatDecimal(bankruptcyQuoteOf(part, QUANTUM)))
}

function fillable(row: Row): GoldenCase {
  return closing(row, row.expected.fillablePrice ?? '0', (part) =>
    formatDecimal(
      fillablePriceOf(part, {
        bankruptcyAdjustment: parseDecimal(scaled(extraOf(row, 'bankruptcyAdjustmentPpm')!, -6)),
        spreadToMaintenance: parseDecimal(scaled(extraOf(row, 'spreadToMmrPpm')!, -6)),
      }),
    ),
  )
}

function liquidation(row: Row): GoldenCase {
  if (row.id.startsWith('dydx-isliq')) return liquidatable(row)
  return row.id.startsWith('dydx-bankruptcy') ? bankruptcy(row) : fillable(row)
}

/** A cap in quote quantums, without the zeros of a fraction. */
function capOf(quantums: string): string {
  return String(Number(usdc(quantums)))
}

/** Margins in quote quantums; the row states size, price and rates in the integers of the chain. */
function marginRequirement(row: Row): GoldenCase {
  const field = (name: string) => extraOf(row, name)!
  const resolution = Number(field('atomicResolution'))
  const price = scaled(field('priceSubunits'), Number(field('priceExponent')))
  const openInterest = extraOf(row, 'openInterest')
  const initial = {
    kind: 'open-interest',
    rate: scaled(field('initialMarginPpm'), -6),
    lowerCap: capOf(field('openInterestLowerCap')),
    upperCap: capOf(field('openInterestUpperCap')),
  }
  const computed = () =>
    figuresOf({
      rules: {
        X: rateRules(row.maintenanceMarginRate!, {
          ...USDC,
          rounding: { unit: '0.000001', per: 'position' },
          initial:
            openInterest === undefined
              ? initial
              : { ...initial, openInterest: scaled(openInterest, resolution) },
        }),
      },
      account: cross('USDC', '1000000', scaled(field('baseQuantums'), resolution), price),
      marks: { X: price },
    })
  const printed = {
    initialMargin: usdc(row.expected.initialMarginQuoteQuantums!),
    maintenanceMargin: usdc(row.expected.maintenanceMarginQuoteQuantums!),
  }
  return { id: row.id, source: row.source, printed, computed }
}

function funding(row: Row): GoldenCase {
  const field = (name: string) => parseDecimal(extraOf(row, name)!)
  const computed = () => ({
    settlement: formatDecimal(fundingSince(field('quantums'), field('positionIndex'), field('fundingIndex'))),
  })
  return { id: row.id, source: row.source, printed: { settlement: row.expected.netSettlementPpm! }, computed }
}

export const DYDX_LIQUIDATIONS: readonly GoldenCase[] = rowsOf('dydx_liquidation.jsonl').map(liquidation)
export const DYDX_MARGINS: readonly GoldenCase[] = rowsOf('dydx_margin_requirements.jsonl').map(
  marginRequirement,
)
export const DYDX_FUNDING: readonly GoldenCase[] = rowsOf('dydx_funding.jsonl').map(funding)
