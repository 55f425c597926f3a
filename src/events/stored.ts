import { type AccountProgress, accountProgressSchema } from '../domain/index.ts'
import { PlimsollError } from '../errors.ts'
import { describeIssue } from './schema.ts'

/** Text that is no JSON goes on as it is: the subscriber counts it and keeps its job. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return text
    throw error
  }
}

/** Refuses a progress that is not valid with INPUT_INVALID, naming the account. */
export function parseProgress(account: string, text: string): AccountProgress {
  const parsed = accountProgressSchema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  const message = `stored progress of account ${account} is not valid, so its next event ids are unknown: ${describeIssue(parsed.error)}`
  throw new PlimsollError('INPUT_INVALID', message, { path: account })
}
