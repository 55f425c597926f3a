import { describe, expect, it } from 'vitest'
import { answersOf } from '../../src/margin/index.ts'
import { deribit } from '../../src/venues/deribit.ts'
import { marginAccountsFor, stateOf } from './support.ts'

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
