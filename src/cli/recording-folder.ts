// The folder of a recording: written by `plimsoll run --record`, read by `plimsoll replay`.
import { join } from 'node:path'
import type { Config } from '../config.ts'
import type { Account, Clock } from '../domain/index.ts'
import { fileReason, PlimsollError } from '../errors.ts'
import type { Log } from '../log.ts'
import {
  RECORDING_FILE,
  type RecordedEntry,
  type RecordedStart,
  Recorder,
  RecordingReader,
} from '../replay/index.ts'
import { CompressedFile, filesIn, isDamage, readCompressed } from '../system/index.ts'
import { linesOf } from './lines.ts'
import { inWritableFolder, timeInName } from './new-file.ts'

const MIB = 2 ** 20
/** Characters that wait for the disk. */
const WAITING_MAX = 256 * MIB

export interface OpenedRecording {
  readonly recorder: Recorder
  /** Brings everything into the file. */
  close(): Promise<void>
}

/**
 * A new file of the folder, which begins with the first entry, so that the files are in the order in which workers took over;
 * undefined where nothing is to be recorded. When the folder or what waits for the disk is full, or the
 * disk fails, the recording ends, the log says so, and the worker goes on.
 * @throws PlimsollError CONFIGURATION for a folder that cannot be written.
 */
export function openRecording(config: Config, clock: Clock, log: Log): OpenedRecording | undefined {
  const { recordDir, recordMaxMib } = config
  if (recordDir === undefined) return undefined
  newFileOf(recordDir, recordMaxMib, clock.nowMs())
  const ended = (reason: 'full' | 'behind' | Error) =>
    log.error({ folder: recordDir }, `the recording ends here: ${reasonText(reason, recordMaxMib)}`)
  const open = () => {
    const { bytesLeft, path } = newFileOf(recordDir, recordMaxMib, clock.nowMs())
    log.info({ file: path, maxMib: recordMaxMib }, 'recording')
    return new CompressedFile({ path, clock, bytesMax: bytesLeft, waitingMax: WAITING_MAX, ended })
  }
  let file: CompressedFile | undefined
  const write = (line: string) => {
    file ??= open()
    file.append(line)
  }
  return { recorder: new Recorder({ clock, write }), close: async () => file?.close() }
}

function newFileOf(folder: string, maxMib: number, nowMs: number) {
  const path = join(folder, `recording-${timeInName(nowMs)}.jsonl.gz`)
  return inWritableFolder(folder, '--record (PLIMSOLL_RECORD)', () => {
    const heldBytes = recordingsIn(folder).reduce((sum, { bytes }) => sum + bytes, 0)
    return { path, bytesLeft: maxMib * MIB - heldBytes }
  })
}

function reasonText(reason: 'full' | 'behind' | Error, maxMib: number): string {
  if (reason === 'full') return `the folder holds ${maxMib} MiB, which is --record-max (PLIMSOLL_RECORD_MAX)`
  if (reason === 'behind') return `${WAITING_MAX / MIB} Mi characters wait for the disk`
  return reason.message
}

function recordingsIn(folder: string) {
  return filesIn(folder).filter(({ name }) => RECORDING_FILE.test(name))
}

export interface RecordedRun {
  /** The first entry. */
  readonly start: RecordedStart
  /** Every entry, the first one included. */
  readonly entries: AsyncIterable<RecordedEntry>
}

/**
 * The entries of all files of a folder. `brokenOff` gets the name of a file that a crash cut off or damaged; its last second may be missing.
 * @throws PlimsollError USAGE for a folder without a recording, INPUT_INVALID for a line that is no entry.
 */
export async function recordedRun(
  folder: string,
  accountOf: (value: unknown) => Account,
  brokenOff: (file: string) => void,
): Promise<RecordedRun> {
  const entries = entriesOf(folder, accountOf, brokenOff)
  const first = await entries.next()
  if (first.done === true || first.value.kind !== 'start')
    throw new PlimsollError(
      'USAGE',
      `${folder} holds no recording: plimsoll run --record ${folder} makes one`,
    )
  const start = first.value
  const all = async function* () {
    yield start
    yield* entries
  }
  return { start, entries: all() }
}

async function* entriesOf(
  folder: string,
  accountOf: (value: unknown) => Account,
  brokenOff: (file: string) => void,
): AsyncGenerator<RecordedEntry> {
  for (const { name, path } of filesOf(folder)) {
    const reader = new RecordingReader(name, accountOf)
    try {
      for await (const line of linesOf(readCompressed(path))) yield reader.read(line)
    } catch (error) {
      if (!isDamage(error)) throw error
      brokenOff(name)
    }
  }
}

function filesOf(folder: string) {
  try {
    return recordingsIn(folder)
  } catch (cause) {
    throw new PlimsollError('USAGE', `${folder} cannot be read: ${fileReason(cause)}`, { cause })
  }
}
