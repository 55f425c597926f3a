import { createBook, DEMO_INSTRUMENTS, demoRules } from '../src/demo/index.ts'
import type { Account } from '../src/domain/index.ts'
import { add, formatDecimal, levelRule, marginStateOf, parseDecimal, ZERO } from '../src/margin/index.ts'
import {
  eachMarginAccount,
  type Move,
  type PresentPrices,
  Prices,
  parseMove,
  type WhatIf,
  type WhatIfQuestion,
  whatIf,
} from '../src/questions/index.ts'
import { ruleBooks } from '../src/worker/rule-books.ts'

/** Falls and rises, by price and in percent, so that long and short accounts of both kinds are reached. */
const MOVES = ['BTCUSDT=55000', 'ETHUSDT=-12%', 'BTCUSD=-15%', '*=-20%'].map(parseMove)
const SEED = 20_261_129
/** Margin accounts that the command lists on a terminal. All are counted. */
const LISTED = 20

export interface WhatIfBench {
  readonly accounts: number
  readonly positions: number
  readonly marginAccounts: number
  readonly warned: number
  readonly liquidated: number
  /** Margin accounts whose level, notional and shortfall are those of `marginStateOf`. */
  readonly checked: number
  /** From accounts in memory to the answer. */
  readonly answerMs: number
}

/** Asks a demo book, once. Throws where the answer differs from that of `marginStateOf`. */
export function benchWhatIf(accounts: number, checkEvery: number): WhatIfBench {
  const book = createBook(SEED, accounts, DEMO_INSTRUMENTS)
  const read: Account[] = Array.from({ length: accounts }, (_, index) => book.account(index))
  const { bookOf } = ruleBooks({ rulesFile: undefined }, 0, demoRules(DEMO_INSTRUMENTS))
  const present = presentPrices()
  const moves = new Map<string, Move>(MOVES)
  const rule = levelRule()
  const question = { accounts: read, bookOf, present, moves, rule, limit: LISTED }
  const startedMs = performance.now()
  const answered = whatIf(question)
  const answerMs = performance.now() - startedMs
  const answer = whatIf({ ...question, limit: Number.MAX_SAFE_INTEGER })
  if (answer.warned !== answered.warned || answer.liquidated !== answered.liquidated)
    throw new Error('the answer depends on how much of it is listed')
  if (answer.refused.length > 0 || answer.unknown > 0)
    throw new Error('an account of the book has no verdict')
  const checked = check(answer, question, new Prices(present, moves), checkEvery)
  return {
    accounts,
    positions: book.positions,
    marginAccounts: answer.marginAccounts,
    warned: answer.warned,
    liquidated: answer.liquidated,
    checked,
    answerMs,
  }
}

function presentPrices(): PresentPrices {
  const marks = new Map(DEMO_INSTRUMENTS.map(({ symbol, startPrice }) => [symbol, String(startPrice)]))
  const none = new Map()
  return { marks, marksByVenue: none, indexPrices: none, fundingRates: none, isFromEntry: false }
}

/** Every `checkEvery`th margin account, safe ones included. Returns how many. */
function check(
  answer: WhatIf,
  { accounts, bookOf, rule }: WhatIfQuestion,
  prices: Prices,
  checkEvery: number,
): number {
  const reached = new Map(answer.reached.map((one) => [one.marginAccount, one]))
  let seen = 0
  let checked = 0
  eachMarginAccount(accounts, bookOf, (marginAccount) => {
    if (seen++ % checkEvery !== 0) return
    const state = marginStateOf(marginAccount, prices.marksOf(marginAccount), rule)
    const found = reached.get(marginAccount.id)
    const notional = state.positions.reduce(
      (sum, position) => add(sum, parseDecimal(position.notional!)),
      ZERO,
    )
    const wanted = state.level === null ? undefined : [state.level, formatDecimal(notional), state.shortfall]
    const given = found && [found.level, found.notional, found.shortfall]
    if (JSON.stringify(given) !== JSON.stringify(wanted)) {
      throw new Error(`${marginAccount.id} is ${given?.join(' ')}, by its state ${wanted?.join(' ')}`)
    }
    checked++
  })
  return checked
}
