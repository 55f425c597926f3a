import { describe, expect, it } from 'vitest'
import { venueId } from '../../src/domain/index.ts'
import { accountFaultsOf, marginAccountOf, marginAccountsOf, ruleFaultsOf } from '../../src/margin/index.ts'
import { below, seededRandom } from '../../src/system/index.ts'
import { parseVenueId, ruleBookOf } from '../../src/venues/index.ts'
import { parsedAccount } from '../support/accounts.ts'
import { BYBIT, bookOf, oneTier } from './support.ts'

const BOOK = bookOf(BYBIT, {
  BTCUSDT: oneTier('0.01'),
  ETHUSDT: oneTier('0.01'),
  BTCUSD: oneTier('0.01', '0', { kind: 'inverse', settle: 'BTC' }),
})

const USED_MARGIN = { ...oneTier('0.01'), maintenance: { kind: 'used-margin', share: '0.4' } } as const
const OPTION_STANDARD = {
  kind: 'option-standard',
  maintenanceRate: '0.075',
  initialRate: '0.15',
  initialRateMin: '0.1',
} as const

const position = (symbol: string, marginMode: 'cross' | 'isolated' = 'cross', size = '1') => ({
  symbol,
  marginMode,
  size,
  // An option that is priced in coin is worth at most its coin.
  entryPrice: symbol.endsWith('-C') ? '0.05' : '60000',
  leverage: '10',
})
const wallet = (...entries: readonly [asset: string, amount: string][]) =>
  entries.map(([asset, amount]) => ({ asset, amount }))

/** The refusal of the account, or the ids of its margin accounts. */
function answer(collateral: object[], positions: object[], more: object = {}): unknown {
  const account = parsedAccount({ collateral, positions, ...more } as Parameters<typeof parsedAccount>[0])
  try {
    return marginAccountsOf(account, BOOK).map(({ id }) => id)
  } catch (error) {
    const { code, path, message } = error as { code: string; path: string; message: string }
    return { code, path, message }
  }
}

const FURTHER =
  'no position of the account settles in it, and no stream of test brings the index prices that a "pool" needs; ' +
  '"separateWallets": true says that it stands behind no other position'

describe('collateral that would count as nothing', () => {
  it('is refused when a cross position has no wallet of its settlement asset', () => {
    expect(answer([], [position('BTCUSDT')])).toEqual({
      code: 'ACCOUNT_UNSUPPORTED',
      path: 'collateral',
      message:
        'collateral is []: must hold an entry for USDT, in which cross position positions[0] (BTCUSDT) settles; an empty wallet is "0"',
    })
  })

  it('is refused with all that is wrong at once: 1 BTC behind a BTCUSDT cross position', () => {
    expect(answer(wallet(['BTC', '1']), [position('BTCUSDT')])).toMatchObject({
      code: 'ACCOUNT_UNSUPPORTED',
      message: expect.stringMatching(
        /^collateral is .*must hold an entry for USDT.*; collateral\[0\]\.asset is "BTC": no/,
      ),
    })
  })

  it('is refused beside a wallet that counts, by the place of each asset', () => {
    expect(answer(wallet(['USDT', '5000'], ['BTC', '1'], ['BNB', '-2']), [position('BTCUSDT')])).toEqual({
      code: 'ACCOUNT_UNSUPPORTED',
      path: 'collateral[1].asset',
      message: `collateral[1].asset is "BTC": ${FURTHER}; collateral[2].asset is "BNB": ${FURTHER}`,
    })
  })

  it('is refused when only a closed position settles in it', () => {
    const positions = [position('BTCUSD'), position('BTCUSDT', 'cross', '0')]
    expect(answer(wallet(['BTC', '1'], ['USDT', '5']), positions)).toMatchObject({
      path: 'collateral[1].asset',
    })
  })
})

describe('collateral is taken', () => {
  it.each<[string, object[], object[], object, string[]]>([
    ['of an empty wallet that is stated', wallet(['USDT', '0']), [position('BTCUSDT')], {}, ['a:cross:USDT']],
    [
      'with a further asset of zero',
      wallet(['USDT', '1'], ['BTC', '0.00']),
      [position('BTCUSDT')],
      {},
      ['a:cross:USDT'],
    ],
    [
      'of several currencies that each have a position',
      wallet(['USDT', '1'], ['BTC', '1']),
      [position('BTCUSDT'), position('BTCUSD', 'isolated')],
      {},
      ['a:cross:USDT', 'a:isolated:BTCUSD:long'],
    ],
    [
      'with further assets where wallets are separate',
      wallet(['USDT', '1'], ['BTC', '1']),
      [position('BTCUSDT')],
      { separateWallets: true },
      ['a:cross:USDT'],
    ],
    [
      'with further assets where no cross position could be backed by them',
      wallet(['BTC', '1']),
      [position('BTCUSDT', 'isolated')],
      {},
      ['a:isolated:BTCUSDT:long'],
    ],
    ['without positions', wallet(['BTC', '1'], ['USDT', '1']), [], {}, []],
  ])('%s', (_, collateral, positions, more, ids) => {
    expect(answer(collateral, positions, more)).toEqual(ids)
  })

  it('never without an entry for the settlement asset, separate wallets or not', () => {
    expect(answer(wallet(['BTC', '1']), [position('BTCUSDT')], { separateWallets: true })).toMatchObject({
      code: 'ACCOUNT_UNSUPPORTED',
      path: 'collateral',
    })
  })
})

describe('an account with unknown symbols', () => {
  it('is refused with each of them and with its missing wallets, ten by name', () => {
    const unknown = Array.from({ length: 12 }, (_, index) => position(`FOO${index}USDT`))
    const refusal = answer([], [position('BTCUSDT'), ...unknown]) as { message: string }
    expect(refusal).toMatchObject({ code: 'SYMBOL_UNKNOWN', path: 'positions[1].symbol' })
    expect(refusal.message.match(/FOO\d+USDT/g)).toEqual(unknown.slice(0, 10).map(({ symbol }) => symbol))
    expect(refusal.message).toMatch(/; and 3 more faults$/)
  })

  it.each([
    ['BTC-USDT', 'BTCUSDT'],
    ['ethusdt', 'ETHUSDT'],
  ])('is answered for %s with the name that it may mean', (stated, meant) => {
    expect(answer(wallet(['USDT', '1']), [position(stated)])).toMatchObject({
      message: expect.stringMatching(new RegExp(`a rules file can add it; did you mean ${meant}\\?$`)),
    })
  })

  it.each([
    ['bitmex', 'XBt', 'XBTUSD'],
    ['kraken', 'BTC', 'PI_XBTUSD or PF_XBTUSD'],
    ['hyperliquid', 'BTC-USD', 'BTC'],
    ['dydx', 'BTC', 'BTC-USD'],
  ])('is answered at %s for %s with what the venue has: %s', (venue, stated, meant) => {
    const account = parsedAccount({ venue, collateral: [], positions: [position(stated)] })
    expect(accountFaultsOf(account, ruleBookOf(parseVenueId(venue)))).toMatchObject([
      { rule: expect.stringMatching(new RegExp(`; did you mean ${meant}\\?$`)) },
    ])
  })

  it.each([
    ['BTC/USD', 'XBTUSD', '; did you mean XBTUSD?'],
    ['xbt/usd', 'XBTUSD', '; did you mean XBTUSD?'],
    ['ETH/BTC', 'ETHXBT', '; did you mean ETHXBT?'],
    ['XBTUSD', 'XBTUSD', '; did you mean PI_XBTUSD or PF_XBTUSD?'],
    ['BTCUSD', 'XBTUSD', '; did you mean PI_XBTUSD or PF_XBTUSD?'],
    ['FOOUSD', 'FOOUSD', ''],
  ])('is answered at kraken for %s with the pair on spot margin, %s', (stated, pair, meant) => {
    const account = parsedAccount({ venue: 'kraken', collateral: [], positions: [position(stated)] })
    const { version } = ruleBookOf(parseVenueId('kraken'))
    expect(accountFaultsOf(account, ruleBookOf(parseVenueId('kraken')))).toMatchObject([
      {
        rule: `rule book ${version} of kraken does not hold it; ${pair} names a pair on spot margin, whose rules a rules file states (examples/spot-margin-rules.json)${meant}`,
      },
    ])
  })

  it('is answered with the command that makes rules of what the venue publishes', () => {
    const ruleAt = (venue: string) => {
      const account = parsedAccount({ venue, collateral: [], positions: [position('FOO')] })
      return accountFaultsOf(account, ruleBookOf(parseVenueId(venue)))[0]!.rule
    }
    const CAN_ADD = 'does not hold it; a rules file can add it'
    expect(ruleAt('okx')).toMatch(new RegExp(`${CAN_ADD}: plimsoll rules fetch --venue okx makes one$`))
    expect(ruleAt('cme')).toMatch(new RegExp(`${CAN_ADD}: plimsoll rules import --venue cme makes one$`))
  })

  it('is not blamed for an asset in which one of them may settle', () => {
    expect(answer(wallet(['USDT', '1'], ['FOO', '1']), [position('BTCUSDT'), position('FOOUSD')])).toEqual({
      code: 'SYMBOL_UNKNOWN',
      path: 'positions[1].symbol',
      message:
        'positions[1].symbol is "FOOUSD": rule book test-1 of bybit does not hold it; a rules file can add it',
    })
  })

  it('names the reason why the given rules of a symbol are refused', () => {
    const account = parsedAccount({ positions: [position('FOOUSDT', 'isolated')] })
    const book = { ...BOOK, refused: new Map([['FOOUSDT', 'tiers of FOOUSDT fall']]) }
    expect(() => marginAccountsOf(account, book)).toThrow(
      'positions[0].symbol is "FOOUSDT": its rules are refused: tiers of FOOUSDT fall',
    )
  })
})

describe('an isolated position of a contract of which the venue has none', () => {
  const faultsOf = (venue: string, symbol: string, marginMode: 'cross' | 'isolated', more: object = {}) => {
    const book = ruleBookOf(venueId(venue))
    const collateral = wallet([book.rulesOf(symbol)!.settlementAsset, '1'])
    const account = parsedAccount({
      venue,
      collateral,
      positions: [{ ...position(symbol, marginMode), ...more }],
    } as Parameters<typeof parsedAccount>[0])
    const messageOf = (action: () => unknown) => {
      try {
        action()
      } catch (error) {
        const { code, path, message } = error as { code: string; path: string; message: string }
        return { code, path, message }
      }
      return undefined
    }
    return [
      messageOf(() => marginAccountsOf(account, book)),
      messageOf(() => marginAccountOf(account, `a:isolated:${encodeURIComponent(symbol)}:long`, book)),
    ]
  }

  it.each([
    ['deribit', 'BTC-PERPETUAL'],
    ['deribit', 'BTC-25DEC26-90000-C'],
    ['coinbase', 'BIP-20DEC30-CDE'],
    ['cme', 'BTC'],
    ['cme', 'BTCZ26'],
  ])('is refused by its mode, compiled with the account or without it: %s %s', (venue, symbol) => {
    const fault = {
      code: 'ACCOUNT_UNSUPPORTED',
      path: 'positions[0].marginMode',
      message: `positions[0].marginMode is "isolated": ${venue} has no isolated positions of this contract: the wallet backs it, "cross"`,
    }
    expect(faultsOf(venue, symbol, 'isolated')).toEqual([fault, fault])
    expect(faultsOf(venue, symbol, 'cross')).toEqual([undefined, undefined])
    expect(faultsOf(venue, symbol, 'isolated', { size: '0' })).toEqual([undefined, undefined])
  })

  it.each([
    ['binance', 'BTCUSDT'],
    ['bybit', 'BTCUSDT'],
    ['bitmex', 'XBTUSD'],
    ['coinbase', 'BTC-PERP'],
    ['dydx', 'BTC-USD'],
    ['hyperliquid', 'BTC'],
    ['kraken', 'PF_XBTUSD'],
    ['okx', 'BTC-USDT-SWAP'],
  ])('is judged where the venue has them: %s %s', (venue, symbol) => {
    expect(faultsOf(venue, symbol, 'isolated')).toEqual([undefined, undefined])
  })
})

describe('a cross position of a contract whose rules have onlyIsolated', () => {
  const book = bookOf(BYBIT, { ALONE: { ...oneTier('0.01'), onlyIsolated: true } })
  const faultOf = (id: string, action: (id: string) => unknown) => {
    try {
      action(id)
    } catch (error) {
      const { code, path, message } = error as { code: string; path: string; message: string }
      return { code, path, message }
    }
    return undefined
  }
  const accountWith = (marginMode: 'cross' | 'isolated', size = '1') =>
    parsedAccount({ collateral: wallet(['USDT', '1']), positions: [position('ALONE', marginMode, size)] })

  it('is refused by its mode, compiled with the account or without it', () => {
    const account = accountWith('cross')
    const fault = {
      code: 'ACCOUNT_UNSUPPORTED',
      path: 'positions[0].marginMode',
      message:
        'positions[0].marginMode is "cross": test has no cross positions of this contract (onlyIsolated): only its own margin backs it, "isolated"',
    }
    expect(faultOf('a:cross:USDT', () => marginAccountsOf(account, book))).toEqual(fault)
    expect(faultOf('a:cross:USDT', (id) => marginAccountOf(account, id, book))).toEqual(fault)
  })

  it('is judged where it is isolated or closed', () => {
    const ids = (account: ReturnType<typeof accountWith>) =>
      marginAccountsOf(account, book).map(({ id }) => id)
    expect(ids(accountWith('isolated'))).toEqual(['a:isolated:ALONE:long'])
    expect(ids(accountWith('cross', '0'))).toEqual([])
  })
})

describe('a cross pool whose positions are not liquidated at the same line', () => {
  const book = bookOf(BYBIT, {
    A: oneTier('0.01'),
    B: oneTier('0.01', '0', { liquidation: 'passed' }),
    C: oneTier('0.01', '0', { liquidation: 'passed', kind: 'inverse', settle: 'BTC' }),
  })
  const collateral = wallet(['USDT', '1'], ['BTC', '1'])
  const faultOf = (action: () => unknown) => {
    try {
      action()
    } catch (error) {
      const { code, path, message } = error as { code: string; path: string; message: string }
      return { code, path, message }
    }
    return undefined
  }

  it('is refused by the two positions that differ, compiled with the account or without it', () => {
    const account = parsedAccount({
      collateral: collateral.slice(0, 1),
      positions: [position('A'), position('B')],
    })
    const fault = {
      code: 'ACCOUNT_UNSUPPORTED',
      path: 'positions[1].symbol',
      message:
        'positions[1].symbol is "B": its rules have liquidation "passed", those of positions[0] (A) in the same cross pool "reached"; one pool needs one',
    }
    expect(faultOf(() => marginAccountsOf(account, book))).toEqual(fault)
    expect(faultOf(() => marginAccountOf(account, 'a:cross:USDT', book))).toEqual(fault)
  })

  it('is no fault between two pools, nor beside an isolated position', () => {
    const positions = [position('A'), position('B', 'isolated'), position('C')]
    const accounts = marginAccountsOf(parsedAccount({ collateral, positions }), book)
    expect(accounts.map(({ liquidation }) => liquidation)).toEqual(['reached', 'passed', 'passed'])
  })
})

describe('an isolated position of a form for which no venue states a rule', () => {
  const option = { type: 'call', strike: '1', underlying: 'U', pricedIn: 'quote' } as const
  const book = bookOf(BYBIT, {
    USED: USED_MARGIN,
    OPTION: { ...oneTier('0.01'), contribution: 'option', option, maintenance: OPTION_STANDARD },
  })

  it.each([
    ['USED', 'a margin level over used margin is that of the whole account'],
    ['OPTION', 'no venue states the margin of an isolated option'],
  ])('is refused by its mode, compiled with the account or without it: %s', (symbol, reason) => {
    const fault = {
      code: 'ACCOUNT_UNSUPPORTED',
      message: `positions[0].marginMode is "isolated": ${reason}: the wallet backs it, "cross"`,
    }
    for (const size of ['1', '-1']) {
      const of = (marginMode: 'cross' | 'isolated') =>
        parsedAccount({
          positions: [{ ...position(symbol, marginMode), size }],
          collateral: wallet(['USDT', '1']),
        })
      const side = size === '1' ? 'long' : 'short'
      expect(() => marginAccountsOf(of('isolated'), book)).toThrow(expect.objectContaining(fault))
      expect(() => marginAccountOf(of('isolated'), `a:isolated:${symbol}:${side}`, book)).toThrow(
        expect.objectContaining(fault),
      )
      expect(accountFaultsOf(of('cross'), book)).toEqual([])
    }
  })
})

describe('a position whose margin is a share of its used margin', () => {
  const book = bookOf(BYBIT, { BTCUSDT: USED_MARGIN })

  it('needs a leverage, by name', () => {
    const account = parsedAccount({
      positions: [{ symbol: 'BTCUSDT', marginMode: 'cross', size: '1', entryPrice: '1' }],
      collateral: [{ asset: 'USDT', amount: '1' }],
    })
    expect(() => marginAccountsOf(account, book)).toThrow(
      /^positions\[0\]\.leverage is missing: must be stated: the margin/,
    )
  })
})

describe('a field of a position that its contract gives no meaning', () => {
  const option = { type: 'call', strike: '1', underlying: 'U', pricedIn: 'quote' } as const
  const tier = { cap: '1000000', maintenanceMarginRate: '0.01' }
  const book = bookOf(BYBIT, {
    MARGINAL: oneTier('0.01'),
    OWN: { ...oneTier('0.01'), maintenanceShare: '1/2' },
    WHOLE: {
      ...oneTier('0.01'),
      maintenance: { kind: 'whole-tiers', basis: 'contracts', tiers: [tier] },
    },
    SIZED: { ...oneTier('0.01'), maintenance: { kind: 'size-rate', base: '0.01', increment: '0' } },
    CONTRACT: { ...oneTier('0.01'), maintenance: { kind: 'per-contract', amount: '100' } },
    SIDED: { ...oneTier('0.01'), maintenance: { kind: 'side-rates', long: '0.1', short: '0.1' } },
    USED: USED_MARGIN,
    SHARED: {
      ...oneTier('0.01'),
      maintenance: { kind: 'initial-share', initialRate: '0.02', share: '0.6' },
    },
    OPTION: { ...oneTier('0.01'), contribution: 'option', option, maintenance: OPTION_STANDARD },
  })
  const refusalOf = (symbol: string, own: object) => {
    const stated = { positions: [{ ...position(symbol), ...own }], collateral: wallet(['USDT', '1']) }
    const account = parsedAccount(stated)
    const faults = accountFaultsOf(account, book).map(({ path, rule }) => `${path.join('.')} ${rule}`)
    for (const compile of [
      () => marginAccountsOf(account, book),
      () => marginAccountOf(account, 'a:cross:USDT', book),
    ]) {
      if (faults.length === 0) expect(compile).not.toThrow()
      else expect(compile).toThrow(expect.objectContaining({ code: 'ACCOUNT_UNSUPPORTED' }))
    }
    return faults
  }

  it.each([
    ['OPTION', 'option-standard'],
    ['CONTRACT', 'per-contract'],
    ['SIZED', 'size-rate'],
    ['SIDED', 'side-rates'],
    ['USED', 'used-margin'],
    ['SHARED', 'initial-share'],
  ])('maintenanceMarginRate of %s, whose maintenance margin is %s, is refused', (symbol, kind) => {
    expect(refusalOf(symbol, { maintenanceMarginRate: '0.1' })).toEqual([
      `positions.0.maintenanceMarginRate takes the place of the rate in a table of tiers, which this contract does not have: its maintenance margin is ${kind}`,
    ])
    expect(refusalOf(symbol, {})).toEqual([])
  })

  it.each(['0', '0.000'])(
    'maintenanceMarginRate of %s is refused: the position would ask for nothing',
    (rate) => {
      expect(refusalOf('WHOLE', { maintenanceMarginRate: rate })).toEqual([
        'positions.0.maintenanceMarginRate must be more than zero, since the venue would ask for no maintenance margin',
      ])
    },
  )

  it('maintenanceMarginRate is taken where a table states the rate', () => {
    for (const symbol of ['MARGINAL', 'WHOLE', 'OWN'])
      expect(refusalOf(symbol, { maintenanceMarginRate: '0.1' })).toEqual([])
  })

  it('maxLeverage is refused where no margin follows from it, and beside a rate that takes its place', () => {
    for (const symbol of ['MARGINAL', 'WHOLE', 'OPTION', 'CONTRACT'])
      expect(refusalOf(symbol, { maxLeverage: '2' })).toEqual([
        'positions.0.maxLeverage would change nothing: the rules of this contract of test derive no margin from it (maintenanceShare)',
      ])
    expect(refusalOf('OWN', { maxLeverage: '2' })).toEqual([])
    expect(refusalOf('OWN', { maxLeverage: '2', maintenanceMarginRate: '0.1' })).toEqual([
      'positions.0.maxLeverage would change nothing beside maintenanceMarginRate, which is the whole rate: state one of the two',
    ])
  })

  it('is no fault of a closed position', () => {
    expect(refusalOf('MARGINAL', { maxLeverage: '2', size: '0' })).toEqual([])
  })

  it('is refused on an option of Deribit and a future of CME', () => {
    const of = (venue: string, symbol: string, asset: string) => {
      const own = { ...position(symbol, 'cross', '-1'), maintenanceMarginRate: '0.1' }
      const account = parsedAccount({
        venue,
        positions: [own],
        collateral: wallet([asset, '0.06']),
      } as never)
      return accountFaultsOf(account, ruleBookOf(venueId(venue))).map(({ path }) => path.join('.'))
    }
    expect(of('deribit', 'BTC-25DEC26-60000-C', 'BTC')).toEqual(['positions.0.maintenanceMarginRate'])
    expect(of('cme', 'BTC', 'USD')).toEqual(['positions.0.maintenanceMarginRate'])
  })
})

describe('rules that contradict themselves', () => {
  it('refuse each open position that they are for, by field and value', () => {
    const own = oneTier('0.005', '0')
    const tiers = [{ cap: '1000', maintenanceMarginRate: '2' }]
    const maintenance = { kind: 'whole-tiers' as const, basis: 'contracts' as const, tiers }
    const book = bookOf(BYBIT, { BTCUSDT: own, FOOUSDT: { ...own, maintenance } })
    const positions = [position('BTCUSDT'), position('FOOUSDT'), position('FOOUSDT', 'isolated', '0')]
    const faults = ruleFaultsOf(parsedAccount({ positions }), book)
    expect(faults).toEqual([
      {
        code: 'ACCOUNT_UNSUPPORTED',
        path: ['positions', 1, 'symbol'],
        rule: expect.stringMatching(
          /^its rules are refused: tiers\[0\].maintenanceMarginRate of FOOUSDT is 2, /,
        ),
      },
    ])
  })
})

describe('an account of any positions and collateral (seed 4)', () => {
  it('is refused exactly if a fault is found in it, by the code of the first', () => {
    const book = bookOf(BYBIT, {
      A: oneTier('0.01'),
      B: oneTier('0.01', '0', { liquidation: 'passed' }),
      C: oneTier('0.01', '0', { kind: 'inverse', settle: 'BTC' }),
    })
    const random = seededRandom(4)
    const pick = <T>(list: readonly T[]) => list[below(random, list.length)]!
    const outcomes = { taken: 0, refused: 0 }
    for (let run = 0; run < 3_000; run++) {
      const symbols = ['A', 'B', 'C', ...(random() < 0.2 ? ['X'] : [])].filter(() => random() < 0.6)
      const account = parsedAccount({
        positions: symbols.map((symbol) =>
          position(symbol, pick(['cross', 'isolated']), pick(['1', '-2', '1', '0'])),
        ),
        collateral: wallet(
          ...['USDT', 'BTC', 'ETH']
            .filter(() => random() < 0.6)
            .map((asset) => [asset, pick(['5', '-1', '0', '0.00'])] as [string, string]),
        ),
        ...(random() < 0.2 ? { separateWallets: true } : {}),
      })
      const [fault] = accountFaultsOf(account, book)
      if (fault === undefined) {
        outcomes.taken++
        expect(() => marginAccountsOf(account, book)).not.toThrow()
      } else {
        outcomes.refused++
        expect(() => marginAccountsOf(account, book)).toThrow(expect.objectContaining({ code: fault.code }))
      }
    }
    expect(outcomes.taken).toBeGreaterThan(800)
    expect(outcomes.refused).toBeGreaterThan(800)
  })
})
