import type { FeedCounters, FrameKind, FrameParser, FrameSink } from '../../../src/domain/index.ts'
import { PlimsollError } from '../../../src/errors.ts'
import { connectBudget } from '../../../src/feed/backoff.ts'
import { type Feed, openFeed } from '../../../src/feed/index.ts'
import { seededRandom } from '../../../src/system/seeded-random.ts'
import { sourceOf } from '../../../src/venues/index.ts'
import { listener } from '../../venues/record.ts'
import { TestClock } from '../clock.ts'
import { type Delivery, deliveryOf } from './delivery.ts'
import { SEEDS, type Seed } from './seeds.ts'
import { cuts, type Spoilt, spoil, spoilAny } from './spoil.ts'
import { isStatedAs, type Statement, TWIN_OF, type Twin } from './twins.ts'

/** Later than every time that a seed states, so that none is ahead of the clock. */
const NOW_MS = Date.UTC(2027, 0, 1)
/** A run ends after so many. */
const FAULTS_SHOWN = 5
const FRAME_CHARACTERS_SHOWN = 600
/** After so many frames a connection makes room for a new one, with a parser that knows nothing. */
const FRAMES_PER_CONNECTION = 200
const RECORDED_SHARE = 0.2
/** Of the frames, so many are big ones, but of a long run no more than this: they would take most of its time. */
const BIG_SHARE = 0.01
const BIG_FRAMES_MAX = 1_000

export interface Run {
  readonly frames: number
  /** How often a price that a frame states was handed on. */
  readonly prices: number
  readonly kinds: ReadonlyMap<FrameKind, number>
  /** The ways in which frames were spoilt. */
  readonly ways: ReadonlySet<string>
  /** What must not be: a throw, a price that no frame states, a frame that is counted as something else. */
  readonly faults: readonly string[]
}

interface Handed {
  readonly kind: string
  readonly symbol: string
  readonly price: string
}

/** Reads frames that are spoilt from the seeds of a source, and some recorded ones, and says what goes wrong. */
export class MalformedRun implements Run {
  frames = 0
  prices = 0
  readonly kinds = new Map<FrameKind, number>()
  readonly ways = new Set<string>()
  readonly faults: string[] = []
  readonly #sourceId: string
  readonly #random
  readonly #recorded: readonly string[]
  readonly #bigShare: number
  #connection: Connection

  /** `frames`: how long the run is to be. */
  constructor(sourceId: string, seed: number, recorded: readonly string[], frames: number) {
    this.#sourceId = sourceId
    this.#bigShare = Math.min(BIG_SHARE, BIG_FRAMES_MAX / frames)
    this.#random = seededRandom(seed, Object.keys(SEEDS).indexOf(sourceId))
    this.#recorded = recorded
    this.#connection = new Connection(sourceId)
  }

  /** Every seed cut at every byte, until there are `frames` of them. */
  async cuts(frames: number): Promise<void> {
    for (const seed of SEEDS[this.#sourceId]!.seeds)
      for (const spoilt of cuts(seed)) if (this.frames < frames) await this.#read(seed, spoilt)
  }

  /** Frames that are spoilt by chance, until there are `frames` of them. */
  async draw(frames: number): Promise<void> {
    const random = this.#random
    const { seeds } = SEEDS[this.#sourceId]!
    while (this.frames < frames && this.faults.length < FAULTS_SHOWN) {
      const recorded = this.#recorded[Math.floor(random() * this.#recorded.length)]
      const seed = seeds[Math.floor(random() * seeds.length)]!
      if (recorded !== undefined && random() < RECORDED_SHARE)
        await this.#read(undefined, spoilAny(random, recorded))
      else await this.#read(seed, spoil(random, seed, this.#bigShare))
    }
  }

  async #read(seed: Seed | undefined, spoilt: Spoilt): Promise<void> {
    if (this.frames % FRAMES_PER_CONNECTION === 0) {
      // A feed that is not awaited here would be kept until the end of the run.
      await this.#connection.close()
      this.#connection = new Connection(this.#sourceId)
    }
    for (const frame of seed?.opening ?? [])
      await this.#connection.read({ says: 'opening', text: frame, isBinary: false })
    const { kind, handed, faults } = await this.#connection.read(spoilt)
    this.frames++
    this.prices += handed
    this.ways.add(spoilt.says)
    this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + 1)
    for (const fault of faults) {
      const shown = JSON.stringify(spoilt.text.slice(0, FRAME_CHARACTERS_SHOWN))
      this.faults.push(`frame ${this.frames}, ${spoilt.says}: ${fault}: ${shown}`)
    }
  }
}

/** One connection of the feed, and beside it a parser whose every price is heard, watched or not. */
class Connection {
  readonly #twin: Twin
  readonly #parser: FrameParser
  /** The same parser, which reads every frame exactly, because it has a space at its end. */
  readonly #exact: FrameParser
  readonly #feed: Feed
  readonly #delivery: Delivery
  #heard: Handed[] = []
  #faults: string[] = []
  /** The last mark that frames have stated of each market. */
  readonly #marks = new Map<string, string>()
  /** The feed may hold a mark until a later frame confirms it. */
  readonly #holdsMarks: boolean
  /** What the last frame, and the last one that was read, state of each index price. */
  readonly #indexes = { any: new Map<string, Statement>(), read: new Map<string, Statement>() }

  constructor(sourceId: string) {
    const source = sourceOf(sourceId)
    this.#twin = TWIN_OF[sourceId]!
    this.#holdsMarks = source.kind === 'socket' && source.statesStoredFirst === true
    this.#parser = source.createParser()
    this.#exact = source.createParser()
    const clock = new TestClock(NOW_MS)
    this.#delivery = deliveryOf(source, clock)
    this.#feed = openFeed({
      source,
      url: this.#delivery.url,
      symbols: SEEDS[sourceId]!.watched,
      clock,
      random: seededRandom(1),
      budget: connectBudget(clock),
      log: { info: () => {}, warn: () => {} },
      machine: this.#delivery.machine,
      sink: {
        frameStart: () => {},
        indexPrice: () => {},
        frameEnd: () => {},
        price: (kind, symbol, price) => void this.#heard.push({ kind, symbol, price }),
        unchanged: () => {},
        marketState: () => {},
        interrupted: () => {},
        marketUnreadable: () => {},
        marketRefused: () => {},
        marketTaken: () => {},
        connection: () => {},
        fault: (error) => {
          const isReport = error instanceof PlimsollError && error.code === 'FEED_REJECTED'
          if (!isReport) this.#faults.push(`the feed let out ${error.stack}`)
        },
      },
    })
  }

  close(): Promise<void> {
    return this.#feed.close()
  }

  async read(spoilt: Spoilt): Promise<{
    readonly kind: FrameKind
    readonly handed: number
    readonly faults: readonly string[]
  }> {
    const isBinary = spoilt.isBinary && this.#delivery.hasBinary
    const text = this.#delivery.carried(spoilt.text)
    // A body and a line have no type: of one that would be binary they are the text.
    const expected = spoilt.isBinary && !isBinary ? 'ticks' : spoilt.kind
    this.#faults = []
    const { kind, prices, confirmed, said } = isBinary ? NOTHING_READ : this.#parse(this.#parser, text)
    if (!isBinary && this.#twin.words?.includes(text) !== true) {
      const exactly = this.#parse(this.#exact, `${text} `)
      this.#must(said === exactly.said, `gives ${said}, and read exactly ${exactly.said}`)
    }
    const isJson = isJsonText(text) || this.#twin.words?.includes(text) === true
    this.#must(expected === undefined || kind === expected, `is ${kind} and must be ${expected}`)
    this.#must(isJson || kind === 'malformed', `is no JSON, and is ${kind}`)
    this.#must(prices.length === 0 || kind === 'ticks', `gives a price, and is ${kind}`)
    await this.#count(text, isBinary, kind)
    const stated = isBinary ? [] : this.#twin.read(text)
    for (const price of prices)
      this.#must(this.#isStated(price, stated), `gives ${JSON.stringify(price)}, which it does not state`)
    for (const price of this.#heard) {
      const isConfirmed = confirmed.includes(price.symbol) && this.#marks.get(price.symbol) === price.price
      const isSound = this.#isStated(price, stated) || (this.#holdsMarks && isConfirmed)
      this.#must(isSound, `hands on ${JSON.stringify(price)}, which it does not state`)
    }
    for (const { kind, symbol, price } of prices) if (kind === 'mark') this.#marks.set(symbol, price)
    for (const each of stated) {
      if (each.kind !== 'index') continue
      this.#indexes.any.set(each.symbol, each)
      if (kind === 'ticks') this.#indexes.read.set(each.symbol, each)
    }
    return { kind, handed: prices.length, faults: this.#faults }
  }

  #parse(parser: FrameParser, text: string): Read {
    const prices: Handed[] = []
    const confirmed: string[] = []
    const { said, sink } = listener()
    const price: FrameSink['price'] = (kind, symbol, digits, timeMs, funding) => {
      prices.push({ kind, symbol, price: digits })
      sink.price(kind, symbol, digits, timeMs, funding)
    }
    const unchanged: FrameSink['unchanged'] = (symbol, timeMs, funding) => {
      confirmed.push(symbol)
      sink.unchanged(symbol, timeMs, funding)
    }
    try {
      const kind = parser.parse(text, { ...sink, price, unchanged })
      return { kind, prices, confirmed, said: `${kind} ${said.join(', ')}` }
    } catch (error) {
      this.#faults.push(`the venue threw ${(error as Error).stack}`)
      return { kind: 'malformed', prices, confirmed, said: 'a fault' }
    }
  }

  /** The feed counts the frame once, and as what the parser says that it is. */
  async #count(text: string, isBinary: boolean, kind: FrameKind): Promise<void> {
    this.#heard = []
    const before = { ...this.#feed.counters }
    try {
      await this.#delivery.deliver(text, isBinary)
    } catch (error) {
      this.#faults.push(`the feed threw ${(error as Error).stack}`)
    }
    const after = this.#feed.counters
    const grown = (name: keyof FeedCounters) => after[name] - before[name]
    this.#must(grown('frames') === 1, `is counted as ${grown('frames')} frames`)
    for (const [counter, of] of Object.entries(COUNTED) as [keyof FeedCounters, FrameKind][])
      this.#must(
        grown(counter) === (kind === of ? 1 : 0),
        `is ${kind}, and counted ${grown(counter)} ${counter}`,
      )
  }

  #isStated(handed: Handed, stated: readonly Statement[]): boolean {
    const { kind, symbol, price } = handed
    const same = stated.filter((each) => each.kind === kind && each.symbol === symbol)
    const { any, read } = this.#indexes
    const kept = this.#twin.keepsIndex === true ? [any.get(symbol), read.get(symbol)] : []
    return (same.length > 0 ? same : kept).some(
      (each) => each !== undefined && each.kind === kind && isStatedAs(this.#twin, price, each),
    )
  }

  #must(holds: boolean, fault: string): void {
    if (!holds) this.#faults.push(fault)
  }
}

interface Read {
  readonly kind: FrameKind
  readonly prices: readonly Handed[]
  /** Markets of which it confirms the last mark. */
  readonly confirmed: readonly string[]
  /** Everything that the parser says, in its order. */
  readonly said: string
}

const NOTHING_READ: Read = { kind: 'malformed', prices: [], confirmed: [], said: '' }

/** The counters of kinds; `ticks` counts marks. */
const COUNTED: Readonly<Partial<Record<keyof FeedCounters, FrameKind>>> = {
  acknowledged: 'acknowledged',
  rejected: 'rejected',
  heartbeats: 'heartbeat',
  ignored: 'ignored',
  malformed: 'malformed',
}

function isJsonText(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
