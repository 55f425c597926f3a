import {
  type Account,
  collateralRulesSchema,
  type InstrumentRules,
  type Pool,
  type Position,
  type RuleBook,
} from '../src/domain/index.ts'
import {
  answersOf,
  answersOfKnown,
  evaluate,
  formatDecimal,
  knownOf,
  levelRule,
  type MarginAccount,
  marginAccountsOf,
  marginStateOf,
  positionAnswersOf,
  positionAnswersOfKnown,
  stateOfKnown,
  sub,
} from '../src/margin/index.ts'
import { withCollateralRules } from '../src/rules/index.ts'
import { seededRandom } from '../src/system/index.ts'
import { VENUES } from '../src/venues/index.ts'
import { type Effort, type Measured, measure } from './harness.ts'

export const LARGE_SEED = 20_261_129
export const LARGE_POSITIONS = 1_000
/** A call takes up to seconds. */
export const LARGE_EFFORT: Effort = { warmUpMs: 0, measureMs: 500, samplesMin: 3 }

/** A kind of account. The rules of the contract are those of every one of its symbols. */
interface Form {
  readonly venue: string
  readonly contract: string
  /** Long and short in every symbol. */
  readonly isHedged?: true
  readonly pool?: Pool
  /** Whether the asset of the pool counts by falling tiers of the equity in it, not in full. */
  readonly isDiscounted?: true
  /** Whether the state of the smaller account is measured by the traced formulas too. */
  readonly isTracedToo?: true
  /** Where fewer are measured than are asked for: a coin has a few dozen inverse contracts. */
  readonly positionsMax?: number
}

const FORMS = {
  'linear, Bybit': { venue: 'bybit', contract: 'BTCUSDT' },
  'linear and hedged, Bybit': { venue: 'bybit', contract: 'BTCUSDT', isHedged: true },
  'inverse, Bybit': { venue: 'bybit', contract: 'BTCUSD', positionsMax: 100 },
  'inverse, rates by size, Deribit': { venue: 'deribit', contract: 'BTC-PERPETUAL', positionsMax: 100 },
  'linear, rates by size, Deribit': { venue: 'deribit', contract: 'BTC_USDC-PERPETUAL' },
  'whole tiers by contracts, OKX': { venue: 'okx', contract: 'BTC-USDT-SWAP' },
  'rounded, BitMEX': { venue: 'bitmex', contract: 'ETHUSD' },
  'pool, Bybit': {
    venue: 'bybit',
    contract: 'BTCUSDT',
    pool: { currency: 'USD', kind: 'multi-asset' },
    isTracedToo: true,
  },
  'pool of inverse contracts, discount tiers, Bybit': {
    venue: 'bybit',
    contract: 'BTCUSD',
    pool: { currency: 'USD', kind: 'multi-asset' },
    isDiscounted: true,
    isTracedToo: true,
    positionsMax: 100,
  },
} as const satisfies Record<string, Form>
export type LargeForm = keyof typeof FORMS
export const LARGE_FORMS = Object.keys(FORMS) as LargeForm[]

/** Positions of the accounts whose answers are compared with the traced twin, which is too slow for more. */
const CHECKED_POSITIONS_MAX = 40

export interface LargeBench {
  readonly form: LargeForm
  readonly positions: number
  /** Characters of state and answers of the smaller accounts, which the traced formulas give identically. */
  readonly checked: number
  /** Nanoseconds a call, each for the account compiled anew, as for an event. */
  readonly results: readonly Measured[]
}

/**
 * State with cure, answers of the positions and of the account, for a cross account in breach that has each of its positions in
 * a symbol of its own, or each two. Throws when an answer of a smaller account of that form differs from its traced twin by a
 * character, above its line or in breach.
 */
export function benchLarge(form: LargeForm, positions: number, seed: number, effort: Effort): LargeBench {
  const { positionsMax, isTracedToo }: Form = FORMS[form]
  const held = Math.min(positions, positionsMax ?? positions)
  const smaller = Math.min(held, CHECKED_POSITIONS_MAX)
  const checked = [0.02, -0.01].reduce(
    (sum, share) => sum + checkedOf(makeLarge(form, smaller, seed, share)),
    0,
  )
  const { anew, markOf, further } = makeLarge(form, held, seed, -0.01)
  const rule = levelRule()
  const ways: readonly (readonly [string, (account: MarginAccount) => number])[] = [
    ['compiled', ({ legs }) => legs.length],
    ['state', (account) => marginStateOf(account, markOf, rule, further).cure!.reductions.length],
    ['answers of positions', (account) => positionAnswersOf(account, markOf, further).length],
    ['answers', (account) => answersOf(account, markOf, further).ifOnly!.length],
  ]
  const results = ways.map(([variant, call]) => measure(variant, held, effort, () => call(anew())))
  if (isTracedToo === true) results.push(...tracedToo(makeLarge(form, smaller, seed, -0.01), smaller, effort))
  return { form, positions: held, checked, results }
}

type Large = ReturnType<typeof makeLarge>

/** The state of a smaller account by pieces and by the traced formulas, side by side. */
function tracedToo({ anew, markOf, further }: Large, positions: number, effort: Effort): readonly Measured[] {
  const rule = levelRule()
  return [false, true].map((isTraced) =>
    measure(`state of ${positions}${isTraced ? ', traced' : ''}`, positions, effort, () => {
      const account = anew()
      const known = { ...knownOf(account.formula, markOf, further)!, isTraced }
      return stateOfKnown(account, known, rule).cure!.reductions.length
    }),
  )
}

/** The characters that are identical. */
function checkedOf({ anew, markOf, further }: Large): number {
  const account = anew()
  const rule = levelRule()
  const traced = { ...knownOf(account.formula, markOf, further)!, isTraced: true }
  const answers: readonly (readonly [string, object, object])[] = [
    ['state', marginStateOf(account, markOf, rule, further), stateOfKnown(account, traced, rule)],
    [
      'answers of positions',
      positionAnswersOf(account, markOf, further),
      positionAnswersOfKnown(traced, further),
    ],
    ['answers', answersOf(account, markOf, further), answersOfKnown(traced)],
  ]
  return answers.reduce((sum, [name, answer, twin]) => {
    const text = JSON.stringify(answer)
    const twinText = JSON.stringify(twin)
    if (text === twinText) return sum + text.length
    const at = [...text].findIndex((character, index) => character !== twinText[index])
    const from = Math.max(0, at - 60)
    const [found, expected] = [text, twinText].map((one) => one.slice(from, at + 60))
    throw new Error(`the ${name} of ${account.id} by pieces hold ${found}, by the traced formula ${expected}`)
  }, 0)
}

/** An account whose margin balance is that share of its gross value above its maintenance margin. */
function makeLarge(form: LargeForm, positions: number, seed: number, share: number) {
  const { venue, contract, isHedged, pool, isDiscounted }: Form = FORMS[form]
  const { id, ruleBook } = VENUES.find((one) => one.id === venue)!
  // Each symbol is a coin of its own where its contracts are linear.
  const { baseAsset: _, ...rules }: InstrumentRules = ruleBook.rulesOf(contract)!
  const plain: RuleBook = { ...ruleBook, version: 'bench', rulesOf: () => rules }
  const { settlementAsset } = rules
  const book =
    pool === undefined
      ? plain
      : withCollateralRules(plain, {
          [settlementAsset]: isDiscounted === true ? DISCOUNTED : COUNTED_IN_FULL,
        })
  const random = seededRandom(seed)
  const isInverse = rules.contribution === 'inverse'
  const isOfLots = rules.rounding !== undefined || isInverse
  const marks = new Map<string, string>()
  let gross = 0
  const held = Array.from({ length: positions }, (_, place): Position => {
    const symbol = `S${isHedged === true ? place >> 1 : place}USDT`
    const price = Number(marks.get(symbol) ?? Math.round(10_000 * 10 ** (3 * random())) / 100)
    marks.set(symbol, String(price))
    const lot = Number(rules.rounding?.lotSize ?? (isInverse ? '1' : '0.001'))
    const units = 10 ** (3 + 3 * random()) / Number(rules.multiplier) / (isInverse ? 1 : price)
    const lots = Math.max(1, Math.round(units / lot))
    gross += lots * lot * Number(rules.multiplier) * (isInverse ? 1 / price : price)
    const size = (lots * lot).toFixed(isOfLots ? 0 : 3)
    const isShort = isHedged === true ? place % 2 === 1 : random() < 0.4
    const entryPrice = (price * (0.95 + 0.1 * random())).toFixed(2)
    return { symbol, marginMode: 'cross', size: isShort ? `-${size}` : size, entryPrice, leverage: '10' }
  })
  const accountOf = (amount: string): Account => ({
    id: 'large',
    venue: id,
    version: 1,
    collateral: [{ asset: settlementAsset, amount }],
    positions: held,
    liabilities: [],
    ...(pool === undefined ? {} : { pool }),
  })
  const markOf = (symbol: string) => marks.get(symbol)
  const further = { fundingRateOf: () => '0.0001', indexPriceOf: () => '1' }
  const [without] = marginAccountsOf(accountOf('0'), book)
  const { marginBalance, maintenanceMargin } = evaluate(without!, markOf, further)!
  const lacking = Number(formatDecimal(sub(maintenanceMargin, marginBalance)))
  const account = accountOf((lacking + gross * share).toFixed(8))
  return { anew: () => marginAccountsOf(account, book)[0]!, markOf, further }
}

const COUNTED_IN_FULL = collateralRulesSchema.parse({
  tiers: [{ cap: '999999999999', ratio: '1' }],
  discounts: 'wallet',
  liabilityMaintenanceRate: '0.04',
})

/** Caps in coin. */
const DISCOUNTED = collateralRulesSchema.parse({
  tiers: [
    { cap: '1000', ratio: '0.98' },
    { cap: '100000', ratio: '0.95' },
    { cap: '999999999999', ratio: '0.9' },
  ],
  liabilityMaintenanceRate: '0.04',
})
