import { describe, expect, it } from 'vitest'
import { instrumentRulesSchema } from '../../src/domain/index.ts'
import { answersOf, marginAccountsOf } from '../../src/margin/index.ts'
import { VENUES } from '../../src/venues/index.ts'
import { parsedAccount } from '../support/accounts.ts'
import { bookOf } from './support.ts'

const ASKED = {
  maintenance: { kind: 'per-contract', amount: '75' },
  initial: { kind: 'per-contract', amount: '150' },
}

/** The call on two contracts, bought at 1,200, behind 300 dollars. */
function callAt(mark: string, venue = 'cme', asked: object = ASKED) {
  const { defaults } = VENUES.find(({ id }) => id === venue)!.ruleBook
  const rules = instrumentRulesSchema.parse({
    contribution: 'linear',
    settlementAsset: 'USD',
    multiplier: '1',
    closingFee: 'none',
    ...asked,
  })
  const account = parsedAccount({
    collateral: [{ asset: 'USD', amount: '300' }],
    positions: [{ symbol: 'X', marginMode: 'cross', size: '2', entryPrice: '1200' }],
  })
  const [marginAccount] = marginAccountsOf(account, bookOf(defaults, { X: rules }))
  return answersOf(marginAccount!, () => mark).marginCall
}

describe('a margin call of CME', () => {
  it('asks an account below its maintenance margin to restore its initial margin', () => {
    // 300 − 2·80 = 140 is below 2·75; the initial margin is 2·150.
    expect(callAt('1120')).toBe('160')
  })

  it('is none on the maintenance margin and above it', () => {
    expect(callAt('1125')).toBeNull()
    expect(callAt('1180')).toBeNull()
  })

  it('is not known without an initial margin', () => {
    expect(callAt('1120', 'cme', { maintenance: ASKED.maintenance })).toBeNull()
  })
})

it('a venue that liquidates at once makes no margin call', () => {
  expect(callAt('1120', 'coinbase')).toBeNull()
})
