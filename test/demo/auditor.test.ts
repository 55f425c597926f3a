import { describe, expect, it } from 'vitest'
import { createAuditor, INSTANTS_WAITING_MAX } from '../../src/demo/auditor.ts'
import { createReferee } from '../../src/demo/referee/referee.ts'
import type { MarginEvent, MarketEvent, PlimsollEvent } from '../../src/domain/index.ts'
import { isolatedPosition, makeAccount } from '../support/accounts.ts'
import { rulesFrom } from '../support/rules.ts'

const ACCOUNT = makeAccount({
  id: 'judged',
  venue: 'binance',
  positions: [isolatedPosition('SOLUSDT', { size: '10', entryPrice: '100', leverage: '10' })],
})
const TIERS = [{ cap: '1000000', maintenanceMarginRate: '0.01', maintenanceDeduction: '0' }]
const SOLUSDT = rulesFrom({ tiers: TIERS })

function audit() {
  const referee = createReferee({ accounts: [ACCOUNT], rules: { binance: { SOLUSDT } } })
  const auditor = createAuditor(referee)
  auditor.instants([[{ venue: 'binance', symbol: 'SOLUSDT', markPrice: '91.8' }]])
  auditor.replay(() => true)
  const event = { id: 'e_1', ...referee.expected()[0], distance: '0.009704892057833234' } as MarginEvent
  return { auditor, event }
}

describe('the auditor of a demo', () => {
  it('finds nothing wrong when each event takes effect once', () => {
    const { auditor, event } = audit()
    auditor.effect(event)
    expect(auditor.result()).toMatchObject({
      delivered: 1,
      duplicated: 0,
      judgement: { expected: 1, lost: 0, disagreements: 0 },
      replayedTicks: 1,
      replayChecks: 1,
    })
  })

  it('counts effects that run twice, of any account', () => {
    const { auditor, event } = audit()
    const other = { ...event, id: 'e_2', account: 'somebody else', marginAccount: 'x' }
    for (const effect of [event, event, other, other, other]) auditor.effect(effect)
    expect(auditor.result()).toMatchObject({
      delivered: 2,
      duplicated: 3,
      judgement: { lost: 0, disagreements: 0 },
    })
  })

  it('hands events of markets to the referee, too', () => {
    const { auditor, event } = audit()
    auditor.effect(event)
    const stale = { kind: 'market-stale', venue: 'binance', symbol: 'SOLUSDT', episode: 1, sequence: 1 }
    auditor.effect({ id: 'e_4', markPrice: null, ...stale } as MarketEvent)
    expect(auditor.result()).toMatchObject({ delivered: 2, judgement: { lost: 0, disagreements: 1 } })
    auditor.instants([[{ venue: 'binance', symbol: 'SOLUSDT', markPrice: '' }]])
    auditor.replay(() => true)
    expect(auditor.result().judgement).toMatchObject({ lost: 1, disagreements: 0 })
  })

  it('counts revisions and gaps in what was heard, which no replay makes', () => {
    const { auditor, event } = audit()
    auditor.effect(event)
    auditor.effect({ ...event, kind: 'revision', revision: 1 } as unknown as PlimsollEvent)
    const gap = { kind: 'market-gap', venue: 'binance', symbol: 'SOLUSDT', episode: 1, sequence: 1 }
    auditor.effect({ id: 'e_5', markPrice: null, ...gap } as MarketEvent)
    expect(auditor.result()).toMatchObject({ delivered: 3, judgement: { lost: 0, disagreements: 0 } })
  })

  it('replays instants in slices, in order, and judges after the last one', () => {
    const { auditor, event } = audit()
    const instants = ['99', '98', '97'].map((markPrice) => [
      { venue: 'binance', symbol: 'SOLUSDT', markPrice },
    ])
    auditor.instants(instants)
    expect(auditor.replayedTicks).toBe(1)
    expect(auditor.replay(() => false)).toBe(false)
    expect(auditor.replayedTicks).toBe(2)
    auditor.effect(event)
    expect(auditor.result()).toMatchObject({ delivered: 1, judgement: null })
    expect(auditor.replay(() => false)).toBe(false)
    expect(auditor.replay(() => false)).toBe(true)
    expect(auditor.replay(() => false)).toBe(true)
    // The account has recovered, which no event has told.
    expect(auditor.result()).toMatchObject({ replayedTicks: 4, judgement: { lost: 1, disagreements: 0 } })
  })

  it('replays what comes when more instants wait than it keeps', () => {
    const { auditor } = audit()
    const instant = [{ venue: 'binance', symbol: 'SOLUSDT', markPrice: '99' }]
    auditor.instants(Array.from({ length: INSTANTS_WAITING_MAX + 3 }, () => instant))
    expect(auditor.replayedTicks).toBe(1 + 3)
  })

  it('counts missing and unexpected events', () => {
    const { auditor, event } = audit()
    auditor.effect({ ...event, id: 'e_3', episode: 2 })
    expect(auditor.result().judgement).toMatchObject({ lost: 1, disagreements: 1 })
  })
})
