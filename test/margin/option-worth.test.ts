import { describe, expect, it } from 'vitest'
import { answersOf, levelRule } from '../../src/margin/index.ts'
import { deribit } from '../../src/venues/deribit.ts'
import { marginAccountsFor, stateOf, sumOf } from './support.ts'

const CALL = 'BTC-25DEC26-50000-C'
const MARKS = { [CALL]: '0.05', 'BTC-25DEC26': '50000' }

const position = (symbol: string, size: string, entryPrice: string) => ({
  symbol,
  marginMode: 'cross',
  size,
  entryPrice,
})

function bankruptcyPricesOf(amount: string, positions: object[], marks: Record<string, string> = MARKS) {
  const account = { venue: 'deribit', collateral: [{ asset: 'BTC', amount }], positions }
  return stateOf(account as never, deribit.ruleBook, marks).positions.map(
    ({ bankruptcyPrice }) => bankruptcyPrice,
  )
}

// Deribit: equity is the balance, into which the premium went, and the value of the options.
describe('the bankruptcy price beside options', () => {
  it('of a short option is where its whole value takes the balance, whatever it was sold for', () => {
    expect(bankruptcyPricesOf('0.5', [position(CALL, '-1', '0.05')])).toEqual(['0.5'])
    expect(bankruptcyPricesOf('0.5', [position(CALL, '-1', '0.01')])).toEqual(['0.5'])
  })

  it('of a future counts the value of a long option beside it', () => {
    const future = position('BTC-PERPETUAL', '50000', '50000')
    const marks = { ...MARKS, 'BTC-PERPETUAL': '50000' }
    // 0.5 + 0.05 + 1 − 50,000/P = 0.
    expect(bankruptcyPricesOf('0.5', [future, position(CALL, '1', '0.04')], marks)[0]).toBe(
      '32258.064516129032258065',
    )
  })
})

// At 10,000 the put is worth 0.025; at 8,000 it was 0.126, a move of the option that no share of the underlying says.
describe('the distance beside a short option', () => {
  const PUT = 'BTC-27DEC26-9000-P'

  function answersWith(size: string, amount = '0.2') {
    const account = {
      venue: 'deribit',
      collateral: [{ asset: 'BTC', amount }],
      positions: [position(PUT, size, '0.02')],
    }
    const [marginAccount] = marginAccountsFor(account as never, deribit.ruleBook)
    const marks: Record<string, string> = { [PUT]: '0.025', 'BTC-27DEC26': '10000' }
    return answersOf(marginAccount!, (symbol) => marks[symbol])
  }

  it('is not known, and neither is the move of the coin alone', () => {
    expect(answersWith('-1')).toMatchObject({ distance: null, ifOnly: [{ coin: 'BTC', change: null }] })
  })

  it('is 0 on the line and below it', () => {
    expect(answersWith('-1', '0.01').distance).toBe('0')
  })
})

describe('a level by distance beside a short option', () => {
  const UNIT = '0.00000001'

  /** The level of an account with that balance, and with a unit less. */
  function levelsWith(symbol: string, asset: string, amount: string, marks: Record<string, string>) {
    const levelOf = (balance: string) =>
      stateOf(
        {
          venue: 'deribit',
          collateral: [{ asset, amount: balance }],
          positions: [position(symbol, '-1', '0.02')],
        } as never,
        deribit.ruleBook,
        marks,
        levelRule(['10%']),
      ).level
    return [levelOf(amount), levelOf(sumOf(amount, `-${UNIT}`))]
  }

  // Deribit is liquidated below its line alone. The option gains what its underlying gains by a move of 10 %.
  it.each([
    // (0.01 + 0.1) / 1.1 = 0.1 coins, and 0.075 + 0.1.
    ['a call in coin', 'BTC-25DEC26-50000-C', 'BTC', '0.175', '0.01', '50000'],
    // (0.026 + 0.1) / 0.9 = 0.14 coins after a fall, and 0.075 + 0.14.
    ['a put in coin', 'BTC-25DEC26-9000-P', 'BTC', '0.215', '0.026', '10000'],
    // 500 + 5,000, and 0.075·55,000 + 5,500.
    ['a call in dollars', 'BTC_USDC-25DEC26-50000-C', 'USDC', '9625', '500', '50000'],
    // By the share alone: 0.95·1.1 = 1.045, and 0.075 + 1.045.
    ['a call that is worth nearly its coin', 'BTC-25DEC26-1000-C', 'BTC', '1.12', '0.95', '50000'],
  ])(
    'moves its mark as far as its underlying can take it: %s',
    (_, symbol, asset, amount, mark, underlying) => {
      const marks = { [symbol]: mark, [symbol.split('-').slice(0, 2).join('-')]: underlying }
      expect(levelsWith(symbol, asset, amount, marks)).toEqual([null, '10%'])
    },
  )
})

// Deribit, standard margin: of a short option in coin 0.075 coins and its mark, whatever its underlying is worth; OTM/U counts in
// the initial margin alone.
describe('the underlying of an option', () => {
  const SHORT_CALL = position('BTC-4DEC26-60000-C', '-2', '0.1')
  const SHORT_PUT = position('BTC-4DEC26-60000-P', '-2', '0.1')
  const OPTION_MARKS = { 'BTC-4DEC26-60000-C': '0.12', 'BTC-4DEC26-60000-P': '0.12' }

  function ofPosition(one: ReturnType<typeof position>, asset: string, marks: Record<string, string>) {
    const account = { venue: 'deribit', collateral: [{ asset, amount: '1' }], positions: [one] } as never
    const [marginAccount] = marginAccountsFor(account, deribit.ruleBook)
    const state = stateOf(account, deribit.ruleBook, marks)
    return { ...state, answers: answersOf(marginAccount!, (symbol) => marks[symbol]) }
  }

  it.each([
    ['call', SHORT_CALL],
    ['put', SHORT_PUT],
  ])(
    'that is priced in coin does not count in the margin of a short %s, but in its initial one',
    (_, one) => {
      const { initialMargin, ...without } = ofPosition(one, 'BTC', OPTION_MARKS).positions[0]!
      const state = ofPosition(one, 'BTC', OPTION_MARKS)
      expect(state).toMatchObject({ verdict: 'safe', maintenanceMargin: '0.39', marginRatio: '0.39' })
      expect(without).toMatchObject({ maintenanceMargin: '0.39', liquidationPrice: '0.425' })
      expect(initialMargin).toBeNull()
      expect(state.answers).toMatchObject({
        distance: null,
        ifOnly: [{ coin: 'BTC', change: null, prices: {} }],
      })
      const known = ofPosition(one, 'BTC', { ...OPTION_MARKS, 'BTC-4DEC26': '60000' })
      // 0.15 of the coin and the mark, of 2 contracts.
      expect(known.positions[0]).toEqual({ ...without, initialMargin: '0.54' })
      expect({ ...known, positions: [] }).toEqual({ ...state, positions: [] })
    },
  )

  it('counts in the initial margin of a long option in neither currency, which asks for nothing', () => {
    const inCoin = ofPosition({ ...SHORT_CALL, size: '2' }, 'BTC', OPTION_MARKS)
    expect(inCoin).toMatchObject({ verdict: 'safe', positions: [{ initialMargin: '0' }] })
    const inQuote = ofPosition(position('BTC_USDC-4DEC26-60000-C', '2', '900'), 'USDC', {
      'BTC_USDC-4DEC26-60000-C': '1000',
    })
    expect(inQuote).toMatchObject({ verdict: 'safe', positions: [{ initialMargin: '0' }] })
  })

  it('counts in the maintenance margin of a short option in the quote currency', () => {
    const one = position('BTC_USDC-4DEC26-60000-C', '-1', '900')
    expect(ofPosition(one, 'USDC', { 'BTC_USDC-4DEC26-60000-C': '1000' }).verdict).toBe('unknown')
  })
})
