import {
  ACCOUNT_VERSION_MAX,
  type AccountWrite,
  type AccountWriter,
  accountSchemaOf,
  BATCH_ACCOUNTS_MAX,
  type Clock,
  counted,
  LAST_VERSION_RULE,
  type VenueNames,
} from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { JsonSplitter, type Line, LineSplitter, TextReader } from '../input/index.ts'
import {
  type AccountSchema,
  type Candidate,
  type CheckAccount,
  checkCandidate,
  jsonCandidate,
  type Refusal,
  type Refused,
  refusal,
} from './candidate.ts'
import { CsvAccounts, isCsvHeader } from './csv-accounts.ts'

/** Faults that the summary lists; further refused accounts are only counted. */
export const REFUSED_REPORTED_MAX = 1_000

/** The longest wait of an account for others to be written with it, so that accounts of a slow pipe are stored soon. */
export const GATHER_MS = 200

/** Ids whose repetition an import notices. Of later ones the last account is kept without a notice. */
export const REPEATS_SOUGHT_MAX = 1_000_000

/** An account that is twice in the input, so that the later one replaces the earlier one. */
export interface Repeat {
  readonly id: string
  readonly line: number
  readonly lineBefore: number
}

/** `jsonl`: one account a line, or one JSON list of accounts. */
export type ImportFormat = 'jsonl' | 'csv'

export interface ImportOptions {
  readonly input: AsyncIterable<Uint8Array>
  readonly format: ImportFormat
  /** Without it accounts are checked and not written. */
  readonly book?: AccountWriter
  readonly venues: VenueNames
  /** The faults that the rules find in an account that fits the schema. */
  readonly check: CheckAccount
  readonly clock: Clock
  /** Write accounts whose stated version is not above the stored one under the next version. */
  readonly force?: boolean
  /** Called for each named fault of an account that is refused. */
  readonly refused?: (refusal: Refusal) => void
  /** Gets the id of every account that breaks no rule, before it is written. */
  readonly accepted?: (id: string) => void
  /** Gets an account that states no version and stood in the JSON input before, without one too; of the first REPEATS_SOUGHT_MAX ids. */
  readonly repeated?: (repeat: Repeat) => void
  readonly progress?: (progress: { readonly bytes: number; readonly imported: number }) => void
}

export interface ImportSummary {
  /** Accounts found, the refused ones included. */
  readonly read: number
  readonly imported: number
  readonly refusedCount: number
  /** The first REFUSED_REPORTED_MAX faults, by line; an account may have several. */
  readonly refused: readonly Refusal[]
}

/**
 * Writes the accounts of a file into the book, in its order: BATCH_ACCOUNTS_MAX at once, fewer after GATHER_MS. An
 * account that breaks a rule is refused with line, path, value and rule; the others are written. In CSV an account is
 * complete when a row of another one, or the end of the file, is read.
 * @throws PlimsollError INPUT_INVALID for a CSV
 * header that does not fit, and for one where JSON is expected; REDIS_UNAVAILABLE when a write fails, with the number of accounts written before it.
 */
export async function importAccounts(options: ImportOptions): Promise<ImportSummary> {
  const run = new ImportRun(options)
  const reader = new TextReader()
  const splitter = options.format === 'csv' ? new LineSplitter() : new JsonSplitter()
  const chunks = options.input[Symbol.asyncIterator]()
  let bytes = 0
  for (;;) {
    const { value: chunk, done } = await run.unlessFailed(chunks.next())
    if (done === true) break
    bytes += chunk.length
    await run.lines(splitter.push(reader.push(chunk)))
    options.progress?.({ bytes, imported: run.imported })
  }
  await run.lines(splitter.push(reader.end()))
  await run.lines(splitter.end())
  const summary = await run.end()
  options.progress?.({ bytes, imported: run.imported })
  return summary
}

interface Waiting {
  readonly line: number
  readonly write: AccountWrite
}

class ImportRun {
  imported = 0
  readonly #options: ImportOptions
  readonly #schema: AccountSchema
  readonly #csv: CsvAccounts | undefined
  readonly #refused: Refusal[] = []
  #read = 0
  #refusedCount = 0
  /** By id of an account without a stated version: where it stood last. */
  readonly #lines = new Map<string, number>()
  #batch: Waiting[] = []
  /** The batch on its way to Redis, at most one: the next is read meanwhile. */
  #writing: Promise<void> = Promise.resolve()
  #isWriting = false
  #cancelGather: (() => void) | undefined
  /** The fault of a failed write, and the callback that gets it. */
  #fault: Error | undefined
  #failed: (fault: Error) => void = () => undefined

  constructor(options: ImportOptions) {
    this.#options = options
    this.#schema = accountSchemaOf(options.venues)
    this.#csv = options.format === 'csv' ? new CsvAccounts() : undefined
  }

  async lines(lines: readonly Line[]): Promise<void> {
    for (const line of lines) {
      for (const found of this.#candidatesOf(line)) await this.#take(found)
    }
  }

  /**
   * The next chunk of the input. Rejects as soon as a write fails, because a slow input may give no chunk for a long
   * time.
   */
  unlessFailed<T>(next: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#fault !== undefined) reject(this.#fault)
      this.#failed = reject
      next.then(resolve, reject)
    })
  }

  async end(): Promise<ImportSummary> {
    for (const found of this.#csv?.end() ?? []) await this.#take(found)
    await this.#flush()
    await this.#writing
    const refused = this.#refused.sort((left, right) => left.line - right.line)
    return { read: this.#read, imported: this.imported, refusedCount: this.#refusedCount, refused }
  }

  #candidatesOf(line: Line): (Candidate | Refused)[] {
    if (this.#csv !== undefined) return this.#csv.push(line)
    if (this.#read === 0 && isCsvHeader(line.text)) {
      const message = `line ${line.number} is the header of a CSV file, and the input is read as JSON: give --format csv`
      throw new PlimsollError('INPUT_INVALID', message)
    }
    return line.text.trim() === '' && line.fault === undefined ? [] : [jsonCandidate(line)]
  }

  async #take(found: Candidate | Refused): Promise<void> {
    this.#read += 1
    if (!('raw' in found)) return this.#refuse(found)
    const checked = checkCandidate(found, this.#schema, this.#options.check)
    if (!('account' in checked)) return this.#refuse(checked)
    const isForced = this.#options.force === true && checked.version === 'stated'
    const write: AccountWrite = isForced ? { ...checked, version: 'force' } : checked
    this.#batch.push({ line: found.lineOf([]), write })
    this.#options.accepted?.(write.account.id)
    if (write.version === 'next') this.#seekRepeat(write.account.id, found.lineOf([]))
    if (this.#batch.length === BATCH_ACCOUNTS_MAX) await this.#flush()
    else this.#cancelGather ??= this.#gather()
  }

  /** In CSV an account of a second place is refused, so none comes here twice. */
  #seekRepeat(id: string, line: number): void {
    const lineBefore = this.#lines.get(id)
    if (lineBefore !== undefined) this.#options.repeated?.({ id, line, lineBefore })
    if (lineBefore !== undefined || this.#lines.size < REPEATS_SOUGHT_MAX) this.#lines.set(id, line)
  }

  async #flush(): Promise<void> {
    await this.#writing
    this.#start()
  }

  #gather(): () => void {
    return this.#options.clock.after(GATHER_MS, () => {
      this.#cancelGather = undefined
      // The caller has the number of accounts that are written, so no more may follow.
      if (this.#fault !== undefined) return
      if (this.#isWriting) this.#cancelGather = this.#gather()
      else this.#start()
    })
  }

  #start(): void {
    this.#cancelGather?.()
    this.#cancelGather = undefined
    const batch = this.#batch
    this.#batch = []
    this.#isWriting = true
    this.#writing = this.#write(batch).finally(() => {
      this.#isWriting = false
    })
    this.#writing.catch((fault: Error) => {
      this.#fault = fault
      this.#failed(fault)
    })
  }

  async #write(batch: readonly Waiting[]): Promise<void> {
    const { book } = this.#options
    if (book === undefined) {
      this.imported += batch.length
      return
    }
    const results = await book
      .putMany(batch.map(({ write }) => write))
      .catch((cause: unknown) => Promise.reject(this.#writeFault(cause)))
    results.forEach((result, index) => {
      const { line, write } = batch[index]!
      if ('written' in result) this.imported += 1
      else {
        const rule =
          result.conflict >= ACCOUNT_VERSION_MAX
            ? LAST_VERSION_RULE
            : `must be above the stored version ${result.conflict} (--force takes the next version)`
        this.#refuse([refusal(line, ['version'], write.account.version, rule)])
      }
    })
  }

  #writeFault(cause: unknown): PlimsollError {
    const reason = cause instanceof Error ? cause.message : String(cause)
    const message = `writing failed after ${counted(this.imported, 'account was', 'accounts were')} imported: ${reason}`
    return new PlimsollError('REDIS_UNAVAILABLE', message, { cause })
  }

  #refuse(refused: Refused): void {
    this.#refusedCount += 1
    for (const fault of refused) {
      if (this.#refused.length < REFUSED_REPORTED_MAX) this.#refused.push(fault)
      this.#options.refused?.(fault)
    }
  }
}
