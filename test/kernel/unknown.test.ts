import { describe, expect, it } from 'vitest'
import {
  ANSWER_UNKNOWN,
  COORDINATE_PRICE,
  KERNEL_VARIANTS,
  openKernel,
  ratioLevels,
  undecidedLevel,
} from '../../src/kernel/index.ts'
import { seededRandom } from '../../src/system/seeded-random.ts'
import { between } from '../support/random-accounts.ts'
import { testSeed } from '../support/seed.ts'

const SEED = testSeed(20_261_124)
const INSTRUMENTS = 12
const STEPS = 4_000

/** What a reader would note in a notebook: the symbols of each account, and whether one had no mark when last looked at. */
interface Noted {
  instruments: number[]
  isUnknown: boolean
}

describe.each(KERNEL_VARIANTS)(`unknown accounts of kernel %s (seed ${SEED})`, (variant) => {
  it('are those in which a mark was missing at their last re-check, whatever happens in between', () => {
    const random = seededRandom(SEED)
    const kernel = openKernel(variant)
    kernel.setReleaseFactor(1.01)
    kernel.setRule(0, ratioLevels([0.5, 1]))
    const curve = kernel.addCurve(COORDINATE_PRICE, [{ cap: 1e15, rate: 0.005, deduction: 0 }])
    for (let i = 0; i < INSTRUMENTS; i++) kernel.addInstrument()
    const notes = new Map<number, Noted>()
    const drawInstruments = () =>
      Array.from({ length: between(random, 0, 4) }, () => between(random, 0, INSTRUMENTS - 1))
    const addRows = (account: number, instruments: readonly number[]) => {
      for (const instrument of instruments) kernel.addRow(account, instrument, curve, -100, 1, 1, 0)
    }
    const recheckNoted = (account: number) => {
      const noted = notes.get(account)!
      noted.isUnknown = noted.instruments.some((instrument) => kernel.mark(instrument) === 0)
    }
    const anyAccount = () => [...notes.keys()][between(random, 0, notes.size - 1)]!

    const steps: Record<string, () => void> = {
      add() {
        const instruments = drawInstruments()
        const account = kernel.addAccount(1_000, 0)
        addRows(account, instruments)
        notes.set(account, { instruments, isUnknown: false })
      },
      remove() {
        const account = anyAccount()
        kernel.removeAccount(account)
        notes.delete(account)
      },
      replace() {
        const account = anyAccount()
        const instruments = drawInstruments()
        kernel.removeRows(account)
        addRows(account, instruments)
        notes.set(account, { instruments, isUnknown: false })
      },
      recheck() {
        const account = anyAccount()
        kernel.recheckAccount(account)
        recheckNoted(account)
      },
      measure() {
        const account = anyAccount()
        const { instruments } = notes.get(account)!
        const isMissing = instruments.some((instrument) => kernel.mark(instrument) === 0)
        expect(kernel.measureAccount(account) === ANSWER_UNKNOWN).toBe(isMissing)
      },
      instant() {
        kernel.beginInstant()
        const stale = random() < 0.5
        const instrument = between(random, 0, INSTRUMENTS - 1)
        kernel.setMark(instrument, stale ? 0 : 90 + 20 * random())
        const nominated = stale ? kernel.nominateAll(instrument) : kernel.nominate()
        for (let i = 0; i < nominated; i++) recheckNoted(kernel.nominatedAccount(i))
        for (let at = 0; at < nominated; at++) kernel.recheckNominated(at, at + 1)
        kernel.refreshZones()
      },
    }
    const names = ['add', 'add', 'remove', 'replace', 'recheck', 'measure', 'instant', 'instant', 'instant']
    let most = 0
    for (let step = 0; step < STEPS; step++) {
      steps[notes.size === 0 ? 'add' : names[between(random, 0, names.length - 1)]!]!()
      const unknown = [...notes].filter(([, { isUnknown }]) => isUnknown)
      expect(kernel.unknownAccounts).toBe(unknown.length)
      most = Math.max(most, unknown.length)
      const account = notes.size === 0 ? undefined : anyAccount()
      if (account !== undefined) expect(kernel.isAccountUnknown(account)).toBe(notes.get(account)!.isUnknown)
    }
    expect(most).toBeGreaterThan(20)
    for (const account of notes.keys()) kernel.removeAccount(account)
    expect(kernel.unknownAccounts).toBe(0)
  })
  it('include those whose next verdict must be published and is not yet', () => {
    const kernel = openKernel(variant)
    kernel.setReleaseFactor(1.01)
    kernel.setRule(0, ratioLevels([0.5, 1]))
    const instrument = kernel.addInstrument()
    const curve = kernel.addCurve(COORDINATE_PRICE, [{ cap: 1e15, rate: 0.005, deduction: 0 }])
    const account = kernel.addAccount(50, 0)
    kernel.addRow(account, instrument, curve, -100, 1, 1, 0)
    const instant = (mark: number) => {
      kernel.beginInstant()
      kernel.setMark(instrument, mark)
      const suspects = kernel.recheckNominated(0, kernel.nominate())
      return [kernel.unknownAccounts, kernel.takeProven(0, suspects), kernel.unknownAccounts]
    }
    expect(instant(100)).toEqual([0, 0, 0])
    kernel.setAccountLevel(account, undecidedLevel(0))
    kernel.recheckAccount(account)
    expect(kernel.isAccountUnknown(account)).toBe(true)
    expect(instant(100)).toEqual([1, 0, 0])
    expect(kernel.accountLevel(account)).toBe(0)
  })
})
