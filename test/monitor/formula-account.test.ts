import { describe, expect, it } from 'vitest'
import type { InstrumentRules, RuleBook } from '../../src/domain/index.ts'
import { KERNEL_VARIANTS } from '../../src/kernel/index.ts'
import { evaluationsOf, levelRule, marginAccountsOf, reachedLevel } from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { binance } from '../../src/venues/index.ts'
import { oneTier } from '../margin/support.ts'
import { crossPosition, isolatedLong, makeAccount } from '../support/accounts.ts'
import { openMonitor } from '../support/monitor.ts'
import { between } from '../support/random-accounts.ts'
import { testSeed } from '../support/seed.ts'

const WHOLE: InstrumentRules = {
  contribution: 'linear',
  multiplier: '1',
  takerFeeRate: '0.0005',
  settlementAsset: 'USDT',
  closingFee: 'at-mark',
  maintenance: {
    kind: 'whole-tiers',
    basis: 'notional',
    tiers: [
      { cap: '900', maintenanceMarginRate: '0.02' },
      { cap: '1000', maintenanceMarginRate: '0.05' },
      { cap: '5000', maintenanceMarginRate: '0.1' },
    ],
  },
}
const SIZED: InstrumentRules = {
  ...WHOLE,
  closingFee: 'none',
  maintenance: { kind: 'size-rate', base: '0.01', increment: '0.001' },
}
const RULES: Readonly<Record<string, InstrumentRules>> = { AUSDT: WHOLE, BUSDT: SIZED }
const BOOK: RuleBook = { ...binance.ruleBook, version: 'forms', rulesOf: (symbol) => RULES[symbol] }
/** Without hysteresis, so that the published level is that of the marks. */
const RULE = levelRule(['0.5', '0.9'], '0')
const TICKS = 400

describe('the list of margin accounts', () => {
  it('ranks accounts of other forms by their exact ratio among the others', async () => {
    const plain = { ...WHOLE, closingFee: 'none', maintenance: oneTier('0.01').maintenance } as const
    const book: RuleBook = {
      ...BOOK,
      rulesOf: (symbol) => (symbol === 'AUSDT' ? WHOLE : symbol === 'CUSDT' ? plain : undefined),
    }
    const { monitor, clock, frame } = openMonitor({ books: { binance: book }, rule: RULE })
    // At 90 the ratio of `form` is 10·90·(0.02 + 0.0005)/(160 − 100); those of the others 9/(margin − 100).
    const of = (id: string, symbol: string, isolatedMargin: string) =>
      monitor.apply({ kind: 'put', account: isolatedLong(id, { symbol, isolatedMargin }) })
    of('worse', 'CUSDT', '120')
    of('form', 'AUSDT', '160')
    of('better', 'CUSDT', '150')
    frame([
      ['AUSDT', '90'],
      ['CUSDT', '90'],
    ])
    clock.runTurns()
    const { lines } = await monitor.read.marginAccounts({ limit: 10 })
    expect(lines.map(({ account, marginRatio }) => [account, marginRatio])).toEqual([
      ['worse', '0.45'],
      ['form', '0.3075'],
      ['better', '0.18'],
    ])
  })
})

// Straight pieces of one price do not say what these accounts are: the kernel proves nothing, and every tick of theirs is
// decided by exact arithmetic.
const CASES = KERNEL_VARIANTS.flatMap((variant) => [
  { variant, rule: RULE },
  { variant, rule: levelRule(['8%', '2%'], '0') },
])

describe.each(CASES)('accounts of other forms on $variant by $rule.names', ({ variant, rule }) => {
  it('are judged on every tick, at the level that exact arithmetic gives', () => {
    const random = seededRandom(testSeed(20_261_129))
    const { monitor, clock, frame, events } = openMonitor({ variant, books: { binance: BOOK }, rule })
    const account = makeAccount({
      id: 'form',
      venue: 'binance',
      collateral: [{ asset: 'USDT', amount: '180' }],
      positions: [
        crossPosition('AUSDT', { size: '10', entryPrice: '100' }),
        crossPosition('BUSDT', { size: '-5', entryPrice: '50' }),
      ],
    })
    monitor.apply({ kind: 'put', account })
    const [exact] = marginAccountsOf(account, BOOK)
    const marks: Record<string, string> = {}
    const seen = new Set<string>()
    for (let tick = 0; tick < TICKS; tick++) {
      const symbol = between(random, 0, 1) === 0 ? 'AUSDT' : 'BUSDT'
      marks[symbol] =
        symbol === 'AUSDT' ? String(between(random, 820, 1_100) / 10) : String(between(random, 400, 620) / 10)
      frame([[symbol, marks[symbol]]])
      clock.runTurns()
      const evaluation = evaluationsOf(exact!, (name) => marks[name])
      if (evaluation === undefined) {
        expect(events()).toEqual([])
        continue
      }
      const wanted = rule.names[reachedLevel(evaluation, exact!, rule)]!
      const last = events().at(-1)
      expect(last?.level ?? '0', `after tick ${tick}: ${JSON.stringify(marks)}`).toBe(wanted)
      seen.add(wanted)
    }
    expect([...seen].sort()).toEqual([...rule.names].sort())
  })
})
