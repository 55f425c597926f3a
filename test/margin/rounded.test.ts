import { describe, expect, it } from 'vitest'
import type { InstrumentRules } from '../../src/domain/index.ts'
import {
  add,
  answersOf,
  div,
  formatDecimal,
  levelRule,
  marginAccountsOf,
  marginStateOf,
  mul,
  parseDecimal,
  sub,
} from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { parseVenueId, ruleBookOf } from '../../src/venues/index.ts'
import { parsedAccount } from '../support/accounts.ts'
import { testSeed } from '../support/seed.ts'
import { bookOf } from './support.ts'

const RULES: InstrumentRules = {
  contribution: 'linear',
  multiplier: '1',
  takerFeeRate: '0',
  settlementAsset: 'USDT',
  maintenance: { kind: 'side-rates', long: '0.01', short: '0.01' },
}

function judged(wallet: string, size: string, entryPrice: string, mark: string, rules: InstrumentRules) {
  const account = parsedAccount({
    collateral: [{ asset: 'USDT', amount: wallet }],
    positions: [{ symbol: 'X', marginMode: 'cross', size, entryPrice }],
  })
  const book = bookOf({ closingFee: 'none', liquidation: 'passed' }, { X: rules })
  const [marginAccount] = marginAccountsOf(account, book)
  return {
    ...marginStateOf(marginAccount!, () => mark, levelRule(['0.5'])),
    ...answersOf(marginAccount!, () => mark),
  }
}

describe('the figures of a venue that rounds', () => {
  it('are a breach at distance 0, although the figures before rounding are above the line', () => {
    // Maintenance 10·99.97·0.01 = 9.997 is 10 in cents rounded up; the margin balance is 10 − 0.3 + 0.299 = 9.999.
    const rules: InstrumentRules = { ...RULES, rounding: { unit: '0.01', per: 'position' } }
    const state = judged('10.299', '10', '100', '99.97', rules)
    expect(state).toMatchObject({ marginBalance: '9.999', maintenanceMargin: '10', verdict: 'breach' })
    expect(state.distance).toBe('0')
  })

  it('are cured by a reduction a few steps beside the one before rounding, not by the whole position', () => {
    // The level 0.5 lies at a maintenance margin of 5 for a margin balance of 10, and before rounding the closing of any
    // part is enough. Of the position that is kept the value, down to 499.9, has a margin of 4.999: below 499.901.
    const rules: InstrumentRules = { ...RULES, rounding: { unit: '0.001', per: 'position' } }
    expect(judged('10', '5', '100', '100', rules).cure?.reductions).toEqual([
      { symbol: 'X', size: '0.00099001' },
    ])
  })
})

const SEED = testSeed(20_261_129)

describe(`the liquidation price before rounding, of 300 positions, seed ${SEED}`, () => {
  it('lies beside the change of the verdict by less than two units for each lot and four for the position', () => {
    const random = seededRandom(SEED)
    const book = ruleBookOf(parseVenueId('bitmex'))
    const wrong: string[] = []
    for (let index = 0; index < 300; index++) {
      const lots = 1 + Math.floor(10 ** (random() * 5))
      const entryPrice = (10_000 + Math.floor(random() * 900_000) / 10).toString()
      const leverage = (2 + Math.floor(random() * 40)).toString()
      const contracts = `${lots * 100}`
      const position = { symbol: 'XBTUSD', marginMode: 'isolated', size: contracts, entryPrice, leverage }
      const account = parsedAccount({ venue: 'bitmex', collateral: [], positions: [position] })
      const [marginAccount] = marginAccountsOf(account, book)
      const stateAt = (mark: string) =>
        marginStateOf(marginAccount!, () => mark, levelRule([]), { fundingRateOf: () => '0.0001' })
      const price = stateAt(entryPrice).positions[0]!.liquidationPrice!
      const value = div(parseDecimal(contracts), parseDecimal(price))
      const beside = mul(parseDecimal('0.00000001'), parseDecimal(`${2 * lots + 4}`))
      const markOf = (worth: typeof value) => formatDecimal(div(parseDecimal(contracts), worth))
      const verdicts = [sub(value, beside), add(value, beside)].map((worth) => stateAt(markOf(worth)).verdict)
      if (verdicts.join() !== 'safe,breach')
        wrong.push(`${contracts} at ${entryPrice}, ${leverage}x: ${verdicts}`)
    }
    expect(wrong).toEqual([])
  })
})
