import { describe, expect, it } from 'vitest'
import { type DemoSummary, isProven, renderSummary } from '../../src/demo/screen/summary.ts'

const SUMMARY: DemoSummary = {
  ticks: 10_320,
  frames: 11_000,
  accounts: 100_000,
  positions: 300_000,
  suspects: 54_321,
  exactChecks: 22_222,
  events: { warning: 12_000, liquidation: 3_000, recovered: 7_000, revision: 0 },
  delivered: 22_000,
  lost: 0,
  duplicated: 0,
  disagreements: 0,
  latencyMs: { detectP50: 0.02, detectP99: 0.9, queueP50: 2, queueP99: 9 },
  replayedAccounts: 5_000,
  seed: 1,
  venues: ['bybit', 'okx'],
  ofVenues: {
    bybit: {
      accounts: 90_000,
      markets: 30,
      prices: 9_000,
      delivered: 20_000,
      lost: 0,
      duplicated: 0,
      disagreements: 0,
    },
    okx: {
      accounts: 10_000,
      markets: 7,
      prices: 1_320,
      delivered: 2_000,
      lost: 1,
      duplicated: 2,
      disagreements: 3,
    },
  },
}
const CUT_SHORT = { ...SUMMARY.ofVenues.bybit!, lost: null, disagreements: null }
const CONTEXT = {
  seconds: 32,
  marketMs: 32_010,
  samplePositions: 15_000,
  sentTicks: 10_320,
  reconnects: 0,
  made: 22_000,
  replayedTicks: 10_320,
  replayChecks: 4_600_000,
  heardTicks: 10_320,
  replayEvents: 1_111,
  examples: [],
  interrupted: false,
}

describe('the summary of a demo', () => {
  it('is proof only when nothing is lost, duplicated, different or undelivered', () => {
    expect(isProven(SUMMARY, CONTEXT)).toBe(true)
    expect(isProven({ ...SUMMARY, lost: 1 }, CONTEXT)).toBe(false)
    expect(isProven({ ...SUMMARY, duplicated: 1 }, CONTEXT)).toBe(false)
    expect(isProven({ ...SUMMARY, disagreements: 1 }, CONTEXT)).toBe(false)
    expect(isProven({ ...SUMMARY, delivered: 21_999 }, CONTEXT)).toBe(false)
  })

  it('is not a proof when the worker evaluated fewer marks than were sent, unless a connection broke', () => {
    expect(isProven(SUMMARY, { ...CONTEXT, sentTicks: 10_321 })).toBe(false)
    expect(isProven(SUMMARY, { ...CONTEXT, sentTicks: 10_321, reconnects: 1 })).toBe(true)
  })

  it('counts the events of prices that are missing or in doubt among those that must arrive', () => {
    const context = { ...CONTEXT, made: 22_003 }
    expect(isProven(SUMMARY, context)).toBe(false)
    expect(isProven({ ...SUMMARY, delivered: 22_003 }, context)).toBe(true)
    const text = renderSummary(SUMMARY, context, 200).join('\n')
    expect(text).toContain('7,000 recovered, 3 of prices that are missing or in doubt')
    expect(text).toContain('22,000 of 22,003')
  })

  it('names revisions of suspect events as what they are', () => {
    const summary = { ...SUMMARY, events: { ...SUMMARY.events, revision: 5 }, delivered: 22_005 }
    const text = renderSummary(summary, { ...CONTEXT, made: 22_005 }, 200).join('\n')
    expect(text).toContain('7,000 recovered, 5 revisions of suspect events\n')
  })

  it('states every figure and the verdict in words', () => {
    const text = renderSummary(SUMMARY, CONTEXT, 200).join('\n')
    expect(text).toContain('plimsoll demo: 32 s of market, seed 1')
    expect(text).toContain('100,000 accounts, 300,000 positions\n')
    expect(text).toContain('5,000 accounts, 15,000 positions, 10,320 ticks')
    expect(text).toContain('12,000 warnings, 3,000 liquidations, 7,000 recovered')
    expect(text).toContain('22,000 of 22,000')
    expect(text).toContain('11,000 frames, 10,320 of 10,320 mark prices evaluated')
    expect(text).toContain('0 lost, 0 duplicated, 0 disagreements: every event is right and arrived once')
  })

  it('has a row a venue, within 80 columns, and a sentence a venue on a narrower screen', () => {
    expect(renderSummary(SUMMARY, CONTEXT, 79).slice(-5, -2)).toEqual([
      '  venue accounts markets prices events lost duplicated disagreements',
      '  bybit   90,000      30  9,000 20,000    0          0             0',
      '  okx     10,000       7  1,320  2,000    1          2             3',
    ])
    const narrow = renderSummary(SUMMARY, CONTEXT, 49).map((line) => line.trim().replace(/ +/g, ' '))
    expect(narrow.join(' ')).toContain(
      'okx accounts 10,000, markets 7, prices 1,320, events 2,000, lost 1, duplicated 2, disagreements 3',
    )
  })

  it('says of a run with reconnects that their snapshots state marks beside those sent', () => {
    const text = renderSummary(SUMMARY, { ...CONTEXT, sentTicks: 10_300, reconnects: 2 }, 200).join('\n')
    expect(text).toContain('10,320 mark prices evaluated; 10,300 sent, 2 reconnects with snapshots')
  })

  it('is no proof when Ctrl-C cut the replay short, and says how far that was', () => {
    const cut = { ...SUMMARY, lost: null, disagreements: null, ofVenues: { bybit: CUT_SHORT } }
    const context = { ...CONTEXT, interrupted: true, replayedTicks: 4_000, replayEvents: null }
    expect(isProven(cut, context)).toBe(false)
    const text = renderSummary(cut, context, 200).join('\n')
    expect(text).toContain('none: the naive replay was cut short at 4,000 of 10,320 prices')
    expect(text).toMatch(/^ {2}bybit +90,000 +30 +9,000 +20,000 +– +0 +–$/m)
    expect(text).not.toContain('FAILED')
  })

  it('says when it failed or was interrupted, with examples', () => {
    const text = renderSummary(
      { ...SUMMARY, disagreements: 2 },
      { ...CONTEXT, interrupted: true, marketMs: 7_340, examples: ['warning 0.5 of x: not expected'] },
      200,
    ).join('\n')
    expect(text).toContain('plimsoll demo (interrupted): 7.3 s of 32 s of market, seed 1')
    expect(text).toContain('2 disagreements: FAILED')
    expect(text).toContain('warning 0.5 of x: not expected')
  })
})
