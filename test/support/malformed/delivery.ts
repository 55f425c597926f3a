import type { VenueSource } from '../../../src/domain/index.ts'
import type { FeedMachine } from '../../../src/feed/index.ts'
import type { HttpAnswer, SocketEvents } from '../../../src/system/index.ts'
import type { TestClock } from '../clock.ts'

/** The machine of one feed, through which a test gives it frames. */
export interface Delivery {
  readonly machine: FeedMachine
  /** What replaces the address of the source; some have no public one. */
  readonly url: string
  /** Whether a frame has a type beside its text. */
  readonly hasBinary: boolean
  /** The text as this way of delivery is able to bring it. */
  carried(text: string): string
  /** Resolves when the feed has read the frame and waits for the next one. */
  deliver(text: string, isBinary: boolean): Promise<void>
}

/** Shorter than a request may take. */
const STEP_MS = 1_000

const never = (): never => {
  throw new Error('the source opens nothing of this kind')
}
const NO_MACHINE: FeedMachine = { connect: never, httpGet: never, openFollowed: never }
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

/** HTTP bodies and files are bytes of UTF-8. */
const throughBytes = (text: string) => Buffer.from(text).toString()

function overSocket(clock: TestClock): Delivery {
  let events: SocketEvents | undefined
  let isOpen = false
  return {
    url: 'ws://127.0.0.1',
    hasBinary: true,
    carried: (text) => text,
    machine: {
      ...NO_MACHINE,
      connect: (_url, _limits, of) => {
        events = of
        return {
          isClosed: true,
          unsentBytes: 0,
          send: () => {},
          ping: () => {},
          close: () => {},
          terminate: () => {},
        }
      },
    },
    async deliver(text, isBinary) {
      if (!isOpen) {
        clock.advance(1)
        events!.opened()
        isOpen = true
      }
      events!.frame(text, isBinary)
    },
  }
}

function overHttp(clock: TestClock): Delivery {
  let answer: ((answer: HttpAnswer) => void) | undefined
  return {
    url: 'http://127.0.0.1',
    hasBinary: false,
    carried: throughBytes,
    machine: {
      ...NO_MACHINE,
      httpGet: (_url, _bytesMax, signal) =>
        new Promise((resolve, reject) => {
          answer = resolve
          signal.addEventListener('abort', () => reject(signal.reason))
        }),
    },
    async deliver(body) {
      while (answer === undefined) clock.advance(STEP_MS)
      const answering = answer!
      answer = undefined
      answering({ status: 200, body })
      await turn()
    },
  }
}

/** A line is never empty here, because the feed passes over empty ones. */
function inFile(clock: TestClock): Delivery {
  let read: ((bytes: Uint8Array | undefined) => void) | undefined
  return {
    url: 'prices.jsonl',
    hasBinary: false,
    carried: (text) => throughBytes(text).replaceAll(/[\r\n]/g, ' ') || ' ',
    machine: {
      ...NO_MACHINE,
      openFollowed: async () => ({
        read: () =>
          new Promise((resolve) => {
            read = resolve
          }),
        close: async () => read?.(undefined),
      }),
    },
    async deliver(line) {
      await turn()
      read!(Buffer.from(`${line}\n`))
      await turn()
      clock.runTurns()
      await turn()
    },
  }
}

export function deliveryOf({ kind }: VenueSource, clock: TestClock): Delivery {
  if (kind === 'socket') return overSocket(clock)
  return kind === 'poll' ? overHttp(clock) : inFile(clock)
}
