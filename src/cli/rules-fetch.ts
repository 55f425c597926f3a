import { Command } from 'commander'
import type { Clock, RulesBody, RulesEndpoint, RulesRequest } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { readJsonKeepingDigits } from '../input/index.ts'
import {
  type HttpAnswer,
  type HttpGet,
  type HttpPost,
  httpGet,
  httpPost,
  systemClock,
} from '../system/index.ts'
import { parseVenueId, venueOf } from '../venues/index.ts'
import { BODY_BYTES_MAX } from './rules-bodies.ts'
import { type ImportContext, type ImportFlags, takeRules, withImportOptions } from './rules-import.ts'

/** Requests of one fetch. The longest known, the tiers of 300 families of one venue three at a time, has 101. */
export const REQUESTS_MAX = 400
/** A request is sent this often before the fetch fails. */
export const TRIES_MAX = 3
const ANSWER_LIMIT_MS = 15_000
/** Before the second try; twice as long before the third. */
const RETRY_PAUSE_MS = 1_000

/** What a fetch needs of the machine. */
export interface FetchMachine {
  readonly clock: Clock
  readonly get: HttpGet
  readonly post: HttpPost
}

const SYSTEM: FetchMachine = { clock: systemClock, get: httpGet, post: httpPost }

type FetchFlags = Omit<ImportFlags, 'name' | 'asOf'> & { readonly url?: string }

const HELP = `
Asks the public endpoint of the venue, follows its pages, and continues as
plimsoll rules import does. A request without an answer, or answered with status
429 or 5xx, is sent ${TRIES_MAX} times; one to which the venue objects is not.

Exit code 1 where any symbol is refused, and where the venue does not answer.`

/** `plimsoll rules fetch`: the rules that a venue publishes now, as a rules file. */
export function rulesFetchCommand(context: ImportContext, machine = SYSTEM): Command {
  const command = new Command('fetch')
    .description('Asks a venue for its rules and makes a rules file of them')
    .option('--url <url>', 'in the place of https://… of the venue; the paths stay')
  return withImportOptions(command)
    .addHelpText('after', HELP)
    .action(async (flags: FetchFlags) => {
      const { rulesImport, id } = venueOf(parseVenueId(flags.venue))
      const { endpoint } = rulesImport
      if ('reason' in endpoint) throw new PlimsollError('USAGE', `${id}: ${endpoint.reason}`)
      const url = (flags.url ?? endpoint.url).replace(/\/+$/, '')
      await takeRules(context, await fetchBodies({ ...endpoint, url }, machine), flags)
    })
}

/**
 * The bodies of all requests, one after the other.
 * @throws PlimsollError VENUE_UNAVAILABLE, naming the URL, where an answer does not come after TRIES_MAX tries, is not one of
 * success, or leads to more than REQUESTS_MAX requests.
 */
export async function fetchBodies(endpoint: RulesEndpoint, machine: FetchMachine): Promise<RulesBody[]> {
  const waiting = [...endpoint.first]
  const bodies: RulesBody[] = []
  let sent = 0
  for (let request = waiting.shift(); request !== undefined; request = waiting.shift()) {
    const name = endpoint.url + request.path
    if (sent === REQUESTS_MAX) throw unavailable(name, `more than ${REQUESTS_MAX} requests would be needed`)
    if (sent > 0) await pause(machine.clock, endpoint.pauseMs)
    sent++
    const value = jsonIn(await answered(name, request, machine), name)
    const objection = endpoint.objectionOf(value)
    if (objection !== undefined) throw unavailable(name, `the venue answers ${objection}`)
    bodies.push({ name, value })
    waiting.push(...endpoint.following(request, value))
  }
  return bodies
}

function jsonIn(text: string, name: string): unknown {
  const read = readJsonKeepingDigits(text)
  if ('value' in read) return read.value
  throw unavailable(name, 'the answer is not JSON')
}

/** The text of a successful answer. */
async function answered(url: string, request: RulesRequest, machine: FetchMachine): Promise<string> {
  for (let tries = 1; ; tries++) {
    const answer = await once(url, request, machine)
    if (typeof answer !== 'string' && answer.status >= 200 && answer.status <= 299) return answer.body
    const reason = typeof answer === 'string' ? answer : `the venue answers with status ${answer.status}`
    const isLasting = typeof answer !== 'string' && answer.status < 500 && answer.status !== TOO_MANY_REQUESTS
    if (isLasting || tries === TRIES_MAX) throw unavailable(url, reason)
    await pause(machine.clock, RETRY_PAUSE_MS * 2 ** (tries - 1))
  }
}

const TOO_MANY_REQUESTS = 429

/** The answer, or why there is none. */
async function once(
  url: string,
  { body }: RulesRequest,
  { clock, get, post }: FetchMachine,
): Promise<HttpAnswer | string> {
  const abort = new AbortController()
  let isLate = false
  const cancel = clock.after(ANSWER_LIMIT_MS, () => {
    isLate = true
    abort.abort()
  })
  try {
    if (body === undefined) return await get(url, BODY_BYTES_MAX, abort.signal)
    return await post(url, body, BODY_BYTES_MAX, abort.signal)
  } catch (error) {
    return isLate ? `no answer after ${ANSWER_LIMIT_MS} ms` : reasonOf(error as Error)
  } finally {
    cancel()
  }
}

/** `fetch` says "fetch failed" and hides why in the cause. */
function reasonOf(error: Error): string {
  const { cause } = error
  const { code } = (cause ?? {}) as NodeJS.ErrnoException
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'its name cannot be resolved; is there a network?'
  if (code === 'ECONNREFUSED') return 'it refuses the connection'
  return cause instanceof Error ? `${error.message}: ${cause.message}` : error.message
}

function unavailable(url: string, reason: string): PlimsollError {
  return new PlimsollError('VENUE_UNAVAILABLE', `${url}: ${reason}`)
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => void clock.after(ms, resolve))
}
