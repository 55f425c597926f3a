import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type Decimal,
  type InstrumentRules,
  type MarginState,
  marginalTiers,
  type Position,
  type Random,
  type RuleBook,
} from '../../src/domain/index.ts'
import {
  add,
  compare,
  div,
  evaluate,
  evaluateByFractions,
  evaluationsOf,
  formatDecimal,
  heldLevel,
  type LevelRule,
  levelRule,
  type MarginAccount,
  type MarkOf,
  marginAccountsOf,
  marginStateByFractions,
  marginStateOf,
  mul,
  ONE,
  parseDecimal,
  type Rational,
  sub,
} from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { anyCase } from '../margin/arbitraries.ts'
import { BINANCE, bookOf, rulesOf } from '../margin/support.ts'
import { makeAccount, parsedAccount } from '../support/accounts.ts'
import { RULES } from '../support/levels.ts'
import { between, randomTiers } from '../support/random-accounts.ts'
import { tiersOf } from '../support/rules.ts'
import { testSeed } from '../support/seed.ts'

const SEED = testSeed(20_261_125)
const ARBITRARY_CASES = 10_000
const WIDE_CASES = 100_000
const CAP_CASES = 10_000

/**
 * Both ways to compute a margin account, in every field, and in the level that it holds from every other. Returns the
 * state. It compares without `expect`, which takes longer than the figures of a case.
 */
function sameState(marginAccount: MarginAccount, markOf: MarkOf, rule: LevelRule): MarginState {
  const [fast, slow] = [evaluate(marginAccount, markOf), evaluateByFractions(marginAccount, markOf)]
  if ((fast === undefined) !== (slow === undefined)) throw new Error(`only one way knows ${marginAccount.id}`)
  if (fast !== undefined && slow !== undefined) {
    const agrees =
      compare(fast.marginBalance, slow.marginBalance) === 0 &&
      compare(fast.unrealizedPnl, slow.unrealizedPnl) === 0 &&
      compare(fast.maintenanceMargin, slow.maintenanceMargin) === 0
    if (!agrees) throw new Error(`sums of ${marginAccount.id} differ`)
    const fastAt = evaluationsOf(marginAccount, markOf)!
    const slowAt = (distance: Rational) => evaluateByFractions(marginAccount, markOf, distance)!
    for (let level = 0; level <= rule.levels.length; level++) {
      const held = heldLevel(fastAt, marginAccount, rule, level)
      if (held !== heldLevel(slowAt, marginAccount, rule, level))
        throw new Error(`held from ${level}: ${held}`)
    }
  }
  const state = marginStateOf(marginAccount, markOf, rule)
  const stateBySlow = marginStateByFractions(marginAccount, markOf, rule)
  const [text, textBySlow] = [JSON.stringify(state), JSON.stringify(stateBySlow)]
  if (text !== textBySlow) expect(JSON.parse(text)).toEqual(JSON.parse(textBySlow))
  return state
}

function pick<T>(random: Random, list: readonly T[]): T {
  return list[between(random, 0, list.length - 1)]!
}

/** A decimal with that many digits after the point, the value about so large; never 0. */
function decimal(random: Random, about: number, decimals: number): Decimal {
  let digits = BigInt(Math.max(1, Math.round(about * 1e6)))
  for (let i = 6; i < decimals; i++) digits = digits * 10n + BigInt(between(random, 0, 9))
  const text = digits.toString().padStart(Math.max(decimals, 6) + 1, '0')
  const point = text.length - Math.max(decimals, 6)
  const fraction = text.slice(point, point + decimals)
  const whole = text.slice(0, point)
  const value = decimals === 0 ? whole : `${whole}.${fraction}`
  return /[1-9]/.test(value) ? value : '1'
}

const LEVERAGES = ['1', '2', '3', '7', '10', '12.5', '125', '0.5', undefined]

interface Market {
  readonly symbol: string
  readonly rules: InstrumentRules
  readonly price: number
}

function wideMarket(random: Random, symbol: string, inverse: boolean): Market {
  const price = 10 ** (random() * 7 - 2)
  const capUnit = inverse ? pick(random, [0.5, 1, 20]) : pick(random, [1, 0.25, 20_000])
  const contribution = inverse ? 'inverse' : 'linear'
  const rules: InstrumentRules = {
    maintenance: marginalTiers(contribution, randomTiers(random, capUnit)),
    contribution,
    settlementAsset: inverse ? 'COIN' : 'USDT',
    multiplier: pick(random, inverse ? ['1', '10', '100'] : ['1', '1', '0.001', '1000']),
    takerFeeRate: pick(random, ['0', '0.00055', '0.0006', '0.05']),
  }
  return { symbol, rules, price }
}

function widePosition(random: Random, { symbol, rules, price }: Market): Position {
  const entry = price * (0.7 + 0.6 * random())
  const money = 10 ** (random() * 5)
  const units = rules.contribution === 'inverse' ? money / Number(rules.multiplier) : money / price
  const size = decimal(random, units, rules.contribution === 'inverse' ? 0 : pick(random, [0, 3, 8, 18]))
  const leverage = pick(random, LEVERAGES)
  const isIsolated = random() < 0.4
  const value = rules.contribution === 'inverse' ? money / price : money
  const margin = `${random() < 0.05 ? '-' : ''}${decimal(random, value * random(), pick(random, [2, 8, 18]))}`
  const needsMargin = isIsolated && (leverage === undefined || random() < 0.5)
  return {
    symbol,
    marginMode: isIsolated ? 'isolated' : 'cross',
    size: random() < 0.5 ? `-${size}` : size,
    entryPrice: decimal(random, entry, pick(random, [2, 8, 18])),
    ...(leverage === undefined ? {} : { leverage }),
    ...(needsMargin ? { isolatedMargin: margin } : {}),
  } as Position
}

interface WideCase {
  readonly marginAccounts: readonly MarginAccount[]
  readonly markOf: MarkOf
}

/** Up to eight positions, hedged ones among them, of one or both kinds, at marks of any decimals; some are missing. */
function wideCase(random: Random): WideCase {
  const markets = Array.from({ length: between(random, 1, 4) }, (_, index) =>
    wideMarket(random, `M${index}`, random() < 0.4),
  )
  const bySymbol = new Map(markets.map((market) => [market.symbol, market]))
  const book: RuleBook = {
    ...bookOf(
      {
        closingFee: pick(random, ['none', 'at-bankruptcy-price']),
        liquidation: pick(random, ['reached', 'passed']),
      },
      {},
    ),
    rulesOf: (symbol) => bySymbol.get(symbol)?.rules,
  }
  const positions = new Map<string, Position>()
  for (let i = between(random, 1, 8); i > 0; i--) {
    const position = widePosition(random, pick(random, markets))
    positions.set(`${position.symbol}${position.marginMode}${position.size[0] === '-'}`, position)
  }
  const money = () =>
    `${random() < 0.1 ? '-' : ''}${decimal(random, 10 ** (random() * 5), pick(random, [0, 2, 18]))}`
  const collateral = ['USDT', 'COIN'].map((asset) => ({ asset, amount: money() }))
  const account = makeAccount({ collateral, separateWallets: true, positions: [...positions.values()] })
  const marks = new Map(
    markets.map(({ symbol, price }) => [
      symbol,
      decimal(random, price * (0.6 + 0.8 * random()), pick(random, [0, 2, 8, 9, 18])),
    ]),
  )
  if (random() < 0.1) marks.delete(pick(random, markets).symbol)
  return { marginAccounts: marginAccountsOf(account, book), markOf: (symbol) => marks.get(symbol) }
}

function wideRule(random: Random): LevelRule {
  const hysteresis = pick(random, ['0', '0.01', '0.125', '1'])
  if (random() < 0.5) {
    const distances = Array.from({ length: between(random, 1, 4) }, () =>
      (89.9 * random() ** 3 + 0.01).toFixed(2),
    )
    const falling = [...new Set(distances)].sort((a, b) => Number(b) - Number(a))
    return levelRule(
      falling.map((percent) => `${percent}%`),
      hysteresis,
    )
  }
  const levels = Array.from({ length: between(random, 0, 4) }, () => 0.05 + 0.94 * random())
  const texts = [...new Set(levels.map((level) => level.toFixed(3)))].sort()
  return levelRule(texts, hysteresis)
}

/** The cross pool with its wallet set so that it stands exactly on the line of the level, or on that of leaving it. */
function onLine(
  random: Random,
  marginAccount: MarginAccount,
  markOf: MarkOf,
  rule: LevelRule,
): MarginAccount {
  const { ratio, distance } = pick(random, rule.levels)
  const evaluation = evaluateByFractions(marginAccount, markOf, distance)
  if (marginAccount.marginMode === 'isolated' || evaluation === undefined) return marginAccount
  const weight = random() < 0.5 ? ONE : add(ONE, rule.hysteresis)
  const due = div(mul(weight, evaluation.maintenanceMargin), ratio)
  const walletBalance = add(sub(marginAccount.walletBalance, evaluation.marginBalance), due)
  return { ...marginAccount, walletBalance, constant: walletBalance }
}

/** A position whose notional is exactly the cap of one of its tiers, and the mark at which it is. */
function onCap(random: Random): {
  market: Market
  position: Position
  mark: Decimal
  marginAccount: MarginAccount
} {
  const market = wideMarket(random, 'M0', random() < 0.4)
  const { rules } = market
  const cap = parseDecimal(pick(random, tiersOf(rules)).cap)
  const size = mul(
    cap,
    parseDecimal(
      rules.contribution === 'inverse' ? pick(random, ['4', '40']) : pick(random, ['0.5', '2', '0.001']),
    ),
  )
  const units = mul(size, parseDecimal(rules.multiplier))
  const mark = rules.contribution === 'inverse' ? div(units, cap) : div(cap, units)
  const entryPrice = formatDecimal(mul(mark, parseDecimal(decimal(random, 0.8 + 0.4 * random(), 4))))
  const position = {
    ...widePosition(random, market),
    size: `${random() < 0.5 ? '-' : ''}${formatDecimal(size)}`,
    entryPrice,
  }
  const amount = formatDecimal(mul(cap, parseDecimal(decimal(random, 0.01 + random(), 4))))
  const account = makeAccount({
    collateral: [{ asset: rules.settlementAsset, amount }],
    separateWallets: true,
    positions: [position],
  })
  const margin = {
    closingFee: pick(random, ['none', 'at-bankruptcy-price'] as const),
    liquidation: pick(random, ['reached', 'passed'] as const),
  }
  const [marginAccount] = marginAccountsOf(account, bookOf(margin, { M0: rules }))
  return { market, position, mark: formatDecimal(mark), marginAccount: marginAccount! }
}

describe(`exact figures over one denominator against fractions (seed ${SEED})`, () => {
  it(`are identical text in every field for ${ARBITRARY_CASES} accounts of both venues`, {
    timeout: 600_000,
  }, () => {
    const rule = levelRule()
    let cured = 0
    fc.assert(
      fc.property(anyCase, ({ margin, rules, account, marks }) => {
        const marginAccounts = marginAccountsOf(parsedAccount(account), bookOf(margin, rules))
        for (const marginAccount of marginAccounts) {
          if (sameState(marginAccount, (symbol) => marks[symbol], rule).cure !== null) cured++
        }
      }),
      { numRuns: ARBITRARY_CASES, seed: SEED },
    )
    expect(cured).toBeGreaterThan(ARBITRARY_CASES / 10)
  })

  it(`are identical for ${WIDE_CASES} margin accounts of all decimals, leverages, rules, and on the line`, {
    timeout: 600_000,
  }, () => {
    const random = seededRandom(SEED)
    const seen = { cases: 0, unknown: 0, safe: 0, warning: 0, breach: 0, onLine: 0, onLiquidation: 0 }
    while (seen.cases < WIDE_CASES) {
      const rule = wideRule(random)
      const { marginAccounts, markOf } = wideCase(random)
      for (const drawn of marginAccounts) {
        const marginAccount = random() < 0.2 ? onLine(random, drawn, markOf, rule) : drawn
        const { verdict, marginRatio } = sameState(marginAccount, markOf, rule)
        seen.cases++
        seen[verdict]++
        if (marginAccount !== drawn) seen.onLine++
        if (marginRatio === '1') seen.onLiquidation++
      }
    }
    for (const count of Object.values(seen)) expect(count).toBeGreaterThan(WIDE_CASES / 200)
  })

  it(`are identical for ${CAP_CASES} positions on the cap of a tier and the smallest step beside it`, {
    timeout: 600_000,
  }, () => {
    const random = seededRandom(SEED, 1)
    let onCapExactly = 0
    for (let i = 0; i < CAP_CASES; i++) {
      const { market, mark, marginAccount } = onCap(random)
      const rule = wideRule(random)
      const step = { n: BigInt(between(random, -1, 1)), d: 10n ** 18n }
      const beside = formatDecimal(add(parseDecimal(mark), step))
      const { positions } = sameState(marginAccount, () => beside, rule)
      if (tiersOf(market.rules).some(({ cap }) => cap === positions[0]!.notional)) onCapExactly++
    }
    expect(onCapExactly).toBeGreaterThan(CAP_CASES / 5)
  })
})

describe('the work of a state', () => {
  it.each(RULES)('grows with the positions of the account, not with their square, by %s', (_, rule) => {
    const rules = rulesOf([['1000000', '0.005', '0']])
    const readsOf = (positions: number) => {
      const symbols = positions / 2
      const account = parsedAccount({
        collateral: [{ asset: 'USDT', amount: String(positions) }],
        positions: Array.from({ length: positions }, (_, index) => ({
          symbol: `M${index % symbols}`,
          marginMode: 'cross',
          size: index < symbols ? '1' : '-0.5',
          entryPrice: String(100 + (index % 7)),
          leverage: '10',
        })),
      })
      const book = { ...bookOf(BINANCE, {}), rulesOf: () => rules }
      const [drawn] = marginAccountsOf(account, book)
      let listReads = 0
      let markReads = 0
      const counted = <List extends object>(list: List): List =>
        new Proxy(list, {
          get(target, name, receiver) {
            if (typeof name === 'string' && /^\d+$/.test(name)) listReads++
            return Reflect.get(target, name, receiver)
          },
        })
      const curves = counted(drawn!.curves)
      const legs = counted(drawn!.legs)
      const markOf = () => {
        markReads++
        return '90'
      }
      const state = marginStateOf({ ...drawn!, curves, legs }, markOf, rule)
      expect(state.positions).toHaveLength(positions)
      expect(state.positions.every(({ liquidationPrice }) => liquidationPrice !== null)).toBe(true)
      expect(state.cure!.reductions).toHaveLength(positions)
      return { reads: listReads / positions, marks: markReads / symbols }
    }
    const { reads, marks } = readsOf(1_000)
    // Prices moved by each distance are another evaluation.
    const evaluations = rule.isByDistance ? rule.levels.length : 1
    expect(marks).toBe(evaluations)
    expect(reads).toBeLessThan(10 * evaluations)
  })
})
