import type { RevisedMarket, RevisionEvent } from '../domain/index.ts'
import type { Differences } from './differences.ts'

const CONFIDENCE_BY: Readonly<Record<RevisedMarket['by'], RevisedMarket['confidence']>> = {
  'own-marks': 'confirmed',
  'own-index': 'confirmed',
  'other-venues': 'confirmed',
  'market-back': 'retracted',
  time: 'undecided',
  restart: 'undecided',
  'too-many': 'undecided',
}

/** What a revision says of each price follows from why, and what it says of the event from its prices. */
export function compareRevision({ confidence, markets }: RevisionEvent, differences: Differences): void {
  for (const [index, market] of markets.entries()) {
    const path = `markets[${index}]`
    differences.compare(`${path}.confidence`, market.confidence, CONFIDENCE_BY[market.by])
    for (const field of missingOf(market))
      differences.add(`${path}.${field}`, undefined, `what ${market.by} compared`)
  }
  differences.compare('confidence', confidence, confidenceOf(markets))
}

const STATED_BY: Readonly<Partial<Record<RevisedMarket['by'], readonly (keyof RevisedMarket)[]>>> = {
  'own-marks': ['marks'],
  'market-back': ['marks'],
  'own-index': ['reference', 'limit'],
  'other-venues': ['agree', 'venues', 'limit'],
}

function missingOf(market: RevisedMarket): readonly string[] {
  return (STATED_BY[market.by] ?? []).filter((field) => market[field] === undefined)
}

function confidenceOf(markets: readonly RevisedMarket[]): RevisionEvent['confidence'] {
  if (markets.some(({ confidence }) => confidence === 'retracted')) return 'retracted'
  return markets.every(({ confidence }) => confidence === 'confirmed') ? 'confirmed' : 'undecided'
}
