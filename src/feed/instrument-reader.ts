import type {
  Clock,
  InstrumentList,
  InstrumentPage,
  StatedContract,
  UnreadableContract,
} from '../domain/index.ts'
import { Slices } from '../system/index.ts'
import { RequestFailure, type VenueRequests } from './venue-requests.ts'

/** What one reading of a list brought. */
export interface InstrumentReading {
  /** By symbol. */
  readonly contracts: ReadonlyMap<string, StatedContract>
  /** Entries that cannot be read. */
  readonly unreadable: readonly UnreadableContract[]
  /** Whether a contract that is not in it is not listed: all pages are read, and each entry names its contract. */
  readonly isWhole: boolean
  /** Why the list is not read to its end; undefined where it is. */
  readonly failure: string | undefined
}

export interface InstrumentReaderOptions {
  readonly requests: VenueRequests
  readonly clock: Clock
  /** URLs that replace those of the venues, by id of the list. */
  readonly urls?: Readonly<Record<string, string | undefined>>
}

/** Reads lists of contracts, page by page, in slices of time between which prices are evaluated. */
export class InstrumentReader {
  readonly #options: InstrumentReaderOptions

  constructor(options: InstrumentReaderOptions) {
    this.#options = options
  }

  /** Never rejects for a venue that does not answer, or answers with what is no list: `failure` says so. */
  async read(list: InstrumentList): Promise<InstrumentReading> {
    const contracts = new Map<string, StatedContract>()
    const unreadable: UnreadableContract[] = []
    let failure: string | undefined
    let cursor: string | undefined
    let pages = 0
    try {
      do {
        const page = await this.#page(list, cursor)
        for (const contract of page.contracts) contracts.set(contract.symbol, contract)
        unreadable.push(...page.unreadable)
        cursor = page.cursor
        pages++
      } while (cursor !== undefined && pages < list.pagesMax)
      if (cursor !== undefined) failure = `it has more than ${list.pagesMax} pages`
    } catch (error) {
      if (!(error instanceof RequestFailure)) throw error
      failure = error.message
    }
    const isNamed = unreadable.every(({ symbol }) => symbol !== undefined)
    return { contracts, unreadable, isWhole: failure === undefined && isNamed, failure }
  }

  async #page(list: InstrumentList, cursor: string | undefined): Promise<InstrumentPage> {
    const { requests, urls = {} } = this.#options
    return await requests.get({
      of: list,
      url: list.requestUrl(urls[list.id] ?? list.url, cursor),
      json: list.requestBody,
      bodyBytesMax: list.bodyBytesMax,
      read: (body) => this.#parsed(list, body),
    })
  }

  async #parsed(list: InstrumentList, body: string): Promise<InstrumentPage> {
    const slices = new Slices(this.#options.clock)
    const parsing = list.parse(body)
    for (;;) {
      const step = parsing.next()
      if (step.done === true) return step.value
      if (slices.isOver) await slices.next()
    }
  }
}
