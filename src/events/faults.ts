import { PlimsollError } from '../errors.ts'

/** A step of a stage failed and is repeated. */
export function outage(stage: string, pending: number, error: unknown): PlimsollError {
  const reason = error instanceof Error ? error.message : String(error)
  const message = `events wait (${pending} now): the ${stage} does not take them: ${reason}`
  return new PlimsollError('REDIS_UNAVAILABLE', message, { cause: error })
}

export function fenced(stream: string, top: string, fence: number, pending: number): PlimsollError {
  const message = `${stream} has a newer owner (top ${top}, own fence ${fence}); ${pending} events were not written here, the newer owner finds the same ones`
  return new PlimsollError('STREAM_FENCED', message)
}

/** Redis lost more than what is kept for sending again. */
export function lostForGood(stream: string, top: string, missing: number): PlimsollError {
  const message = `${stream} went back to ${top}: ${missing} acknowledged events are older than the recent ones that are kept for sending again; check appendonly and appendfsync of this Redis`
  return new PlimsollError('REDIS_NO_AOF', message)
}
