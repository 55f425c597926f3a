import { expect, it } from 'vitest'
import { AGES_DAYS, staleness } from '../../bench/staleness.ts'

it('the staleness benchmark finds more tables that ask for too little the older they are, of the shipped history', () => {
  const results = staleness()
  expect(results.map(({ ageDays }) => ageDays)).toEqual(AGES_DAYS)
  const [week, , month, quarter, year] = results.map(({ asksTooLittle }) => asksTooLittle)
  expect(week).toBeGreaterThan(0)
  expect(month).toBeGreaterThan(week!)
  expect(quarter).toBeGreaterThan(month!)
  expect(year).toBeGreaterThan(quarter!)
  for (const { newest } of results) expect(newest).toBeLessThan(1)
})
