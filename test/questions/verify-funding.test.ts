import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { MarginEvent } from '../../src/domain/index.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { crossPosition, isolatedPosition, makeAccount } from '../support/accounts.ts'
import { openMonitor } from '../support/monitor.ts'

const HOUR_MS = 3_600_000
const START_MS = 497_222 * HOUR_MS
const DUE_MS = START_MS + HOUR_MS

/** The liquidations by funding of an isolated position and of a cross pool that share a wallet. */
function liquidations(): Readonly<Record<'isolated' | 'cross', MarginEvent>> {
  const { monitor, clock, funding, events } = openMonitor({ appliesFunding: true, startMs: DUE_MS + HOUR_MS })
  const account = makeAccount({
    id: 'a',
    asOfMs: START_MS,
    collateral: [{ asset: 'USDT', amount: '260' }],
    positions: [
      isolatedPosition('AUSDT', { size: '10', isolatedMargin: '160' }),
      crossPosition('AUSDT', { size: '12' }),
      crossPosition('BUSDT', { size: '1' }),
    ],
  })
  monitor.apply({ kind: 'put', account })
  monitor.frameStart(clock.nowMs(), clock.monotonicMs())
  monitor.tick('bybit', 'AUSDT', '85', DUE_MS - 1, '0.35', DUE_MS)
  monitor.tick('bybit', 'BUSDT', '100', DUE_MS - 1, '0.01', DUE_MS)
  monitor.frameEnd()
  monitor.settleFunding(DUE_MS + 1_000)
  funding.keepFunding()
  clock.runTurns()
  const of = (mode: string) =>
    events().findLast(({ marginMode, kind, reasons }) => {
      return marginMode === mode && kind === 'liquidation' && reasons.includes('funding')
    })!
  return { isolated: of('isolated'), cross: of('cross') }
}

/** What nothing else in the event depends on, and rules, which are taken as stated; by path. */
const UNCHECKED: readonly RegExp[] = [
  /^(schemaVersion|account|accountVersion|venue|sequence|rank|ruleBook|receivedTimeMs|eventTimeMs|detectionLatencyMs)$/,
  /^marks\.\d+\.(eventTimeMs|ageMs)$/,
  /^reasons\.\d+$/,
  /^rules\./,
  /^funding\.(asOfMs|payments)$/,
  /^funding\.last\.\d+\.fundingTimeMs$/,
]

type Path = readonly (string | number)[]

function leavesOf(value: unknown, path: Path = []): Path[] {
  if (value === null || typeof value !== 'object') return [path]
  return Object.entries(value).flatMap(([key, inner]) => leavesOf(inner, [...path, key]))
}

function forged(event: MarginEvent, path: Path): MarginEvent {
  const copy = structuredClone(event) as never
  const holder = path.slice(0, -1).reduce((at: never, key) => at[key as never], copy) as Record<
    string,
    unknown
  >
  const key = String(path.at(-1))
  const value = holder[key]
  if (typeof value === 'number') holder[key] = value + 1
  else if (typeof value === 'string')
    holder[key] = /^-?[\d.]+$/.test(value) ? `1${value.replace('-', '')}` : `${value}x`
  else holder[key] = '1'
  return copy
}

function isCaught(event: MarginEvent): boolean {
  try {
    return !verifyEvent(event).isOk
  } catch {
    // A field that no event can have is refused before anything is recomputed.
    return true
  }
}

describe('an event of funding whose fields are forged one at a time', () => {
  const events = liquidations()

  it.each(['isolated', 'cross'] as const)('is right as it was published: %s', (mode) => {
    expect(verifyEvent(events[mode])).toMatchObject({ isOk: true, faults: [], differences: [] })
    expect(events[mode].funding!.last.length).toBeGreaterThan(0)
  })

  it.each(['isolated', 'cross'] as const)('is caught in every field that the event can tell: %s', (mode) => {
    const event = events[mode]
    const passed = leavesOf(event).filter((path) => !isCaught(forged(event, path)))
    const unknown = passed
      .map((path) => path.join('.'))
      .filter((path) => !UNCHECKED.some((known) => known.test(path)))
    expect(unknown).toEqual([])
  })

  it('is caught with the position of another account, or without its funding', () => {
    const { isolated } = events
    const last = (changed: object) => ({
      ...isolated,
      funding: { ...isolated.funding!, last: [{ ...isolated.funding!.last[0]!, ...changed }] },
    })
    expect(verifyEvent(last({ size: '-7' })).isOk).toBe(false)
    expect(verifyEvent(last({ symbol: 'ETHUSDT' })).isOk).toBe(false)
    const { funding: _funding, ...without } = isolated
    expect(verifyEvent(without as MarginEvent).differences).toMatchObject([
      { field: 'assumptions' },
      { field: 'funding' },
    ])
    const none = { ...isolated, funding: { ...isolated.funding!, payments: 0 } }
    expect(verifyEvent(none).differences).toMatchObject([{ field: 'funding.payments' }])
  })

  it('names in the documentation what it cannot check', () => {
    const text = readFileSync(new URL('../../docs/events.md', import.meta.url), 'utf8')
    const said = text.slice(text.indexOf('## Checking an event'))
    for (const field of ['venue', 'funding.payments', 'funding.asOfMs', 'fundingTimeMs'])
      expect(said).toContain(field)
  })
})
