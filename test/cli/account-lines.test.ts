import { describe, expect, it } from 'vitest'
import { accountDetails, accountLine, accountSummary } from '../../src/cli/account-lines.ts'
import { paletteOf } from '../../src/cli/terminal.ts'
import { testAccount } from '../support/accounts.ts'

const PLAIN = paletteOf(false)

describe('an account with warning levels of its own', () => {
  const account = { ...testAccount('desk/1', 3), levels: ['8%', '3%'] }

  it('is listed and shown with them, for people and for programs', () => {
    expect(accountLine(account, PLAIN)).toMatch(/ {2}levels 8%, 3%$/)
    expect(accountDetails(account, PLAIN).at(-1)).toBe('  levels 8%, 3%')
    expect(accountSummary(account).levels).toEqual(['8%', '3%'])
  })

  it('says so where they are none', () => {
    expect(accountLine({ ...account, levels: [] }, PLAIN)).toMatch(/ {2}no warning levels$/)
  })

  it('names the time of its balances', () => {
    const timed = { ...testAccount('desk/1', 3), asOfMs: 1_790_000_000_000 }
    expect(accountDetails(timed, PLAIN).at(-1)).toBe('  balances as of 2026-09-21T14:13:20.000Z')
    expect(accountSummary(timed).asOfMs).toBe(1_790_000_000_000)
  })

  it('says nothing where the levels of the worker judge it', () => {
    const { levels: _own, ...standard } = account
    expect(accountLine(standard, PLAIN)).not.toContain('levels')
    expect(accountSummary(standard)).not.toHaveProperty('levels')
  })
})

describe('a position on spot margin', () => {
  it('is shown with its rollover rate and time', () => {
    const account = testAccount('desk/1', 3)
    const rolled = { fourHourlyRolloverRate: '0.0001', rolloverTimeMs: 1_790_000_000_000 }
    const positions = account.positions.map((position) => ({ ...position, ...rolled }))
    expect(accountDetails({ ...account, positions }, PLAIN).at(-1)).toMatch(
      / {2}leverage 10 {2}rollover 0\.0001 each 4 h from 2026-09-21T14:13:20\.000Z$/,
    )
  })
})
