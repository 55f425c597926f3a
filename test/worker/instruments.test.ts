import { describe, expect, it } from 'vitest'
import {
  type Contract,
  contradictionText,
  type InstrumentList,
  type StatedContract,
  type StatedTerms,
  venueId,
} from '../../src/domain/index.ts'
import type { InstrumentReading } from '../../src/feed/index.ts'
import type { ComparedRules } from '../../src/worker/contradictions.ts'
import { WorkerInstruments } from '../../src/worker/instruments.ts'
import { RecordingLog } from '../feed/harness.ts'
import { TestClock } from '../support/clock.ts'

const BYBIT = venueId('bybit')
const EVERY_MS = 60_000
const LIST = { id: 'x-instruments' } as InstrumentList
const OTHER = { id: 'y-instruments' } as InstrumentList

const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

const TERMS: StatedTerms = {
  contribution: 'linear',
  multiplier: '0.10',
  settlementAsset: 'USDT',
  tickSize: '0.5',
}

function listed(symbol: string, changes: Partial<StatedContract> = {}): StatedContract {
  return { symbol, status: 'listed', expiryMs: undefined, terms: TERMS, ...changes }
}

function readingOf(
  contracts: readonly StatedContract[],
  changes: Partial<InstrumentReading> = {},
): InstrumentReading {
  const bySymbol = new Map(contracts.map((contract) => [contract.symbol, contract]))
  return { contracts: bySymbol, unreadable: [], isWhole: true, failure: undefined, ...changes }
}

/** The book holds A and B of one list. Each reading of it is the next one that is given. */
function opened(held: Contract[] = ['A', 'B'].map((symbol) => ({ venue: BYBIT, symbol }))) {
  const clock = new TestClock()
  const log = new RecordingLog()
  const told: string[] = []
  const asked: string[] = []
  let next: Promise<InstrumentReading> = Promise.resolve(readingOf([]))
  const rules: { -readonly [Term in keyof ComparedRules]: ComparedRules[Term] } = {
    contribution: 'linear',
    multiplier: '0.1',
    settlementAsset: 'USDT',
  }
  const compiled = { isCompiled: true }
  const marked = new Set<string>()
  const instruments = new WorkerInstruments({
    rulesOf: ({ symbol }) => (symbol === 'Z' ? undefined : rules),
    isCompiled: () => compiled.isCompiled,
    hasMark: ({ symbol }) => marked.has(symbol),
    clock,
    log,
    everyMs: EVERY_MS,
    reader: {
      read: (list) => {
        asked.push(list.id)
        return list === OTHER ? Promise.resolve(readingOf([listed('Z')])) : next
      },
    },
    listOf: ({ symbol }) => (symbol.startsWith('I') ? undefined : symbol === 'Z' ? OTHER : LIST),
    held: () => held,
    sink: {
      expiryStated: (_, symbol, expiryMs) => told.push(`${symbol} expires ${expiryMs}`),
      delisted: (_, symbol, sinceMs) => told.push(`${symbol} delisted ${sinceMs - clock.nowMs()}`),
      listed: (_, symbol) => told.push(`${symbol} listed`),
      termsContradicted: (_, symbol, contradictions) =>
        told.push(`${symbol} contradicts ${contradictions.map(contradictionText).join(', ') || 'nothing'}`),
    },
    guard: (action) => action(),
  })
  let close: (() => void) | undefined
  const read = async (reading: InstrumentReading) => {
    next = Promise.resolve(reading)
    if (close === undefined) close = instruments.open()
    else clock.advance(EVERY_MS)
    await settled()
    return told.splice(0)
  }
  return {
    rules,
    compiled,
    marked,
    told,
    clock,
    log,
    held,
    asked,
    instruments,
    read,
    hold: (reading: Promise<InstrumentReading>) => {
      next = reading
    },
    close: () => close?.(),
  }
}

const [A, B] = [listed('A'), listed('B')]

describe('the lists of a worker', () => {
  it('take a contract for delisted after two readings in a row without it, once, until it is listed again', async () => {
    const { read } = opened()
    expect(await read(readingOf([A, B]))).toEqual([])
    expect(await read(readingOf([A]))).toEqual([])
    expect(await read(readingOf([A, B]))).toEqual([])
    expect(await read(readingOf([A]))).toEqual([])
    expect(await read(readingOf([A]))).toEqual(['B delisted 0'])
    expect(await read(readingOf([A]))).toEqual([])
    expect(await read(readingOf([A, B]))).toEqual(['B listed'])
    expect(await read(readingOf([A]))).toEqual([])
    expect(await read(readingOf([A, listed('B', { status: 'closed' })]))).toEqual(['B delisted 0'])
  })

  it('take no contract for delisted whose mark goes on, unless they call it closed', async () => {
    const { marked, read } = opened()
    marked.add('B')
    for (let times = 0; times < 3; times++) expect(await read(readingOf([A]))).toEqual([])
    marked.clear()
    expect(await read(readingOf([A]))).toEqual([])
    expect(await read(readingOf([A]))).toEqual(['B delisted 0'])
    marked.add('A')
    expect(await read(readingOf([listed('A', { status: 'closed' })]))).toEqual([])
    expect(await read(readingOf([listed('A', { status: 'closed' })]))).toEqual(['A delisted 0'])
  })

  it('say nothing of what a reading lacks that is cut, fails, or cannot be read', async () => {
    const { read } = opened()
    const cut = readingOf([A], { isWhole: false, failure: 'cut' })
    const unnamed = readingOf([A], { isWhole: false, unreadable: [{ symbol: undefined, reason: 'odd' }] })
    const unreadable = readingOf([A], { unreadable: [{ symbol: 'B', reason: 'odd' }] })
    for (const reading of [cut, cut, unnamed, unnamed, unreadable, unreadable])
      expect(await read(reading)).toEqual([])
    expect(await read(readingOf([A]))).toEqual([])
    expect(await read(cut)).toEqual([])
    expect(await read(readingOf([A]))).toEqual(['B delisted 0'])
    // What a cut reading does list is listed.
    expect(await read(readingOf([B], { isWhole: false, failure: 'cut' }))).toEqual(['B listed'])
  })

  it('state an expiry where it is another one than before', async () => {
    const { read, clock } = opened()
    const [first, other] = [clock.nowMs() + 10 * EVERY_MS, clock.nowMs() + 20 * EVERY_MS]
    expect(await read(readingOf([A, listed('B', { expiryMs: first })]))).toEqual([`B expires ${first}`])
    expect(await read(readingOf([A, listed('B', { expiryMs: first })]))).toEqual([])
    const settling = listed('B', { expiryMs: other, status: 'settling' })
    expect(await read(readingOf([A, settling]))).toEqual([`B expires ${other}`])
    expect(await read(readingOf([A, B]))).toEqual(['B expires undefined'])
  })

  it('state no expiry that was over when they first stated it of a contract that is traded, and keep one that passes', async () => {
    const { read, clock } = opened()
    const past = clock.nowMs() - 1
    expect(await read(readingOf([A, listed('B', { expiryMs: past })]))).toEqual([])
    const settling = listed('B', { expiryMs: past, status: 'settling' })
    expect(await read(readingOf([A, settling]))).toEqual([`B expires ${past}`])
    expect(await read(readingOf([A, listed('B', { expiryMs: past })]))).toEqual([])
  })

  it('say nothing of contracts that nobody holds, or that are in no list', async () => {
    const { held, asked, read } = opened([{ venue: BYBIT, symbol: 'I' }])
    expect(await read(readingOf([A]))).toEqual([])
    expect(asked).toEqual([])
    held.push({ venue: BYBIT, symbol: 'Z' })
    expect(await read(readingOf([A]))).toEqual([])
    expect(asked).toEqual([OTHER.id])
    held.push({ venue: BYBIT, symbol: 'A' })
    expect(await read(readingOf([]))).toEqual([])
    expect(asked).toEqual([OTHER.id, OTHER.id, LIST.id])
  })

  it('keep a contract delisted that an earlier worker found so, until it is listed', async () => {
    const { instruments, read } = opened()
    instruments.restoreDelisted({ venue: BYBIT, symbol: 'B' })
    expect(await read(readingOf([A]))).toEqual(['B delisted 0'])
    expect(await read(readingOf([A]))).toEqual([])
    expect(await read(readingOf([A, B]))).toEqual(['B listed'])
  })

  it('are read once at a time, and say nothing after the end', async () => {
    const { clock, asked, read, hold, close, instruments } = opened()
    await read(readingOf([A, B]))
    let answer: (reading: InstrumentReading) => void = () => undefined
    hold(
      new Promise((resolve) => {
        answer = resolve
      }),
    )
    clock.advance(3 * EVERY_MS)
    expect(asked).toHaveLength(2)
    close()
    answer(readingOf([listed('A', { expiryMs: 5 })]))
    await settled()
    clock.advance(3 * EVERY_MS)
    expect(asked).toHaveLength(2)
    expect(instruments.counters).toEqual({ readings: 1, failures: 0, unreadable: 0 })
  })

  it('are counted where they fail, with a line of the log at the beginning and the end of it', async () => {
    const { log, read, instruments } = opened()
    const failed = readingOf([], { isWhole: false, failure: 'no answer' })
    const odd = readingOf([A, B], { unreadable: [{ symbol: 'C', reason: 'list[2]: status is "?"' }] })
    for (const reading of [failed, failed, odd, odd, readingOf([A, B]), odd]) await read(reading)
    expect(instruments.counters).toEqual({ readings: 6, failures: 2, unreadable: 3 })
    const unreadable = {
      message: 'entries of a list of contracts cannot be read',
      fields: { list: LIST.id, entries: 1, first: 'list[2]: status is "?"' },
    }
    expect(log.lines.map(({ message, fields }) => ({ message, fields }))).toEqual([
      {
        message: 'a list of contracts cannot be read; what was known of them stays',
        fields: { list: LIST.id, reason: 'no answer' },
      },
      { message: 'the list of contracts is read again', fields: { list: LIST.id } },
      unreadable,
      unreadable,
    ])
  })

  it('tell of terms that the rules state otherwise, once, and when they agree again', async () => {
    const { rules, read } = opened()
    const other = listed('B', { terms: { ...TERMS, multiplier: '0.01', settlementAsset: 'USDC' } })
    const said = [
      'B contradicts settlementAsset is USDT in the rules and USDC at the venue, multiplier is 0.1 in the rules and 0.01 at the venue',
    ]
    expect(await read(readingOf([A, other]))).toEqual(said)
    expect(await read(readingOf([A, other]))).toEqual([])
    expect(await read(readingOf([A, listed('B', { terms: { ...TERMS, contribution: 'quanto' } })]))).toEqual([
      'B contradicts contribution is linear in the rules and quanto at the venue',
    ])
    expect(await read(readingOf([A, B]))).toEqual(['B contradicts nothing'])
    // What the venue does not state contradicts nothing.
    const silent = {
      contribution: undefined,
      multiplier: undefined,
      settlementAsset: undefined,
      tickSize: undefined,
    }
    rules.multiplier = '7'
    expect(await read(readingOf([listed('A', { terms: silent }), listed('B', { terms: silent })]))).toEqual(
      [],
    )
  })

  it('compare with other rules at once, and call a contradiction ended when accounts are compiled by them', async () => {
    const { rules, compiled, told, instruments, read } = opened()
    await read(readingOf([A, listed('B', { terms: { ...TERMS, multiplier: undefined } })]))
    rules.multiplier = '1'
    compiled.isCompiled = false
    instruments.rulesChanging(BYBIT)
    expect(told.splice(0)).toEqual(['A contradicts multiplier is 1 in the rules and 0.10 at the venue'])
    rules.multiplier = '0.1'
    compiled.isCompiled = true
    instruments.rulesChanging(BYBIT)
    expect(told).toEqual([])
    compiled.isCompiled = false
    instruments.settle()
    expect(told).toEqual([])
    compiled.isCompiled = true
    instruments.settle()
    instruments.settle()
    expect(told).toEqual(['A contradicts nothing'])
  })

  it('keep a contradiction that an earlier worker found, where the rules are those of then', async () => {
    const { instruments, told, read } = opened()
    const contradictions = [{ field: 'multiplier', rules: '5', venue: '7' }] as const
    instruments.restoreTerms({ venue: BYBIT, symbol: 'B' }, contradictions)
    expect(told.splice(0)).toEqual(['B contradicts multiplier is 0.1 in the rules and 7 at the venue'])
    expect(await read(readingOf([A, B]))).toEqual(['B contradicts nothing'])
    instruments.restoreTerms({ venue: BYBIT, symbol: 'A' }, [{ ...contradictions[0], venue: '0.1' }])
    expect(told).toEqual([])
  })

  it('name smallest steps of prices that the rules state otherwise, once', async () => {
    const { rules, log, read } = opened()
    rules.tickSize = '0.1'
    await read(readingOf([A, listed('B', { terms: { ...TERMS, tickSize: '0.100' } })]))
    await read(readingOf([A, B]))
    expect(log.lines.map(({ fields }) => fields)).toEqual([
      { contracts: 1, symbols: ['bybit A: 0.1 in the rules, 0.5 at the venue'] },
      { contracts: 1, symbols: ['bybit B: 0.1 in the rules, 0.5 at the venue'] },
    ])
  })
})
