import type {
  ContractStatus,
  InstrumentList,
  InstrumentPage,
  StatedContract,
  StatedTerms,
  UnreadableContract,
} from '../../domain/index.ts'
import { type FaultCode, PlimsollError } from '../../errors.ts'
import { splitJson } from '../../input/index.ts'
import { isObject, type JsonObject } from '../frame.ts'
import { refuseBody } from '../mark-bars.ts'
import { frameKeepingDigits, isNameOfFrame, timeOf, timeOfIso } from '../numbers.ts'

/** Entries that are read between two steps: some 0.5 ms. */
const ENTRIES_A_STEP = 16
const ENTRY_FAULTS: readonly FaultCode[] = ['INPUT_INVALID', 'RULES_INVALID']
/** Venues state times of the year 2100 or 3000 for what never ends. */
const NEVER_FROM_MS = Date.UTC(2090, 0, 1)

/** What one venue's list has in its own way. */
export interface ListForm {
  /** Name of the list in the body; undefined where the body is the list. */
  readonly list: string | undefined
  /** The contracts of an entry of the list; absent where each is one. */
  readonly contractsOf?: (entry: unknown) => readonly unknown[]
  /** The field of a contract that names it. */
  readonly symbol: string
  /** Refuses a body that is no answer; the cursor of the next page, if there is one. */
  readonly envelope?: (envelope: JsonObject) => string | undefined
  readonly statusOf: (entry: JsonObject) => ContractStatus
  readonly expiryOf: (entry: JsonObject) => number | undefined
  /** Of a kind of contract that is not judged: none. */
  readonly termsOf: (entry: JsonObject) => Partial<StatedTerms>
}

export type ListOptions = Omit<InstrumentList, 'parse'> & { readonly form: ListForm }

export function instrumentList({ form, ...list }: ListOptions): InstrumentList {
  return { ...list, parse: (body) => parsed(body, form) }
}

function* parsed(body: string, form: ListForm): Generator<void, InstrumentPage> {
  const { list } = form
  const split = yield* splitJson(body, list)
  const place = list ?? 'the body'
  if (split === undefined) return refuseBody(place, body, 'must be a JSON list of contracts')
  const envelope = frameKeepingDigits(split.envelope)
  if (list !== undefined && !isObject(envelope))
    return refuseBody('the body', body, 'must be a JSON object, no field given twice')
  const cursor = isObject(envelope) ? form.envelope?.(envelope) : undefined
  const page = { contracts: [] as StatedContract[], unreadable: [] as UnreadableContract[], cursor }
  for (const [index, text] of split.entries.entries()) {
    if (index % ENTRIES_A_STEP === 0) yield
    const entry = frameKeepingDigits(text)
    const at = `${place}[${index}]`
    for (const contract of contractsIn(entry, form)) take(contract, at, form, page)
  }
  if (page.contracts.length + page.unreadable.length === 0 && cursor === undefined)
    return refuseBody(place, '[]', 'must list a contract: a venue that lists none is not believed')
  return page
}

function contractsIn(entry: unknown, { contractsOf }: ListForm): readonly unknown[] {
  return contractsOf === undefined ? [entry] : contractsOf(entry)
}

function take(
  contract: unknown,
  at: string,
  form: ListForm,
  page: { readonly contracts: StatedContract[]; readonly unreadable: UnreadableContract[] },
): void {
  const named = isObject(contract) ? contract[form.symbol] : undefined
  const symbol = isNameOfFrame(named) ? named : undefined
  try {
    page.contracts.push(contractOf(contract, symbol, form))
  } catch (error) {
    // What the readers of rules throw has the other code.
    const isOfEntry = error instanceof PlimsollError && ENTRY_FAULTS.includes(error.code)
    if (!isOfEntry) throw error
    page.unreadable.push({ symbol, reason: `${at}: ${error.message}` })
  }
}

function contractOf(entry: unknown, symbol: string | undefined, form: ListForm): StatedContract {
  if (!isObject(entry)) return refuseBody('the entry', entry, 'must be a JSON object, no field given twice')
  if (symbol === undefined)
    return refuseBody(form.symbol, entry[form.symbol], 'must be the name of a contract')
  const { contribution, multiplier, settlementAsset, tickSize } = form.termsOf(entry)
  const terms = { contribution, multiplier, settlementAsset, tickSize }
  return { symbol, status: form.statusOf(entry), expiryMs: form.expiryOf(entry), terms }
}

/** The status that a venue's word stands for. An unknown word refuses the entry: what it means for the contract is not known. */
export function statusIn(
  entry: JsonObject,
  field: string,
  words: Readonly<Record<string, ContractStatus>>,
): ContractStatus {
  const word = entry[field]
  if (typeof word === 'string' && Object.hasOwn(words, word)) return words[word]!
  return refuseBody(field, word, `must be one of ${Object.keys(words).join(', ')}`)
}

/** A time that a contract ends at; undefined for an empty text, null, 0 or nothing, and for a time that stands for never. */
export function expiryIn(entry: JsonObject, field: string): number | undefined {
  const value = entry[field]
  if (value === undefined || value === null || value === '' || value === '0') return undefined
  const timeMs = timeOf(value) ?? timeOfIso(value)
  if (timeMs === undefined)
    return refuseBody(field, value, 'must be Unix time in milliseconds, or a day and time in UTC')
  return timeMs < NEVER_FROM_MS ? timeMs : undefined
}
