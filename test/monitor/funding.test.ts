import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FileSource, type MarginAccountProgress, venueId } from '../../src/domain/index.ts'
import { MarketData } from '../../src/feed/market-data.ts'
import { KERNEL_VARIANTS } from '../../src/kernel/index.ts'
import { evaluationsOf, levelRule, marginAccountsOf, reachedLevel } from '../../src/margin/index.ts'
import { verifyEvent } from '../../src/questions/index.ts'
import { connectSocket, httpGet, openFollowed, seededRandom, systemClock } from '../../src/system/index.ts'
import { bitmex } from '../../src/venues/bitmex.ts'
import { RecordingLog } from '../feed/harness.ts'
import { crossPosition, isolatedPosition, makeAccount } from '../support/accounts.ts'
import { openMonitor } from '../support/monitor.ts'
import { between, text } from '../support/random-accounts.ts'
import { testSeed } from '../support/seed.ts'
import { until } from '../support/until.ts'

const BITMEX = venueId('bitmex')
const MARK = '10000'
/** Without hysteresis, so that the published level is that of the marks. */
const RULE = levelRule(['0.9'], '0')

/**
 * 10 XBT long, with 1.2 % of margin. Maintenance is 0.35 % of the value at entry, the taker fee 0.05 %, and the funding that
 * the position is to pay: at a rate of 0.1 % it stays below the margin, at 1 % it does not.
 */
const LONG = makeAccount({
  id: 'long',
  venue: 'bitmex',
  positions: [
    isolatedPosition('XBTUSD', { size: '100000', entryPrice: MARK, leverage: '100', isolatedMargin: '0.12' }),
  ],
})

let at = Date.now()
/** A row of the venue's table `instrument`, a second after the one before. */
function row(action: 'partial' | 'update', columns: Readonly<Record<string, number>>): string {
  at += 1_000
  const data = [{ symbol: 'XBTUSD', ...columns, timestamp: new Date(at).toISOString() }]
  return JSON.stringify({ table: 'instrument', action, data })
}
const marked = (fundingRate?: number) => ({
  markPrice: Number(MARK),
  ...(fundingRate === undefined ? {} : { fundingRate }),
})

function openBitmex(options: Parameters<typeof openMonitor>[0] = {}) {
  return openMonitor({ books: { bitmex: bitmex.ruleBook }, rule: RULE, ...options })
}

describe('a position whose funding counts in its maintenance margin', () => {
  let folder: string
  let marketData: MarketData | undefined

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'plimsoll-funding-'))
  })
  afterEach(async () => {
    await marketData?.close()
    rmSync(folder, { recursive: true })
  })

  it('has no verdict before the first rate, and is judged again when the rate alone changes', async () => {
    const run = openBitmex()
    const { monitor, events } = run
    monitor.apply({ kind: 'put', account: LONG })
    const path = join(folder, 'frames')
    writeFileSync(path, '')
    const source: FileSource = {
      kind: 'file',
      id: 'frames',
      path,
      from: 'start',
      carries: () => true,
      cadenceMs: 1e9,
      createParser: bitmex.sources[0]!.createParser,
    }
    marketData = new MarketData({
      monitor,
      sourceCarrying: () => source,
      streamUrls: {},
      clock: systemClock,
      random: () => 0.5,
      machine: { connect: connectSocket, httpGet, openFollowed },
      log: new RecordingLog(),
      failed: (error) => {
        throw error
      },
    })
    marketData.add(BITMEX, 'XBTUSD')
    marketData.open()
    let frames = 0
    const hear = async (frame: string) => {
      appendFileSync(path, `${frame}\n`)
      frames++
      await until(() => marketData!.frames === frames)
      run.clock.runTurns()
    }
    const levelNow = async () => (await monitor.read.marginAccounts({ limit: 1 })).lines[0]!.level

    await hear(row('partial', marked()))
    expect([monitor.unknownMarginAccounts, await levelNow(), events()]).toEqual([1, null, []])

    await hear(row('update', marked(0.001)))
    expect([monitor.unknownMarginAccounts, await levelNow(), events()]).toEqual([0, '0', []])

    // The mark is stated with the rate, or not at all.
    await hear(row('update', marked(0.01)))
    await hear(row('update', { fundingRate: -0.01 }))
    await hear(row('update', { fundingRate: 0.01 }))
    expect(events().map(({ kind, marks }) => [kind, marks[0]!.markPrice, marks[0]!.fundingRate])).toEqual([
      ['liquidation', MARK, '0.01'],
      ['recovered', MARK, '-0.01'],
      ['liquidation', MARK, '0.01'],
    ])
    const { confirmations } = monitor.counters
    await hear(row('update', { fundingRate: 0.01 }))
    expect(monitor.counters.confirmations).toBe(confirmations + 1)
    for (const event of events()) expect(verifyEvent(event)).toMatchObject({ isOk: true })
  })

  it('loses a published level for which no rate is known, until one comes', () => {
    const { monitor, events } = openBitmex()
    const progress: MarginAccountProgress = {
      episode: 1,
      sequence: 1,
      account: 'long',
      venue: BITMEX,
      marginMode: 'isolated',
      settle: 'XBT',
      open: true,
      unknown: false,
      level: '1',
    }
    monitor.restoreMarginAccount('long:isolated:XBTUSD:long', progress)
    monitor.apply({ kind: 'put', account: LONG })
    const tick = (rate?: string) => {
      monitor.frameStart(1, 1)
      monitor.tick('bitmex', 'XBTUSD', MARK, 1, rate)
      monitor.frameEnd()
    }
    tick()
    expect(monitor.unknownMarginAccounts).toBe(1)
    tick()
    tick('0.01')
    // A frame without a rate does not say that it has changed.
    tick()
    // The clock of this test is before the day of the book.
    expect(events().map(({ kind, reasons, marks }) => [kind, reasons, marks[0]!.fundingRate])).toEqual([
      ['unknown', ['no-funding-rate', 'rules-later'], null],
      ['liquidation', ['rules-later'], '0.01'],
    ])
    for (const event of events()) expect(verifyEvent(event)).toMatchObject({ isOk: true })
    expect(monitor.unknownMarginAccounts).toBe(0)
  })

  it('gets its event at the rate of its instant, however late the event is made', () => {
    let hasRoom = false
    const { monitor, clock, events } = openBitmex({ hasRoom: () => hasRoom })
    monitor.apply({ kind: 'put', account: LONG })
    for (const rate of ['0.01', '0.02']) {
      monitor.frameStart(1, 1)
      monitor.tick('bitmex', 'XBTUSD', MARK, 1, rate)
      monitor.frameEnd()
    }
    expect(events()).toEqual([])
    hasRoom = true
    clock.advance(1_000)
    clock.runTurns()
    expect(events().map(({ kind, marks }) => [kind, marks[0]!.fundingRate])).toEqual([
      ['liquidation', '0.01'],
    ])
  })
})

const SEED = testSeed(20_261_204)
const INSTANTS = 600
const CASES = KERNEL_VARIANTS.flatMap((variant) => [
  { variant, rule: RULE },
  { variant, rule: levelRule(['0.8%', '0.3%'], '0') },
])

describe.each(CASES)(
  `positions whose funding counts, on $variant by $rule.names (seed ${SEED})`,
  ({ variant, rule }) => {
    it('are judged by the rate of each instant as exact arithmetic judges them, and nearly all by the kernel', () => {
      const random = seededRandom(SEED)
      const { monitor, clock, events } = openBitmex({ variant, rule })
      const accounts = ['100000', '-100000'].map((size, index) =>
        makeAccount({
          id: `a${index}`,
          venue: 'bitmex',
          collateral: [{ asset: 'XBT', amount: '0.13' }],
          positions: [crossPosition('XBTUSD', { size, entryPrice: MARK, leverage: '100' })],
        }),
      )
      for (const account of accounts) monitor.apply({ kind: 'put', account })
      const all = accounts.map((account) => marginAccountsOf(account, bitmex.ruleBook)[0]!)
      const held = new Map(all.map(({ id }) => [id, '0']))
      const seen = new Set<string>()
      let rate = '0'
      let published = 0
      for (let instant = 0; instant < INSTANTS; instant++) {
        const mark = String(between(random, 99_900, 100_100) / 10)
        const isNew = instant === 0 || random() < 0.3
        if (isNew) rate = text((random() - 0.5) * 0.02, 6)
        monitor.frameStart(instant, instant)
        monitor.tick('bitmex', 'XBTUSD', mark, instant, isNew || random() < 0.5 ? rate : undefined)
        monitor.frameEnd()
        clock.runTurns()
        for (const { marginAccount, level } of events().slice(published))
          held.set(marginAccount, level ?? 'unknown')
        published = events().length
        for (const exact of all) {
          const evaluation = evaluationsOf(exact, () => mark, { fundingRateOf: () => rate })!
          const wanted = rule.names[reachedLevel(evaluation, exact, rule)]
          expect(held.get(exact.id), `${exact.id} in instant ${instant} at ${mark} and ${rate}`).toBe(wanted)
          seen.add(wanted!)
        }
      }
      expect([...seen].sort()).toEqual([...rule.names].sort())
      for (const event of events()) expect(verifyEvent(event)).toMatchObject({ isOk: true })
      expect(monitor.counters.exactChecks).toBeLessThan(INSTANTS / 50)
      // Nothing fires where neither a mark is near a line nor the rate changes.
      expect(monitor.counters.nominations).toBeLessThan(2 * INSTANTS)
    })
  },
)
