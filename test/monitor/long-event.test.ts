import { describe, expect, it } from 'vitest'
import { type Account, collateralRulesSchema, type RuleBook } from '../../src/domain/index.ts'
import { levelRule } from '../../src/margin/index.ts'
import { withCollateralRules } from '../../src/rules/index.ts'
import { bybit } from '../../src/venues/index.ts'
import { oneTier } from '../margin/support.ts'
import { crossPosition, isolatedPosition, makeAccount } from '../support/accounts.ts'
import { openMonitor } from '../support/monitor.ts'

const SYMBOLS = Array.from({ length: 12 }, (_, index) => `C${index}USDT`)
const BOOK: RuleBook = withCollateralRules(
  { ...bybit.ruleBook, version: 'pools', rulesOf: () => oneTier('0.01') },
  { BTC: collateralRulesSchema.parse({ tiers: [{ cap: '100', ratio: '0.9' }], discounts: 'wallet' }) },
)

/** Half a BTC at 60,000 behind 12 positions of 3,000 each: 27,000 against 360. */
function pool(bitcoin = '0.5', version = 1): Account {
  const positions = SYMBOLS.map((symbol) => crossPosition(symbol, { size: '30', entryPrice: '100' }))
  const collateral = [{ asset: 'BTC', amount: bitcoin }]
  return {
    ...makeAccount({ id: 'desk', venue: 'bybit', version, collateral, positions }),
    pool: { currency: 'USDT', kind: 'multi-asset' },
  }
}

/** Long 1 at 100 with 5: liquidated at 95.95... */
const SMALL = makeAccount({
  id: 'small',
  venue: 'bybit',
  positions: [isolatedPosition('C0USDT', { size: '1', entryPrice: '100', isolatedMargin: '5' })],
})

function open() {
  const run = openMonitor({ books: { bybit: BOOK }, rule: levelRule(['0.5'], '0') })
  run.monitor.apply({ kind: 'put', account: pool() })
  run.monitor.apply({ kind: 'put', account: SMALL })
  run.frame([...SYMBOLS.map((symbol) => [symbol, '100'] as const), ['BTC/USDT index', '60000']], 'bybit')
  run.clock.runTurns()
  /** From here on each look at the clock takes longer than a slice, until every turn has run. */
  const turnByTurn = (between: (turn: number) => void = () => {}) => {
    const { clock } = run
    const queued: (() => void)[] = []
    let nowMs = clock.monotonicMs()
    clock.monotonicMs = () => (nowMs += 10)
    clock.nextTurn = (turn) => queued.push(turn)
    return () => {
      let turns = 0
      for (let turn = queued.shift(); turn !== undefined; turn = queued.shift()) {
        turn()
        between(++turns)
      }
      return turns
    }
  }
  return { ...run, turnByTurn }
}

const WARNED = [['BTC/USDT index', '1500']] as const

/** Without what the clock says of it. */
function figuresIn(event: object) {
  return JSON.parse(JSON.stringify(event, (key, value) => (/ageMs|LatencyMs/i.test(key) ? undefined : value)))
}

describe('the event of an account of many positions', () => {
  it('is made over many turns, and says what it says when it is made in one', () => {
    const [whole, sliced] = [open(), open()]
    whole.frame(WARNED, 'bybit')
    whole.clock.runTurns()
    const run = sliced.turnByTurn()
    sliced.frame(WARNED, 'bybit')
    expect(sliced.events()).toEqual([])
    // A turn at least for each position and each cure of one.
    expect(run()).toBeGreaterThan(24)
    expect(sliced.events().map(figuresIn)).toEqual(whole.events().map(figuresIn))
    expect(sliced.events()).toMatchObject([
      { kind: 'warning', cure: { reductions: SYMBOLS.map(() => ({})) } },
    ])
    expect(sliced.monitor.isIdle).toBe(true)
  })

  it('states the terms and prices of its instant, whatever changes while it is made', () => {
    const { monitor, turnByTurn, frame, events } = open()
    const run = turnByTurn((turn) => {
      if (turn === 10) monitor.apply({ kind: 'put', account: pool('1000', 2) })
      if (turn === 12) frame([['BTC/USDT index', '50000']], 'bybit')
    })
    frame(WARNED, 'bybit')
    run()
    expect(
      events().map(({ kind, accountVersion, walletBalance }) => [kind, accountVersion, walletBalance]),
    ).toEqual([
      ['warning', 1, '750'],
      ['recovered', 2, '1500000'],
    ])
  })

  it('lets the liquidation of another account go before it', () => {
    const { monitor, turnByTurn, frame, story } = open()
    const waiting: number[] = []
    const run = turnByTurn((turn) => {
      if (turn === 10) frame([['C0USDT', '95']], 'bybit')
      waiting.push(monitor.unpublished)
    })
    frame(WARNED, 'bybit')
    run()
    expect(story()).toEqual([
      'liquidation small:isolated:C0USDT:long 1 #1 1',
      'warning desk:cross:USDT 0.5 #1 1',
    ])
    expect(Math.max(...waiting)).toBe(2)
    expect(waiting.at(-1)).toBe(0)
  })

  it('is not made further once the monitor is stopped', () => {
    const { monitor, turnByTurn, frame, events } = open()
    const run = turnByTurn((turn) => {
      if (turn === 10) monitor.stop()
    })
    frame(WARNED, 'bybit')
    expect(run()).toBe(11)
    expect(events()).toEqual([])
    expect(monitor.unpublished).toBe(1)
  })
})
