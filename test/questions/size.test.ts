import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type InstrumentRules, instrumentRulesSchema, type RuleBook } from '../../src/domain/index.ts'
import {
  add,
  compare,
  div,
  formatDecimal,
  mul,
  parseDecimal,
  type Rational,
  sub,
} from '../../src/margin/index.ts'
import { type SizeQuestion, sizeOf } from '../../src/questions/index.ts'
import { binance, bybit } from '../../src/venues/index.ts'
import { rulesFrom } from '../support/rules.ts'
import { testSeed } from '../support/seed.ts'

const TIERS = [{ cap: '1000000', maintenanceMarginRate: '0.01', maintenanceDeduction: '0' }]
/** Rules whose rate, up to each value, is that of the whole position. */
function wholeTiers(...rows: readonly (readonly [cap: string, rate: string])[]): InstrumentRules {
  const tiers = rows.map(([cap, maintenanceMarginRate]) => ({ cap, maintenanceMarginRate }))
  return instrumentRulesSchema.parse({
    contribution: 'linear',
    settlementAsset: 'USDT',
    maintenance: { kind: 'whole-tiers', basis: 'notional', tiers },
  })
}

const RULES = {
  AUSDT: rulesFrom({ tiers: TIERS, takerFeeRate: '0.0005' }),
  AUSD: rulesFrom({ kind: 'inverse', settle: 'A', multiplier: '10', tiers: TIERS, takerFeeRate: '0.0005' }),
  FREEUSDT: rulesFrom({ tiers: TIERS }),
  WHOLEUSDT: wholeTiers(['1000', '0.01'], ['1000000', '0.5']),
} as const
const bookOf = ({ ruleBook }: { ruleBook: RuleBook }): RuleBook => ({
  ...ruleBook,
  version: 'test',
  rulesOf: (symbol) => (RULES as Record<string, InstrumentRules>)[symbol],
})

const QUESTION: SizeQuestion = {
  book: bookOf(binance),
  symbol: 'AUSDT',
  risk: '100',
  entryPrice: '100',
  stopPrice: '90',
  slippage: '0',
  fundingRate: '0',
  holdHours: '0',
  fundingIntervalHours: '8',
  step: '0.1',
  nowMs: 0,
}
const ask = (stated: Partial<SizeQuestion>) => sizeOf({ ...QUESTION, ...stated })

describe('the size of a linear position', () => {
  it('itemises what is lost at the stop', () => {
    const costs = { slippage: '1%', fundingRate: '0.001', holdHours: '17' }
    // A unit loses 10 by price, 0.9 by slippage, 0.05 and 89.1·0.0005 by fees, and 3 times 0.1 by funding: 11.29455.
    expect(ask(costs)).toMatchObject({
      side: 'long',
      settle: 'USDT',
      exitPrice: '89.1',
      size: '8.8',
      notional: '880',
      fundingPayments: 3,
      loss: {
        price: '88',
        slippage: '7.92',
        entryFee: '0.44',
        exitFee: '0.39204',
        funding: '2.64',
        total: '99.39204',
      },
      lossOfNextStep: '100.521495',
      margin: null,
    })
  })

  it('is short where the stop is above the entry, and funding that it receives counts as nothing', () => {
    const short = { stopPrice: '110', slippage: '1', fundingRate: '0.001', holdHours: '8' }
    expect(ask(short)).toMatchObject({ side: 'short', exitPrice: '111', loss: { funding: '0' } })
    expect(ask({ ...short, fundingRate: '-0.001' }).loss.funding).not.toBe('0')
  })

  it('is 0 where one step loses more than the risk', () => {
    const backing = { marginMode: 'isolated', amount: '10' } as const
    expect(ask({ step: '10', backing })).toMatchObject({ size: '0', margin: null, loss: { total: '0' } })
  })

  it('is a multiple of the smallest part of a unit where no step is stated', () => {
    expect(ask({ step: undefined })).toMatchObject({ step: '0.00000001' })
    expect(ask({ symbol: 'AUSD', risk: '1', step: undefined })).toMatchObject({ step: '1' })
  })
})

describe('the size of an inverse position', () => {
  it('loses coin', () => {
    // A contract is worth 0.1 A at 100 and 0.125 A at 80.
    const inverse = {
      symbol: 'AUSD',
      risk: '1',
      stopPrice: '80',
      step: '1',
      entryFeeRate: '0',
      exitFeeRate: '0',
    }
    expect(ask(inverse)).toMatchObject({
      settle: 'A',
      size: '40',
      notional: '4',
      loss: { price: '1', total: '1' },
      lossOfNextStep: '1.025',
    })
  })
})

describe('the margin of the position', () => {
  const isolated = (amount: string) => ({ marginMode: 'isolated', amount }) as const
  const free = { entryFeeRate: '0', exitFeeRate: '0' }

  it('gives leverage and liquidation price, beside the stop', () => {
    // 10 units with 200: 200 + 10·(P − 100) = 0.01·10·P, P = 800/9.9.
    expect(ask({ ...free, backing: isolated('200') }).margin).toEqual({
      marginMode: 'isolated',
      amount: '200',
      leverage: '5',
      liquidationPrice: '80.808080808080808081',
      isLiquidatedBeforeStop: false,
    })
  })

  it.each([
    ['between entry and stop', '100', true],
    ['at the stop', '109', true],
    ['one unit in the last place beyond the stop', '109.00000001', false],
    ['at once', '9', true],
  ])('says that the stop never fills where the venue liquidates %s', (_where, amount, isBefore) => {
    // At 90: amount − 100 against 0.01·10·90 = 9.
    const { margin } = ask({ ...free, backing: isolated(amount) })
    expect(margin?.isLiquidatedBeforeStop).toBe(isBefore)
  })

  // 1 unit with 507: 507 + (P − 1010) = 0.5·P, P = 1006. From 1000 down the first tier asks 1 %: at 990 10 against a balance of 487.
  it.each([
    ['crossed between', '990', '507', true],
    ['crossed before the cap, where the stop is on it', '1000', '507', true],
    ['at the stop itself', '1006', '507', true],
    ['beyond the stop', '1006.00000001', '507', false],
    ['nowhere, as the lower tier holds before the line is met', '990', '510.000000000000000001', false],
    ['met by the upper tier exactly where it ends, as the liquidation price says', '990', '510', true],
  ])('says it too where a tier of the whole value ends before the stop: line %s', (...row) => {
    const [, stopPrice, amount, isBefore] = row
    const asked = { symbol: 'WHOLEUSDT', entryPrice: '1010', stopPrice, step: '1' }
    const { margin } = ask({
      ...free,
      ...asked,
      risk: formatDecimal(sub(parseDecimal('1010'), parseDecimal(stopPrice))),
      backing: isolated(amount),
    })
    expect(margin?.isLiquidatedBeforeStop).toBe(isBefore)
  })

  it('is that of a wallet too', () => {
    const { margin } = ask({ ...free, backing: { marginMode: 'cross', amount: '2000' } })
    expect(margin).toMatchObject({ marginMode: 'cross', leverage: '0.5', liquidationPrice: null })
  })
})

describe('a rate that may have been meant in per cent is remarked', () => {
  it.each<[Partial<SizeQuestion>, string[]]>([
    [{ exitFeeRate: '0.005' }, []],
    [
      { exitFeeRate: '0.04' },
      ['exitFeeRate 0.04 is 4 % of the value, more than 10 times the taker fee 0.0005 of the rules'],
    ],
    [{ fundingRate: '0.0049', holdHours: '8' }, []],
    [
      { fundingRate: '-0.01', holdHours: '8' },
      ['fundingRate -0.01 is -1 % of the value at each funding payment'],
    ],
    [{ fundingRate: '0.01' }, []],
  ])('%j', (stated, remarks) => {
    expect(ask(stated).assumptions).toEqual(remarks)
  })

  it('no fee is compared with rules that hold none', () => {
    const fees = { entryFeeRate: '0.04', exitFeeRate: '0' }
    expect(ask({ symbol: 'FREEUSDT', ...fees }).assumptions).toEqual([])
  })
})

describe('a question that has no answer is refused by its field', () => {
  it.each<[Partial<SizeQuestion>, string, RegExp]>([
    [{ risk: '0' }, 'risk', /above zero/],
    [{ risk: '1e3' }, 'risk', /without exponent/],
    [{ entryPrice: '-1' }, 'entryPrice', /zero or more/],
    [{ stopPrice: '100.0' }, 'stopPrice', /differ from the entry price/],
    [{ slippage: '100%' }, 'slippage', /no price above zero/],
    [{ slippage: '-1' }, 'slippage', /zero or more/],
    [{ entryFeeRate: '0.055' }, 'entryFeeRate', /is "0\.055": it must be a fraction of at most 0\.05/],
    [{ exitFeeRate: '1' }, 'exitFeeRate', /fraction of at most 0\.05/],
    [{ fundingRate: '-2' }, 'fundingRate', /fraction of at most 0\.5, above or below zero/],
    [{ fundingRate: '0.51' }, 'fundingRate', /fraction of at most 0\.5/],
    [{ fundingRate: '--0.1' }, 'fundingRate', /decimal number/],
    [{ fundingIntervalHours: '0' }, 'fundingIntervalHours', /above zero/],
    [{ holdHours: '8000001' }, 'holdHours', /at most 1000000 funding intervals/],
    [{ step: '0' }, 'step', /above zero/],
    [{ backing: { marginMode: 'isolated', amount: '0' } }, 'margin', /above zero/],
    [{ symbol: 'FREEUSDT' }, 'entryFeeRate', /hold no taker fee/],
    [{ symbol: 'NOUSDT' }, 'symbol', /does not hold it/],
    [
      { risk: '999999999999999', entryPrice: '0.2', stopPrice: '0.1' },
      'risk',
      /more than a position may have/,
    ],
  ])('%j', (stated, path, message) => {
    expect(() => ask(stated)).toThrow(
      expect.objectContaining({ path, message: expect.stringMatching(message) }),
    )
  })
})

const decimal = (max: number, decimals: number) =>
  fc.integer({ min: 1, max }).map((units) => {
    const digits = String(units).padStart(decimals + 1, '0')
    return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
  })
const question = fc.record({
  symbol: fc.constantFrom('AUSDT', 'AUSD'),
  venue: fc.constantFrom(binance, bybit),
  risk: decimal(1_000_000_000, 3),
  entryPrice: decimal(10_000_000, 2),
  stopPrice: decimal(10_000_000, 2),
  slippage: decimal(100, 2).map((percent) => `${percent}%`),
  entryFeeRate: decimal(100, 5),
  exitFeeRate: decimal(100, 5),
  fundingRate: decimal(100, 5),
  holdHours: decimal(1_000, 1),
  step: fc.constantFrom('1', '0.001', '3', '0.25'),
})
const SEED = testSeed(20_261_129)

/** Loss of a size by the definition of PnL, fees and funding: as written down without the program. */
function lossOf(asked: SizeQuestion, size: Rational, payments: number): Rational {
  const number = (text: string | undefined) => parseDecimal(text ?? '0')
  const [entry, stop] = [number(asked.entryPrice), number(asked.stopPrice)]
  const isLong = compare(stop, entry) < 0
  const slip = div(mul(stop, number(asked.slippage.slice(0, -1))), number('100'))
  const exit = isLong ? sub(stop, slip) : add(stop, slip)
  const coins = (price: Rational) => div(mul(size, number('10')), price)
  const [atEntry, atExit] =
    asked.symbol === 'AUSD' ? [coins(entry), coins(exit)] : [mul(size, entry), mul(size, exit)]
  const moved = sub(atEntry, atExit)
  const lost = isLong === (asked.symbol === 'AUSDT') ? moved : sub(atExit, atEntry)
  const fees = add(mul(atEntry, number(asked.entryFeeRate)), mul(atExit, number(asked.exitFeeRate)))
  const funding = isLong
    ? mul(mul(atEntry, number(asked.fundingRate)), number(String(payments)))
    : number('0')
  return add(add(lost, fees), funding)
}

describe(`any size, seed ${SEED}`, () => {
  it('loses no more than the risk, and one step more loses more', () => {
    const check = fc.property(question, ({ venue, ...stated }) => {
      fc.pre(parseDecimal(stated.stopPrice).n !== parseDecimal(stated.entryPrice).n)
      const asked = { ...QUESTION, ...stated, book: bookOf(venue) }
      const { size, fundingPayments } = sizeOf(asked)
      const steps = div(parseDecimal(size), parseDecimal(asked.step))
      expect(steps.n % steps.d).toBe(0n)
      const risk = parseDecimal(asked.risk)
      expect(compare(lossOf(asked, parseDecimal(size), fundingPayments), risk)).toBeLessThanOrEqual(0)
      const next = add(parseDecimal(size), parseDecimal(asked.step))
      expect(compare(lossOf(asked, next, fundingPayments), risk)).toBe(1)
    })
    fc.assert(check, { seed: SEED, numRuns: 2_000 })
  })

  it('does not depend on the margin behind it, nor does its loss', () => {
    const check = fc.property(question, decimal(1_000_000, 3), (stated, amount) => {
      const { venue, ...rest } = stated
      fc.pre(parseDecimal(rest.stopPrice).n !== parseDecimal(rest.entryPrice).n)
      const asked = { ...QUESTION, ...rest, book: bookOf(venue) }
      const { margin: _, ...bare } = sizeOf(asked)
      for (const marginMode of ['isolated', 'cross'] as const) {
        const { margin, ...backed } = sizeOf({ ...asked, backing: { marginMode, amount } })
        expect(backed).toEqual(bare)
        if (margin !== null) expect(margin.amount).toBe(amount)
      }
    })
    fc.assert(check, { seed: SEED, numRuns: 500 })
  })

  it('says that the stop never fills exactly where the liquidation price is not beyond it', () => {
    const check = fc.property(question, decimal(1_000_000, 3), (stated, amount) => {
      const { venue, ...rest } = stated
      fc.pre(parseDecimal(rest.stopPrice).n !== parseDecimal(rest.entryPrice).n)
      const backing = { marginMode: 'isolated', amount } as const
      const { side, margin, stopPrice } = sizeOf({ ...QUESTION, ...rest, book: bookOf(venue), backing })
      if (margin === null || margin.liquidationPrice === null) return
      const beyond = compare(parseDecimal(stopPrice), parseDecimal(margin.liquidationPrice))
      expect(margin.isLiquidatedBeforeStop).toBe(side === 'long' ? beyond <= 0 : beyond >= 0)
    })
    fc.assert(check, { seed: SEED, numRuns: 500 })
  })

  it('says that the stop never fills exactly where the venue liquidates somewhere on the way to it, by whole tiers', () => {
    const upTo = (max: number) => fc.integer({ min: 1, max })
    const rows = fc.array(fc.tuple(upTo(60), upTo(90)), { minLength: 1, maxLength: 4 })
    let between = 0
    const check = fc.property(rows, upTo(60), upTo(60), upTo(10), (drawn, entry, stop, beyondAsked) => {
      fc.pre(entry !== stop)
      const caps = [...new Set(drawn.map(([cap]) => cap))].sort((one, other) => one - other)
      const percents = drawn.map(([, percent]) => percent).sort((one, other) => one - other)
      const percentOf = (price: number) => {
        const tier = caps.findIndex((cap) => price <= cap)
        return percents[tier < 0 ? caps.length - 1 : tier]!
      }
      const amount = Math.floor((percentOf(entry) * entry) / 100) + beyondAsked
      const rules = wholeTiers(
        ...caps.map((cap, index) => [String(cap), (percents[index]! / 100).toFixed(2)] as const),
      )
      const side = entry > stop ? 1 : -1
      const { size, margin } = sizeOf({
        ...QUESTION,
        book: { ...QUESTION.book, rulesOf: () => rules },
        entryPrice: String(entry),
        stopPrice: String(stop),
        risk: String(Math.abs(entry - stop)),
        step: '1',
        entryFeeRate: '0',
        exitFeeRate: '0',
        backing: { marginMode: 'isolated', amount: String(amount) },
      })
      expect(size).toBe('1')
      const slackAt = (price: number, percent: number) =>
        100 * (amount + side * (price - entry)) - percent * price
      // On a piece the account stands worst at an end of it: at entry or stop, or just above a cap, where the next rate holds.
      const isAtAnEnd = [entry, stop].some((price) => slackAt(price, percentOf(price)) <= 0)
      const isOnTheWay = caps.some((cap) => {
        const slack = slackAt(cap, percentOf(cap + 0.5))
        return (
          Math.min(entry, stop) <= cap &&
          cap < Math.max(entry, stop) &&
          (cap === stop ? slack < 0 : slack <= 0)
        )
      })
      if (!isAtAnEnd && isOnTheWay) between++
      expect(margin?.isLiquidatedBeforeStop).toBe(isAtAnEnd || isOnTheWay)
    })
    fc.assert(check, { seed: SEED, numRuns: 2_000 })
    expect(between).toBeGreaterThan(10)
  })
})
