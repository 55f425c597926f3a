import { describe, expect, it } from 'vitest'
import { type Account, collateralRulesSchema, type RuleBook } from '../../src/domain/index.ts'
import { KERNEL_VARIANTS } from '../../src/kernel/index.ts'
import { levelRule } from '../../src/margin/index.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { withCollateralRules } from '../../src/rules/index.ts'
import { binance } from '../../src/venues/index.ts'
import { oneTier } from '../margin/support.ts'
import { crossPosition, makeAccount } from '../support/accounts.ts'
import { openCharged } from '../support/charged-monitor.ts'
import { restoreInto } from '../support/monitor.ts'

const HOUR_MS = 3_600_000
const COLLATERAL = { BTC: collateralRulesSchema.parse({ tiers: [{ cap: '1000', ratio: '1' }] }) }
const BOOK: RuleBook = withCollateralRules(
  {
    ...binance.ruleBook,
    version: 'interest',
    rulesOf: (symbol) => (symbol === 'AUSDT' ? oneTier('0.01') : undefined),
  },
  COLLATERAL,
)
const RULE = levelRule([], '0')

const HOUR_BEFORE_MS = 497_222 * HOUR_MS
/** The clock of a monitor starts in the middle of an hour. */
const START_MS = HOUR_BEFORE_MS + HOUR_MS / 2
const NEXT_HOUR_MS = HOUR_BEFORE_MS + HOUR_MS

/** 1 BTC behind 27,000 USDT at a level of 1.05: at 28,360 the line is met once the debt is above 27,009.5…; an hour costs 5.4. */
const DEBT = { asset: 'USDT', amount: '27000', hourlyInterestRate: '0.0002' }
const ACCOUNT: Account = {
  ...makeAccount({ id: 'desk', venue: 'binance', collateral: [{ asset: 'BTC', amount: '1' }] }),
  pool: { currency: 'USDT', kind: 'spot-margin', liquidationLevel: '1.05' },
  liabilities: [DEBT],
  asOfMs: HOUR_BEFORE_MS,
}

function open(options: Parameters<typeof openCharged>[0] = {}) {
  const run = openCharged({ books: { binance: BOOK }, rule: RULE, startMs: START_MS, ...options })
  const index = (price: string) => run.frame([['BTC/USDT index', price]], 'binance')
  const owed = (id = 'desk') => run.wallets(id)[0]!
  return { ...run, index, owed }
}

describe.each(KERNEL_VARIANTS)('the interest of a debt, by the kernel %s', (variant) => {
  it('is added at each full hour without a price, and is the reason of the event; its event can be recomputed', () => {
    const { monitor, index, settle, story, events, verified } = open({ variant })
    monitor.apply({ kind: 'put', account: ACCOUNT })
    index('28360')
    settle(NEXT_HOUR_MS - 1)
    expect(story()).toEqual([])
    settle(NEXT_HOUR_MS)
    // 28,360 of assets against 1.05 · 27,005.4 = 28,355.67; the hour after it 28,361.34.
    expect(story()).toEqual([])
    settle(NEXT_HOUR_MS + HOUR_MS + 100)
    expect(story()).toEqual(['liquidation desk:cross:USDT 1 #1 1'])
    expect(events()[0]).toMatchObject({
      reasons: ['interest'],
      confidence: 'confirmed',
      eventTimeMs: NEXT_HOUR_MS + HOUR_MS,
      maintenanceMargin: '28361.34',
      pool: { assets: [{ asset: 'USDT', liability: '27010.8' }, { asset: 'BTC' }] },
      interest: {
        asOfMs: HOUR_BEFORE_MS,
        upToMs: NEXT_HOUR_MS + HOUR_MS,
        hours: 2,
        debts: [{ asset: 'USDT', principal: '27000', hourlyInterestRate: '0.0002', amount: '10.8' }],
      },
    })
    verified()
    // An hour is added once, and a clock that goes back takes none away.
    settle(NEXT_HOUR_MS + HOUR_MS + 200)
    settle(NEXT_HOUR_MS)
    expect(story()).toHaveLength(1)
    index('28400')
    expect(events().at(-1)).toMatchObject({ kind: 'recovered', reasons: [], maintenanceMargin: '28361.34' })
    verified()
  })
})

describe('the interest of debts', () => {
  it('is the same after a restart: that of all full hours since the balances were true', () => {
    const first = open()
    first.monitor.apply({ kind: 'put', account: ACCOUNT })
    first.index('28360')
    first.settle(NEXT_HOUR_MS + HOUR_MS)
    const second = open()
    restoreInto(second.monitor, first.records)
    second.settle(NEXT_HOUR_MS + HOUR_MS + 1)
    second.monitor.apply({ kind: 'put', account: ACCOUNT })
    second.monitor.loaded()
    second.index('28360')
    expect([first.owed(), second.owed()]).toEqual(['1349.2', '1349.2'])
    expect(second.story()).toEqual([])
    second.index('28400')
    expect(second.story()).toEqual(['recovered desk:cross:USDT 0 #1 2'])
  })

  it('is in balances of later already, and is added to no debt without a time or a rate', () => {
    const { monitor, index, settle, owed } = open()
    const { asOfMs: _, ...untimed } = ACCOUNT
    const { hourlyInterestRate: __, ...plain } = DEBT
    const put = (account: Account) => monitor.apply({ kind: 'put', account })
    put({ ...ACCOUNT, id: 'older', asOfMs: HOUR_BEFORE_MS - 1 })
    put({ ...ACCOUNT, id: 'later', asOfMs: NEXT_HOUR_MS })
    put({ ...untimed, id: 'untimed' })
    put({ ...ACCOUNT, id: 'plain', liabilities: [plain] })
    index('30000')
    const all = () => ['older', 'later', 'untimed', 'plain'].map(owed)
    expect(all()).toEqual(['2994.6', '3000', '3000', '3000'])
    settle(NEXT_HOUR_MS)
    expect(all()).toEqual(['2989.2', '3000', '3000', '3000'])
    // A new version states the debt with its interest.
    const liabilities = [{ ...DEBT, amount: '27010.8', principal: '27000' }]
    put({ ...ACCOUNT, id: 'older', version: 2, asOfMs: NEXT_HOUR_MS, liabilities })
    expect(all()[0]).toBe('2989.2')
    settle(NEXT_HOUR_MS + HOUR_MS)
    expect(all()).toEqual(['2983.8', '2994.6', '3000', '3000'])
  })

  it('is added by no worker that applies no funding', () => {
    const { monitor, index, settle, owed, events } = open({ appliesFunding: false })
    monitor.apply({ kind: 'put', account: { ...ACCOUNT, asOfMs: HOUR_BEFORE_MS - 5 * HOUR_MS } })
    index('28349')
    settle(NEXT_HOUR_MS)
    expect(owed()).toBe('1349')
    expect(events()).toMatchObject([{ kind: 'liquidation', maintenanceMargin: '28350' }])
    expect(events()[0]).not.toHaveProperty('interest')
  })

  it('comes beside the funding of positions of the same pool; the cause of an event is what fell due', () => {
    const { monitor, clock, index, settle, owed, funding, events, verified } = open()
    monitor.apply({
      kind: 'put',
      account: {
        ...ACCOUNT,
        positions: [crossPosition('AUSDT', { size: '10', entryPrice: '100' })],
        collateral: [
          { asset: 'BTC', amount: '1' },
          { asset: 'USDT', amount: '100' },
        ],
        pool: { currency: 'USDT', kind: 'multi-asset' },
      },
    })
    index('30000')
    monitor.frameStart(clock.nowMs(), clock.monotonicMs())
    monitor.tick('binance', 'AUSDT', '100', START_MS, '0.9', NEXT_HOUR_MS)
    monitor.frameEnd()
    settle(NEXT_HOUR_MS + 1_000)
    expect(owed()).toBe('3094.6')
    funding.keepFunding()
    expect(owed()).toBe('2194.6')
    index('28000')
    expect(events()).toEqual([])
    settle(NEXT_HOUR_MS + 200 * HOUR_MS)
    expect(
      events()
        .map(({ kind, reasons, eventTimeMs }) => [kind, reasons, eventTimeMs])
        .at(-1),
    ).toEqual(['liquidation', ['interest'], NEXT_HOUR_MS + 200 * HOUR_MS])
    expect(events().at(-1)).toMatchObject({ funding: { payments: 1 }, interest: { hours: 201 } })
    verified()
  })

  it('is recomputed by verify: hours, amounts and what the debt holds', () => {
    const { monitor, index, settle, events } = open()
    monitor.apply({ kind: 'put', account: ACCOUNT })
    index('28300')
    settle(NEXT_HOUR_MS)
    const [event] = events()
    const fieldsOf = (interest: object) =>
      verifyEvent({ ...event!, interest: { ...event!.interest!, ...interest } }).differences.map(
        ({ field }) => field,
      )
    const [debt] = event!.interest!.debts
    expect(event!.interest!.hours).toBe(0)
    expect(fieldsOf({})).toEqual([])
    // Seen at half past the hour; the hour that follows, and one that is none, cannot be in it.
    expect(fieldsOf({ upToMs: NEXT_HOUR_MS, hours: 1 })).toContain('interest.upToMs')
    expect(fieldsOf({ upToMs: HOUR_BEFORE_MS + 1 })).toEqual(['interest.upToMs'])
    expect(fieldsOf({ upToMs: HOUR_BEFORE_MS })).toEqual([])
    expect(fieldsOf({ hours: 1 })).toEqual([
      'interest.hours',
      'interest.debts[0].amount',
      'interest.debts[0].principal',
    ])
    // An assumption of the account says that its principal is all that it owes without the interest.
    expect(fieldsOf({ debts: [{ ...debt!, amount: '1' }] })).toEqual([
      'assumptions',
      'interest.debts[0].amount',
    ])
    expect(fieldsOf({ debts: [{ ...debt!, principal: '27000.1' }] })).toEqual([
      'assumptions',
      'interest.debts[0].principal',
    ])
  })

  it('is recomputed by verify: an event that an hour caused holds the interest up to that hour', () => {
    const { monitor, index, settle, events } = open()
    monitor.apply({ kind: 'put', account: ACCOUNT })
    index('28360')
    settle(NEXT_HOUR_MS + HOUR_MS)
    const event = events().at(-1)!
    expect(event.reasons).toEqual(['interest'])
    const { differences } = verifyEvent({ ...event, eventTimeMs: NEXT_HOUR_MS })
    expect(differences).toEqual([
      { field: 'interest.upToMs', stated: NEXT_HOUR_MS + HOUR_MS, recomputed: NEXT_HOUR_MS },
    ])
    expect(verifyEvent(event).differences).toEqual([])
  })
})
