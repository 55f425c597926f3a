// Which streams `plimsoll probe` listens to, and which markets it asks them for.
import type { VenueId, VenueSource } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { expiryMsOf, ruleBookOf } from '../venues/index.ts'
import { streamsNamed } from './venue-streams.ts'

/** Markets of each source that are asked for unless --symbols says which. */
export const MARKETS_DEFAULT = 20

export interface Asked {
  readonly source: VenueSource
  readonly symbols: readonly string[]
}

/** The flags that say it. */
export interface ProbeQuestion {
  readonly venue: string
  readonly symbols?: readonly string[]
  readonly url?: string
}

/** The streams, each with the markets to ask it for. */
export function askedOf({ venue: name, symbols, url }: ProbeQuestion, nowMs: number): Asked[] {
  const { venue, streams: named } = streamsNamed(name)
  // One that needs an address of the user's is heard where it is named itself.
  const streams = named.length > 1 ? named.filter(({ isOptIn }) => isOptIn !== true) : named
  if (streams.length === 0) throw usage(noAddress(name, named))
  const carried = (symbol: string) => streams.find((source) => source.carries(symbol))
  const lost = symbols?.filter((symbol) => carried(symbol) === undefined) ?? []
  if (lost.length > 0) throw usage(`--symbols: no stream of ${name} carries ${lost.join(', ')}`)
  const wanted = symbols ?? contractsOf(venue, nowMs)
  const asked = streams.flatMap((source) => {
    const ofSource = wanted.filter((symbol) => carried(symbol) === source)
    const limited = symbols === undefined ? ofSource.slice(0, MARKETS_DEFAULT) : ofSource
    return limited.length === 0 ? [] : [{ source, symbols: [...new Set(limited)] }]
  })
  if (asked.length === 0)
    throw usage(`the built-in rules hold no contract of ${name}: give some by --symbols`)
  if (url !== undefined && asked.length > 1)
    throw usage(`--url is one stream: --venue must name one of ${streams.map((one) => one.id).join(', ')}`)
  const [nowhere] = asked.filter(({ source }) => url === undefined && addressOf(source) === '')
  if (nowhere !== undefined)
    throw usage(`--venue ${nowhere.source.id} has no public address: give yours by --url`)
  return asked
}

/** The URL or path of the source itself; empty where it has none. */
export function addressOf(source: VenueSource): string {
  return 'url' in source ? source.url : source.path
}

/** Those of the built-in rules that have not expired. */
function contractsOf(venue: VenueId, nowMs: number): string[] {
  const book = ruleBookOf(venue)
  return [...book.symbols()].filter((symbol) => {
    const isInForce = (book.entriesOf(symbol).at(-1)?.rules ?? null) !== null
    return isInForce && (expiryMsOf(venue, symbol) ?? Number.POSITIVE_INFINITY) > nowMs
  })
}

function noAddress(name: string, streams: readonly VenueSource[]): string {
  const ids = streams.map(({ id }) => id).join(', ')
  return `--venue ${name} has no stream with a public address: name one of ${ids}, and its address by --url`
}

function usage(message: string): PlimsollError {
  return new PlimsollError('USAGE', message)
}
