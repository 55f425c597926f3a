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
export function askedOf(question: ProbeQuestion, nowMs: number): Asked[] {
  const { venue: name, symbols, url } = question
  const { venue, streams: named } = streamsNamed(name)
  const streams = heardOf(named)
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
  refuseNowhere(streams, asked.length === 0, url)
  if (asked.length === 0) throw usage(`the built-in rules hold no market of ${name}: give some by --symbols`)
  if (url !== undefined && asked.length > 1)
    throw usage(`--url is one stream: --venue must name one of ${streams.map((one) => one.id).join(', ')}`)
  return asked
}

/** One that is used on request is heard where it is named itself. */
function heardOf(named: readonly VenueSource[]): readonly VenueSource[] {
  return named.length > 1 ? named.filter(({ isOptIn }) => isOptIn !== true) : named
}

/** `streams`: all that would be heard; `needsSymbols`: no market of them is known. */
function refuseNowhere(
  streams: readonly VenueSource[],
  needsSymbols: boolean,
  url: string | undefined,
): void {
  const nowhere = url === undefined ? streams.find((source) => addressOf(source) === '') : undefined
  if (nowhere === undefined) return
  const markets = needsSymbols ? ', and its markets by --symbols' : ''
  throw usage(`--venue ${nowhere.id} has no public address: give yours by --url${markets}`)
}

/** The streams of the venue that are not heard although no market is named: each with the reason, and how to name it. */
export function unheardOf(question: ProbeQuestion, nowMs: number): string[] {
  if (question.symbols !== undefined) return []
  const { streams } = streamsNamed(question.venue)
  const asked = askedOf(question, nowMs).map(({ source }) => source)
  return streams
    .filter((source) => !asked.includes(source))
    .map((source) => `${source.id} (--venue ${source.id}${whyUnheard(source)})`)
}

function whyUnheard(source: VenueSource): string {
  if (addressOf(source) === '') return ', with --url: it has no public address'
  return source.isOptIn === true
    ? ': heard on request'
    : ', with --symbols: the built-in rules hold no market of it'
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
