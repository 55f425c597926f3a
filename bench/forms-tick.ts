import { type Account, type RuleBook, venueId } from '../src/domain/index.ts'
import { Compiler, floatTermsOf, type Kernel, kernelLevelsOf, openKernel } from '../src/kernel/index.ts'
import {
  evaluationsOf,
  heldLevel,
  type LevelRule,
  levelRule,
  type MarginAccount,
  marginAccountPartsOf,
  marginAccountsOf,
} from '../src/margin/index.ts'
import { seededRandom } from '../src/system/index.ts'
import { ruleBookOf } from '../src/venues/index.ts'
import { type Effort, type Measured, measure } from './harness.ts'

export const FORMS_TICK_SEED = 20_261_129

/** Contracts whose maintenance margin is not a straight piece of the value at the mark, one a form. */
const FORMS = {
  'rate by size, inverse (Deribit)': { venue: 'deribit', symbol: 'BTC-PERPETUAL', asset: 'BTC' },
  'funding in maintenance, inverse (BitMEX)': { venue: 'bitmex', symbol: 'XBTUSD', asset: 'XBT' },
} as const
export type TickForm = keyof typeof FORMS
export const TICK_FORMS = Object.keys(FORMS) as TickForm[]

const ENTRY_PRICE = '60000'
const FUNDING_RATE = '0.0001'
/** Quiet marks, in turn: within a twentieth of a per mille. */
const QUIET_MARKS = ['60001', '60003', '59999', '60002', '59998']
const CRASH_MARK = '52000'
/** Nominated accounts that one call of the kernel re-checks. */
const RECHECKED_MAX = 256

export interface FormsTickBench {
  readonly form: TickForm
  /** Accounts with one position each, safe at the first mark. */
  readonly accounts: number
  /** Accounts above safe at the crash mark: the kernel nominates each of them, and exact arithmetic finds the same. */
  readonly reached: number
  /** Accounts that the kernel gives to exact arithmetic at the crash mark although they are safe. */
  readonly nominatedSafe: number
  /** Nanoseconds a tick. */
  readonly results: readonly Measured[]
}

/**
 * A quiet tick over all accounts of one instrument: by the kernel, and by exact arithmetic of each account. Throws when the
 * kernel misses an account that exact arithmetic finds at the crash mark.
 */
export function benchFormsTick(
  form: TickForm,
  accounts: number,
  seed: number,
  effort: Effort,
): FormsTickBench {
  const { venue } = FORMS[form]
  const rule = levelRule()
  const book = ruleBookOf(venueId(venue))
  const levelAt = levelsUnder(rule)
  const safe = drawnAccounts(form, book, accounts, seed).filter(
    ({ exact }) => levelAt(exact, ENTRY_PRICE) === 0,
  )
  const tick = kernelTickOf(safe, book, rule)
  tick(ENTRY_PRICE)
  const nominated = tick(CRASH_MARK)
  const reached = safe.flatMap(({ exact }, place) => (levelAt(exact, CRASH_MARK) > 0 ? [place] : []))
  const suspects = new Set(nominated)
  const missed = reached.find((place) => !suspects.has(place))
  if (missed !== undefined)
    throw new Error(`the kernel holds ${safe[missed]!.exact.id} safe at ${CRASH_MARK}; it is not`)
  let turn = 0
  const quietMark = () => QUIET_MARKS[turn++ % QUIET_MARKS.length]!
  const results = [
    measure('exact, every account', safe.length, effort, () => {
      const mark = quietMark()
      return safe.reduce((sum, { exact }) => sum + levelAt(exact, mark), 0)
    }),
    measure('kernel, triggers', safe.length, effort, () => tick(quietMark()).length),
  ]
  return {
    form,
    accounts: safe.length,
    reached: reached.length,
    nominatedSafe: suspects.size - reached.length,
    results,
  }
}

interface DrawnAccount {
  readonly account: Account
  readonly exact: MarginAccount
}

function levelsUnder(rule: LevelRule): (exact: MarginAccount, mark: string) => number {
  const further = { fundingRateOf: () => FUNDING_RATE, indexPriceOf: () => undefined }
  return (exact, mark) => heldLevel(evaluationsOf(exact, () => mark, further)!, exact, rule, 0)
}

/** Positions of 10,000 USD to 100 million, half of them short, with a margin of 12 to 62 %. */
function drawnAccounts(form: TickForm, book: RuleBook, count: number, seed: number): DrawnAccount[] {
  const { venue, symbol, asset } = FORMS[form]
  const random = seededRandom(seed)
  return Array.from({ length: count }, (_, index) => {
    const contracts = Math.round(10 ** (3 + 4 * random())) * 10
    const coins = contracts / Number(ENTRY_PRICE)
    const size = random() < 0.5 ? `-${contracts}` : String(contracts)
    const account: Account = {
      id: `a${index}`,
      venue: venueId(venue),
      version: 1,
      collateral: [{ asset, amount: (coins * (0.12 + 0.5 * random())).toFixed(8) }],
      positions: [{ symbol, marginMode: 'cross', size, entryPrice: ENTRY_PRICE }],
      liabilities: [],
    }
    return { account, exact: marginAccountsOf(account, book)[0]! }
  })
}

/** A tick gives the accounts that the kernel does not prove to be safe, by their place. */
function kernelTickOf(
  accounts: readonly DrawnAccount[],
  book: RuleBook,
  rule: LevelRule,
): (mark: string) => readonly number[] {
  const kernel = openKernel()
  kernel.setReleaseFactor(1)
  kernel.setRule(0, kernelLevelsOf(rule))
  const instrument = kernel.addInstrument()
  const compiler = new Compiler(kernel, () => instrument)
  for (const { account } of accounts) {
    const [part] = marginAccountPartsOf(account, book)
    compiler.add(floatTermsOf(account, part!), 0, { number: 0, isByDistance: rule.isByDistance })
  }
  kernel.beginInstant()
  kernel.setCharge(instrument, Number(FUNDING_RATE))
  return (mark) => {
    kernel.beginInstant()
    kernel.setMark(instrument, Number(mark))
    return suspectsOf(kernel)
  }
}

function suspectsOf(kernel: Kernel): readonly number[] {
  const found: number[] = []
  const nominated = kernel.nominate()
  for (let first = 0; first < nominated; first += RECHECKED_MAX) {
    const suspects = kernel.recheckNominated(first, Math.min(first + RECHECKED_MAX, nominated))
    for (let place = 0; place < suspects; place++) found.push(kernel.suspectAccount(place))
  }
  kernel.refreshZones()
  return found
}
