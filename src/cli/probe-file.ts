// The frames that `plimsoll probe` hears, one a line.
import { join } from 'node:path'
import { loadConfig } from '../config.ts'
import type { Clock } from '../domain/index.ts'
import { CompressedFile, removeEmptyFolders } from '../system/index.ts'
import { inWritableFolder, timeInName } from './new-file.ts'
import type { Output } from './terminal.ts'
import { tell } from './wrapping.ts'

const MIB = 2 ** 20
/** Bytes of one file of frames, after which the probe listens on without it. */
const FILE_BYTES_MAX = 256 * MIB
/** Characters that wait for the disk. */
const WAITING_MAX = 16 * MIB

export interface RecordedFile {
  readonly path: string
  append(frame: string): void
  /** Removes the folders that were made for the file if no frame came. */
  close(): Promise<void>
}

/** @throws PlimsollError CONFIGURATION for a folder that cannot be written. */
export function recordedFile(
  id: string,
  { record, dataDir }: { readonly record: string | true; readonly dataDir?: string },
  clock: Clock,
  errors: Output,
): RecordedFile {
  const settings = loadConfig(dataDir === undefined ? {} : { dataDir })
  const folder = typeof record === 'string' ? record : join(settings.dataDir, 'probes')
  const made = inWritableFolder(folder, '--record', (folders) => folders)
  const path = join(folder, `${id}-${timeInName(clock.nowMs())}.frames.gz`)
  const ended = (reason: 'full' | 'behind' | Error) =>
    tell(errors, `plimsoll: the frames of ${id} are kept no further: ${endText(reason)}`)
  const options = { path, clock, bytesMax: FILE_BYTES_MAX, waitingMax: WAITING_MAX, ended }
  let file: CompressedFile | undefined
  const append = (frame: string) => {
    file ??= new CompressedFile(options)
    // JSON has line breaks only between its words, where a space says the same.
    file.append(frame.replaceAll(/[\r\n]+/g, ' '))
  }
  const close = async () => {
    await file?.close()
    if (file === undefined) removeEmptyFolders(made)
  }
  return { path, append, close }
}

function endText(reason: 'full' | 'behind' | Error): string {
  if (reason === 'full') return `the file has ${FILE_BYTES_MAX / MIB} MiB`
  return reason === 'behind' ? 'the disk is too slow' : reason.message
}
