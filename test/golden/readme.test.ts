import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import type { Example } from './golden-case.ts'
import { readMisfits } from './misfits.ts'
import { RECORDED } from './recorded/index.ts'
import { DOCUMENTS, type VenueDocuments } from './venues/index.ts'

const README = new URL('../../README.md', import.meta.url)
const KINDS = ['linear', 'inverse', 'quanto', 'option', 'several currencies', 'spot margin'] as const

interface Rules {
  readonly kind?: string
  readonly contribution?: string
  readonly maintenance?: { readonly kind: string }
}
interface Account {
  readonly pool?: { readonly kind?: string }
  readonly positions?: readonly { readonly marginMode: string }[]
}

function kindOf({ rules, account }: Example): string {
  const { pool } = account as Account
  const [own = {}] = Object.values(rules) as Rules[]
  if (pool?.kind === 'spot-margin' || own.maintenance?.kind === 'used-margin') return 'spot margin'
  return pool === undefined ? (own.contribution ?? own.kind!) : 'several currencies'
}

function modesOf({ account }: Example): string[] {
  const { pool, positions = [] } = account as Account
  return pool === undefined ? positions.map(({ marginMode }) => marginMode) : ['pool']
}

/** A venue's row: by kind of contract the margin modes of its examples, linked to their file. */
function rowOf({ name, file, examples }: VenueDocuments): string {
  const cells = KINDS.map((kind) => {
    const modes = examples.filter((example) => kindOf(example) === kind).flatMap(modesOf)
    const words = ['isolated', 'cross', 'pool'].filter((mode) => modes.includes(mode)).join(', ')
    return words === '' ? '' : `[${words}](test/golden/venues/${file})`
  })
  return `| ${[name, ...cells].join(' | ')} |`
}

const readme = readFileSync(README, 'utf8')

const recorded = RECORDED.flatMap(({ cases }) => cases)

it.skipIf(recorded.length === 0)(
  'the README says how many cases agree (skipped without ../shared/golden)',
  () => {
    const cases = [...DOCUMENTS.flatMap((document) => document.cases), ...recorded]
    const counted = cases.filter(({ computed }) => computed !== 'given')
    const { misfits, notComputed } = readMisfits()
    const apart = new Set(misfits.map(({ id }) => id)).size + notComputed.length
    expect(readme).toContain(`golden tests: ${counted.length} cases`)
    expect(readme).toContain(`All but ${apart} agree`)
  },
)

it('the README says which kinds of contract and margin modes have worked examples', () => {
  const rows = readme.split('\n').filter((line) => line.includes('](test/golden/venues/'))
  expect(rows).toEqual(DOCUMENTS.map(rowOf))
})
