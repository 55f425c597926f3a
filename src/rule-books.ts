import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { type Config, loadRulesFile, type RulesByVenue } from './config.ts'
import type { RuleBook, VenueId } from './domain/index.ts'
import { PlimsollError } from './errors.ts'
import { ruleBookOf, withRules } from './venues/index.ts'

/**
 * The rule book of each venue: the built-in one, under the rules file, under the given rules. The version of
 * a book names what was laid over it, with a digest of the contents, so that an event tells its rules.
 * @throws PlimsollError CONFIGURATION or RULES_INVALID naming the file and the place in it.
 */
export function ruleBooks(
  { rulesFile }: Pick<Config, 'rulesFile'>,
  given?: RulesByVenue,
): (venue: VenueId) => RuleBook {
  const books = new Map<VenueId, RuleBook>()
  const lay = (byVenue: RulesByVenue, source: string) => {
    for (const [venue, rules] of byVenue) {
      const below = books.get(venue) ?? ruleBookOf(venue)
      const name = `${source}@${createHash('sha256').update(JSON.stringify(rules)).digest('hex').slice(0, 8)}`
      books.set(venue, withRules(below, rules, `${below.version}+${name}`, { firstDeductionZero: true }))
    }
  }
  if (rulesFile !== undefined) {
    const byVenue = loadRulesFile(rulesFile)
    naming(rulesFile, () => lay(byVenue, basename(rulesFile)))
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
