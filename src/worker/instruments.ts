import type {
  Clock,
  Contract,
  ContractSink,
  Contradiction,
  InstrumentCounters,
  InstrumentList,
  StatedContract,
  StatedTerms,
  VenueId,
} from '../domain/index.ts'
import { GatheredLine, type InstrumentReader, type InstrumentReading } from '../feed/index.ts'
import type { Log } from '../log.ts'
import { type ComparedRules, contradictionsOf, isOtherTick, termsOfContradictions } from './contradictions.ts'
import { every } from './every.ts'

/** Readings in a row that must lack a contract, or call it closed, before it is taken for delisted: one may be cut short. */
export const ABSENCES_MIN = 2

export interface WorkerInstrumentsOptions {
  readonly clock: Clock
  readonly log: Log
  readonly everyMs: number
  readonly reader: Pick<InstrumentReader, 'read'>
  /** The list that holds the contract; undefined where none is read. */
  readonly listOf: (contract: Contract) => InstrumentList | undefined
  /** The contracts in which the book has positions now. */
  readonly held: () => Iterable<Contract>
  /** Whether the venue still states the mark of the contract. */
  readonly hasMark: (contract: Contract) => boolean
  /** The rules in force; undefined where there are none. */
  readonly rulesOf: (contract: Contract) => ComparedRules | undefined
  /** Whether every account is compiled by them. */
  readonly isCompiled: () => boolean
  readonly sink: ContractSink
  /** Runs an action whose failure ends the worker. */
  readonly guard: (action: () => void) => void
}

/** What the lists have said of one contract. */
interface Known {
  expiryMs: number | undefined
  /** Readings in a row without it. */
  absences: number
  isDelisted: boolean
  terms: StatedTerms | undefined
  /** Those that the sink got last. */
  contradictions: readonly Contradiction[]
  /** The smallest step of prices that the log has named. */
  namedTick: string | undefined
}

/**
 * Reads the lists of the venues of the book again and again, and tells where they say something new of a contract that is held. A
 * reading that fails, or is not whole, says nothing of what it lacks.
 */
export class WorkerInstruments {
  readonly counters: { -readonly [Count in keyof InstrumentCounters]: number } = {
    readings: 0,
    failures: 0,
    unreadable: 0,
  }
  readonly #options: WorkerInstrumentsOptions
  readonly #known = new Map<string, Known>()
  readonly #reading = new Set<string>()
  readonly #failing = new Set<string>()
  /** Unreadable entries of the last reading, by list. */
  readonly #unreadable = new Map<string, number>()
  readonly #ticks: GatheredLine
  /** Contradictions may have ended, which the sink learns when every account is compiled. */
  #isToCompare = false
  #isClosed = false

  constructor(options: WorkerInstrumentsOptions) {
    this.#options = options
    const { clock, log } = options
    this.#ticks = new GatheredLine({
      clock,
      gatherMs: 0,
      write: (contracts, symbols) =>
        log.warn({ contracts, symbols }, 'venues state other smallest steps of prices than the rules'),
    })
  }

  /** A contract that an earlier worker found delisted. It is so until a list holds it. */
  restoreDelisted(contract: Contract): void {
    const { clock, sink } = this.#options
    this.#knownOf(contract).isDelisted = true
    sink.delisted(contract.venue, contract.symbol, clock.nowMs())
  }

  /** A contract of which an earlier worker found that the venue states other terms. It does until its list is read. */
  restoreTerms(contract: Contract, contradictions: readonly Contradiction[]): void {
    const known = this.#knownOf(contract)
    known.terms = termsOfContradictions(contradictions)
    this.#compare(contract, known)
  }

  /** Call when other rules are in force, before accounts are compiled by them. */
  rulesChanging(venue: VenueId): void {
    for (const contract of this.#options.held())
      if (contract.venue === venue) this.#compare(contract, this.#knownOf(contract), false)
  }

  /** Call again and again: tells of contradictions that have ended, once accounts are compiled by rules that agree. */
  settle(): void {
    if (!this.#isToCompare || !this.#options.isCompiled()) return
    this.#isToCompare = false
    for (const contract of this.#options.held()) this.#compare(contract, this.#knownOf(contract))
  }

  /** Reads, and does so again and again until the returned function is called. */
  open(): () => void {
    const { clock, everyMs, guard } = this.#options
    this.#readAll()
    const cancel = every(clock, everyMs, () => guard(() => this.#readAll()))
    return () => {
      this.#isClosed = true
      cancel()
    }
  }

  #readAll(): void {
    const { listOf, held } = this.#options
    const lists = new Map<string, InstrumentList>()
    for (const contract of held()) {
      const list = listOf(contract)
      if (list !== undefined) lists.set(list.id, list)
    }
    for (const list of lists.values()) if (!this.#reading.has(list.id)) void this.#read(list)
  }

  async #read(list: InstrumentList): Promise<void> {
    const { reader, guard } = this.#options
    this.#reading.add(list.id)
    try {
      const reading = await reader.read(list)
      if (!this.#isClosed) guard(() => this.#take(list, reading))
    } catch (error) {
      guard(() => {
        throw error
      })
    } finally {
      this.#reading.delete(list.id)
    }
  }

  #take(list: InstrumentList, reading: InstrumentReading): void {
    this.#count(list, reading)
    const { listOf, held } = this.#options
    const unreadable = new Set(reading.unreadable.map(({ symbol }) => symbol))
    for (const contract of held()) {
      if (listOf(contract)?.id !== list.id || unreadable.has(contract.symbol)) continue
      this.#takeOf(contract, reading)
    }
    this.#ticks.flush()
  }

  #takeOf(contract: Contract, { contracts, isWhole }: InstrumentReading): void {
    const { clock, hasMark, sink } = this.#options
    const { venue, symbol } = contract
    const known = this.#knownOf(contract)
    const stated = contracts.get(symbol)
    if (stated !== undefined && stated.expiryMs !== known.expiryMs && !isOutdated(stated, clock.nowMs())) {
      known.expiryMs = stated.expiryMs
      sink.expiryStated(venue, symbol, stated.expiryMs)
    }
    if (stated !== undefined) {
      known.terms = stated.terms
      this.#compare(contract, known)
    }
    if (stated !== undefined && stated.status !== 'closed') {
      known.absences = 0
      if (!known.isDelisted) return
      known.isDelisted = false
      sink.listed(venue, symbol)
    } else if (stated === undefined && hasMark(contract)) {
      // Some lists leave out what is not traded now, and its mark goes on.
      known.absences = 0
    } else if (isWhole && ++known.absences >= ABSENCES_MIN && !known.isDelisted) {
      known.isDelisted = true
      sink.delisted(venue, symbol, clock.nowMs())
    }
  }

  /** `isCompiled`: whether every account is compiled by the rules in force. */
  #compare(contract: Contract, known: Known, isCompiled = this.#options.isCompiled()): void {
    const { rulesOf, sink } = this.#options
    const { venue, symbol } = contract
    const { terms } = known
    const rules = rulesOf(contract)
    if (terms === undefined || rules === undefined) return
    if (isOtherTick(terms, rules) && known.namedTick !== terms.tickSize) {
      known.namedTick = terms.tickSize
      this.#ticks.add(`${venue} ${symbol}: ${rules.tickSize} in the rules, ${terms.tickSize} at the venue`)
    }
    const contradictions = contradictionsOf(terms, rules)
    if (JSON.stringify(contradictions) === JSON.stringify(known.contradictions)) return
    if (contradictions.length === 0 && !isCompiled) {
      this.#isToCompare = true
      return
    }
    known.contradictions = contradictions
    sink.termsContradicted(venue, symbol, contradictions)
  }

  #knownOf({ venue, symbol }: Contract): Known {
    const key = `${venue} ${symbol}`
    let known = this.#known.get(key)
    if (known === undefined) {
      known = {
        expiryMs: undefined,
        absences: 0,
        isDelisted: false,
        terms: undefined,
        contradictions: [],
        namedTick: undefined,
      }
      this.#known.set(key, known)
    }
    return known
  }

  /** One line of the log when a list begins to fail, one when it is read again, and one when other entries cannot be read. */
  #count({ id: list }: InstrumentList, { failure, unreadable }: InstrumentReading): void {
    const { log } = this.#options
    this.counters.readings++
    this.counters.unreadable += unreadable.length
    if (failure !== undefined) this.counters.failures++
    if (failure !== undefined && !this.#failing.has(list)) {
      this.#failing.add(list)
      log.warn({ list, reason: failure }, 'a list of contracts cannot be read; what was known of them stays')
    } else if (failure === undefined && this.#failing.delete(list))
      log.info({ list }, 'the list of contracts is read again')
    const entries = unreadable.length
    if (entries > 0 && entries !== this.#unreadable.get(list))
      log.warn(
        { list, entries, first: unreadable[0]!.reason },
        'entries of a list of contracts cannot be read',
      )
    this.#unreadable.set(list, entries)
  }
}

/** An expiry of the past of a contract that the venue calls traded is none: the two do not go together. */
function isOutdated({ status, expiryMs }: StatedContract, nowMs: number): boolean {
  return status === 'listed' && expiryMs !== undefined && expiryMs <= nowMs
}
