import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { runCli } from '../support/cli.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const PAGE = readFileSync(`${ROOT}docs/accounts.md`, 'utf8')
const examplesIn = (language: string) =>
  [...PAGE.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, name]) => name === language)
    .map(([, , text = '']) => text)
const ACCOUNTS = examplesIn('json')
const PARTS = examplesIn('jsonc')
const [ALPHA = '', SPOT = '', GAMMA = ''] = ACCOUNTS
const RULES = 'examples/spot-margin-rules.json'

/** Runs a command in the folder of the project, with nothing but what the page says. */
async function plimsoll(command: string, input: string) {
  const { code, stdout, stderr } = await runCli(command.split(' '), { cwd: ROOT, input })
  return { code, output: stdout.trim(), errors: stderr.trim() }
}

/** A line of `plimsoll margin` as the page shows it, with the account of an example in its place. */
function lineOf(shown: string, account: string): string {
  return JSON.stringify(JSON.parse(shown.replace('{ … }', account.trim().slice(1, -1))))
}

async function judged(command: string, line: string) {
  const { code, output } = await plimsoll(command, line)
  const [{ verdict, missing }] = JSON.parse(output).marginAccounts
  return { code, verdict, missing }
}

describe('the accounts of docs/accounts.md', () => {
  it('are these, so that none is left out here', () => {
    expect([ACCOUNTS.length, PARTS.length]).toEqual([3, 4])
  })

  it('are imported by a new user where the page names no rules file', async () => {
    expect(await plimsoll('import --dry-run -', ALPHA)).toMatchObject({
      code: 0,
      output: '1 account read, 1 would be imported, 0 refused',
    })
  })

  it('of spot margin are imported with the rules file of the page, without it refused with the way out', async () => {
    const command = /^npx plimsoll (import --rules \S+) FILE$/m.exec(PAGE)?.[1]
    expect(await plimsoll(`${command} --dry-run -`, GAMMA)).toMatchObject({
      code: 0,
      output: '1 account read, 1 would be imported, 0 refused',
    })
    const { code, errors } = await plimsoll('import --dry-run -', GAMMA)
    expect(code).toBe(1)
    expect(errors).toMatch(
      /does not say how BTC counts in a pool valued in USDT: its rules are those of a multi-asset pool; a rules file with collateralRules says it \(docs\/rules\.md, Collateral\)$/,
    )
  })

  it('of spot margin are judged with the rules beside the account too', async () => {
    expect(await judged('margin -', lineOf(PARTS[1]!, GAMMA))).toEqual({
      code: 0,
      // 30,000 of assets over 27,000 of debts, and the line is at 29,700.
      verdict: 'warning',
      missing: [],
    })
  })

  it('take the debt that is shown with its interest', async () => {
    const account = GAMMA.replace(/"liabilities": \[.*?\]/, PARTS[0]!.trim())
    expect(await plimsoll(`import --rules ${RULES} --dry-run -`, account)).toMatchObject({ code: 0 })
    expect(account).toContain('"hourlyInterestRate": "0.00001"')
  })

  it('of a spot pair are taken by import and judged by margin, as the page says', async () => {
    const { code, errors } = await plimsoll(`import --rules ${RULES} --dry-run -`, SPOT)
    expect({ code, errors }).toMatchObject({ code: 0, errors: expect.not.stringContaining('XBTUSD') })
    const [, command, line = ''] = /`plimsoll\s+(margin --rules \S+) FILE`[^`]*`([^`]*)`/.exec(PAGE) ?? []
    expect(await judged(`${command} -`, lineOf(line, SPOT))).toEqual({
      code: 0,
      verdict: 'safe',
      missing: [],
    })
  })

  it('are answered with the prices that the page shows', async () => {
    expect(await judged('margin -', lineOf(PARTS[3]!, ALPHA))).toEqual({
      code: 0,
      verdict: 'safe',
      missing: [],
    })
  })
})
