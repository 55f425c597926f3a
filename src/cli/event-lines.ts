import {
  contradictionText,
  counted,
  isVenueEvent,
  type MarginEvent,
  type MarketEvent,
  type PlimsollEvent,
  percentText,
  type RevisionEvent,
  type VenueEvent,
} from '../domain/index.ts'
import { shortened } from './figures.ts'
import type { Palette } from './terminal.ts'
import { visible } from './visible.ts'

const POSITIONS_SHOWN_MAX = 3
const REDUCTIONS_SHOWN_MAX = 2
const ASSUMPTIONS_SHOWN_MAX = 2
const MONEY_DIGITS = 6
const RATIO_DIGITS = 5
const KIND_WIDTH = 'MARKET STALE'.length
/** Indent of further lines: they begin under the kind, behind the time. */
export const EVENT_INDENT = ' '.repeat('08:53:20Z  '.length)

/** Writes an event for people: time in UTC, kind, margin account, the main figures, then positions and cure. */
export class EventLines {
  readonly #palette: Palette
  #day = ''

  constructor(palette: Palette) {
    this.#palette = palette
  }

  /** Lines of the event. The first event of a day has a line with the date before it. */
  of(event: PlimsollEvent): string[] {
    const [day = '', time = ''] = new Date(event.receivedTimeMs).toISOString().split('T')
    const lines = this.#linesOf(event)
    lines[0] = `${this.#palette.dim(`${time.slice(0, 8)}Z`)}  ${lines[0]}`
    if (day === this.#day) return lines
    this.#day = day
    return [this.#palette.dim(`-- ${day} UTC`), ...lines]
  }

  #linesOf(event: PlimsollEvent): string[] {
    if (event.kind === 'revision') return [this.#revisionLine(event)]
    if (isVenueEvent(event)) return [this.#venueLine(event)]
    if (!('marginAccount' in event)) return [this.#marketLine(event)]
    return [
      this.#headLine(event),
      ...detailLines(event).map((line) => this.#palette.dim(EVENT_INDENT + line)),
    ]
  }

  #revisionLine({ kind, marginAccount, revisedKind, level, confidence, markets }: RevisionEvent): string {
    const { green, red, yellow } = this.#palette
    const colour = { confirmed: green, retracted: red, undecided: yellow }[confidence]
    const prices = markets.map(({ symbol, markPrice, by }) => `${visible(symbol)} ${markPrice}: ${WHY[by]}`)
    return [
      this.#kind(kind),
      this.#palette.strong(visible(marginAccount)),
      `${revisedKind} at level ${level} is ${colour(confidence)}`,
      prices.join('; '),
    ].join('  ')
  }

  #headLine(event: MarginEvent): string {
    const parts = [
      this.#kind(event.kind),
      this.#palette.strong(visible(event.marginAccount)),
      ...headFigures(event),
      ...(event.confidence === 'suspect' ? [this.#palette.yellow('suspect')] : []),
      ...(event.reasons.length === 0 ? [] : [visible(event.reasons.join(', '))]),
    ]
    return parts.join('  ')
  }

  #venueLine(event: VenueEvent): string {
    const { kind, venue, suspectMarkets, heldMarkets, brokenRules, sinceMs, receivedTimeMs, endedBy } = event
    const name = this.#palette.strong(visible(venue))
    if (kind === 'venue-clear') {
      const lastedS = Math.max(0, Math.round((receivedTimeMs - sinceMs) / 1_000))
      const why = endedBy === 'unheld' ? 'nobody holds its markets any more' : 'its prices are clear again'
      return [this.#kind(kind), name, `${why}, after ${lastedS} s, ${suspectMarkets} suspect at most`].join(
        '  ',
      )
    }
    const rules = brokenRules.map(({ rule, markets }) => `${rule} ${markets}`).join(', ')
    const what = `${suspectMarkets} of ${counted(heldMarkets, 'market')} suspect: ${rules}`
    return [this.#kind(kind), name, what].join('  ')
  }

  #marketLine(event: MarketEvent): string {
    const { venue, symbol, sinceMs, receivedTimeMs, marginAccounts, markPrice } = event
    const market = this.#palette.strong(visible(`${venue} ${symbol}`))
    if (event.kind === 'market-fresh') {
      const silentS = Math.max(0, Math.round((receivedTimeMs - sinceMs) / 1_000))
      return [this.#kind(event.kind), market, `mark ${markPrice} after ${silentS} s without one`].join('  ')
    }
    if (event.kind === 'market-closed')
      return [this.#kind(event.kind), market, 'nobody holds it any more'].join('  ')
    const accounts = `${counted(marginAccounts, 'margin account has', 'margin accounts have')} no verdict`
    if (event.kind === 'market-expired') {
      return [
        this.#kind(event.kind),
        market,
        `${event.delisted === true ? 'found delisted' : 'expired'} at ${new Date(sinceMs).toISOString().slice(0, 16)}Z: ${accounts}`,
      ].join('  ')
    }
    if (event.kind === 'market-contradicted')
      return [this.#kind(event.kind), market, `${contradictionsIn(event)}: ${accounts}`].join('  ')
    const since = new Date(sinceMs).toISOString().slice(11, 19)
    if (event.kind === 'market-gap') return this.#gapLine(event, market, since)
    return [this.#kind(event.kind), market, `no fresh mark since ${since}Z: ${accounts}`].join('  ')
  }

  #gapLine({ kind, untilMs, gapReasons = [] }: MarketEvent, market: string, since: string): string {
    const until = untilMs === undefined ? '' : ` to ${new Date(untilMs).toISOString().slice(11, 19)}Z`
    const what = `marks not heard from ${since}Z${until}: ${gapReasons.join(', ')}`
    return [this.#kind(kind), market, what].join('  ')
  }

  #kind(kind: PlimsollEvent['kind']): string {
    const { red, yellow, green, dim, strong } = this.#palette
    switch (kind) {
      case 'liquidation':
        return red(strong('LIQUIDATION'.padEnd(KIND_WIDTH)))
      case 'market-stale':
        return red('MARKET STALE')
      case 'market-expired':
        return red('EXPIRED'.padEnd(KIND_WIDTH))
      case 'market-contradicted':
        return red('CONTRADICTED'.padEnd(KIND_WIDTH))
      case 'market-gap':
        return yellow('market gap'.padEnd(KIND_WIDTH))
      case 'venue-suspect':
        return yellow('venue doubt'.padEnd(KIND_WIDTH))
      case 'warning':
        return yellow('warning'.padEnd(KIND_WIDTH))
      case 'revision':
        return strong('revision'.padEnd(KIND_WIDTH))
      case 'unknown':
        return yellow('unknown'.padEnd(KIND_WIDTH))
      case 'closed':
      case 'market-closed':
        return dim(kind.replace('-', ' ').padEnd(KIND_WIDTH))
      default:
        return green(kind.replace('-', ' ').padEnd(KIND_WIDTH))
    }
  }
}

function contradictionsIn({ contradictions = [] }: MarketEvent): string {
  return contradictions.map((contradiction) => visible(contradictionText(contradiction))).join(', ')
}

/** Why a suspect price is what the revision says. */
const WHY: Readonly<Record<RevisionEvent['markets'][number]['by'], string>> = {
  'own-marks': 'further marks stand at it',
  'own-index': "the venue's index is there too",
  'other-venues': 'other venues are there too',
  'market-back': 'it stood for one mark, and nothing else was there',
  time: 'nothing decided it in time',
  restart: 'the worker that watched it ended',
  'too-many': 'more prices were suspect than are watched',
}

/** The figures of the first line, most urgent first: the shortfall, the margin ratio, the distance from the line. */
function headFigures({
  kind,
  level,
  previousLevel,
  marginRatio,
  marginBalance,
  shortfall,
  distance,
  settle,
}: MarginEvent) {
  const figures: string[] = []
  if (shortfall !== null && /[1-9]/.test(shortfall)) {
    figures.push(`short ${money(shortfall)} ${visible(settle)}`)
  }
  if (marginRatio !== null) figures.push(`ratio ${shortened(marginRatio, RATIO_DIGITS, 'down')}`)
  else if (marginBalance !== null) figures.push(`margin balance ${money(marginBalance)}`)
  if (distance !== undefined && distance !== null && distance !== '0') {
    figures.push(`${percentText(distance)} from its line`)
  }
  if (kind === 'warning') figures.push(`level ${level}`)
  if (isPartlyRecovered({ kind, level })) figures.push(`still at level ${level}`)
  if (kind !== 'warning' && kind !== 'liquidation') figures.push(`was at ${previousLevel}`)
  return figures
}

/** A level farther from the line still stands. */
function isPartlyRecovered({ kind, level }: Pick<MarginEvent, 'kind' | 'level'>): boolean {
  return kind === 'recovered' && level !== '0'
}

/** Positions, cure and assumptions. Empty for an event that asks for no action. */
function detailLines(event: MarginEvent): string[] {
  const asksForAction = event.kind === 'warning' || event.kind === 'liquidation' || isPartlyRecovered(event)
  if (!asksForAction) return []
  return [positionsLine(event), cureLine(event), ...assumedLines(event)].filter((line) => line !== '')
}

/** Lists the positions that lose most first. */
function positionsLine({ positions, marks }: MarginEvent): string {
  const markPriceOf = new Map(marks.map(({ symbol, markPrice }) => [symbol, markPrice]))
  const worstFirst = [...positions].sort(
    (left, right) => Number(left.unrealizedPnl ?? 0) - Number(right.unrealizedPnl ?? 0),
  )
  const shown = worstFirst.slice(0, POSITIONS_SHOWN_MAX).map(({ symbol, size, liquidationPrice }) => {
    const mark = `${visible(symbol)} ${size} at ${markPriceOf.get(symbol) ?? 'an unknown mark'}`
    return liquidationPrice === null
      ? mark
      : `${mark}, liquidation price ${shortened(liquidationPrice, MONEY_DIGITS + 2, 'down')}`
  })
  const more = positions.length - shown.length
  return [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('; ')
}

function cureLine({ cure, settle }: MarginEvent): string {
  if (cure === null) return ''
  const reductions = cure.reductions
    .filter(({ size }) => size !== null)
    .slice(0, REDUCTIONS_SHOWN_MAX)
    .map(({ symbol, size }) => `close ${money(size!)} of ${visible(symbol)}`)
  const topUps = (cure.topUps ?? [])
    .filter(({ amount }) => amount !== null)
    .slice(0, REDUCTIONS_SHOWN_MAX)
    .map(({ asset, amount }) => `add ${money(amount!)} ${visible(asset)}`)
  return `cure: ${[`add ${money(cure.topUp)} ${visible(settle)}`, ...topUps, ...reductions].join(', or ')}`
}

function assumedLines({ assumptions = [] }: MarginEvent): string[] {
  const more = assumptions.length - ASSUMPTIONS_SHOWN_MAX
  const shown = assumptions.slice(0, ASSUMPTIONS_SHOWN_MAX).map(visible)
  return [...shown, ...(more > 0 ? [`${more} more in --json`] : [])].map((line) => `assumed: ${line}`)
}

function money(figure: string): string {
  return shortened(figure, MONEY_DIGITS, 'up')
}
