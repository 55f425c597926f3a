import { describe, expect, it } from 'vitest'
import {
  type Account,
  collateralRulesSchema,
  type InstrumentRules,
  type MarginEvent,
  type RuleBook,
} from '../../src/domain/index.ts'
import { assumptionsUnder, levelRule, lossAssumption, marginAccountsOf } from '../../src/margin/index.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { withCollateralRules } from '../../src/rules/index.ts'
import { bybit } from '../../src/venues/index.ts'
import { oneTier } from '../margin/support.ts'
import { crossPosition, makeAccount } from '../support/accounts.ts'
import { openMonitor } from '../support/monitor.ts'

const FEE = 'the taker fee is that of an account without a discount'
const STEP = 'the rate of a step is that of the whole position'
const HAIRCUT = 'the haircut is that of last month'
const LOSS = lossAssumption('USDT')
const HEDGED = bybit.ruleBook.defaults.hedgedAssumption!

const RULES: Readonly<Record<string, InstrumentRules>> = {
  PLAIN: oneTier('0.01'),
  FEE: { ...oneTier('0.01'), assumptions: [FEE] },
  BOTH: { ...oneTier('0.01'), assumptions: [STEP, FEE] },
  OWN: {
    ...oneTier('0.01'),
    maintenanceShare: '0.5',
    maintenance: {
      kind: 'marginal-tiers',
      basis: 'notional',
      tiers: [
        { cap: '1000', maintenanceMarginRate: '0.01', maintenanceDeduction: '0' },
        { cap: '100000', maintenanceMarginRate: '0.02', maintenanceDeduction: '10' },
      ],
    },
  },
}
const BOOK: RuleBook = withCollateralRules(
  { ...bybit.ruleBook, version: 'assumed', rulesOf: (symbol) => RULES[symbol] },
  {
    BTC: collateralRulesSchema.parse({
      tiers: [{ cap: '100', ratio: '0.9' }],
      liabilityMaintenanceRate: '0',
      assumptions: [HAIRCUT, FEE],
    }),
    USDT: collateralRulesSchema.parse({
      tiers: [{ cap: '1000000', ratio: '1' }],
      liabilityMaintenanceRate: '0.01',
    }),
  },
)
const HOUR_MS = 3_600_000
const START_MS = 500_000 * HOUR_MS

/** One account that falls from 100 to its line, and the liquidation that is published, as a reader of the stream gets it. */
function published(account: Partial<Account>, options: Parameters<typeof openMonitor>[0] = {}) {
  const run = openMonitor({ books: { bybit: BOOK }, rule: levelRule(['0.5'], '0'), ...options })
  run.monitor.apply({ kind: 'put', account: { ...makeAccount({ id: 'desk', venue: 'bybit' }), ...account } })
  run.frame([['BTC/USDT index', '500']], 'bybit')
  if (options.appliesFunding === true) {
    run.clock.advanceTo(START_MS + 2 * HOUR_MS)
    run.monitor.settleFunding(START_MS + 2 * HOUR_MS)
  }
  for (const price of ['100', '60']) {
    run.frame(
      Object.keys(RULES).map((symbol) => [symbol, price]),
      'bybit',
    )
    run.clock.runTurns()
  }
  const last = run.events().findLast((event) => 'marginAccount' in event)
  return JSON.parse(JSON.stringify(last)) as MarginEvent
}

const position = (symbol: string, terms: Partial<Account['positions'][number]> = {}) =>
  crossPosition(symbol, { size: '10', entryPrice: '100', ...terms })
const USDT = [{ asset: 'USDT', amount: '300' }]
const POOL = { pool: { currency: 'USDT', kind: 'multi-asset' } } as const
const COINS = [...USDT, { asset: 'BTC', amount: '0.01' }]
const DEBT = { asset: 'USDT', amount: '100' }

const CASES: readonly (readonly [what: string, account: Partial<Account>, assumed: readonly string[]])[] = [
  ['without an assumption', { collateral: USDT, positions: [position('PLAIN')] }, []],
  ['of rules that assume', { collateral: USDT, positions: [position('FEE')] }, [FEE]],
  [
    'of two contracts that assume the same',
    { collateral: USDT, positions: [position('FEE'), position('BOTH')] },
    [FEE, STEP],
  ],
  [
    'with a leverage of its own',
    { collateral: USDT, positions: [position('OWN', { maxLeverage: '25' })] },
    [expect.stringMatching(/^OWN states maxLeverage 25, /)],
  ],
  [
    'of a hedge',
    {
      collateral: USDT,
      positions: [position('FEE', { size: '11' }), position('PLAIN'), position('PLAIN', { size: '-1' })],
    },
    [FEE, HEDGED],
  ],
  ['of a pool', { ...POOL, collateral: COINS, positions: [position('BOTH')] }, [STEP, FEE, HAIRCUT, LOSS]],
  [
    'of a pool with a debt without a rate',
    { ...POOL, collateral: COINS, liabilities: [DEBT], positions: [position('PLAIN')] },
    [HAIRCUT, FEE, LOSS, 'the debt in USDT states no hourlyInterestRate, so no interest is added to it'],
  ],
  [
    'of a pool with a debt without a principal',
    {
      ...POOL,
      collateral: COINS,
      liabilities: [{ ...DEBT, hourlyInterestRate: '0.0001' }],
      positions: [position('PLAIN')],
    },
    [HAIRCUT, FEE, LOSS, 'the debt in USDT states no principal, so interest is charged on all of it'],
  ],
]

describe('the assumptions of an event', () => {
  it.each(CASES)('%s are those that plimsoll margin prints, and are verified', (_what, account, assumed) => {
    const event = published(account)
    expect(event.kind).toBe('liquidation')
    expect(event.assumptions).toEqual(assumed)
    const [exact] = marginAccountsOf({ ...makeAccount({ id: 'desk', venue: 'bybit' }), ...account }, BOOK)
    expect(event.assumptions).toEqual(assumptionsUnder(exact!, levelRule(['0.5'], '0')))
    expect(verifyEvent(event)).toMatchObject({ isOk: true, faults: [], differences: [] })
  })

  it.each(CASES)('%s are found out where one is missing, or one is too many', (_what, account) => {
    const event = published(account)
    event.assumptions!.forEach((assumption, index) => {
      // Without interest the event does not hold what decides it.
      if (assumption.startsWith('the debt in')) return
      const { isOk } = verifyEvent({ ...event, assumptions: event.assumptions!.toSpliced(index, 1) })
      expect([index, isOk]).toEqual([index, false])
    })
    const more = { ...event, assumptions: [...event.assumptions!, 'the moon is full'] }
    expect(verifyEvent(more).differences).toEqual([
      { field: 'assumptions', stated: more.assumptions, recomputed: event.assumptions },
    ])
  })

  it.each(CASES)('%s may be absent, as in an event of an earlier version', (_what, account) => {
    const { assumptions: _, rules, pool, ...others } = published(account)
    const without = <T extends object>(one: T): T => {
      const { assumptions: __, hedgedAssumption: ___, ...rest } = one as T & Record<string, unknown>
      return rest as T
    }
    const earlier = {
      ...others,
      rules: Object.fromEntries(Object.entries(rules!).map(([symbol, own]) => [symbol, without(own)])),
      ...(pool === undefined
        ? {}
        : {
            pool: {
              ...pool,
              assets: pool.assets.map((asset) =>
                asset.rules === undefined ? asset : { ...asset, rules: without(asset.rules) },
              ),
            },
          }),
    } as MarginEvent
    expect(verifyEvent(earlier)).toMatchObject({ isOk: true, faults: [], differences: [] })
  })

  it('say of a debt without a rate what the interest of the event says too', () => {
    const bearing = { asset: 'BTC', amount: '0.001', hourlyInterestRate: '0.0001', principal: '0.001' }
    const account = {
      ...POOL,
      collateral: COINS,
      liabilities: [DEBT, bearing],
      positions: [position('PLAIN')],
    }
    const event = published({ ...account, asOfMs: START_MS }, { appliesFunding: true, startMs: START_MS })
    const sentence = 'the debt in USDT states no hourlyInterestRate, so no interest is added to it'
    expect(event.assumptions).toEqual([HAIRCUT, FEE, LOSS, sentence])
    expect(verifyEvent(event)).toMatchObject({ isOk: true, faults: [], differences: [] })
    expect(verifyEvent({ ...event, assumptions: [HAIRCUT, FEE, LOSS] }).differences).toEqual([
      { field: 'assumptions', stated: [HAIRCUT, FEE, LOSS], recomputed: event.assumptions },
    ])
  })

  it('say of a debt with interest that it states no principal, after hours of interest too', () => {
    const account = CASES.at(-1)![1]
    const event = published({ ...account, asOfMs: START_MS }, { appliesFunding: true, startMs: START_MS })
    expect(event.interest).toMatchObject({ hours: 2, debts: [{ principal: '100' }] })
    expect(event.assumptions).toEqual(CASES.at(-1)![2])
    expect(verifyEvent(event)).toMatchObject({ isOk: true, faults: [], differences: [] })
    const { interest } = event
    const debts = interest!.debts.map((debt) => ({ ...debt, principal: '99', amount: '0.0198' }))
    const [difference] = verifyEvent({ ...event, interest: { ...interest!, debts } }).differences
    expect(difference?.field).toBe('assumptions')
  })

  it('of rules are places in the list, and a place beyond it is named', () => {
    const event = published({ collateral: USDT, positions: [position('FEE'), position('BOTH')] })
    expect(event.rules).toMatchObject({ FEE: { assumptions: [0] }, BOTH: { assumptions: [1, 0] } })
    const rules = { ...event.rules, FEE: { ...event.rules!.FEE, assumptions: [2] } }
    expect(verifyEvent({ ...event, rules }).faults).toEqual([
      'rules.FEE.assumptions is [2]: it must hold places in the assumptions of the event, from 0',
    ])
  })
})
