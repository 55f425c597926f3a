import type { Writable } from 'node:stream'
import { Command } from 'commander'
import { type ConfigOverrides, loadConfig } from '../config.ts'
import {
  type Account,
  type CollateralRules,
  collateralRulesMapSchema,
  type InstrumentRules,
  instrumentRulesMapSchema,
  type MarginState,
  type RuleBook,
} from '../domain/index.ts'
import { EXIT_FAULT, PlimsollError } from '../errors.ts'
import type { Line } from '../input/index.ts'
import {
  answersOf,
  asOfFaultsOf,
  assumptionsUnder,
  checkCollateral,
  checkRules,
  formatDecimal,
  interestAnswerOf,
  type LevelRule,
  levelRule,
  type MarginAccount,
  marginAccountsOf,
  marginStateOf,
  ownRulesOver,
  positionAnswersOf,
  reasonAgainstDay,
  refuseFaults,
  rolloverAnswerOf,
  ruleAgeDays,
  shortfallAtExitOf,
  statedFaultsOf,
} from '../margin/index.ts'
import { missingForInitialOf, missingPricesOf } from '../questions/index.ts'
import { withCollateralRules, withRules } from '../rules/index.ts'
import { systemClock } from '../system/index.ts'
import { accountSchema } from '../venues/index.ts'
import { type BookOf, ruleBooks } from '../worker/rule-books.ts'
import { linesOf, openInput, writeLine } from './lines.ts'
import {
  expiryAssumptionsOf,
  parseAt,
  readFundingRates,
  readInput,
  readPrices,
  refuseExpired,
  refuseOptionPrices,
  refuseUnheld,
  refuseUnknownAssets,
} from './margin-input.ts'
import { levelsOption } from './options.ts'
import { jsonLine } from './visible.ts'

/** `plimsoll margin`: reads accounts with mark prices, one a line, and prints the exact margin state of each. */
export function marginCommand(): Command {
  return new Command('margin')
    .description('Computes the exact margin state of accounts at given marks')
    .argument('<file>', 'JSON lines of {"account", "marks", ...}, see below; - for standard input')
    .addOption(levelsOption())
    .option(
      '--hysteresis <share>',
      'margin above a level at which a worker leaves it again; checked, and without effect on a single state',
    )
    .option('--rules <file>', 'instrument rules over the built-in books (PLIMSOLL_RULES)')
    .option('--json', 'JSON lines, which is what this command always prints')
    .addHelpText(
      'after',
      '\nPrints {"account", "marginAccounts": [...]} for every line, in order; in the\n' +
        'place of a line that is refused {"error": {"code", "path", "message"}}, its path\n' +
        'empty where it is the line as a whole. Blank lines are skipped. "rules" replaces\n' +
        'the rule book of the venue symbol by symbol. "ruleAgeDays" is the age of the\n' +
        'oldest rules of a margin account, null where they bear no day ("asOf").\n' +
        '"missing" names the prices without which a margin account is "unknown", and\n' +
        'those that leave its initial margin open alone ("leavesOpen").\n' +
        'An account with "levels" is judged by them in place of --levels.\n' +
        '"distance" is the equal move of all prices against the account that brings it\n' +
        'to its line, as a fraction; "ifOnly" the same for one coin alone. An account\n' +
        'with "pool" needs "indexPrices" by asset in the currency of the pool, and\n' +
        '"collateralRules" where the rule book does not say how an asset counts.\n' +
        '"venueMarginRatio" is the ratio as the venue defines it, null where it prints\n' +
        'none; "venueLiquidationPrice" of a position the price that the venue prints,\n' +
        'null without "tickSize" in the rules or where its rounding is not known.\n' +
        '"marginCall" is what brings an account below its maintenance margin back to its\n' +
        'initial margin, where the venue calls for it.\n' +
        '"assumptions" lists what the venue does not state, and what levels by distance\n' +
        'suppose of a short option. "fundingRates" holds the rate of the next payment\n' +
        'by symbol; rules with fundingInMaintenance need it.\n' +
        '"funding" of a position is that payment at the mark, below zero where it pays,\n' +
        'and the liquidation price after it. "exitPrices" holds the price at which each\n' +
        'position may be closed; "shortfallAtExit" is what the insurance fund then pays,\n' +
        'fees included. "interest" is what the next full hour adds to debts with\n' +
        '"hourlyInterestRate", and the way to the line after it; "rollover" the same of\n' +
        'the next rollover of positions with "fourHourlyRolloverRate".\n' +
        '"nextTierReduction" is the part of a position that the venue closes first,\n' +
        'to a lower tier; "nextShareReduction" the same where it closes a share first;\n' +
        '"adlRanking" ranks the position among those that are deleveraged, the highest\n' +
        'first.\n' +
        'Exit code 1 where any line was refused, and where the input holds no account.',
    )
    .action(async (file: string, { levels, hysteresis, rules: rulesFile }: MarginFlags) => {
      const config = loadConfig({ levels, hysteresis, rulesFile } as ConfigOverrides)
      const nowMs = systemClock.nowMs()
      const rule = levelRule(config.levels, config.hysteresis)
      const judge = { rule, bookOf: ruleBooks(config, nowMs).bookOf, nowMs }
      const refused = await writeMargins(linesOf(await openInput(file)), process.stdout, judge)
      if (refused > 0) process.exitCode = EXIT_FAULT
    })
}

interface MarginFlags {
  readonly levels?: readonly string[]
  readonly hysteresis?: string
  readonly rules?: string
}

/** What judges a line: rules, levels and the wall time `nowMs`, which decides how old the rules are. */
export interface MarginJudge {
  /** Of the accounts without levels of their own. */
  readonly rule: LevelRule
  readonly bookOf: BookOf
  readonly nowMs: number
}

/**
 * Returns how many lines were refused.
 * @throws PlimsollError INPUT_INVALID for an input without an account: one that broke off would look judged.
 */
export async function writeMargins(
  lines: AsyncIterable<Line>,
  output: Writable,
  judge: MarginJudge,
): Promise<number> {
  const ruleFor = ownRulesOver(judge.rule)
  let read = 0
  let refused = 0
  for await (const line of lines) {
    if (line.text.trim() === '') continue
    read++
    const result = resultOf(line, judge, ruleFor)
    if ('error' in result) refused++
    await writeLine(output, jsonLine(result))
  }
  if (read === 0) {
    const message = 'the input holds no account; plimsoll margin --help shows what a line looks like'
    throw new PlimsollError('INPUT_INVALID', message)
  }
  return refused
}

/** The fee of closing an option may be a share of its underlying. */
function underlyingsOf(marginAccounts: readonly MarginAccount[]): ReadonlySet<string> {
  const positions = marginAccounts.flatMap(({ formula }) => formula.positions)
  return new Set(positions.flatMap(({ rules }) => rules.option?.underlying ?? []))
}

/** The level rule for an account by the levels that it carries. */
type RuleFor = ReturnType<typeof ownRulesOver>

function resultOf(line: Line, judge: MarginJudge, ruleFor: RuleFor) {
  try {
    return marginsOf(line, judge, ruleFor)
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error
    return { error: { code: error.code, path: error.path ?? '', message: error.message } }
  }
}

function marginsOf(line: Line, { bookOf, nowMs }: MarginJudge, ruleFor: RuleFor) {
  const input = readInput(line)
  const account = parseAt<Account>(accountSchema, input.account, 'account', 'ACCOUNT_INVALID')
  under('account', () => refuseFaults(account, asOfFaultsOf(account, nowMs)))
  under('account', () => refuseExpired(account))
  const marks = readPrices(input.marks, 'marks')
  const indexPrices = readPrices(input.indexPrices ?? {}, 'indexPrices')
  const exitPrices = readPrices(input.exitPrices ?? {}, 'exitPrices')
  const fundingRates = readFundingRates(input.fundingRates ?? {})
  refuseUnheld('fundingRates', fundingRates.keys(), account)
  const book = readBook(
    withCollateral(bookOf(account.venue), input.collateralRules, nowMs),
    input.rules,
    nowMs,
  )
  under('account', () => refuseFaults(account, statedFaultsOf(account, book)))
  const marginAccounts = under('account', () => marginAccountsOf(account, book))
  refuseUnknownAssets(indexPrices.keys(), account, marginAccounts, book)
  refuseUnheld('exitPrices', exitPrices.keys(), account, underlyingsOf(marginAccounts))
  refuseOptionPrices('marks', marks, marginAccounts)
  refuseOptionPrices('exitPrices', exitPrices, marginAccounts)
  const markOf = (symbol: string) => marks.get(symbol)
  const further = {
    fundingRateOf: (symbol: string) => fundingRates.get(symbol),
    indexPriceOf: (asset: string) => indexPrices.get(asset),
  }
  const sinceMs = account.asOfMs ?? nowMs
  const rule = ruleFor(account.levels)
  const stateOf = (marginAccount: MarginAccount) => {
    const state = marginStateOf(marginAccount, markOf, rule, further)
    refuseNegativeMargins(state)
    const answers = positionAnswersOf(marginAccount, markOf, further)
    const positions = state.positions.map((position, index) => ({ ...position, ...answers[index]! }))
    return { ...state, positions }
  }
  const exitOf = (marginAccount: MarginAccount) => {
    const prices = { exitPriceOf: (symbol: string) => exitPrices.get(symbol), markOf }
    const shortfall = shortfallAtExitOf(marginAccount, prices, further)
    return shortfall === undefined ? null : formatDecimal(shortfall)
  }
  return {
    account: account.id,
    marginAccounts: marginAccounts.map((marginAccount) => ({
      ...stateOf(marginAccount),
      missing: [
        ...missingPricesOf(marginAccount, markOf, further),
        ...missingForInitialOf(marginAccount, markOf),
      ],
      ...answersOf(marginAccount, markOf, further),
      shortfallAtExit: exitOf(marginAccount),
      interest: interestAnswerOf(account, marginAccount, book, sinceMs, markOf, further) ?? null,
      rollover: rolloverAnswerOf(account, marginAccount, book, sinceMs, markOf, further) ?? null,
      ruleBook: marginAccount.ruleBook,
      ruleAgeDays: ruleAgeDays(marginAccount.rulesAsOfMs, nowMs),
      assumptions: [
        ...assumptionsUnder(marginAccount, rule),
        // Of a stated time it is known that it was before the expiry.
        ...(account.asOfMs === undefined ? expiryAssumptionsOf(marginAccount, nowMs) : []),
      ],
    })),
  }
}

/** A part of a table, which a line may state, asks for less than nothing of a notional far below it. */
function refuseNegativeMargins({ positions }: MarginState): void {
  for (const { symbol, maintenanceMargin, notional } of positions) {
    if (maintenanceMargin === null || !maintenanceMargin.startsWith('-')) continue
    const message = `rules.${symbol}.tiers ask for a maintenance margin of ${maintenanceMargin} for a notional of ${notional}: the tiers must hold the notional, since the first deduction is not 0`
    throw new PlimsollError('RULES_INVALID', message, { path: `rules.${symbol}.tiers` })
  }
}

/** The book with the collateral rules of the line for some assets. */
function withCollateral(book: RuleBook, collateralRules: unknown, nowMs: number): RuleBook {
  if (collateralRules === undefined) return book
  const own = parseAt<Record<string, readonly CollateralRules[]>>(
    collateralRulesMapSchema,
    collateralRules,
    'collateralRules',
    'RULES_INVALID',
  )
  for (const [asset, rules] of Object.entries(own)) {
    under(`collateralRules.${asset}`, () => {
      for (const one of rules) {
        refuseLateDay(one, nowMs)
        checkCollateral(asset, one)
      }
    })
  }
  return withCollateralRules(book, own)
}

function refuseLateDay({ asOf }: { readonly asOf?: string | undefined }, nowMs: number): void {
  const reason = reasonAgainstDay(asOf, nowMs)
  if (reason === undefined) return
  throw new PlimsollError('RULES_INVALID', `asOf is ${JSON.stringify(asOf)}: ${reason}`, { path: 'asOf' })
}

function readBook(book: RuleBook, rules: unknown, nowMs: number): RuleBook {
  if (rules === undefined) return book
  const overrides = parseAt<Record<string, InstrumentRules>>(
    instrumentRulesMapSchema,
    rules,
    'rules',
    'RULES_INVALID',
  )
  for (const [symbol, own] of Object.entries(overrides)) {
    const stated = (rules as Readonly<Record<string, object>>)[symbol]!
    // The full form has the tiers inside `maintenance`.
    const placeOf = (path: string) =>
      path.startsWith('tiers') && 'maintenance' in stated ? `maintenance.${path}` : path
    under(`rules.${symbol}`, () => refuseLateDay(own, nowMs))
    under(`rules.${symbol}`, () => checkRules(symbol, own), placeOf)
  }
  return withRules(book, overrides, `${book.version}+rules`)
}

/**
 * Runs the action. A fault that names a path gets `prefix` before it; `placeOf` turns the path into the words of the
 * input line.
 */
function under<T>(prefix: string, action: () => T, placeOf = (path: string) => path): T {
  try {
    return action()
  } catch (error) {
    if (!(error instanceof PlimsollError) || error.path === undefined) throw error
    const path = `${prefix}.${placeOf(error.path)}`
    throw new PlimsollError(error.code, error.message, { path, cause: error })
  }
}
