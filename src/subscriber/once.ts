import { assert } from '../errors.ts'

/**
 * The ids of the events that took effect. Keep it outside the Redis of the queue: if that Redis goes back in time, an
 * inbox in it does too, and the same events take effect again.
 */
export interface Inbox {
  has(eventId: string): boolean | Promise<boolean>
  /** Adds the id; it must survive the death of this process. */
  add(eventId: string): void | Promise<void>
  /** Resolves when every id added before the call survives a power loss. */
  sync(): Promise<void>
  close(): Promise<void>
}

const RUNNING = new WeakMap<Inbox, Map<string, Promise<boolean>>>()

/**
 * Runs `effect` unless the inbox holds the id, then adds the id. Returns whether the effect ran in this call. A
 * concurrent call with the same id waits for the running one and shares its failure. After a failed effect the id is
 * not added; the caller repeats the call.
 *
 * A crash between effect and id runs the effect again: exactly once needs both in one transaction, as
 * `examples/transactional-inbox.ts` shows, without this function.
 */
export function once(
  eventId: string,
  effect: () => Promise<void> | void,
  { inbox }: { readonly inbox: Inbox },
): Promise<boolean> {
  return guarded(eventId, inbox, async () => {
    await effect()
    await inbox.add(eventId)
    await inbox.sync()
  })
}

/** As `once`, but the caller calls `sync`, once for several events. */
export function onceUnsynced(
  eventId: string,
  effect: () => Promise<void> | void,
  inbox: Inbox,
): Promise<boolean> {
  return guarded(eventId, inbox, async () => {
    await effect()
    await inbox.add(eventId)
  })
}

async function guarded(eventId: string, inbox: Inbox, run: () => Promise<void>): Promise<boolean> {
  assert(eventId !== '', 'an event id is not empty')
  const running = RUNNING.get(inbox) ?? new Map<string, Promise<boolean>>()
  RUNNING.set(inbox, running)
  const other = running.get(eventId)
  if (other !== undefined) {
    await other
    return false
  }
  const own = runUnlessNoted(eventId, inbox, run)
  running.set(eventId, own)
  try {
    return await own
  } finally {
    running.delete(eventId)
  }
}

async function runUnlessNoted(eventId: string, inbox: Inbox, run: () => Promise<void>): Promise<boolean> {
  if (await inbox.has(eventId)) return false
  await run()
  return true
}
