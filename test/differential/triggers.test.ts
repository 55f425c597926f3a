import { describe, expect, it } from 'vitest'
import type { Account, Decimal, Random } from '../../src/domain/index.ts'
import { KERNEL_VARIANTS } from '../../src/kernel/index.ts'
import {
  evaluationsOf,
  heldLevel,
  type LevelRule,
  type MarginAccount,
  marginAccountsOf,
} from '../../src/margin/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { RULES } from '../support/levels.ts'
import { isMarginEvent, openMonitor } from '../support/monitor.ts'
import {
  between,
  booksOf,
  randomAccount,
  randomMarkets,
  type TestMarket,
  text,
} from '../support/random-accounts.ts'
import { testSeed } from '../support/seed.ts'

const SEED = testSeed(7)
const ACCOUNTS = 2_000
const INSTANTS = 3_000

/** Every margin account on a moved market re-checked exactly on every instant: no trigger, no float, no memory but the level. */
class NaiveReplay {
  readonly changes: string[] = []
  readonly #levels = new Map<string, number>()
  readonly #byMarket = new Map<string, MarginAccount[]>()
  readonly #marks = new Map<string, Decimal>()
  readonly #rule: LevelRule
  checks = 0

  constructor(rule: LevelRule) {
    this.#rule = rule
  }

  put(marginAccounts: readonly MarginAccount[]): void {
    for (const marginAccount of marginAccounts) {
      for (const symbol of new Set(
        marginAccount.curves.map(({ symbol }) => `${marginAccount.venue}:${symbol}`),
      )) {
        const list = this.#byMarket.get(symbol) ?? []
        list.push(marginAccount)
        this.#byMarket.set(symbol, list)
      }
    }
  }

  remove(account: string): void {
    const gone = new Set<string>()
    for (const [symbol, list] of this.#byMarket) {
      for (const marginAccount of list) if (marginAccount.account === account) gone.add(marginAccount.id)
      this.#byMarket.set(
        symbol,
        list.filter((marginAccount) => marginAccount.account !== account),
      )
    }
    for (const id of gone) if ((this.#levels.get(id) ?? 0) > 0) this.changes.push(`closed ${id} 0`)
  }

  instant(venue: string, marks: readonly (readonly [string, Decimal])[]): void {
    const touched = new Set<MarginAccount>()
    for (const [symbol, mark] of marks) {
      this.#marks.set(`${venue}:${symbol}`, mark)
      for (const marginAccount of this.#byMarket.get(`${venue}:${symbol}`) ?? []) touched.add(marginAccount)
    }
    this.check([...touched])
  }

  check(marginAccounts: readonly MarginAccount[]): void {
    for (const marginAccount of marginAccounts) {
      const evaluation = evaluationsOf(marginAccount, (symbol) =>
        this.#marks.get(`${marginAccount.venue}:${symbol}`),
      )
      if (evaluation === undefined) continue
      this.checks++
      const before = this.#levels.get(marginAccount.id) ?? 0
      const level = heldLevel(evaluation, marginAccount, this.#rule, before)
      if (level === before) continue
      this.#levels.set(marginAccount.id, level)
      const kind =
        level < before ? 'recovered' : level === this.#rule.levels.length ? 'liquidation' : 'warning'
      this.changes.push(`${kind} ${marginAccount.id} ${this.#rule.names[level]}`)
    }
  }
}

/** Random walks with jumps: most steps a few basis points, some of several percent. */
function walk(random: Random, market: TestMarket, price: number): number {
  const width = random() < 0.02 ? 0.08 : 0.0006
  const next = price * (1 + width * (random() + random() - 1))
  return Math.min(Math.max(next, market.price / 3), market.price * 3)
}

const CASES = KERNEL_VARIANTS.flatMap((variant) => RULES.map(([levels, rule]) => ({ variant, levels, rule })))

describe.each(CASES)(
  `triggers of $variant by $levels on random walks (seed ${SEED})`,
  ({ variant, rule }) => {
    it('are never late: the events are those of a naive replay of every account on every instant', {
      timeout: 600_000,
    }, () => {
      const random = seededRandom(SEED)
      const markets = randomMarkets(random, 100)
      const books = booksOf(markets)
      const { monitor, records, clock } = openMonitor({ books, variant, rule })
      const naive = new NaiveReplay(rule)
      const accounts: Account[] = []
      for (let i = 0; i < ACCOUNTS; i++) {
        const account = randomAccount(random, `a${i}`, markets)
        accounts.push(account)
        monitor.apply({ kind: 'put', account })
        naive.put(marginAccountsOf(account, books[account.venue]!))
      }
      const prices = { bybit: markets.map(({ price }) => price), binance: markets.map(({ price }) => price) }
      let published = 0
      for (let instant = 0; instant < INSTANTS; instant++) {
        const venue = random() < 0.5 ? 'bybit' : 'binance'
        const first = instant < 2 * markets.length
        const moved = first
          ? [instant % markets.length]
          : Array.from({ length: between(random, 1, 4) }, () => between(random, 0, 99))
        const marks = [...new Set(moved)].map((index) => {
          const { symbol, decimals } = markets[index]!
          prices[venue][index] = walk(random, markets[index]!, prices[venue][index]!)
          return [symbol, text(prices[venue][index]!, decimals)] as const
        })
        naive.instant(venue, marks)
        monitor.frameStart(instant, instant)
        for (const [symbol, mark] of marks) monitor.tick(venue, symbol, mark, instant)
        monitor.frameEnd()
        clock.runTurns()
        // The order inside an instant is the rank; compare as sets, instant by instant.
        const events = records
          .slice(published)
          .map(({ event }) => event)
          .filter(isMarginEvent)
          .map(({ kind, marginAccount, level }) => `${kind} ${marginAccount} ${level}`)
        const changes = naive.changes.slice(published)
        if (events.length > 0 || changes.length > 0) {
          expect(events.sort(), `instant ${instant}`).toEqual(changes.sort())
        }
        published = records.length
        if (instant % 10 === 9) replaceOne(random, accounts, markets, books, naive, monitor)
      }
      expect(published).toBeGreaterThan(2_000)
      expect(new Set(records.map(({ event }) => event.kind))).toEqual(
        new Set(['warning', 'liquidation', 'recovered', 'closed']),
      )
      expect(new Set(records.map(({ event }) => event.id)).size).toBe(records.length)
      // The triggers saved work, or this test would show nothing.
      expect(monitor.counters.nominations).toBeLessThan(naive.checks / 2)
    })
  },
)

/** One account goes and another comes while the market moves. */
function replaceOne(
  random: Random,
  accounts: Account[],
  markets: readonly TestMarket[],
  books: ReturnType<typeof booksOf>,
  naive: NaiveReplay,
  monitor: ReturnType<typeof openMonitor>['monitor'],
): void {
  const index = between(random, 0, accounts.length - 1)
  const old = accounts[index]!
  naive.remove(old.id)
  monitor.apply({ kind: 'removed', id: old.id, version: old.version })
  const account = { ...randomAccount(random, `${old.id}n`, markets), version: old.version + 1 }
  accounts[index] = account
  monitor.apply({ kind: 'put', account })
  const fresh = marginAccountsOf(account, books[account.venue]!)
  naive.put(fresh)
  naive.check(fresh)
}
