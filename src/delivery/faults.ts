import { counted } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import type { TakeOver } from './stream.ts'

/** A step of a stage failed and is repeated. */
export function outage(stage: string, pending: number, error: unknown): PlimsollError {
  const reason = error instanceof Error ? error.message : String(error)
  const message = `events wait (${pending} now): the ${stage} does not take them: ${reason}`
  return new PlimsollError('REDIS_UNAVAILABLE', message, { cause: error })
}

export function fenced(stream: string, top: string, fence: number, pending: number): PlimsollError {
  const message = `${stream} has a newer owner (top ${top}, own fence ${fence}); ${counted(pending, 'event was', 'events were')} not written here, the newer owner finds the same`
  return new PlimsollError('STREAM_FENCED', message)
}

/** Redis lost more than what is kept for sending again. */
export function lostForGood(stream: string, top: string, missing: number): PlimsollError {
  const message = `${stream} went back to ${top}: ${counted(missing, 'acknowledged event is', 'acknowledged events are')} older than the recent ones that are kept for sending again; the next start begins a new log; check appendonly and appendfsync of this Redis`
  return new PlimsollError('REDIS_NO_AOF', message)
}

/** Redis lost what workers before this one wrote. */
export function lostEarlier(stream: string, top: string, previousTop: string): PlimsollError {
  const message = `${stream} went back to ${top}, before the start of this worker (${previousTop}): events and progress of earlier workers are gone; the next start begins a new log; check appendonly and appendfsync of this Redis`
  return new PlimsollError('REDIS_NO_AOF', message)
}

/** A part of the log is missing while others are there. */
export function logRenewed(stream: string, found: TakeOver['found'], logId: string): PlimsollError {
  const parts = { stream: found.stream, progress: found.progress, 'log id': found.logId }
  const missing = Object.entries(parts).flatMap(([name, isThere]) => (isThere ? [] : [name]))
  const message = `Redis lost a part of the log ${stream} (missing: ${missing.join(', ')}), so ids of events could repeat; a new log begins, ${logId}: subscribers see its id, and what stands now is published anew`
  return new PlimsollError('LOG_RENEWED', message)
}

/** The cursor of the queues is not an id of the stream. */
export function cursorBroken(key: string, found: string, cursor: string): PlimsollError {
  const value = found === '' ? 'is missing' : `is ${JSON.stringify(found)}, which is not <fence>-<sequence>`
  const message = `${key} ${value}; events after ${cursor} are put into the queues: none is missed, some may come again`
  return new PlimsollError('INPUT_INVALID', message, { path: key })
}

export function queueUnread(queue: string, jobs: number): PlimsollError {
  const message = `queue ${queue} holds ${counted(jobs, 'job')} that nobody has handled; Redis keeps them all: start its subscriber, or end its consumer and remove the queue`
  return new PlimsollError('QUEUE_UNREAD', message)
}
