import { describe, expect, it } from 'vitest'
import { Curves, UNUSED_SOUGHT_AT } from '../../src/kernel/curves.ts'
import { Compiler, KERNEL_VARIANTS, type Kernel, openKernel, ratioLevels } from '../../src/kernel/index.ts'
import { type ExactTier, exactTiers, marginAccountsOf } from '../../src/margin/index.ts'
import { BYBIT, bookOf, oneTier, rulesOf } from '../margin/support.ts'
import { parsedAccount } from '../support/accounts.ts'
import { exactTermsOf } from '../support/exact-terms.ts'
import { tiersOf } from '../support/rules.ts'

const REPLACEMENTS = 70_000

/** A kernel that counts its curves. */
function counted(kernel: Kernel) {
  const counts = { added: 0, freed: 0 }
  const counting = new Proxy(kernel, {
    get(target, name) {
      if (name === 'addCurve') counts.added++
      if (name === 'freeCurve') counts.freed++
      const value = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { kernel: counting, counts }
}

function openCounted(variant: (typeof KERNEL_VARIANTS)[number]) {
  const opened = counted(openKernel(variant))
  opened.kernel.setReleaseFactor(1.01)
  opened.kernel.setRule(0, ratioLevels([0.5, 1]))
  opened.kernel.addInstrument()
  return opened
}

/** The terms of a long of one unit at 100 under rules made for this call. */
function termsUnder(rate: string) {
  const positions = [
    { symbol: 'X', marginMode: 'isolated', size: '1', entryPrice: '100', isolatedMargin: '50' },
  ]
  const [marginAccount] = marginAccountsOf(parsedAccount({ positions }), bookOf(BYBIT, { X: oneTier(rate) }))
  return exactTermsOf(marginAccount!)
}

const STANDARD = { number: 0, isByDistance: false }

function rowOf(
  tiers: readonly ExactTier[],
  coordinate: 'price' | 'reciprocal' = 'price',
  isFallAdverse = true,
) {
  const row = { intercept: -1, slope: 1, scale: 1, constant: 0, isFundingAsked: false }
  return { symbol: 'X', coordinate, isFallAdverse, tiers, ...row }
}

describe.each(KERNEL_VARIANTS)('curves that a compiler puts into %s', (variant) => {
  it('serve all rows of one tier list', () => {
    const { kernel, counts } = openCounted(variant)
    const compiler = new Compiler(kernel, () => 0)
    const terms = termsUnder('0.01')
    for (let account = 0; account < 10; account++) compiler.add(terms, 0, STANDARD)
    expect(counts).toEqual({ added: 1, freed: 0 })
  })

  it('stay as few as are in use, however often the rules of an account are replaced', () => {
    const { kernel, counts } = openCounted(variant)
    const compiler = new Compiler(kernel, () => 0)
    const [still, moving] = [termsUnder('0.01'), termsUnder('0.02')]
    const other = compiler.add(still, 0, STANDARD)
    const account = compiler.add(moving, 0, STANDARD)
    for (let replacement = 0; replacement < REPLACEMENTS; replacement++) {
      const rows = moving.rows.map((row) => ({ ...row, tiers: [...row.tiers] }))
      compiler.replace(account, { ...moving, rows }, STANDARD)
    }
    expect(counts.added - counts.freed).toBeLessThanOrEqual(UNUSED_SOUGHT_AT)
    kernel.beginInstant()
    kernel.setMark(0, 80)
    for (const [number, maintenanceMargin] of [
      [other, 0.8],
      [account, 1.6],
    ] as const) {
      kernel.measureAccount(number)
      expect(kernel.measuredMaintenanceMargin).toBeCloseTo(maintenanceMargin, 12)
    }
  })
})

describe('curves', () => {
  const tiersWith = (...rows: Parameters<typeof rulesOf>[0]) => exactTiers('X', tiersOf(rulesOf(rows)))

  it('of one tier list differ by coordinate, the way that x moves against an account and whether funding is asked', () => {
    const curves = new Curves(openKernel('typescript'))
    const tiers = tiersWith(['100', '0.01', '0'])
    expect(curves.of(rowOf(tiers))).not.toBe(curves.of(rowOf(tiers, 'reciprocal')))
    expect(curves.of(rowOf(tiers))).not.toBe(curves.of(rowOf(tiers, 'price', false)))
    expect(curves.of(rowOf(tiers))).not.toBe(curves.of({ ...rowOf(tiers), isFundingAsked: true }))
    expect(curves.of(rowOf(tiers))).toBe(curves.of(rowOf(tiers)))
    expect(curves.size).toBe(4)
  })

  it('that rows are on are kept, and the others are freed', () => {
    const kernel = openKernel('typescript')
    const curves = new Curves(kernel)
    const [used, unused] = [tiersWith(['100', '0.01', '0']), tiersWith(['100', '0.02', '0'])]
    const instrument = kernel.addInstrument()
    const account = kernel.addAccount(10, 0)
    kernel.addRow(account, instrument, curves.of(rowOf(used)), -1, 1, 1, 0)
    const freed = curves.of(rowOf(unused))
    curves.freeUnused()
    expect(curves.size).toBe(1)
    expect(() => kernel.freeCurve(freed)).toThrow('freed twice')
    kernel.removeRows(account)
    curves.freeUnused()
    expect(curves.size).toBe(0)
  })

  it('are refused when maintenance margin jumps, which the triggers of the kernel do not allow', () => {
    const [first, second] = tiersWith(['100', '0.01', '0'], ['200', '0.02', '1'])
    const jumping = [first!, { ...second!, maintenanceDeduction: { n: 0n, d: 1n } }]
    expect(() => new Curves(openKernel('typescript')).of(rowOf(jumping))).toThrow('does not jump')
  })
})
