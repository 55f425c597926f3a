import type { Account, InstrumentRules, Position, RuleBook } from '../src/domain/index.ts'
import {
  evaluate,
  formatDecimal,
  formulaOf,
  type Known,
  knownOf,
  levelRule,
  type MarginAccount,
  marginAccountsOf,
  stateOfKnown,
  sub,
} from '../src/margin/index.ts'
import { seededRandom } from '../src/system/index.ts'
import { VENUES } from '../src/venues/index.ts'
import { type Effort, type Measured, measure } from './harness.ts'

/** Accounts of each venue. A sample computes the states of all of them. */
const ACCOUNTS = 60
const POSITIONS_MAX = 3

export interface FormsBench {
  readonly venue: string
  /** Characters of the states of all accounts, which both computations give identically. */
  readonly checked: number
  /** Nanoseconds a state, the mean of all accounts. */
  readonly results: readonly Measured[]
}

/** Venues whose accounts have a formula of another form than marginal tiers of the value at the mark, and the others beside. */
export const FORM_VENUES: readonly string[] = VENUES.map(({ id }) => id)

interface Near {
  readonly marginAccount: MarginAccount
  readonly known: Known
}

/**
 * The state of cross accounts with one to three positions within a tenth of their line, with prices and cure: by pieces, and
 * by tracing the formula. Throws when a state differs by a character.
 */
export function benchForms(venue: string, seed: number, effort: Effort): FormsBench {
  const { ruleBook } = VENUES.find(({ id }) => id === venue)!
  const random = seededRandom(seed)
  const rule = levelRule()
  const cases = Array.from({ length: ACCOUNTS }, (_, index) => nearLine(venue, ruleBook, index, random))
  let checked = 0
  for (const { marginAccount, known } of cases) {
    const text = JSON.stringify(stateOfKnown(marginAccount, known, rule))
    if (text !== JSON.stringify(stateOfKnown(marginAccount, { ...known, isTraced: true }, rule)))
      throw new Error(`the state of ${marginAccount.id} by pieces is not that of the traced formula`)
    checked += text.length
  }
  const way = (variant: string, isTraced: boolean) => {
    const each = cases.map(({ marginAccount, known }) => ({ marginAccount, known: { ...known, isTraced } }))
    const ofAll = measure(variant, ACCOUNTS, effort, () =>
      each.reduce(
        (sum, { marginAccount, known }) => sum + stateOfKnown(marginAccount, known, rule).positions.length,
        0,
      ),
    )
    const { minNs, medianNs, p99Ns } = ofAll
    return { ...ofAll, minNs: minNs / ACCOUNTS, medianNs: medianNs / ACCOUNTS, p99Ns: p99Ns / ACCOUNTS }
  }
  return { venue, checked, results: [way('state', false), way('state, traced', true)] }
}

function nearLine(venue: string, book: RuleBook, index: number, random: () => number): Near {
  const markets = poolOf(book, random)
  const marks = new Map<string, string>()
  const drawn = Array.from({ length: 1 + (index % POSITIONS_MAX) }, (): Position => {
    const { symbol, rules } = markets[Math.floor(random() * markets.length)]!
    const price = Number(marks.get(symbol) ?? (100 * 10 ** (3 * random())).toFixed(2))
    marks.set(symbol, price.toFixed(2))
    return positionOf(symbol, rules, price, random)
  })
  const positions = book.defaults.netsPositions === true ? onSideOfFirst(drawn) : drawn
  const account: Account = {
    id: `${venue}-${index}`,
    venue: VENUES.find(({ id }) => id === venue)!.id,
    version: 1,
    collateral: [{ asset: markets[0]!.rules.settlementAsset, amount: '0' }],
    positions,
    liabilities: [],
  }
  const [without] = marginAccountsOf(account, book)
  const markOf = (symbol: string) => marks.get(symbol)
  const further = { fundingRateOf: () => '0.0001' }
  const { marginBalance, maintenanceMargin } = evaluate(without!, markOf, further)!
  const lacking = Number(formatDecimal(sub(maintenanceMargin, marginBalance)))
  const gross = positions.reduce((sum, { size, symbol }) => {
    const { contribution, multiplier } = book.rulesOf(symbol)!
    const units = Math.abs(Number(size)) * Number(multiplier)
    return (
      sum +
      (contribution === 'inverse' ? units / Number(marks.get(symbol)) : units * Number(marks.get(symbol)))
    )
  }, 0)
  const amount = (lacking + gross * (0.2 * random() - 0.1)).toFixed(8)
  const wallet = { ...account, collateral: account.collateral.map((entry) => ({ ...entry, amount })) }
  const [marginAccount] = marginAccountsOf(wallet, book)
  const formula = formulaOf(
    { marginMode: 'cross', positions: marginAccount!.formula.positions },
    marginAccount!.formula.walletBalance,
  )
  return { marginAccount: marginAccount!, known: knownOf(formula, markOf, further)! }
}

/** Markets that one cross account can hold; no options, whose prices follow another market. */
function poolOf(book: RuleBook, random: () => number) {
  const usable = [...book.symbols()].flatMap((symbol) => {
    const rules = book.rulesOf(symbol)
    return rules === undefined || rules.option !== undefined ? [] : [{ symbol, rules }]
  })
  const { rules } = usable[Math.floor(random() * usable.length)]!
  const keyOf = (one: InstrumentRules) =>
    `${one.settlementAsset} ${one.liquidation ?? book.defaults.liquidation}`
  return usable.filter((market) => keyOf(market.rules) === keyOf(rules))
}

/** No long position beside a short one in the same contract. */
function onSideOfFirst(positions: readonly Position[]): Position[] {
  const isShort = positions[0]!.size.startsWith('-')
  return positions.map((position) => {
    const size = position.size.replace('-', '')
    return { ...position, size: isShort ? `-${size}` : size }
  })
}

function positionOf(symbol: string, rules: InstrumentRules, price: number, random: () => number): Position {
  const notional = 10 ** (3 + 4 * random())
  const isInverse = rules.contribution === 'inverse'
  const isWhole = isInverse || rules.maintenance.kind === 'per-contract'
  const lot = Number(rules.rounding?.lotSize ?? (isWhole ? '1' : '0.001'))
  const units = notional / Number(rules.multiplier) / (isInverse ? 1 : price)
  const size = (Math.max(1, Math.round(units / lot)) * lot).toFixed(lot < 1 ? 3 : 0)
  return {
    symbol,
    marginMode: 'cross',
    size: random() < 0.4 ? `-${size}` : size,
    entryPrice: (price * (0.95 + 0.1 * random())).toFixed(2),
    leverage: '10',
  }
}
