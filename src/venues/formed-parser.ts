import type { FrameKind, FrameParser, FrameSink } from '../domain/index.ts'
import type { JsonObject } from './frame.ts'
import { FrameForm } from './frame-form.ts'
import { type FrameNames, mergedObjects, shapeOf } from './frame-shape.ts'

/** Of a frame whose form is looked for or kept. Longer ones are snapshots, which are few. */
const FRAME_CHARACTERS_MAX = 2_048
/** Frames of prices that are read exactly before the first form is made: that takes as long as a thousand frames. */
export const FRAMES_BEFORE_FORMS = 16
/** Forms that one parser keeps. Frames of a stream that has more are read exactly now and then. */
const FORMS_MAX = 16
/** Forms that one parser makes in its life: a stream whose every frame has another one pays no more than that. */
const FORMS_MADE_MAX = 64

/** Reads the messages of a venue: the part of a parser that knows what they mean. */
export interface MessageReader {
  readonly names: FrameNames
  /** The value of a frame, or undefined for a text that has none. */
  valueOf(frame: string): unknown
  /**
   * Reads a frame. `message` is its value as `valueOf` gives it. Or, of a known form, the fields of `names` alone, which are valid
   * during the call, and each of its `prices` is a price that is stated once.
   */
  take(message: unknown, frame: string, sink: FrameSink, isFormed: boolean): FrameKind
  /** As of `FrameParser`. */
  restate?(symbols: readonly string[], sink: FrameSink): void
}

/**
 * The parser of a venue's stream. Frames of prices whose form it knows are read without `JSON.parse`; the value of any other
 * frame is read by the venue's exact reader, and decides what the frame was.
 */
export class FormedParser implements FrameParser {
  readonly #reader: MessageReader
  /** Those that were met more often lie further ahead. */
  readonly #forms: FrameForm[] = []
  #made = 0
  #framesRead = 0
  readonly restate?: (symbols: readonly string[], sink: FrameSink) => void

  constructor(reader: MessageReader) {
    this.#reader = reader
    if (reader.restate !== undefined) this.restate = reader.restate.bind(reader)
  }

  parse(frame: string, sink: FrameSink): FrameKind {
    const fields = frame.length > FRAME_CHARACTERS_MAX ? undefined : this.#fieldsOf(frame)
    if (fields !== undefined) return this.#reader.take(fields, frame, sink, true)
    const message = this.#reader.valueOf(frame)
    const kind = this.#reader.take(message, frame, sink, false)
    if (kind === 'ticks' && frame.length <= FRAME_CHARACTERS_MAX) this.#learn(frame)
    return kind
  }

  #fieldsOf(frame: string): JsonObject | undefined {
    const forms = this.#forms
    for (let index = 0; index < forms.length; index++) {
      const form = forms[index]!
      const fields = form.read(frame)
      if (fields === undefined) continue
      if (index > 0) {
        forms[index] = forms[index - 1]!
        forms[index - 1] = form
      }
      return fields
    }
    return undefined
  }

  #learn(frame: string): void {
    const { names } = this.#reader
    if (++this.#framesRead <= FRAMES_BEFORE_FORMS || this.#made >= FORMS_MADE_MAX) return
    this.#made++
    const shape = shapeOf(frame, names)
    if (shape === undefined) return
    const forms = this.#forms
    let place = Math.min(forms.length, FORMS_MAX - 1)
    let wider = shape
    for (const [index, known] of forms.entries()) {
      const both = mergedObjects(known.shape, shape)
      if (both === undefined) continue
      place = index
      wider = both
    }
    const form = FrameForm.of(wider, names)
    // A frame with space or escapes has a shape, and no form.
    if (form?.read(frame) !== undefined) forms[place] = form
  }
}
