import { indexName, type MarginEvent, PRICE_REASON } from '../domain/index.ts'
import { isBeyond, isOffScale } from '../integrity/index.ts'
import type { Differences } from './differences.ts'

type StatedMarket = NonNullable<MarginEvent['integrity']>['markets'][number]
type StatedFinding = StatedMarket['findings'][number]

/** Each rule that a price is said to break, by what the event says that the rule compared; and the reasons that follow. */
export function compareIntegrity(event: MarginEvent, differences: Differences): void {
  const markets = event.integrity?.markets ?? []
  const due = new Set(markets.flatMap(({ findings }) => findings.map(({ rule }) => `${PRICE_REASON}${rule}`)))
  const stated = event.reasons.filter((reason) => reason.startsWith(PRICE_REASON))
  if (stated.length !== due.size || stated.some((reason) => !due.has(reason)))
    differences.add('reasons', stated.join(', '), [...due].join(', ') || 'none that doubts a price')
  for (const [index, market] of markets.entries())
    compareMarket(event, market, `integrity.markets[${index}]`, differences)
}

function compareMarket(
  event: MarginEvent,
  market: StatedMarket,
  path: string,
  differences: Differences,
): void {
  differences.compare(`${path}.markPrice`, market.markPrice, priceOf(event, market.symbol))
  if (market.findings.length === 0) differences.add(`${path}.findings`, '[]', 'a rule that the price breaks')
  for (const [index, finding] of market.findings.entries()) {
    if (!isBroken(market, finding))
      differences.add(
        `${path}.findings[${index}].rule`,
        finding.rule,
        'nothing: the price is within the limit',
      )
  }
}

/** The price of the verdict; undefined where the event states none. */
function priceOf({ marks, pool, settle }: MarginEvent, symbol: string): string | undefined {
  const mark = marks.find((one) => one.symbol === symbol)?.markPrice
  const asset = pool?.assets.find((one) => indexName(one.asset, settle) === symbol)
  return mark ?? asset?.indexPrice ?? undefined
}

function isBroken({ markPrice }: StatedMarket, { rule, reference, limit, skewMs }: StatedFinding): boolean {
  if (rule === 'clock') return reference === null && Math.abs(skewMs ?? 0) > Number(limit)
  if (reference === null) return false
  return rule === 'scale' ? isOffScale(markPrice, reference, limit) : isBeyond(markPrice, reference, limit)
}
