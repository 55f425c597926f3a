import { type Config, loadRulesFile, type RulesByVenue } from './config.ts'
import type { RuleBook, VenueId } from './domain/index.ts'
import { PlimsollError } from './errors.ts'
import { ruleBookOf, withRules } from './venues/index.ts'

/**
 * The rule book of each venue: the built-in one, under the rules file, under the given rules.
 * @throws PlimsollError CONFIGURATION or RULES_INVALID naming the file and the place in it.
 */
export function ruleBooks(
  { rulesFile }: Pick<Config, 'rulesFile'>,
  given?: RulesByVenue,
): (venue: VenueId) => RuleBook {
  const books = new Map<VenueId, RuleBook>()
  const lay = (byVenue: RulesByVenue, name: string) => {
    for (const [venue, rules] of byVenue) {
      const below = books.get(venue) ?? ruleBookOf(venue)
      books.set(venue, withRules(below, rules, `${below.version}+${name}`, { firstDeductionZero: true }))
    }
  }
  if (rulesFile !== undefined) {
    const byVenue = loadRulesFile(rulesFile)
    naming(rulesFile, () => lay(byVenue, rulesFile))
  }
  if (given !== undefined) lay(given, 'given')
  return (venue) => books.get(venue) ?? ruleBookOf(venue)
}

function naming(rulesFile: string, action: () => void): void {
  try {
    action()
  } catch (error) {
    if (!(error instanceof PlimsollError)) throw error
    throw new PlimsollError(error.code, `rules file ${rulesFile}: ${error.message}`, { cause: error })
  }
}
