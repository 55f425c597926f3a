import { describe, expect, it } from 'vitest'
import type { Account, InstrumentRules, Position, Random } from '../../src/domain/index.ts'
import {
  add,
  answersOf,
  evaluationsOf,
  formatDecimal,
  levelRule,
  type MarginAccount,
  type MarkOf,
  marginAccountsOf,
  marginStateOf,
  mul,
  parseDecimal,
  reachedLevel,
  sub,
} from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { BINANCE, bookOf } from '../margin/support.ts'
import { makeAccount } from '../support/accounts.ts'
import { between } from '../support/random-accounts.ts'
import { testSeed } from '../support/seed.ts'

const SEED = testSeed(20_261_129)
const CASES = 1_200
const RULE = levelRule([])
const NOW_RATE = '0.0001'

const FULL = { multiplier: '1', takerFeeRate: '0.0005', settlementAsset: 'USD' } as const

/** Rules of every contract kind and every way to ask for maintenance margin, by name. */
const KINDS: Readonly<
  Record<string, Partial<InstrumentRules> & Pick<InstrumentRules, 'contribution' | 'maintenance'>>
> = {
  'whole tiers by contracts, fee at the mark': {
    contribution: 'linear',
    closingFee: 'at-mark',
    maintenance: {
      kind: 'whole-tiers',
      basis: 'contracts',
      tiers: [
        { cap: '5', maintenanceMarginRate: '0.004' },
        { cap: '10', maintenanceMarginRate: '0.01' },
        { cap: '20', maintenanceMarginRate: '0.05' },
      ],
    },
  },
  'whole tiers by notional': {
    contribution: 'linear',
    maintenance: {
      kind: 'whole-tiers',
      basis: 'notional',
      tiers: [
        { cap: '300', maintenanceMarginRate: '0.005' },
        { cap: '700', maintenanceMarginRate: '0.02' },
        { cap: '1500', maintenanceMarginRate: '0.1' },
      ],
    },
  },
  'whole tiers in coin at entry': {
    contribution: 'inverse',
    multiplier: '100',
    maintenancePrice: 'entry',
    maintenance: {
      kind: 'whole-tiers',
      basis: 'coin',
      tiers: [
        { cap: '5', maintenanceMarginRate: '0.01' },
        { cap: '50', maintenanceMarginRate: '0.02' },
      ],
    },
  },
  'marginal tiers with rates that do not end': {
    contribution: 'linear',
    liquidation: 'passed',
    maintenanceShare: '1/2',
    maintenance: {
      kind: 'marginal-tiers',
      basis: 'notional',
      tiers: [
        { cap: '600', maintenanceMarginRate: '1/50', maintenanceDeduction: '0' },
        { cap: '9000', maintenanceMarginRate: '1/30', maintenanceDeduction: '8' },
      ],
    },
  },
  'a rate by size, linear': {
    contribution: 'linear',
    maintenance: { kind: 'size-rate', base: '0.01', increment: '0.0005' },
  },
  'a rate by size, inverse': {
    contribution: 'inverse',
    multiplier: '100',
    maintenance: { kind: 'size-rate', base: '0.01', increment: '0.0005' },
  },
  'an amount a contract': {
    contribution: 'linear',
    initial: { kind: 'multiple', factor: '1.1', roundUpTo: '1' },
    maintenance: { kind: 'per-contract', amount: '3' },
  },
  'rates by side': {
    contribution: 'linear',
    maintenance: { kind: 'side-rates', long: '0.2456', short: '0.3064' },
  },
  'a quanto by lots, funding and fee at cost': {
    contribution: 'quanto',
    multiplier: '0.01',
    maintenancePrice: 'entry',
    closingFee: 'at-cost',
    fundingInMaintenance: true,
    rounding: { unit: '0.00000001', per: 'lot', lotSize: '1' },
    maintenance: {
      kind: 'whole-tiers',
      basis: 'coin',
      tiers: [{ cap: '1000000', maintenanceMarginRate: '0.01' }],
    },
  },
  'an inverse by lots': {
    contribution: 'inverse',
    multiplier: '100',
    maintenancePrice: 'entry',
    closingFee: 'at-cost',
    rounding: { unit: '0.00000001', per: 'lot', lotSize: '1' },
    maintenance: {
      kind: 'whole-tiers',
      basis: 'coin',
      tiers: [{ cap: '1000000', maintenanceMarginRate: '0.005' }],
    },
  },
  'the larger value of entry and mark, inverse': {
    contribution: 'inverse',
    multiplier: '100',
    liquidation: 'passed',
    maintenancePrice: 'larger',
    initial: { kind: 'multiple', factor: '2' },
    maintenance: {
      kind: 'whole-tiers',
      basis: 'contracts',
      tiers: [
        { cap: '50', maintenanceMarginRate: '0.01' },
        { cap: '9999999', maintenanceMarginRate: '0.03' },
      ],
    },
  },
  'the larger value of entry and mark, linear': {
    contribution: 'linear',
    maintenancePrice: 'larger',
    maintenance: {
      kind: 'whole-tiers',
      basis: 'contracts',
      tiers: [{ cap: '9999999', maintenanceMarginRate: '0.03' }],
    },
  },
  'a value rounded toward zero': {
    contribution: 'linear',
    liquidation: 'passed',
    rounding: { unit: '0.000001', per: 'position' },
    maintenance: {
      kind: 'marginal-tiers',
      basis: 'notional',
      tiers: [{ cap: '99999999', maintenanceMarginRate: '0.012', maintenanceDeduction: '0' }],
    },
  },
  'netted sides': {
    contribution: 'linear',
    nettingGroup: 'X',
    maintenancePrice: 'entry',
    maintenance: { kind: 'side-rates', long: '0.02', short: '0.02' },
  },
}

function decimalOf(random: Random, low: number, high: number, decimals: number): string {
  return formatDecimal({ n: BigInt(between(random, low, high)), d: 10n ** BigInt(decimals) })
}

interface Made {
  readonly account: Account
  readonly rules: Readonly<Record<string, InstrumentRules>>
  readonly marks: Readonly<Record<string, string>>
}

function made(random: Random, kind: string): Made {
  const rules = { ...FULL, ...KINDS[kind]! } as InstrumentRules
  const symbols = ['A', 'B'].slice(0, between(random, 1, 2))
  const positions: Position[] = symbols.flatMap((symbol) => {
    // A venue that asks for an amount a contract has no parts of one.
    const decimals = rules.maintenance.kind === 'per-contract' ? 0 : 2
    const size = () => decimalOf(random, 100, 1_500, decimals)
    const entryPrice = decimalOf(random, 8_000, 12_000, 2)
    const base = { symbol, marginMode: 'cross' as const, entryPrice, leverage: '5' }
    const isShort = between(random, 0, 1) === 1
    const own = { ...base, size: isShort ? `-${size()}` : size() }
    if (rules.maintenanceShare !== undefined && between(random, 0, 2) === 0)
      return [{ ...own, maxLeverage: '7' }]
    return between(random, 0, 3) === 0 ? [own, { ...base, size: isShort ? size() : `-${size()}` }] : [own]
  })
  const isIsolated = positions.length === 1 && between(random, 0, 1) === 1
  const isInCoin = rules.contribution !== 'linear'
  const amount = decimalOf(random, 10, isInCoin ? 800 : 60_000, 2)
  const account = makeAccount({
    venue: 'binance',
    collateral: [{ asset: 'USD', amount }],
    positions: isIsolated
      ? positions.map((position) => ({ ...position, marginMode: 'isolated', isolatedMargin: amount }))
      : positions,
  })
  const marks = Object.fromEntries(symbols.map((symbol) => [symbol, decimalOf(random, 8_000, 12_000, 2)]))
  return { account, rules: Object.fromEntries(symbols.map((symbol) => [symbol, rules])), marks }
}

const FURTHER = { fundingRateOf: () => NOW_RATE }

function accountOf({ account, rules }: Made): MarginAccount {
  return marginAccountsOf(account, bookOf(BINANCE, rules))[0]!
}

function verdictOf(marginAccount: MarginAccount, markOf: MarkOf): string {
  return reachedLevel(evaluationsOf(marginAccount, markOf, FURTHER)!, marginAccount, RULE) > 0
    ? 'breach'
    : 'safe'
}

/** Share of a price by which a test steps over it. Where the venue rounds, its price is found to within what it rounds. */
const STEP = { n: 1n, d: 10n ** 9n }
const STEP_OF_ROUNDED = { n: 1n, d: 10n ** 4n }

function steppedFrom(price: string, side: 1 | -1, isRounded: boolean): string {
  const step = mul(parseDecimal(price), isRounded ? STEP_OF_ROUNDED : STEP)
  return formatDecimal(side > 0 ? add(parseDecimal(price), step) : sub(parseDecimal(price), step))
}

function topped({ account, rules, marks }: Made, amount: string): Made {
  const plus = (text: string) => formatDecimal(add(parseDecimal(text), parseDecimal(amount)))
  const collateral = account.collateral.map((entry) => ({ ...entry, amount: plus(entry.amount) }))
  const positions = account.positions.map((position) =>
    position.isolatedMargin === undefined
      ? position
      : { ...position, isolatedMargin: plus(position.isolatedMargin) },
  )
  return { account: { ...account, collateral, positions }, rules, marks }
}

const minus = (text: string, unit: string) => formatDecimal(sub(parseDecimal(text), parseDecimal(unit)))

describe.each(Object.keys(KINDS))('%s', (kind) => {
  const isRounded = KINDS[kind]!.rounding !== undefined
  const random = seededRandom(SEED)
  const cases = Array.from({ length: Math.ceil(CASES / Object.keys(KINDS).length) }, () => made(random, kind))

  it('changes its verdict on both sides of every liquidation price', () => {
    let prices = 0
    for (const one of cases) {
      const marginAccount = accountOf(one)
      const { liquidationPrices } = answersOf(marginAccount, (symbol) => one.marks[symbol], FURTHER)
      for (const [symbol, { below, above }] of Object.entries(liquidationPrices!)) {
        for (const price of [below, above]) {
          if (price === null || Number(price) < 0.01 || price === one.marks[symbol]) continue
          const at = (side: 1 | -1): string =>
            verdictOf(marginAccount, (name) =>
              name === symbol ? steppedFrom(price, side, isRounded) : one.marks[name],
            )
          prices++
          if (at(1) === at(-1))
            throw new Error(`${symbol} at ${price}: ${at(1)} on both sides: ${JSON.stringify(one)}`)
        }
      }
    }
    expect(prices).toBeGreaterThan(cases.length / 4)
  })

  it('is cured by its top-up, and not by one unit less', () => {
    let breached = 0
    for (const one of cases) {
      const markOf: MarkOf = (symbol) => one.marks[symbol]
      const { verdict, cure } = marginStateOf(accountOf(one), markOf, RULE, FURTHER)
      if (verdict !== 'breach') continue
      breached++
      const verdictWith = (amount: string) => verdictOf(accountOf(topped(one, amount)), markOf)
      const less = minus(cure!.topUp, '0.00000001')
      if (verdictWith(cure!.topUp) !== 'safe' || verdictWith(less) !== 'breach') {
        throw new Error(`top-up ${cure!.topUp}: ${JSON.stringify(one)}`)
      }
    }
    expect(breached).toBeGreaterThan(0)
  })

  it('is not worsened by money, nor changed by the order of its positions', () => {
    for (const one of cases) {
      const markOf: MarkOf = (symbol) => one.marks[symbol]
      const state = marginStateOf(accountOf(one), markOf, RULE, FURTHER)
      if (state.verdict === 'safe') expect(verdictOf(accountOf(topped(one, '1')), markOf)).toBe('safe')
      const positions = [...one.account.positions].reverse()
      const turned = marginStateOf(
        accountOf({ ...one, account: { ...one.account, positions } }),
        markOf,
        RULE,
        FURTHER,
      )
      expect([turned.marginBalance, turned.maintenanceMargin, turned.verdict]).toEqual([
        state.marginBalance,
        state.maintenanceMargin,
        state.verdict,
      ])
    }
  })
})
