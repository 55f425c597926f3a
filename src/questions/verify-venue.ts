import { VENUE_MARKETS_LISTED_MAX, type VenueEvent } from '../domain/index.ts'
import { reachesShare } from '../integrity/index.ts'
import type { Differences } from './differences.ts'

/** That as many markets are suspect as the limits ask for, and that what is listed and counted of them agrees. */
export function compareVenue(event: VenueEvent, differences: Differences): void {
  const { kind, suspectMarkets, heldMarkets, markets, brokenRules, limits, endedBy } = event
  const begins = kind === 'venue-suspect'
  differences.compare(
    'markets.length',
    markets.length,
    begins ? Math.min(suspectMarkets, VENUE_MARKETS_LISTED_MAX) : 0,
  )
  if (begins !== (endedBy === undefined))
    differences.add('endedBy', endedBy, begins ? 'nothing: it begins' : 'why it is over')
  if (!begins) {
    differences.compare('brokenRules.length', brokenRules.length, 0)
    return
  }
  if (suspectMarkets < limits.marketsMin || !reachesShare(suspectMarkets, heldMarkets, limits.share))
    differences.add(
      'suspectMarkets',
      suspectMarkets,
      `at least ${limits.marketsMin}, and ${limits.share} of ${heldMarkets}`,
    )
  for (const [index, { rule, markets: count }] of brokenRules.entries()) {
    const listed = markets.filter(({ rules }) => rules.includes(rule)).length
    const most = listed + suspectMarkets - markets.length
    if (count < listed || count > most)
      differences.add(`brokenRules[${index}].markets`, count, `from ${listed} to ${most}`)
  }
  for (const [index, { rules }] of markets.entries()) {
    const isCounted = rules.every((rule) => brokenRules.some((one) => one.rule === rule))
    if (!isCounted) differences.add(`markets[${index}].rules`, rules.join(', '), 'rules that are counted')
  }
}
