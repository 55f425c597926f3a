import { describe, expect, it } from 'vitest'
import { type Account, venueId } from '../../src/domain/index.ts'
import { rulesEffect } from '../../src/questions/index.ts'
import { venueOf } from '../../src/venues/index.ts'
import { BINANCE, bookOf, oneTier } from '../margin/support.ts'
import { isolatedLong, parsedAccount } from '../support/accounts.ts'
import { RATIO_RULE } from '../support/levels.ts'

const BEFORE = bookOf(BINANCE, { AUSDT: oneTier('0.01'), BUSDT: oneTier('0.05') })
const AFTER = bookOf(BINANCE, { AUSDT: oneTier('0.05'), BUSDT: oneTier('0.01'), CUSDT: oneTier('0.02') })

/** A long position of 10 at 100 with that margin: its ratio at 100 is 1,000·rate/margin. */
const longOf = (symbol: string, id: string, isolatedMargin: string) =>
  isolatedLong(id, { symbol, size: '10', entryPrice: '100', isolatedMargin })

function effectOn(accounts: readonly Account[], marks?: Record<string, string>) {
  const none = new Map()
  const present = {
    marks: new Map(Object.entries(marks ?? {})),
    marksByVenue: none,
    indexPrices: none,
    fundingRates: none,
    isFromEntry: marks === undefined,
  }
  return rulesEffect({ accounts, before: BEFORE, after: AFTER, present, rule: RATIO_RULE })
}

describe('the effect of new rules on accounts', () => {
  it('names who moves up, the worst first, and who moves down, with level and ratio before and after', () => {
    const { up, down, marginAccounts, unknown, refused } = effectOn([
      longOf('AUSDT', 'same', '1000'),
      longOf('AUSDT', 'warned', '80'),
      longOf('AUSDT', 'gone', '50'),
      longOf('AUSDT', 'worse', '40'),
      longOf('BUSDT', 'better', '50'),
    ])
    expect({ marginAccounts, unknown, refused }).toEqual({ marginAccounts: 5, unknown: 0, refused: [] })
    expect(
      up.map(({ account, ...one }) => [account, one.levelBefore, one.ratioBefore, one.level, one.ratio]),
    ).toEqual([
      ['worse', '0', '0.25', '1', '1.25'],
      ['gone', '0', '0.2', '1', '1'],
      ['warned', '0', '0.125', '0.5', '0.625'],
    ])
    expect(down.map(({ account, levelBefore, level }) => [account, levelBefore, level])).toEqual([
      ['better', '1', '0'],
    ])
  })

  it('judges an account by its own levels', () => {
    const own = (id: string, levels: string[]) => ({ ...longOf('AUSDT', id, '80'), levels })
    const { up } = effectOn([
      own('silent', []),
      own('far', ['6%']),
      own('near', ['4%', '3.5%']),
      longOf('AUSDT', 'standard', '80'),
    ])
    // The new rules ask for 50 of 80: at a fall of 30/950 the account is on its line.
    expect(up.map(({ account, level }) => [account, level])).toEqual([
      ['near', '3.5%'],
      ['far', '6%'],
      ['standard', '0.5'],
    ])
  })

  it('orders those of one level by their exact ratio, then by id', () => {
    // 50 of a margin that differs in its 18th decimal: f64 has one number for all three ratios.
    const accounts = [
      longOf('AUSDT', 'b', '60.000000000000000002'),
      longOf('AUSDT', 'z', '60.000000000000000001'),
      longOf('AUSDT', 'a', '60.000000000000000002'),
      longOf('CUSDT', 'gone', '0'),
      longOf('CUSDT', 'also gone', '-1'),
      longOf('AUSDT', 'short', '49'),
    ]
    const { up } = effectOn(accounts)
    expect(up.map(({ account }) => account)).toEqual(['also gone', 'gone', 'short', 'z', 'a', 'b'])
  })

  it('judges at the stated marks and leaves unknown what has none', () => {
    const accounts = [longOf('AUSDT', 'a', '140'), longOf('BUSDT', 'b', '140')]
    const { up, unknown, missing } = effectOn(accounts, { AUSDT: '90' })
    // (140 − 100) against 900·0.01 before and 900·0.05 after.
    expect(up).toMatchObject([{ account: 'a', ratioBefore: '0.225', ratio: '1.125' }])
    expect({ unknown, missing: missing.map(({ name }) => name) }).toEqual({ unknown: 1, missing: ['BUSDT'] })
  })

  it('says that an account was not judged before, and which are refused now', () => {
    const { up, refused } = effectOn([longOf('CUSDT', 'new', '10'), longOf('DUSDT', 'odd', '10')])
    expect(up).toMatchObject([
      { account: 'new', levelBefore: null, ratioBefore: null, level: '1', ratio: '2' },
    ])
    expect(refused).toEqual([{ account: 'odd', reason: expect.stringContaining('DUSDT') }])
  })

  it('refuses a mark that no option can have', () => {
    const { ruleBook } = venueOf(venueId('deribit'))
    const call = 'BTC-25DEC26-60000-C'
    const position = { symbol: call, marginMode: 'cross', size: '-1', entryPrice: '0.05' }
    const collateral = [{ asset: 'BTC', amount: '1' }]
    const account = parsedAccount({ venue: 'deribit', collateral, positions: [position] })
    const none = new Map()
    const prices = { marksByVenue: none, indexPrices: none, fundingRates: none, isFromEntry: false }
    const asked = (mark: string) => () =>
      rulesEffect({
        accounts: [account],
        before: ruleBook,
        after: ruleBook,
        present: { ...prices, marks: new Map([[call, mark]]) },
        rule: RATIO_RULE,
      })
    expect(asked('3000')).toThrow(`the present mark of ${call} at deribit is 3000: must be at most 1`)
    expect(asked('0.05')().unknown).toBe(0)
  })
})
