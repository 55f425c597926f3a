import { describe, expect, it } from 'vitest'
import type { Account, InstrumentRules, RuleBook } from '../../src/domain/index.ts'
import { KERNEL_VARIANTS } from '../../src/kernel/index.ts'
import { levelRule } from '../../src/margin/index.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { binance } from '../../src/venues/index.ts'
import { oneTier } from '../margin/support.ts'
import { makeAccount } from '../support/accounts.ts'
import { openCharged } from '../support/charged-monitor.ts'
import { restoreInto } from '../support/monitor.ts'
import { USED_MARGIN } from '../support/rules.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const RULES: Readonly<Record<string, InstrumentRules>> = {
  XBTUSD: USED_MARGIN,
  ETHUSD: USED_MARGIN,
  FUTURE: { ...oneTier('0.01'), settlementAsset: 'EUR' },
}
const BOOK: RuleBook = {
  ...binance.ruleBook,
  version: 'rollover',
  // Spot margin has no funding.
  defaults: { closingFee: 'none', liquidation: 'reached' },
  rulesOf: (symbol) => RULES[symbol],
}
const RULE = levelRule([], '0')

/** The clock of a monitor starts in the middle of an hour. */
const START_MS = 497_222 * HOUR_MS + HOUR_MS / 2
const AS_OF_MS = START_MS - 1_000
/** Neither a full hour nor a full minute. */
const ROLLOVER_MS = START_MS + 10 * MINUTE_MS + 250
/** The full minute after it. */
const CHARGED_MS = START_MS + 11 * MINUTE_MS

/** A long of 10,000 at 5x: 800 are asked for. Four hours cost 1. */
const POSITION = {
  symbol: 'XBTUSD',
  marginMode: 'cross',
  size: '0.2',
  entryPrice: '50000',
  leverage: '5',
  fourHourlyRolloverRate: '0.0001',
  rolloverTimeMs: ROLLOVER_MS,
} as const
const ACCOUNT: Account = {
  ...makeAccount({ id: 'desk', venue: 'binance', collateral: [{ asset: 'USD', amount: '801.5' }] }),
  positions: [POSITION],
  asOfMs: AS_OF_MS,
}

function open(options: Parameters<typeof openCharged>[0] = {}) {
  const run = openCharged({ books: { binance: BOOK }, rule: RULE, startMs: START_MS, ...options })
  const mark = (price: string) => run.frame([['XBTUSD', price]], 'binance')
  return { ...run, mark }
}

describe.each(KERNEL_VARIANTS)('a rollover, by the kernel %s', (variant) => {
  it('is charged at the full minute after it without a price, and is the reason of the event; its event can be recomputed', () => {
    const { monitor, mark, settle, story, events, wallets, verified } = open({ variant })
    monitor.apply({ kind: 'put', account: ACCOUNT })
    mark('50000')
    settle(CHARGED_MS - 1)
    expect(wallets()).toEqual(['801.5'])
    settle(CHARGED_MS)
    expect(wallets()).toEqual(['800.5'])
    expect(story()).toEqual([])
    settle(CHARGED_MS + 4 * HOUR_MS + 100)
    expect(story()).toEqual(['liquidation desk:cross:USD 1 #1 1'])
    expect(events()[0]).toMatchObject({
      reasons: ['rollover'],
      confidence: 'confirmed',
      eventTimeMs: CHARGED_MS + 4 * HOUR_MS,
      walletBalance: '799.5',
      maintenanceMargin: '800',
      positions: [{ fourHourlyRolloverRate: '0.0001', rolloverTimeMs: ROLLOVER_MS }],
      rollover: {
        asOfMs: AS_OF_MS,
        upToMs: CHARGED_MS + 4 * HOUR_MS,
        positions: [{ symbol: 'XBTUSD', size: '0.2', asset: 'USD', rollovers: 2, amount: '2' }],
      },
    })
    verified()
    // A rollover is charged once, and a clock that goes back takes none away.
    settle(CHARGED_MS + 4 * HOUR_MS + 200)
    settle(CHARGED_MS)
    expect(wallets()).toEqual(['799.5'])
    expect(story()).toHaveLength(1)
    mark('50010')
    expect(events().at(-1)).toMatchObject({ kind: 'recovered', walletBalance: '799.5', reasons: [] })
    verified()
  })
})

describe('the rollovers of positions', () => {
  it('are the same after a restart: those of all times since the balances were true', () => {
    const first = open()
    first.monitor.apply({ kind: 'put', account: ACCOUNT })
    first.mark('50000')
    first.settle(CHARGED_MS)
    first.settle(CHARGED_MS + 4 * HOUR_MS)
    const second = open()
    restoreInto(second.monitor, first.records)
    second.settle(CHARGED_MS + 4 * HOUR_MS + 1)
    second.monitor.apply({ kind: 'put', account: ACCOUNT })
    second.monitor.loaded()
    second.mark('50000')
    expect([first.wallets(), second.wallets()]).toEqual([['799.5'], ['799.5']])
    expect(second.story()).toEqual([])
    second.settle(CHARGED_MS + 8 * HOUR_MS)
    expect(second.wallets()).toEqual(['798.5'])
    second.mark('50010')
    expect(second.story()).toEqual(['recovered desk:cross:USD 0 #1 2'])
  })

  it('are in balances of later already, and are charged to no account without a time and to no position without a rate', () => {
    const { monitor, mark, settle, wallets } = open()
    const { asOfMs: _, ...untimed } = ACCOUNT
    const { fourHourlyRolloverRate: __, rolloverTimeMs: ___, ...plain } = POSITION
    const put = (account: Account) => monitor.apply({ kind: 'put', account })
    const openedMs = ROLLOVER_MS - 8 * HOUR_MS
    put({ ...ACCOUNT, id: 'older', asOfMs: openedMs, positions: [{ ...POSITION, rolloverTimeMs: openedMs }] })
    put({ ...ACCOUNT, id: 'later', asOfMs: ROLLOVER_MS })
    put({ ...untimed, id: 'untimed' })
    put({ ...ACCOUNT, id: 'plain', positions: [plain] })
    mark('50000')
    const all = () => ['older', 'later', 'untimed', 'plain'].flatMap(wallets)
    expect(all()).toEqual(['800.5', '801.5', '801.5', '801.5'])
    settle(CHARGED_MS)
    expect(all()).toEqual(['799.5', '801.5', '801.5', '801.5'])
    // A new version states the wallet with the fees out of it.
    put({
      ...ACCOUNT,
      id: 'older',
      version: 2,
      asOfMs: ROLLOVER_MS,
      collateral: [{ asset: 'USD', amount: '799.5' }],
    })
    expect(all()[0]).toBe('799.5')
    settle(CHARGED_MS + 4 * HOUR_MS)
    expect(all()).toEqual(['798.5', '800.5', '801.5', '801.5'])
  })

  it('are charged by no worker that applies no funding', () => {
    const { monitor, mark, settle, wallets, events } = open({ appliesFunding: false })
    monitor.apply({ kind: 'put', account: ACCOUNT })
    mark('49990')
    settle(CHARGED_MS + 20 * HOUR_MS)
    expect(wallets()).toEqual(['801.5'])
    expect(events()).toMatchObject([{ kind: 'liquidation', walletBalance: '801.5' }])
    expect(events()[0]).not.toHaveProperty('rollover')
  })

  it('come without funding, also where the venue has a perpetual of that name', () => {
    const { monitor, mark, events } = open({
      books: { binance: { ...BOOK, defaults: binance.ruleBook.defaults } },
    })
    monitor.apply({ kind: 'put', account: ACCOUNT })
    mark('49990')
    expect(events()).toMatchObject([{ kind: 'liquidation', confidence: 'confirmed', reasons: [] }])
  })

  it('of each position are charged at its own times, to the wallet in which it settles', () => {
    const { monitor, mark, settle, wallets } = open()
    const later = { ...POSITION, symbol: 'ETHUSD', rolloverTimeMs: ROLLOVER_MS + 2 * HOUR_MS }
    const { fourHourlyRolloverRate: _, rolloverTimeMs: __, ...plain } = POSITION
    monitor.apply({
      kind: 'put',
      account: {
        ...ACCOUNT,
        collateral: [...ACCOUNT.collateral, { asset: 'EUR', amount: '500' }],
        positions: [POSITION, later, { ...plain, symbol: 'FUTURE' }],
      },
    })
    mark('50000')
    const seen = [CHARGED_MS, CHARGED_MS + 2 * HOUR_MS, CHARGED_MS + 4 * HOUR_MS].map((nowMs) => {
      settle(nowMs)
      return wallets()
    })
    expect(seen).toEqual([
      ['800.5', '500'],
      ['799.5', '500'],
      ['798.5', '500'],
    ])
  })

  it('are recomputed by verify: time, number, amount and position', () => {
    const { monitor, mark, settle, events } = open()
    monitor.apply({ kind: 'put', account: ACCOUNT })
    mark('50000')
    settle(CHARGED_MS)
    mark('49990')
    const [event] = events()
    const [own] = event!.rollover!.positions
    const fieldsOf = (rollover: object) =>
      verifyEvent({ ...event!, rollover: { ...event!.rollover!, ...rollover } }).differences.map(
        ({ field }) => field,
      )
    expect(fieldsOf({})).toEqual([])
    // The minute that follows had not begun, and half a minute is none.
    expect(fieldsOf({ upToMs: CHARGED_MS + 2 * MINUTE_MS })).toEqual(['rollover.upToMs'])
    expect(fieldsOf({ upToMs: CHARGED_MS - 1 })).toEqual(['rollover.upToMs'])
    expect(fieldsOf({ upToMs: CHARGED_MS - MINUTE_MS })).toEqual([
      'rollover.positions[0].rollovers',
      'rollover.positions[0].amount',
    ])
    expect(fieldsOf({ positions: [{ ...own!, amount: '2' }] })).toEqual(['rollover.positions[0].amount'])
    expect(fieldsOf({ positions: [{ ...own!, asset: 'EUR' }] })).toEqual(['rollover.positions[0].asset'])
    expect(fieldsOf({ positions: [] })).toEqual(['rollover.positions.length'])
  })

  it('are recomputed by verify: an event that a rollover caused holds those up to its minute', () => {
    const { monitor, mark, settle, events } = open()
    monitor.apply({
      kind: 'put',
      account: { ...ACCOUNT, collateral: [{ asset: 'USD', amount: '800.5' }] },
    })
    mark('50000')
    settle(CHARGED_MS)
    const event = events().at(-1)!
    expect(event.reasons).toEqual(['rollover'])
    const { differences } = verifyEvent({ ...event, eventTimeMs: CHARGED_MS - MINUTE_MS })
    expect(differences).toEqual([
      { field: 'rollover.upToMs', stated: CHARGED_MS, recomputed: CHARGED_MS - MINUTE_MS },
    ])
    expect(verifyEvent(event).differences).toEqual([])
  })
})
