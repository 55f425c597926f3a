import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createBook } from '../../src/demo/accounts/synthetic-accounts.ts'
import { DEMO_INSTRUMENTS, demoRules } from '../../src/demo/exchange/instruments.ts'
import { leaveNextSteps, marginInputOf, renderNextSteps } from '../../src/demo/screen/next-steps.ts'
import type { Account, MarginEvent } from '../../src/domain/index.ts'
import { levelRule, type MarginAccount, marginAccountsOf, marginStateOf } from '../../src/margin/index.ts'
import { withRules } from '../../src/rules/index.ts'
import { accountSchema, ruleBookOf } from '../../src/venues/index.ts'
import { testSeed } from '../support/seed.ts'

const SEED = testSeed(3)
const folder = mkdtempSync(join(tmpdir(), 'plimsoll-next-'))
afterAll(() => rmSync(folder, { recursive: true }))

const book = createBook(SEED, 200, DEMO_INSTRUMENTS)
const rules = demoRules(DEMO_INSTRUMENTS)
const markOf = (venue: string) => (symbol: string) =>
  DEMO_INSTRUMENTS.find((entry) => entry.venue === venue && entry.symbol === symbol)!.startPrice.toFixed(8)

function marginAccountsIn(account: Account): MarginAccount[] {
  return marginAccountsOf(account, withRules(ruleBookOf(account.venue), rules.get(account.venue)!, 'demo'))
}

function eventOf(marginAccount: MarginAccount, venue: string): MarginEvent {
  const { account, marginMode, settle, positions } = marginStateOf(
    marginAccount,
    markOf(venue),
    levelRule(),
  ) as never
  const symbols = [...new Set((positions as { symbol: string }[]).map(({ symbol }) => symbol))]
  const marks = symbols.map((symbol) => ({ symbol, markPrice: markOf(venue)(symbol) }))
  return { account, marginMode, settle, positions, marks } as unknown as MarginEvent
}

describe('what the demo leaves to try next', () => {
  it(`is each margin account compiled without the others, with the same figures (seed ${SEED})`, () => {
    const modes = new Set<string>()
    for (let index = 0; index < book.accounts; index++) {
      const account = book.account(index)
      for (const marginAccount of marginAccountsIn(account)) {
        const event = {
          ...eventOf(marginAccount, account.venue),
          settle: marginAccount.currency,
          marginMode: marginAccount.marginMode,
        }
        modes.add(event.marginMode)
        const input = marginInputOf(account, event, rules)
        const [again, ...others] = marginAccountsIn(accountSchema.parse(input.account))
        expect(others).toEqual([])
        const state = (of: MarginAccount) =>
          marginStateOf(of, (symbol) => input.marks[symbol] ?? undefined, levelRule())
        expect(state(again!)).toEqual(state(marginAccount))
        expect(Object.keys(input.rules).sort()).toEqual(Object.keys(input.marks).sort())
      }
    }
    expect([...modes].sort()).toEqual(['cross', 'isolated'])
  })

  it('is a file of liquidations and one of accounts whose symbols the venues’ own rules cover', async () => {
    const account = book.account(7)
    const event = eventOf(marginAccountsIn(account)[0]!, account.venue)
    const steps = await leaveNextSteps(folder, book, [{ ...event, account: account.id }])
    expect(readdirSync(join(folder, 'demo')).sort()).toEqual(['accounts.jsonl', 'worst.jsonl'])
    const lines = readFileSync(steps.accountsFile!, 'utf8').trim().split('\n')
    for (const line of lines) {
      const { venue, positions } = accountSchema.parse(JSON.parse(line))
      for (const { symbol } of positions) expect(ruleBookOf(venue).rulesOf(symbol), symbol).toBeDefined()
    }
    expect(lines.length).toBeGreaterThan(0)
    expect(JSON.parse(readFileSync(steps.worstFile!, 'utf8')).account.id).toBe(account.id)
  })

  it('names no file that is not there', async () => {
    const steps = await leaveNextSteps(join(folder, 'calm'), book, [])
    expect(steps.worstFile).toBeUndefined()
    expect(renderNextSteps(steps, '', 80).join('\n')).not.toContain('margin')
  })

  it('names the data folder if it is not the default', () => {
    const files = { worstFile: 'd/worst.jsonl', accountsFile: 'd/accounts.jsonl' }
    const text = renderNextSteps(files, ' --data-dir d', 80).join('\n')
    expect(text).toContain('npx plimsoll import d/accounts.jsonl --data-dir d')
    expect(text).toContain('npx plimsoll run --data-dir d')
  })

  it('fits a narrow terminal, and a shell takes a command that is broken over lines', () => {
    const files = { worstFile: '.data/demo/worst.jsonl', accountsFile: '.data/demo/accounts.jsonl' }
    const flag = ' --data-dir .data/of/mine'
    expect(renderNextSteps(files, flag, 120).every((line) => !line.endsWith('\\'))).toBe(true)
    const lines = renderNextSteps(files, flag, 39)
    expect(lines.filter((line) => line.length > 39)).toEqual([])
    const commands = lines.join('\n').replaceAll(/ \\\n +/g, ' ')
    for (const command of [
      `import ${files.accountsFile}${flag}`,
      `run${flag}`,
      `margin ${files.worstFile}`,
      'demo --seed 2',
    ]) {
      expect(commands).toContain(`  npx plimsoll ${command}\n    `)
    }
  })
})
