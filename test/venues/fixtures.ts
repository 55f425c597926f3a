import { readdirSync } from 'node:fs'
import type { Fixtures } from './fixture.ts'

const FOLDER = new URL('./fixtures/', import.meta.url)

async function fixturesOf(venue: string): Promise<Fixtures> {
  return ((await import(`./fixtures/${venue}.ts`)) as { readonly fixtures: Fixtures }).fixtures
}

const venues = readdirSync(FOLDER).map((file) => file.slice(0, -'.ts'.length))
const all = await Promise.all(venues.map(fixturesOf))

/** What every source sends, from the files of the folder `fixtures`: one a venue. */
export const FIXTURES: Fixtures = Object.assign({}, ...all)
