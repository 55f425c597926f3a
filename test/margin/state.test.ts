import { describe, expect, it } from 'vitest'
import { BINANCE, BYBIT, bookOf, oneTier, stateOf } from './support.ts'

/** The order of the format that `plimsoll margin` documents. */
const ACCOUNT_KEYS =
  'id marginMode settle walletBalance unrealizedPnl marginBalance maintenanceMargin marginRatio verdict level shortfall positions cure'
const POSITION_KEYS =
  'symbol size markPrice notional unrealizedPnl initialMargin maintenanceMargin liquidationPrice bankruptcyPrice'

const X = oneTier('0.005', '0', { takerFeeRate: '0.00055' })
const LONG = { symbol: 'X', marginMode: 'isolated', size: '1.0', entryPrice: '40000', leverage: '50' }

describe('the state of a margin account', () => {
  it('is complete, in the order of the documented format', () => {
    const state = stateOf({ positions: [{ ...LONG, isolatedMargin: '3821.56' }] }, bookOf(BYBIT, { X }), {
      X: '40000.0',
    })
    expect(Object.keys(state)).toEqual(ACCOUNT_KEYS.split(' '))
    expect(Object.keys(state.positions[0]!)).toEqual(POSITION_KEYS.split(' '))
    expect(state).toEqual({
      id: 'a:isolated:X:long',
      marginMode: 'isolated',
      settle: 'USDT',
      walletBalance: '3821.56',
      unrealizedPnl: '0',
      marginBalance: '3823.210907999399669818',
      maintenanceMargin: '221.56',
      marginRatio: '0.057951288937898895',
      verdict: 'safe',
      level: null,
      shortfall: '0',
      positions: [
        {
          symbol: 'X',
          size: '1.0',
          markPrice: '40000.0',
          notional: '40000',
          unrealizedPnl: '0',
          initialMargin: '821.56',
          maintenanceMargin: '221.56',
          liquidationPrice: '36380.25034371919631174',
          bankruptcyPrice: '36198.349092000600330182',
        },
      ],
      cure: null,
    })
  })

  it('is a breach exactly at the liquidation price of the venue, with a ratio of 1', () => {
    // Without extra margin: 40000·(1 − 1/50)/(1 − 0.02) = 40000 exactly.
    const state = stateOf(
      { positions: [LONG] },
      bookOf(BYBIT, { X: oneTier('0.02', '0', { takerFeeRate: '0.00055' }) }),
      {
        X: '40000',
      },
    )
    expect(state).toMatchObject({ verdict: 'breach', level: '1', marginRatio: '1', shortfall: '0' })
    expect(state.positions[0]!.liquidationPrice).toBe('40000')
    expect(state.cure).not.toBeNull()
  })

  it('names the warning level reached', () => {
    const account = {
      collateral: [{ asset: 'USDT', amount: '400' }],
      positions: [{ ...LONG, marginMode: 'cross' }],
    }
    const at = (markPrice: string) => {
      const { verdict, level } = stateOf(account, bookOf(BINANCE, { X }), { X: markPrice })
      return [verdict, level]
    }
    // Margin balance x − 39,600, maintenance margin 0.005·x.
    expect(at('40000.000000000000000001')).toEqual(['safe', null])
    expect(at('40000')).toEqual(['warning', '0.5'])
    expect(at('39884')).toEqual(['warning', '0.7'])
    expect(at('39799')).toEqual(['warning', '0.9'])
    expect(at('39798.99')).toEqual(['breach', '1'])
  })

  it('has no ratio, and a shortfall of the whole maintenance margin, when no balance is left', () => {
    const state = stateOf({ positions: [LONG] }, bookOf(BINANCE, { X }), { X: '39000' })
    expect(state).toMatchObject({
      verdict: 'breach',
      level: '1',
      marginBalance: '-200',
      marginRatio: null,
      shortfall: '395',
    })
  })

  it('is unknown with a mark missing: only what the other marks give is there', () => {
    const account = {
      collateral: [{ asset: 'USDT', amount: '500' }],
      positions: [
        { ...LONG, marginMode: 'cross' },
        { ...LONG, marginMode: 'cross', symbol: 'Y', size: '-1' },
      ],
    }
    const state = stateOf(account, bookOf(BINANCE, { X, Y: X }), { X: '40010' })
    expect(state).toMatchObject({
      walletBalance: '500',
      unrealizedPnl: null,
      marginBalance: null,
      maintenanceMargin: null,
      marginRatio: null,
      verdict: 'unknown',
      level: null,
      shortfall: null,
      cure: null,
    })
    expect(state.positions[0]).toMatchObject({
      markPrice: '40010',
      unrealizedPnl: '10',
      liquidationPrice: null,
    })
    expect(state.positions[1]).toMatchObject({
      symbol: 'Y',
      size: '-1',
      markPrice: null,
      notional: null,
      unrealizedPnl: null,
      initialMargin: null,
      maintenanceMargin: null,
    })
    // Its prices hang on the other mark alone: they are those that it has at any mark of its own.
    const known = stateOf(account, bookOf(BINANCE, { X, Y: X }), { X: '40010', Y: '40000' }).positions[1]!
    expect(known.liquidationPrice).not.toBeNull()
    expect(state.positions[1]!.liquidationPrice).toBe(known.liquidationPrice)
    expect(state.positions[1]!.bankruptcyPrice).toBe(known.bankruptcyPrice)
    expect(Object.keys(state)).toEqual(ACCOUNT_KEYS.split(' '))
  })

  it('has no initial margin without a leverage', () => {
    const { leverage: _, ...unlevered } = LONG
    const state = stateOf({ positions: [{ ...unlevered, isolatedMargin: '900' }] }, bookOf(BINANCE, { X }), {
      X: '40000',
    })
    expect(state.positions[0]!.initialMargin).toBeNull()
  })
})
