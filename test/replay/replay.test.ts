import { describe, expect, it } from 'vitest'
import type { Account, PlimsollEvent, RuleBook, RulesChange } from '../../src/domain/index.ts'
import { subjectOfEvent, venueId } from '../../src/domain/index.ts'
import { PlimsollError } from '../../src/errors.ts'
import { openKernel } from '../../src/kernel/index.ts'
import { levelRule, marginAccountsOf, marginStateOf } from '../../src/margin/index.ts'
import { type Bar, Bars, type ReplayStep, replay, stepsOf } from '../../src/replay/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { BINANCE, oneTier, bookOf as ruleBookOf } from '../margin/support.ts'
import { isolatedLong, makeAccount } from '../support/accounts.ts'
import { booksOf, randomAccount, randomMarkets } from '../support/random-accounts.ts'
import { testSeed } from '../support/seed.ts'

const MINUTE_MS = 60_000
const START_MS = 1_760_129_400_000
const BOOK = ruleBookOf(BINANCE, { AUSDT: oneTier('0.01'), BUSDT: oneTier('0.01') })

function bar(symbol: string, minute: number, prices: string): Bar {
  const [open = '', high = '', low = '', close = ''] = prices.split(' ')
  return { symbol, openTimeMs: START_MS + minute * MINUTE_MS, open, high, low, close }
}

interface Terms {
  readonly bookOf?: () => RuleBook
  readonly advance?: (nowMs: number) => readonly RulesChange[]
  readonly rule?: ReturnType<typeof levelRule>
  /** A contract that ends after the first minute. */
  readonly expiring?: string
}

interface Run extends Terms {
  readonly accounts: readonly Account[]
  readonly bars: readonly Bar[]
}

function run({ accounts, bars, ...terms }: Run) {
  const all = new Bars()
  for (const one of bars) all.add(one, MINUTE_MS)
  return replayOf(stepsOf(accounts, venueId('binance'), START_MS, all.instants('direction')), terms)
}

async function replayOf(
  steps: Iterable<ReplayStep>,
  { bookOf = () => BOOK, advance = () => [], rule = levelRule(), expiring }: Terms = {},
) {
  const events: PlimsollEvent[] = []
  const refused: string[] = []
  let readings = 0
  const replayed = await replay({
    steps,
    startMs: START_MS,
    openKernel: () => openKernel(),
    rule,
    rules: { bookOf, advance },
    rulesMaxAgeDays: 14,
    integrity: undefined,
    expiryMsOf: (_, symbol) => (symbol === expiring ? START_MS + MINUTE_MS : undefined),
    write: async (event) => void events.push(event),
    refused: (account) => refused.push(account),
    stopwatch: () => readings++,
  })
  return { replayed, events, refused }
}

/** 10 at 100 with a margin of 100: at 1 % it is liquidated at 90.909…; at 92 it is 1.2 % before it. */
const LONG = isolatedLong('long', { symbol: 'AUSDT', size: '10', entryPrice: '100', isolatedMargin: '100' })
const told = (events: readonly PlimsollEvent[]) =>
  events.map((event) => {
    const what = 'level' in event ? event.level : subjectOfEvent(event).split(' ').at(-1)
    return `${event.kind} ${what} +${(event.receivedTimeMs - START_MS) / 1_000}s`
  })

describe('a replay', () => {
  it('publishes what each price of a bar does, at its time', async () => {
    const { events, replayed } = await run({
      accounts: [LONG],
      bars: [bar('AUSDT', 0, '100 100 92 95'), bar('AUSDT', 1, '110 120 90 120')],
    })
    expect(told(events)).toEqual([
      'warning 10% +0s',
      'warning 2% +40s',
      'recovered 5% +59.999s',
      'recovered 0 +60s',
      'liquidation 1 +80s',
      'recovered 0 +100s',
    ])
    expect(replayed).toMatchObject({ accounts: 1, positions: 1, instants: 8, prices: 8 })
    expect(replayed.events).toEqual({ warning: 2, recovered: 3, liquidation: 1 })
    expect(replayed.deepest).toEqual({ minuteMs: START_MS + MINUTE_MS, liquidations: 1 })
    expect(replayed.latency.maxMs).toBe(1)
  })

  it('gives the same events in every run', async () => {
    const bars = [bar('AUSDT', 0, '100 100 90 95'), bar('BUSDT', 0, '5 5 4 5')]
    const [first, second] = [await run({ accounts: [LONG], bars }), await run({ accounts: [LONG], bars })]
    expect(JSON.stringify(first.events)).toBe(JSON.stringify(second.events))
    expect(first.events.length).toBeGreaterThan(0)
  })

  it('says that accounts on a silent contract are unknown, and judges them again with its next bar', async () => {
    const { events } = await run({
      accounts: [LONG],
      bars: [bar('AUSDT', 0, '92 92 92 92'), bar('AUSDT', 1, '92 92 92 92'), bar('AUSDT', 4, '90 90 90 90')],
    })
    expect(told(events)).toEqual([
      'warning 2% +0s',
      'market-stale AUSDT +120s',
      'unknown 2% +120s',
      'liquidation 1 +240s',
      'market-fresh AUSDT +240s',
    ])
  })

  it('has no verdict on a contract that has expired, whatever price comes', async () => {
    const { events } = await run({
      accounts: [LONG],
      bars: [bar('AUSDT', 0, '92 92 92 92'), bar('AUSDT', 1, '80 80 80 80')],
      expiring: 'AUSDT',
    })
    expect(told(events)).toEqual(['warning 2% +0s', 'market-expired AUSDT +60s', 'unknown 2% +60s'])
    expect(events[2]).toMatchObject({ reasons: ['contract-expired'] })
  })

  it('ends contracts as the lists of venues said, the same in every run', async () => {
    const at = (second: number, markPrice: string): ReplayStep => ({
      kind: 'prices',
      timeMs: START_MS + second * 1_000,
      prices: [
        {
          venue: 'binance',
          symbol: 'AUSDT',
          markPrice,
          eventTimeMs: START_MS + second * 1_000,
          fundingRate: undefined,
          nextFundingTimeMs: undefined,
        },
      ],
    })
    const of = (second: number) =>
      ({ timeMs: START_MS + second * 1_000, venue: venueId('binance'), symbol: 'AUSDT' }) as const
    const steps: readonly ReplayStep[] = [
      { kind: 'change', timeMs: START_MS, change: { kind: 'put', account: LONG } },
      { kind: 'loaded', timeMs: START_MS },
      at(1, '92'),
      { kind: 'delisted', ...of(2), sinceMs: START_MS + 2_000 },
      at(3, '80'),
      { kind: 'listed', ...of(4) },
      at(5, '92'),
      { kind: 'expiry', ...of(6), expiryMs: START_MS + 8_000 },
      at(7, '90'),
      at(9, '99'),
      { kind: 'expiry', ...of(10), expiryMs: null },
      at(11, '99'),
      { kind: 'contradicted', ...of(12), contradictions: [{ field: 'multiplier', rules: '1', venue: '2' }] },
      at(13, '50'),
      { kind: 'contradicted', ...of(14), contradictions: [] },
      at(15, '99'),
    ]
    const [first, second] = [await replayOf(steps), await replayOf(steps)]
    expect(told(first.events)).toEqual([
      'warning 2% +1s',
      'market-expired AUSDT +2s',
      'unknown 2% +2s',
      'market-fresh AUSDT +5s',
      'warning 2% +5s',
      'liquidation 1 +7s',
      'market-expired AUSDT +9s',
      'unknown 1 +9s',
      'market-fresh AUSDT +11s',
      'warning 10% +11s',
      'market-contradicted AUSDT +12s',
      'unknown 10% +12s',
      'market-fresh AUSDT +15s',
      'warning 10% +15s',
    ])
    expect(first.events[1]).toMatchObject({ delisted: true, sinceMs: START_MS + 2_000 })
    expect(first.events[6]).toMatchObject({ sinceMs: START_MS + 8_000 })
    expect(JSON.stringify(second.events)).toBe(JSON.stringify(first.events))
  })

  it('judges by the rules of the time', async () => {
    const stricter = ruleBookOf(BINANCE, { AUSDT: oneTier('0.12') })
    let inForce = BOOK
    const advance = (nowMs: number): RulesChange[] => {
      if (inForce === stricter || nowMs < START_MS + MINUTE_MS) return []
      inForce = stricter
      return [{ kind: 'rules', venue: venueId('binance'), symbols: ['AUSDT'], assets: [] }]
    }
    const { events } = await run({
      accounts: [LONG],
      bars: [bar('AUSDT', 0, '115 115 115 115'), bar('AUSDT', 1, '96 96 96 96')],
      bookOf: () => inForce,
      advance,
    })
    expect(told(events).at(-1)).toBe('liquidation 1 +60s')
  })

  it('names accounts that the rules refuse and judges the others', async () => {
    const odd = isolatedLong('odd', { symbol: 'NOUSDT', size: '1', entryPrice: '1', isolatedMargin: '1' })
    const { refused, replayed } = await run({ accounts: [odd, LONG], bars: [bar('AUSDT', 0, '90 90 90 90')] })
    expect(refused).toEqual(['odd'])
    expect(replayed.events).toEqual({ liquidation: 1 })
  })

  it('says of random accounts at every price what their exact state is', async () => {
    const random = seededRandom(testSeed(20_261_130))
    const markets = randomMarkets(random, 6)
    const books = booksOf(markets)
    const own = markets.filter(({ symbol }) => books.binance?.rulesOf(symbol) !== undefined)
    const book = books.binance!
    const accounts = Array.from({ length: 120 }, (_, index) => {
      const account = randomAccount(random, `a${index}`, own)
      return { ...account, venue: venueId('binance') }
    })
    const rule = levelRule(undefined, '0')
    const bars = Array.from({ length: 6 }, (_, minute) =>
      own.map(({ symbol, price, decimals }) => {
        const near = () => price * Math.exp(0.15 * (random() - 0.6))
        const [open, close, one, other] = [near(), near(), near(), near()]
        const all = [open, close, one, other].map((value) => value.toFixed(decimals))
        const sorted = [...all].sort((a, b) => Number(a) - Number(b))
        return bar(symbol, minute, `${all[0]} ${sorted.at(-1)} ${sorted[0]} ${all[1]}`)
      }),
    ).flat()
    const { events } = await run({ accounts, bars, bookOf: () => book, rule })
    const levels = new Map<string, string>()
    const all = new Bars()
    for (const one of bars) all.add(one, MINUTE_MS)
    const marginAccounts = accounts.flatMap((account) => marginAccountsOf(account, book))
    let compared = 0
    for (const { timeMs, marks } of all.instants('direction')) {
      for (const event of events) {
        if (event.receivedTimeMs === timeMs && 'level' in event) levels.set(event.marginAccount, event.level)
      }
      const markOf = new Map(marks)
      for (const marginAccount of marginAccounts) {
        const state = marginStateOf(marginAccount, (symbol) => markOf.get(symbol), rule)
        const found = levels.get(marginAccount.id) ?? '0'
        expect(`${marginAccount.id} ${timeMs} ${found}`).toBe(
          `${marginAccount.id} ${timeMs} ${state.verdict === 'breach' ? '1' : (state.level ?? '0')}`,
        )
        compared++
      }
    }
    expect(compared).toBeGreaterThan(2_000)
    expect(events.filter(({ kind }) => kind === 'liquidation').length).toBeGreaterThan(5)
  })

  describe('of several workers', () => {
    const start = { kind: 'start', timeMs: START_MS, rule: levelRule() } as const
    const put = { kind: 'change', timeMs: START_MS, change: { kind: 'put', account: LONG } } as const
    const loaded = { kind: 'loaded', timeMs: START_MS } as const
    const stale = { kind: 'stale', timeMs: START_MS, venue: 'binance', symbol: 'AUSDT' } as const
    const pricedAt = (markPrice: string): ReplayStep => {
      const marks = [['AUSDT', markPrice]] as const
      const [, step] = stepsOf([], venueId('binance'), START_MS, [{ timeMs: START_MS, marks, silent: [] }])
      return step!
    }
    const numbered = async (...steps: ReplayStep[]) =>
      (await replayOf(steps)).events.map((event) => {
        const what = 'level' in event ? event.level : subjectOfEvent(event).split(' ').at(-1)
        return `${event.kind} ${what} #${event.episode} ${event.sequence}`
      })
    const run = [start, put, loaded]

    it('keeps over a restart what was published, and forgets marks without a word', async () => {
      expect(await numbered(...run, pricedAt('90'), ...run, pricedAt('90'), pricedAt('89'))).toEqual([
        'liquidation 1 #1 1',
      ])
      expect(await numbered(...run, pricedAt('90'), ...run, pricedAt('100'), pricedAt('90'))).toEqual([
        'liquidation 1 #1 1',
        'recovered 10% #1 2',
        'liquidation 1 #2 3',
      ])
    })

    it('goes on with the numbers of what has ended', async () => {
      const safe = [...run, pricedAt('90'), pricedAt('200')]
      expect(await numbered(...safe, ...run, pricedAt('90'))).toEqual([
        'liquidation 1 #1 1',
        'recovered 0 #1 2',
        'liquidation 1 #3 3',
      ])
    })

    it('says of a market that had no mark before a restart only when it has one again', async () => {
      expect(await numbered(...run, pricedAt('92'), stale, ...run, stale, pricedAt('92'))).toEqual([
        'warning 2% #1 1',
        'market-stale AUSDT #1 1',
        'unknown 2% #1 2',
        'market-fresh AUSDT #1 2',
        'warning 2% #2 3',
      ])
    })

    it('judges by the levels and the hysteresis of each', async () => {
      const other = { ...start, rule: levelRule(['20%'], '0') }
      expect(await numbered(...run, pricedAt('110'), other, put, loaded, pricedAt('110'))).toEqual([
        'warning 20% #1 1',
      ])
    })

    it('closes an account that a later one finds gone, also after one that ended while it loaded', async () => {
      for (const later of [[start], [start, start], [start, put, start]])
        expect(await numbered(...run, pricedAt('92'), ...later, loaded)).toEqual([
          'warning 2% #1 1',
          'closed 0 #1 2',
        ])
      expect(await numbered(...run, pricedAt('92'), start, ...run)).toEqual(['warning 2% #1 1'])
    })

    it('says of an account that cannot be read at a restart what its worker said', async () => {
      const error = new PlimsollError('ACCOUNT_INVALID', 'no size')
      const unreadable = {
        ...put,
        change: { kind: 'unreadable', id: 'long', error },
      } as const
      const { events } = await replayOf([...run, pricedAt('92'), start, unreadable, loaded])
      expect(events.at(-1)).toMatchObject({ kind: 'unknown', reasons: ['account-refused'] })
    })
  })

  it('has nothing to say of accounts without positions', async () => {
    const { replayed } = await run({
      accounts: [makeAccount({ id: 'empty', venue: 'binance', positions: [] })],
      bars: [bar('AUSDT', 0, '1 1 1 1')],
    })
    expect(replayed).toMatchObject({ events: {}, positions: 0 })
    expect(replayed.deepest).toBeUndefined()
  })
})
